"""What staff, customers, owners and prospects type about requests. Shape only."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateTimeLocalField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, Regexp

from portal.kernel.ids import read_id
from portal.kernel.text import N_
from portal.people.rules.company import CompanySize
from portal.people.rules.person import EMAIL_LENGTH, time_zones
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.requests.rules.answering import (
    CUSTOMER_NO_NAMES,
    LENGTHS,
    LENGTHS_OF,
    OWNER_NO_NAMES,
    PLACE_LENGTH,
    REASON_LENGTH,
    SAID_LENGTH,
    UNFILLED_NAMES,
    lengths_of,
)
from portal.requests.rules.need import LINE, SHORT, WORDS, Need
from portal.requests.rules.outcome import GRADES, MOST_MINUTES, WHO_LENGTH
from portal.requests.rules.states import OUTCOME_NAMES, STAGE_NAMES, STATE_NAMES
from portal.requests.rules.terms import MOST_DAYS, MOST_POINTS, Terms
from portal.requests.rules.waiting import PROSPECT_WORDS
from portal.web.forms import DayField, FilterForm, Form, KeyField, SeenField, one_line, plain_text

ALL_LENGTHS = sorted({*LENGTHS, *(one for some in LENGTHS_OF.values() for one in some)})
NO_TIME = _("Please choose one of the times.")
NO_CURRENCY = _("Please enter the currency by three letters, such as EUR.")


def _named(names: Any, blank: str | None = None) -> Any:
    def choices() -> list[tuple[str, str]]:
        first = [("", gettext(blank))] if blank is not None else []
        return [*first, *((str(getattr(key, "value", key)), gettext(name)) for key, name in names.items())]

    return choices


def _lengths(lengths: Iterable[int]) -> list[tuple[int, str]]:
    return [(n, gettext("%(minutes)s minutes", minutes=n)) for n in lengths]


def _line(label: Any, most: int = LINE) -> StringField:
    return StringField(label, [Optional(), Length(max=most)], filters=[one_line])


class BeginForm(Form):
    """A need. What is to be done, for whom and by when is asked for; all else helps, and may stay empty."""

    key = KeyField()
    person = HiddenField()
    activity = SelectField(_("What do you need?"), choices=_named(ACTIVITY_NAMES), default=Activity.CALL.value)
    prospect = StringField(_("For which prospect?"), [InputRequired(), Length(max=LINE)], filters=[one_line])
    needed_by = DayField(_("Needed by"), [InputRequired()])
    prospect_contact = _line(_("Who there takes part"), 120)
    prospect_email = StringField(_("Their e-mail"), [Optional(), Length(max=EMAIL_LENGTH), Email()], filters=[one_line])
    prospect_domain = _line(_("Their website"), 253)
    told_as = _line(_("How the customer may hear of the prospect"))
    words = TextAreaField(_("A line to the customer"), [Optional(), Length(max=WORDS)], filters=[plain_text], render_kw={"rows": 3})
    worry = TextAreaField(_("What the prospect worries about"), [Optional(), Length(max=WORDS)], filters=[plain_text], render_kw={"rows": 2})
    industry = _line(_("Industry"), 120)
    region = _line(_("Region"), 120)
    size = SelectField(_("Size"), [Optional()], choices=lambda: [("", gettext("Any")), *[(size.value, size.value) for size in CompanySize]])
    product = _line(_("Product"), 120)
    language = _line(_("Language"), 60)
    competitor = _line(_("Whom they compare us with"))
    deal_name = _line(_("Name of the deal"))
    deal_ref = _line(_("Number in your sales system"), SHORT)
    deal_value = IntegerField(_("Value of the deal"), [Optional(), NumberRange(0, 10**12)], render_kw={"min": 0})
    currency = StringField(_("Currency"), [Optional(), Regexp("[A-Z]{3}$", message=NO_CURRENCY)], filters=[one_line, str.upper])
    deal_stage = SelectField(_("Stage of the deal"), [Optional()], choices=_named(STAGE_NAMES, N_("Not said")))
    expected_grade = SelectField(_("How well should it go?"), [Optional()], coerce=read_id, choices=_named(GRADES, N_("Not said")))
    through_admin = BooleanField(_("An admin finds somebody for me"))
    alone = BooleanField(_("Send it without proposing them now"))
    again = HiddenField()

    def need(self) -> Need:
        """Return the need."""
        texts = {name for name in Need.__dataclass_fields__ if name not in ("activity", "needed_by", "deal_value", "expected_grade", "deal_stage")}
        given: dict[str, Any] = {name: self[name].data or "" for name in texts}
        given |= {name: self[name].data for name in ("needed_by", "deal_value", "expected_grade")}
        given["currency"] = given["currency"] if given["deal_value"] is not None else ""
        return Need(activity=Activity(self.activity.data), deal_stage=self.deal_stage.data or None, **given)

    @property
    def has_more(self) -> bool:
        """Tell whether something of what may stay empty is filled in or refused."""
        asked: tuple[str, ...] = ("activity", "prospect", "needed_by", "key", "person", "csrf_token", "through_admin", "alone", "again")
        asked += () if self.currency.errors else ("currency",)
        return any(field.data or field.errors for name, field in self._fields.items() if name not in asked)


class ProposeForm(Form):
    """Who is proposed, by name or address; ``sure`` is of whom it was read that they never agreed. The last two fields are for an override."""

    sure = HiddenField()
    who = StringField(_("Who"), [InputRequired(), Length(max=200)], filters=[one_line])
    reason = TextAreaField(_("Why it has to be"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})
    approver = SelectField(_("Which admin answers for it"), [Optional()], choices=[], coerce=lambda value: int(value) if value else None)


class ReasonForm(Form):
    """Why, in words."""

    reason = TextAreaField(_("Why?"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class NobodyForm(ReasonForm):
    """Nobody was found, by the criterion that left nobody."""

    code = SelectField(_("What left nobody?"), [InputRequired()], choices=_named(UNFILLED_NAMES, N_("Choose")))


class LinkForm(Form):
    """A button behind a link, or on the page of a customer who is signed in."""

    t = HiddenField()
    c = HiddenField()


class AgreeForm(LinkForm):
    """The account owner agrees."""

    asks_now = BooleanField(_("Write to the customer at once"), default=True)


class OwnerNoForm(LinkForm):
    """The account owner does not agree."""

    code = SelectField(_("Why not?"), [InputRequired()], choices=_named(OWNER_NO_NAMES, N_("Choose")))
    said = TextAreaField(_("Anything you want to add"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class TimesForm(LinkForm):
    """Times that a customer offers, as their clock shows them."""

    slot1 = DateTimeLocalField(_("First time"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
    slot2 = DateTimeLocalField(_("Second time"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
    slot3 = DateTimeLocalField(_("Third time"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
    minutes = SelectField(_("How long"), coerce=int, choices=lambda: _lengths(ALL_LENGTHS))
    sure = HiddenField()
    zone = SelectField(_("Your time zone"), choices=lambda: [(zone, zone.replace("_", " ")) for zone in time_zones()])

    @property
    def walls(self) -> list[Any]:
        return [self.slot1.data, self.slot2.data, self.slot3.data]

    @property
    def typed(self) -> str:
        """Return the times and their zone as one text: what is odd about them is told once."""
        return " ".join(str(one.isoformat() if isinstance(one, datetime) else one) for one in [*self.walls, self.minutes.data, self.zone.data] if one)

    def offer(self, activity: Activity) -> None:
        """Let only the lengths be chosen that fit the kind."""
        self.minutes.choices = _lengths(lengths_of(activity))


class CustomerNoForm(LinkForm):
    """A customer's no, or a colleague instead. None is preset, so that no reason is kept which nobody chose."""

    seen = HiddenField()
    code = SelectField(_("Why not?"), [InputRequired()], choices=_named(CUSTOMER_NO_NAMES, N_("Choose")))
    said = TextAreaField(_("Anything you want to add"), [Optional(), Length(max=SAID_LENGTH)], filters=[plain_text], render_kw={"rows": 2})
    colleague = _line(_("A colleague who might rather"), 120)
    colleague_email = StringField(_("Their e-mail"), [Optional(), Length(max=EMAIL_LENGTH), Email()], filters=[one_line])


class PlaceForm(Form):
    """A time that staff pick, with where it takes place."""

    slot = SelectField(_("Time"), [InputRequired(NO_TIME)], coerce=read_id, validate_choice=False)
    place = StringField(_("Link or place"), [Optional(), Length(max=PLACE_LENGTH)], filters=[one_line])


class PickForm(LinkForm):
    """A time that the prospect picks, with where they want to be reached."""

    zone = HiddenField()
    seen = HiddenField()
    slot = SelectField(_("Time"), [InputRequired(NO_TIME)], coerce=read_id, validate_choice=False)
    place = StringField(_("Telephone number or link to the call"), [Optional(), Length(max=PLACE_LENGTH)], filters=[one_line])


class ProspectNoForm(LinkForm):
    """A prospect for whom no time is right, or who needs it no more."""

    zone = HiddenField()
    what = RadioField(_("What is it?"), [InputRequired()], choices=_named(PROSPECT_WORDS))
    said = TextAreaField(_("When would suit you, or why not"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 3})


class OutsideForm(Form):
    """A meeting that was arranged outside the portal and is over; when, as the clock of whoever writes it down showed it."""

    day = DateTimeLocalField(_("It began"), [InputRequired()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
    minutes = IntegerField(_("How many minutes"), [InputRequired(), NumberRange(1, MOST_MINUTES)], render_kw={"min": 1, "max": MOST_MINUTES})
    who = StringField(_("Who took part"), [InputRequired(), Length(max=WHO_LENGTH)], filters=[one_line])


class ProspectForm(Form):
    """Who picks the time for the prospect."""

    contact = StringField(_("Name"), [InputRequired(), Length(max=120)], filters=[one_line])
    email = StringField(_("E-mail"), [InputRequired(), Length(max=EMAIL_LENGTH), Email()], filters=[one_line])

    def may_keep(self) -> None:
        """Let the address be left empty, by whoever is not shown the one that is written down, which stays then."""
        self.email.validators = [Optional(), *self.email.validators[1:]]
        self.email.flags.required = False


class CustomerOutcomeForm(LinkForm):
    """What happened, in the customer's eyes. Nothing is preset, so that nobody says it by a slip."""

    came = SelectField(_("Did it take place?"), [InputRequired()], choices=_named({"yes": N_("Yes"), "no": N_("No")}, N_("Choose")))
    minutes = IntegerField(_("Minutes it took you"), [Optional(), NumberRange(0, MOST_MINUTES)], render_kw={"min": 0})
    note = TextAreaField(_("Anything we should know"), [Optional(), Length(max=SAID_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class OutcomeForm(Form):
    """What happened, in the requester's eyes. Nothing is preset, so that nobody says it by a slip."""

    came = SelectField(_("Did it take place?"), [InputRequired()], choices=_named({"yes": N_("Yes"), "no": N_("No")}, N_("Choose")))
    grade = SelectField(_("How did it go?"), [Optional()], coerce=read_id, choices=_named(GRADES, N_("Not said")))
    minutes = IntegerField(_("Minutes it took the customer, as far as you know"), [Optional(), NumberRange(0, MOST_MINUTES)], render_kw={"min": 0})
    note = TextAreaField(_("Note"), [Optional(), Length(max=SAID_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class RulingForm(Form):
    """What an admin decides of a meeting, and why. Nothing is preset, so that nobody decides by a slip."""

    came = RadioField(_("Did it take place?"), [InputRequired()], choices=lambda: [("yes", gettext("Yes")), ("no", gettext("No"))])
    reason = TextAreaField(_("Why?"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class RightForm(ReasonForm):
    """That something else happened than is written down, and how one knows."""

    came = HiddenField()


class DealForm(Form):
    """What became of the deal, or that something else did than was noted."""

    corrects = HiddenField()
    sure = HiddenField()
    outcome = SelectField(_("What became of the deal?"), choices=_named(OUTCOME_NAMES))
    closed_on = DayField(_("On"), [InputRequired()])


class RequestsFilter(FilterForm):
    """Search among requests."""

    tab = HiddenField()
    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=_named(STATE_NAMES, N_("Any")))
    activity = SelectField(_("Kind"), [Optional()], choices=_named(ACTIVITY_NAMES, N_("Any")))
    due = BooleanField(_("Due within 72 hours"))


def _days(label: Any) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(1, MOST_DAYS)], render_kw={"min": 1, "max": MOST_DAYS})


class TermsForm(Form):
    """The clock, and the points of each kind (``points_<kind>``, added below)."""

    seen = SeenField()
    owner_days = _days(_("The account owner is reminded after (days)"))
    escalate_days = _days(_("Admins are told after (days)"))
    remind_days = _days(_("The customer is reminded after (days)"))
    silent_days = _days(_("Silence of the customer counts as no answer after (days)"))
    confirm_days = _days(_("What one side says stands after (days)"))
    minutes = SelectField(_("Length of a meeting"), coerce=int, choices=lambda: _lengths(LENGTHS))
    pick_days = _days(_("Who picks the time is reminded after (days)"))
    done_days = _days(_("Without a meeting, both are asked whether it is done after (days)"))
    last_days = _days(_("What was agreed to ends, if nobody answers, after (days)"))

    def terms(self) -> Terms:
        """Return the terms."""
        numbers = {field.name: self[field.name].data for field in fields(Terms) if field.name != "points"}
        return Terms(**numbers, points={kind.value: self[f"points_{kind}"].data for kind in Activity})


for _kind in Activity:
    _field = IntegerField(_(ACTIVITY_NAMES[_kind]), [InputRequired(), NumberRange(0, MOST_POINTS)], render_kw={"min": 0, "max": MOST_POINTS})
    setattr(TermsForm, f"points_{_kind}", _field)
