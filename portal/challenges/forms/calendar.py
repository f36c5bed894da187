"""What of the calendar is wanted."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField
from wtforms.validators import Optional, Regexp

from portal.challenges.forms.answering import TRACK_CHOICES
from portal.web.forms import FilterForm


class CalendarFilter(FilterForm):
    """The month is chosen by links and carried along."""

    track = SelectField(_l("Track"), choices=TRACK_CHOICES)
    month = HiddenField(validators=[Optional(), Regexp(r"^\d{4}-\d{2}$")])
