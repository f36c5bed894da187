"""Forms of profiles: shape only."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.acts.rules.budget import MOST_ASKS, MOST_DAYS
from portal.consents.rules import SCOPE_NAMES, WORDS_LENGTH, Scope
from portal.kernel.seen import seen_of
from portal.people.rules.company import NAME_LENGTH
from portal.people.rules.person import TITLE_LENGTH
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.correcting import Correction, Stands
from portal.profiles.rules.facts import NOTE_LENGTH, REASON_LENGTH, TEXT_LENGTH, TIER_NAMES, Facts, split_words
from portal.profiles.rules.fresh import ANSWER_NAMES, Answer
from portal.profiles.rules.states import RETIRED_NAMES, STATUS_NAMES, Retired, Status, WordKind
from portal.web.forms import DayField, EditionField, FilterForm, Form, KeyField, SeenField, one_line, plain_text

LINE_LENGTH = 2_000
WORD_HELP = _("Separate them with commas.")


def activity_choices() -> list[tuple[str, str]]:
    """Return what somebody may do, in the reader's language."""
    return [(activity.value, gettext(ACTIVITY_NAMES[activity])) for activity in Activity]


class FactsForm(Form):
    """What staff know of a reference. The limit is goodwill, which admins set here too."""

    edition = EditionField(validators=[Optional()])
    tier = SelectField(_("Who may find them"), choices=lambda: [(str(tier), gettext(name)) for tier, name in TIER_NAMES.items()])
    story = TextAreaField(_("What they use us for, and how it went"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    results = TextAreaField(_("Results they reached"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    product = StringField(_("Products"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    use_case = StringField(_("What they use it for"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    language = StringField(_("Languages"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    time_zone = StringField(_("Time zone"), [Optional(), Length(max=64)], filters=[one_line])
    replaced = StringField(_("What they used before"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    not_for = StringField(_("Never put in touch with"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    sensitivities = TextAreaField(_("What to be careful about"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    most = IntegerField(_("At most so many asks"), [Optional(), NumberRange(0, MOST_ASKS)], render_kw={"min": 0, "max": MOST_ASKS})
    days = IntegerField(_("In so many days"), [Optional(), NumberRange(1, MOST_DAYS)], render_kw={"min": 1, "max": MOST_DAYS})
    is_true = BooleanField(_("I have checked all of this: it is true today"))

    @classmethod
    def of(cls, facts: Facts, *, edition: int | None = None, most: int | None = None, days: int | None = None) -> "FactsForm":
        """Return the form with what is stored."""
        lines = {kind.value: ", ".join(facts.words.get(kind, ())) for kind in WordKind}
        texts = {name: getattr(facts, name) for name in ("story", "results", "sensitivities", "time_zone")}
        return cls(formdata=None, data={"tier": str(facts.tier), "edition": edition, "most": most, "days": days, **texts, **lines})

    def facts(self) -> Facts:
        """Return what was typed."""
        words = {kind: split_words(self[kind.value].data or "") for kind in WordKind}
        texts: dict[str, Any] = {name: self[name].data or "" for name in ("story", "results", "sensitivities", "time_zone")}
        return Facts(tier=int(self.tier.data), words=words, **texts)


class NewForm(FactsForm):
    """A profile of somebody who has none."""

    key = KeyField()
    person = StringField(_("Who it is: name or e-mail"), [InputRequired(), Length(max=400)], filters=[one_line])


class MoveForm(Form):
    """A move, with its reason."""

    reason = TextAreaField(_("Why"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})
    retired_as = SelectField(
        _("Because"),
        [Optional()],
        choices=lambda: [(one.value, gettext(RETIRED_NAMES[one])) for one in Retired if one is not Retired.OWN_WISH],
        default=Retired.LEFT.value,
    )
    rests_until = DayField(_("Until"), [Optional()])


class PressForm(Form):
    """A button without fields."""


class DaysForm(Form):
    """Days off."""

    first_on = DayField(_("From"), [InputRequired()])
    last_on = DayField(_("To, included"), [InputRequired()])
    reason = StringField(_("Why, if you like"), [Optional(), Length(max=200)], filters=[one_line])


class ConsentForm(Form):
    """What somebody agreed to, written down by staff."""

    activity = SelectField(_("What they do"), choices=activity_choices)
    words = TextAreaField(
        _("What they agreed to, in their words"), [InputRequired(), Length(max=WORDS_LENGTH)], filters=[plain_text], render_kw={"rows": 2}
    )
    note = StringField(_("Where and when they said so"), [Optional(), Length(max=NOTE_LENGTH)], filters=[one_line])
    evidence = FileField(_("Evidence: a file"), [Optional()])
    scope = SelectMultipleField(
        _("Where it may be used, if it is something we show"), choices=lambda: [(one.value, gettext(SCOPE_NAMES[one])) for one in Scope]
    )
    until = DayField(_("Holds until, if there is an end"), [Optional()])


class ActivityForm(Form):
    """A button about one kind."""

    activity = HiddenField()


class AnswerForm(Form):
    """Whether a profile is true, with what is corrected of the person's record; ``t`` is the token of a link."""

    t = HiddenField()
    seen = SeenField()
    title = StringField(_("Job title"), [Optional(), Length(max=TITLE_LENGTH)], filters=[one_line])
    is_sure = BooleanField(_("Change the title they wrote themself all the same"))
    company = StringField(_("Company"), [Optional(), Length(max=NAME_LENGTH)], filters=[one_line])
    owner = SelectField(_("Who looks after this company"), validate_choice=False)
    note = TextAreaField(_("What else changed, or why"), [Optional(), Length(max=NOTE_LENGTH)], filters=[plain_text], render_kw={"rows": 2})

    @classmethod
    def of(cls, here: Stands, owners: Iterable[tuple[int, str]], t: str = "") -> "AnswerForm":
        """Return the form with what stands."""
        data = {"t": t, "seen": seen_of(asdict(here)), "title": here.title, "company": here.company, "owner": str(here.owner_id or "")}
        return cls(formdata=None, data=data).offer(owners)

    def offer(self, owners: Iterable[tuple[int, str]]) -> "AnswerForm":
        """Fill who may look after a company."""
        self.owner.choices = [("", gettext("Nobody yet")), *((str(person_id), name) for person_id, name in owners)]
        return self

    def correction(self) -> Correction | None:
        """Return what should stand; None from a form that shows none of it, as a button in a list."""
        if not self.title.raw_data:
            return None
        owner = self.owner.data or ""
        wanted = Stands(self.title.data or "", self.company.data or "", int(owner) if owner.isdecimal() else None)
        return Correction(wanted, self.is_sure.data, self.seen.data)


class TickForm(Form):
    """Several profiles that are ticked."""


class OwnForm(Form):
    """A button on somebody's own page; ``t`` is the token of a link, empty for who is signed in."""

    t = HiddenField()


class RemoveForm(OwnForm):
    """Being no reference any more, and, if they like, being asked for nothing at all."""

    nothing_at_all = BooleanField(_("Ask me for nothing at all: no survey and no invitation either"))


class LimitForm(OwnForm):
    """Being asked less."""

    most = IntegerField(_("At most so many requests"), [InputRequired(), NumberRange(0, MOST_ASKS)], render_kw={"min": 0})


class OwnDaysForm(DaysForm, OwnForm):
    """One's own days off."""


class SayForm(OwnForm):
    """What somebody says of themself."""

    story = TextAreaField(_("What you use us for, and how it went"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    use_case = StringField(_("In a few words"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])
    language = StringField(_("Languages you speak"), [Optional(), Length(max=LINE_LENGTH)], filters=[one_line])


def _chosen() -> list[tuple[str, str]]:
    return [("yes", gettext("Yes")), ("no", gettext("No")), ("never", gettext("Never"))]


def does_form() -> type[OwnForm]:
    """Return a form with a choice for each kind: yes, no, never; and until when a yes holds, with what stood when it was opened."""

    class DoesForm(OwnForm):
        pass

    for activity in Activity:
        setattr(DoesForm, activity.value, RadioField(_(ACTIVITY_NAMES[activity]), [Optional()], choices=_chosen))
        setattr(DoesForm, f"until_{activity.value}", DayField(_("A yes holds until, if you like"), [Optional()]))
        setattr(DoesForm, f"seen_{activity.value}", HiddenField("Seen"))
        setattr(DoesForm, f"seen_until_{activity.value}", HiddenField("Seen"))
    return DoesForm


def wanted_of(form: OwnForm) -> Mapping[Activity, bool | None]:
    """Return what was chosen: True yes, None no, False never."""
    return _said(form, "")


def shown_of(form: OwnForm) -> Mapping[Activity, bool | None]:
    """Return what stood as chosen when the form was opened; only of what it says that of."""
    return _said(form, "seen_")


def _said(form: OwnForm, prefix: str) -> Mapping[Activity, bool | None]:
    meant: dict[str, bool | None] = {"yes": True, "no": None, "never": False}
    sent = {activity: form[prefix + activity.value].data for activity in Activity}
    return {activity: meant[word] for activity, word in sent.items() if word in meant}


def until_of(form: OwnForm) -> Mapping[Activity, date | None]:
    """Return until when each yes holds, None without end; only of what the sent form had a field for."""
    return {activity: field.data for activity in Activity if (field := form[f"until_{activity.value}"]).raw_data}


def opened_with(form: OwnForm) -> Mapping[Activity, date | None]:
    """Return the days that stood when the form was opened; only of what it says one of that can be read."""
    found: dict[Activity, date | None] = {}
    for activity in Activity:
        for sent in form[f"seen_until_{activity.value}"].raw_data or ():
            with suppress(ValueError):
                found[activity] = date.fromisoformat(sent) if sent else None
    return found


class ProfileFilter(FilterForm):
    """Search among profiles."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    status = SelectField(
        _("Status"), [Optional()], choices=lambda: [("", gettext("Any")), *[(one.value, gettext(STATUS_NAMES[one])) for one in Status]]
    )
    visible = SelectField(_("Shown"), [Optional()], choices=lambda: [("", gettext("Any")), ("yes", gettext("Shown")), ("no", gettext("Hidden"))])
    verified = SelectField(
        _("Verified"),
        [Optional()],
        choices=lambda: [
            ("", gettext("Any")), ("fresh", gettext("In the last 180 days")), ("due", gettext("Due now")), ("soon", gettext("Due in 30 days")),
            ("never", gettext("Never")),
        ],
    )  # fmt: skip
    tier = SelectField(_("Tier"), [Optional()], choices=lambda: [("", gettext("Any")), *[(str(tier), str(tier)) for tier in TIER_NAMES]])
    does = SelectField(_("Does"), [Optional()], choices=lambda: [("", gettext("Any")), *activity_choices()])
    owner = SelectField(_("Account owner"), [Optional()])

    def offer(self, owners: list[tuple[int, str]]) -> None:
        """Fill the owners."""
        named = [(str(owner_id), name) for owner_id, name in owners]
        self.owner.choices = [("", gettext("Any")), ("nobody", gettext("Nobody")), *named]


def answer_of(word: str) -> Answer | None:
    """Return the answer that a button or a link names, None for none."""
    return Answer(word) if word in ANSWER_NAMES else None


def day_or_none(day: Any) -> date | None:
    """Return a day that a field holds."""
    return day if isinstance(day, date) else None
