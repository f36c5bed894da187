"""Forms of the queue and of the audit log: shape only."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from portal.challenges.rules.states import MAX_POINTS as MOST_POINTS
from portal.challenges.rules.verdicts import CATEGORY_NAMES, Category
from portal.dashboard.rules import HIGHEST_ID
from portal.dashboard.sentences import SUBJECTS
from portal.kernel.text import N_
from portal.kernel.tracks import TRACK_NAMES
from portal.web.forms import DayField, FilterForm, Form, PressField, one_line, plain_text

AGES = {"": N_("Any time"), "1": N_("A day or longer"), "3": N_("Three days or longer")}
OWNERS = {"": N_("Anybody’s"), "me": N_("Mine"), "none": N_("Nobody’s yet")}
ORIGINS = {
    "": N_("Anywhere"),
    "click": N_("The pages"),
    "import": N_("Imports"),
    "cli": N_("Command line"),
    "job": N_("Jobs"),
    "api": N_("Other systems"),
}


def _choices(names: Mapping[Any, str]) -> list[SelectChoice]:
    return [SelectChoice(str(value), _l(name)) for value, name in names.items()]


class QueueFilter(FilterForm):
    """What of the queue is shown."""

    q = StringField(_l("Search"), filters=[one_line], validators=[Length(max=100)])
    company = StringField(_l("Company"), filters=[one_line], validators=[Length(max=100)])
    track = SelectField(_l("Track"), choices=_choices({"": N_("All tracks"), **{track.value: name for track, name in TRACK_NAMES.items()}}))
    owner = SelectField(_l("Whose"), choices=_choices(OWNERS), validate_choice=False)
    age = SelectField(_l("Waiting for"), choices=_choices(AGES))
    overdue = BooleanField(_l("Overdue only"))
    challenge = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(min=1, max=HIGHEST_ID)])
    kind = HiddenField()

    def offer_owners(self, people: Sequence[tuple[int, str]]) -> None:
        """Let the queue be filtered by whose something is."""
        self.owner.choices = [*_choices(OWNERS), *(SelectChoice(str(person_id), name) for person_id, name in people)]


class OwnerForm(Form):
    """Whose something shall be, and whose it was when the page was shown; empty is nobody."""

    owner = IntegerField(validators=[Optional(), NumberRange(min=1, max=HIGHEST_ID)])
    was = IntegerField(validators=[Optional(), NumberRange(min=1, max=HIGHEST_ID)])


class ViewForm(Form):
    """The name of a view."""

    name = StringField(_l("Name of the view"), filters=[one_line], validators=[Length(max=60)], render_kw={"maxlength": 60})


class VerdictForm(Form):
    """What an admin enters with a verdict."""

    press = PressField()
    reason = TextAreaField(_l("Reason"), filters=[plain_text], validators=[Length(max=2000)])
    company = StringField(_l("Company"), filters=[one_line], validators=[Length(max=160)])
    points = IntegerField(_l("Points"), validators=[Optional(), NumberRange(min=0, max=MOST_POINTS)], render_kw={"min": 1})
    category = SelectField(_l("Kind of reason"), choices=_choices(CATEGORY_NAMES), default=Category.OTHER.value, validate_choice=False)
    stage_id = IntegerField(_l("Step"), validators=[Optional(), NumberRange(min=1, max=HIGHEST_ID)])
    agreed = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(min=0, max=HIGHEST_ID)])
    first_id = IntegerField(_l("The nomination to credit"), validators=[Optional(), NumberRange(min=1, max=HIGHEST_ID)])


class BulkForm(Form):
    """Deciding many alike, ``verdict`` with one ``reason``: the chosen ones, or all that match the filter and waited when the page was shown."""

    item = SelectMultipleField(choices=[], validate_choice=False)
    verdict = HiddenField(default="approve")
    reason = TextAreaField(_l("Reason"), filters=[plain_text], validators=[Length(max=2000)])
    scope = HiddenField()
    until = HiddenField()
    after = HiddenField()
    approved = IntegerField(default=0)
    refused = SelectMultipleField(choices=[], validate_choice=False)


class AuditFilter(FilterForm):
    """Who did what, and when."""

    q = StringField(_l("Who, or to whom"), filters=[one_line], validators=[Length(max=100)])
    what = SelectField(_l("What"), choices=_choices({"": N_("Everything"), **SUBJECTS}))
    origin = SelectField(_l("From where"), choices=_choices(ORIGINS))
    since = DayField(_l("From"), validators=[Optional()])
    until = DayField(_l("Until"), validators=[Optional()])
