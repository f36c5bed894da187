"""What nominators type, and what the lists can be asked for in their addresses. Shape only."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.kernel.ids import read_id
from portal.kernel.text import clean
from portal.people.rules.company import FIELD_LENGTH, CompanySize
from portal.people.rules.company import NAME_LENGTH as COMPANY_LENGTH
from portal.people.rules.person import EMAIL_LENGTH, NAME_LENGTH, TITLE_LENGTH
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.facts import TIER_NAMES
from portal.references.rules.deciding import COMMENT_LENGTH
from portal.references.rules.joining import MOST_PER_QUARTER, REASON_LENGTH, REFUSED_NAMES, Refused
from portal.references.rules.nominating import (
    LINK_LENGTH,
    MOST_COUNT,
    PERIODS,
    PHONE_LENGTH,
    WAY_NAMES,
    WHY_LENGTH,
    WORDS_LENGTH,
    Details,
)
from portal.references.rules.states import IN_REGISTRY, STANDING_NAMES, Standing
from portal.references.rules.terms import MOST_CREDIT, MOST_DAYS
from portal.web.forms import FilterForm, Form, KeyField, SeenField, one_line, plain_text

MORE = (
    "words", "colleague", "phone", "ways", "products", "languages", "industry", "region", "size", "owner", "tier", "usage_count", "usage_days",
    "sensitivities", "notes", "evidence_url", "evidence",
)  # fmt: skip
"""What stands under “More about them”."""


def tier_choices() -> list[tuple[int, str]]:
    """Return the tiers, for a form."""
    return [(tier, gettext(name)) for tier, name in TIER_NAMES.items()]


def period_choices() -> list[tuple[int, str]]:
    """Return the periods, for a form."""
    return [(days, gettext(name)) for days, name in PERIODS.items()]


def activity_choices() -> list[tuple[str, str]]:
    """Return what a nominee might do, for a form."""
    return [(activity.value, gettext(ACTIVITY_NAMES[activity])) for activity in Activity]


def way_choices() -> list[tuple[str, str]]:
    """Return how somebody may like to be reached, for a form."""
    return [(way.value, gettext(name)) for way, name in WAY_NAMES.items()]


def _somebody(label: str) -> StringField:
    """Return a field into which a colleague's name is typed, and chosen from those that fit."""
    return StringField(label, [Optional(), Length(max=NAME_LENGTH + EMAIL_LENGTH + 3)], filters=[one_line])


def standing_choices(some: Iterable[Standing] = tuple(Standing)) -> list[tuple[str, str]]:
    """Return the ways a nomination stands, for a filter."""
    return [(standing.value, gettext(STANDING_NAMES[standing])) for standing in some]


class NominateForm(Form):
    """A nomination. Company, name, address and reason are asked for; what they might enjoy is not, since they choose that themselves.

    All the rest helps those who look for a reference later, and may stay empty.
    """

    key = KeyField()
    company = StringField(_("Company"), [DataRequired(), Length(max=COMPANY_LENGTH)], filters=[one_line])
    name = StringField(_("Name"), [DataRequired(), Length(max=NAME_LENGTH)], filters=[one_line])
    email = StringField(_("E-mail"), [DataRequired(), Length(max=EMAIL_LENGTH)], filters=[one_line])
    title = StringField(_("Job title, if you know it"), [Optional(), Length(max=TITLE_LENGTH)], filters=[one_line])
    why = TextAreaField(_("Why would they be a good voice?"), [DataRequired(), Length(max=WHY_LENGTH)], filters=[plain_text])
    activities = SelectMultipleField(_("What might they enjoy?"), choices=activity_choices)
    words = TextAreaField(_("A line to them"), [Optional(), Length(max=WHY_LENGTH)], filters=[plain_text])
    colleague = _somebody(_("On behalf of a colleague"))
    phone = StringField(_("Telephone"), [Optional(), Length(max=PHONE_LENGTH)], filters=[one_line])
    ways = SelectMultipleField(_("How they like to be reached"), choices=lambda: way_choices())
    products = StringField(_("Products they use"), [Optional(), Length(max=WORDS_LENGTH)], filters=[one_line])
    languages = StringField(_("Languages they speak"), [Optional(), Length(max=WORDS_LENGTH)], filters=[one_line])
    industry = StringField(_("Industry"), [Optional(), Length(max=FIELD_LENGTH)], filters=[one_line])
    region = StringField(_("Region"), [Optional(), Length(max=FIELD_LENGTH)], filters=[one_line])
    size = SelectField(_("Size"), [Optional()], choices=lambda: [("", gettext("Not known")), *[(size.value, size.value) for size in CompanySize]])
    owner = _somebody(_("Who looks after the account"))
    tier = SelectField(_("Who may find them"), [Optional()], coerce=read_id, choices=lambda: [("", gettext("No proposal")), *tier_choices()])
    usage_count = IntegerField(_("How often they may be asked"), [Optional(), NumberRange(1, MOST_COUNT)], render_kw={"min": 1})
    usage_days = SelectField(_("In which period"), [Optional()], coerce=read_id, choices=lambda: [("", gettext("No proposal")), *period_choices()])
    sensitivities = TextAreaField(_("What to be careful about"), [Optional(), Length(max=WHY_LENGTH)], filters=[plain_text])
    notes = TextAreaField(_("Anything else that helps to decide"), [Optional(), Length(max=WHY_LENGTH)], filters=[plain_text])
    evidence_url = StringField(_("Evidence: a link"), [Optional(), Length(max=LINK_LENGTH)], filters=[one_line])
    evidence = FileField(_("Evidence: a file"), [Optional()])

    @classmethod
    def kept(cls, key: str, fields: dict[str, Any]) -> "NominateForm":
        """Return the form as a draft kept it."""
        return cls(formdata=MultiDict([("key", key), *((name, value) for name, values in fields.items() for value in values)]))

    def typed(self) -> dict[str, list[str]]:
        """Return what was typed so far, for a draft: never the file, which is chosen anew."""
        left_out = {"csrf_token", "key", "evidence"}
        asked = {name: field.raw_data or [] for name, field in self._fields.items() if name not in left_out}
        given = {name: [clean(str(value))[:WHY_LENGTH] for value in values] for name, values in asked.items()}
        return {name: values for name, values in given.items() if any(values)}

    def details(self, owner_id: int | None, evidence_id: int | None) -> Details:
        """Return what was added. Who looks after the account is found by what was typed (``queries.colleagues.find_owner``)."""
        texts = ("products", "industry", "region", "size", "languages", "sensitivities", "words", "evidence_url", "phone", "notes")
        numbers = ("tier", "usage_count", "usage_days")
        given: dict[str, Any] = {name: self[name].data or "" for name in texts} | {name: self[name].data for name in numbers}
        return Details(**given, ways=tuple(self.ways.data or ()), owner_id=owner_id, evidence_id=evidence_id)

    @property
    def has_more(self) -> bool:
        """Tell whether something of what may stay empty is filled in or refused."""
        return any(self[name].data or self[name].errors for name in MORE)


class SeveralForm(Form):
    """Several people, one a line, for one reason."""

    key = KeyField()
    lines = TextAreaField(_("People"), [DataRequired(), Length(max=20_000)], filters=[plain_text], render_kw={"rows": 8})
    why = TextAreaField(_("Why would they be good voices?"), [DataRequired(), Length(max=WHY_LENGTH)], filters=[plain_text])
    colleague = _somebody(_("On behalf of a colleague"))

    def rest(self, lines: list[str]) -> "SeveralForm":
        """Return the form with what is left to mend, under a key of its own."""
        kept = {"lines": "\n".join(lines), "why": self.why.data if lines else "", "colleague": self.colleague.data}
        return SeveralForm(formdata=None, data=kept)


class CommentForm(Form):
    """What nominators and reviewers say to each other."""

    key = KeyField()
    text = TextAreaField(_("Your comment"), [DataRequired(), Length(max=COMMENT_LENGTH)], filters=[plain_text])


class LinkForm(Form):
    """A button behind a nominee's link."""

    t = HiddenField()


class OfferForm(LinkForm):
    """What a nominee would do, how often, and what never."""

    activities = SelectMultipleField(_("What I would do"), choices=activity_choices)
    never = SelectMultipleField(_("What you should never ask me for"), choices=activity_choices)
    per_quarter = IntegerField(
        _("At most so many requests a quarter"), [InputRequired(), NumberRange(1, MOST_PER_QUARTER)], render_kw={"min": 1, "max": MOST_PER_QUARTER}
    )
    agreed = BooleanField(_("You may ask me for what I ticked, as often as I said. I may take this back at any time."))


def _why_not() -> list[tuple[str, str]]:
    """Return the reasons; that somebody would rather not say comes first, so that no reason is kept which nobody chose."""
    ordered = sorted(REFUSED_NAMES.items(), key=lambda one: one[0] is not Refused.OTHER)
    return [(code.value, gettext(name)) for code, name in ordered]


class NoForm(LinkForm):
    """No, with a reason."""

    code = SelectField(_("Why not?"), [Optional()], default=Refused.OTHER.value, choices=lambda: _why_not())
    reason = TextAreaField(_("Anything you want to add"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 3})


def _days(label: str) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(1, MOST_DAYS)], render_kw={"min": 1, "max": MOST_DAYS})


def _credit(label: str) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(0, MOST_CREDIT)], render_kw={"min": 0, "max": MOST_CREDIT})


class TermsForm(Form):
    """The clock and the credit."""

    seen = SeenField()
    late_days = _days(_("Admins are told when one waits longer than (days)"))
    remind_days = _days(_("The customer is reminded after (days)"))
    silent_days = _days(_("Silence counts as no answer after (days)"))
    later_days = _days(_("Who says “not now” is asked again after (days)"))
    approved = _credit(_("Credit when a nomination is approved"))
    agreed = _credit(_("Credit when the customer says yes"))
    completed = _credit(_("Credit for each activity that they complete as a reference"))
    well_done = _credit(_("Credit besides where it went well (4 or 5 of 5)"))


class RuleForm(Form):
    """A rule that approves what meets all its conditions."""

    name = StringField(_("What it is called"), [DataRequired(), Length(max=80)], filters=[one_line])
    least_agreed = IntegerField(_("So many of the nominator’s people said yes"), [Optional(), NumberRange(0, 1_000)], render_kw={"min": 0})
    needs_company = BooleanField(_("The company is known"))
    tiers = SelectMultipleField(_("The proposal of who may find them is one of"), choices=lambda: [(str(key), name) for key, name in tier_choices()])


class MineFilter(FilterForm):
    """Search among one's own nominations."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: [("", gettext("Any")), *standing_choices()])


class RegistryFilter(FilterForm):
    """Search in the registry. Industries and regions are those of the companies."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    company = StringField(_("Company"), [Optional(), Length(max=COMPANY_LENGTH)], filters=[one_line])
    industry = SelectField(_("Industry"), [Optional()])
    region = SelectField(_("Region"), [Optional()])
    state = SelectField(_("State"), [Optional()], choices=lambda: [("", gettext("Any")), *standing_choices(IN_REGISTRY)])
    might = SelectField(_("Might do"), [Optional()], choices=lambda: [("", gettext("Any")), *activity_choices()])

    def offer(self, industries: list[str], regions: list[str]) -> None:
        """Fill the choices that come from the companies."""
        self.industry.choices = [("", gettext("Any")), *[(name, name) for name in industries]]
        self.region.choices = [("", gettext("Any")), *[(name, name) for name in regions]]
