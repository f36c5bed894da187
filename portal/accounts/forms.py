"""Forms of the room: shape only."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.accounts.rules.seeing import PLACE_NAMES
from portal.kernel.text import N_
from portal.web.forms import DayField, FilterForm, one_line


class SeenFilter(FilterForm):
    """Who saw whose contact details, where and when."""

    q = StringField(_l("Who saw, or whose"), filters=[one_line], validators=[Length(max=100)])
    place = SelectField(
        _l("Where"), choices=[SelectChoice("", _l(N_("Anywhere"))), *(SelectChoice(place.value, _l(name)) for place, name in PLACE_NAMES.items())]
    )
    since = DayField(_l("From"), validators=[Optional()])
    until = DayField(_l("Until"), validators=[Optional()])
