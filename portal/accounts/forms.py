"""Forms of the room: shape only."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from portal.accounts.rules.insights import InsightKind
from portal.accounts.rules.knowing import CARES_LENGTH, MOST_STAKEHOLDERS, NAME_LENGTH, TEXT_LENGTH, HandOver, Someone
from portal.accounts.rules.seeing import PLACE_NAMES
from portal.kernel.ids import MOST_ID
from portal.kernel.text import N_
from portal.web.forms import DayField, FilterForm, Form, SeenField, one_line, plain_text

BLANK_LINES = 3
_TOO_LONG = Length(max=TEXT_LENGTH, message=_l("Please use at most %(max)d characters."))


class SeenFilter(FilterForm):
    """Who saw whose contact details, where and when."""

    q = StringField(_l("Who saw, or whose"), filters=[one_line], validators=[Length(max=100)])
    place = SelectField(
        _l("Where"), choices=[SelectChoice("", _l(N_("Anywhere"))), *(SelectChoice(place.value, _l(name)) for place, name in PLACE_NAMES.items())]
    )
    since = DayField(_l("From"), validators=[Optional()])
    until = DayField(_l("Until"), validators=[Optional()])


class CompaniesFilter(FilterForm):
    """Which companies are listed."""

    q = StringField(_l("Search"), filters=[one_line], validators=[Length(max=100)])
    industry = SelectField(_l("Industry"), choices=[])
    region = SelectField(_l("Region"), choices=[])
    mine = BooleanField(_l("Those I look after"))

    def offer(self, industries: Iterable[str], regions: Iterable[str]) -> None:
        """Let it be filtered by the industries and regions that there are."""
        self.industry.choices = [SelectChoice("", _l("All industries")), *(SelectChoice(name, name) for name in industries)]
        self.region.choices = [SelectChoice("", _l("All regions")), *(SelectChoice(name, name) for name in regions)]


class SaidFilter(FilterForm):
    """What of that which customers said is listed."""

    q = StringField(_l("Search"), filters=[one_line], validators=[Length(max=100)])
    kind = SelectField(
        _l("What"),
        choices=[
            SelectChoice("", _l("Everything")),
            SelectChoice(InsightKind.ANSWER.value, _l("Answers")),
            SelectChoice("detractor", _l("Scores from 0 to 6")),
            SelectChoice("promoter", _l("Scores of 9 and 10")),
        ],
    )
    company = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(min=1, max=MOST_ID)])


class MailForm(Form):
    """Whether the weekly mail is wanted."""

    wanted = HiddenField()


class StakeholderLine(PlainForm):
    """One who matters at a company."""

    name = StringField(_l("Name"), filters=[one_line], validators=[Length(max=NAME_LENGTH)])
    role = StringField(_l("Role"), filters=[one_line], validators=[Length(max=NAME_LENGTH)])
    cares_about = StringField(_l("What they care about"), filters=[one_line], validators=[Length(max=CARES_LENGTH)])


class HandOverForm(Form):
    """What sales knows of a customer. Empty lines of stakeholders are nobody."""

    renewal_on = DayField(_l("Contract renews on"), validators=[Optional()])
    goals = TextAreaField(_l("What they want to reach"), filters=[plain_text], validators=[_TOO_LONG])
    stakeholders = FieldList(FormField(StakeholderLine, label=""), label=_l("Who matters there"), max_entries=MOST_STAKEHOLDERS + BLANK_LINES)
    competitors = TextAreaField(_l("Never put them in touch with"), filters=[plain_text], validators=[_TOO_LONG])
    notes = TextAreaField(_l("What else one should know"), filters=[plain_text], validators=[_TOO_LONG])
    seen = SeenField()

    @classmethod
    def showing(cls, stands: HandOver, seen: str) -> "HandOverForm":
        """Return the form with what is stored, and some empty lines for more people."""
        people: list[dict[str, Any]] = [{"name": one.name, "role": one.role, "cares_about": one.cares_about} for one in stands.stakeholders]
        shown: dict[str, Any] = {"renewal_on": stands.renewal_on, "goals": stands.goals, "notes": stands.notes, "seen": seen}
        shown |= {"competitors": "\n".join(stands.competitors), "stakeholders": [*people, *({} for _line in range(BLANK_LINES))]}
        return cls(formdata=None, data=shown)

    def given(self) -> HandOver:
        """Return what was entered."""
        people = tuple(Someone(row.form.name.data or "", row.form.role.data or "", row.form.cares_about.data or "") for row in self.stakeholders)
        lines = tuple((self.competitors.data or "").split("\n"))
        return HandOver(self.renewal_on.data, self.goals.data or "", self.notes.data or "", lines, people)

    def stand_beside(self, stored: Form) -> None:
        """Show beside the lines of people who is stored, where that differs."""
        super().stand_beside(stored)
        told = ["\n".join(_told(row.form) for row in form["stakeholders"] if row.form.name.data) for form in (self, stored)]
        if told[0] != told[1]:
            self.stakeholders.newer = told[1] or str(_l("nobody"))


def _told(line: PlainForm) -> str:
    return ", ".join(value for value in (line["name"].data, line["role"].data, line["cares_about"].data) if value)
