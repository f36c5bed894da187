"""The forms of the admins' pages of outside events."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SearchField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from portal.kernel.ids import MOST_ID
from portal.outside.rules import OUTCOME_NAMES
from portal.web.forms import FilterForm, Form, one_line


class EventFilter(FilterForm):
    """What an admin looks for among events."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    state = SelectField(_l("State"), choices=[SelectChoice("", _l("All states")), *[SelectChoice(s.value, _l(n)) for s, n in OUTCOME_NAMES.items()]])


class WhoFilter(FilterForm):
    """The member for whom an event is matched by hand."""

    who = SearchField(_l("Name or e-mail address"), filters=[one_line], validators=[Length(max=254)])


class MatchForm(Form):
    """The step that an event is to complete."""

    submission_id = IntegerField("", validators=[InputRequired(), NumberRange(1, MOST_ID)])
    stage_id = IntegerField("", validators=[InputRequired(), NumberRange(1, MOST_ID)])
