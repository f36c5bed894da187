"""The forms of asks: shape only."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Field, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.acts.queries.people import ORDER_NAMES, Order
from portal.acts.queries.ready import READY_NAMES, Ready
from portal.acts.rules.asks import ASK_KIND_NAMES, CHANNEL_NAMES, MOST_EFFORT, MOST_MINUTES, AskKind, Came, Channel
from portal.acts.rules.budget import MOST_ASKS, MOST_DAYS, Cap, Defaults
from portal.acts.rules.terms import BLOCK_NAMES, Terms
from portal.web.forms import DayField, FilterForm, Form, KeyField, SeenField, one_line, plain_text
from portal.web.language import month

KIND = InputRequired(_("Say what for."))
PERIODS = {30: _("in 30 days"), 90: _("in a quarter (90 days)"), 180: _("in half a year (180 days)"), 365: _("in a year (365 days)")}
CAME = {
    "": _("It is still open"),
    Came.COMPLETED: _("It was done"),
    Came.ACCEPTED: _("They said yes"),
    Came.DECLINED: _("They said no"),
    Came.MISSED: _("It did not happen"),
}


def kinds() -> list[tuple[str, str]]:
    """Return the kinds to choose from, in the reader's language."""
    return [(kind.value, gettext(ASK_KIND_NAMES[kind])) for kind in AskKind]


def channels() -> list[tuple[str, str]]:
    """Return the ways of asking to choose from."""
    return [(channel.value, gettext(CHANNEL_NAMES[channel])) for channel in Channel]


def months() -> list[tuple[int, str]]:
    """Return the months of the year, by name."""
    return [(number, month(date(2026, number, 1), "LLLL")) for number in range(1, 13)]


class AskForm(Form):
    """Asking one person. The last two fields are for an override."""

    key = KeyField(validators=[InputRequired(), Length(max=64)])
    kind = SelectField(_("What for"), [KIND], choices=kinds, default=AskKind.CALL.value)
    about = StringField(_("What it is about"), [Optional(), Length(max=200)], filters=[one_line])
    channel = SelectField(_("How they are asked"), choices=channels, default=Channel.PORTAL.value)
    reason = TextAreaField(_("Why it has to be"), [Optional(), Length(max=500)], filters=[plain_text])
    approver = SelectField(_("Which admin answers for it"), [Optional()], coerce=lambda value: int(value) if value else None)


class LogForm(Form):
    """An ask that was made elsewhere: who, what, when, what came of it."""

    key = KeyField(validators=[InputRequired(), Length(max=64)])
    person = StringField(_("Who was asked"), [InputRequired(_("Say who was asked.")), Length(max=400)], filters=[one_line])
    kind = SelectField(_("What for"), [KIND], choices=kinds, default=AskKind.CALL.value)
    happened_on = DayField(_("When"), [InputRequired(_("Enter the day."))])
    about = StringField(_("What it is about"), [Optional(), Length(max=200)], filters=[one_line])
    asked_by = StringField(_("Who asked, if not you"), [Optional(), Length(max=320)], filters=[one_line])
    channel = SelectField(_("How"), choices=lambda: [one for one in channels() if one[0] != Channel.PORTAL.value], default=Channel.EMAIL.value)
    came = SelectField(_("What came of it"), [Optional()], choices=lambda: [(str(value), str(name)) for value, name in CAME.items()])
    minutes = IntegerField(_("Minutes it took them"), [Optional(), NumberRange(0, MOST_MINUTES)], render_kw={"inputmode": "numeric"})
    note = TextAreaField(_("Note"), [Optional(), Length(max=500)], filters=[plain_text])


class SeveralForm(Form):
    """Asking several people."""

    key = KeyField(validators=[InputRequired(), Length(max=64)])
    people = TextAreaField(_("Whom"), [InputRequired(_("Say whom.")), Length(max=20_000)], filters=[plain_text])
    kind = SelectField(_("What for"), [KIND], choices=kinds, default=AskKind.SURVEY.value)
    about = StringField(_("What it is about"), [Optional(), Length(max=200)], filters=[one_line])
    channel = SelectField(_("How they are asked"), choices=channels, default=Channel.EMAIL.value)

    @property
    def lines(self) -> list[str]:
        return (self.people.data or "").splitlines()


class OutcomeForm(Form):
    """What came of an ask, as staff write it down."""

    minutes = IntegerField(_("Minutes it took them"), [Optional(), NumberRange(0, MOST_MINUTES)], render_kw={"inputmode": "numeric"})
    note = TextAreaField(_("Note"), [Optional(), Length(max=500)], filters=[plain_text])


class AnswerForm(Form):
    """A member's no, in their words if they like."""

    reason = TextAreaField(_("Why not, if you like"), [Optional(), Length(max=500)], filters=[plain_text])


class TermsForm(Form):
    """How much, what and when somebody wants to be asked."""

    most = IntegerField(_("At most so many asks"), [Optional(), NumberRange(0, MOST_ASKS)], render_kw={"inputmode": "numeric"})
    days = SelectField(_("Counted"), [Optional()], coerce=lambda value: int(value) if value else None)
    unwanted = SelectMultipleField(_("Never ask for"), [Optional()], choices=kinds)
    months_off = SelectMultipleField(_("Not in"), [Optional()], coerce=int, choices=months)
    paused_until = DayField(_("Paused until"), [Optional()])
    reason = TextAreaField(_("How you know"), [Optional(), Length(max=500)], filters=[plain_text])
    seen = SeenField()

    def offer(self, default: Cap, own_days: int | None) -> "TermsForm":
        """Offer the periods; the programme's own first, and one that was set by an admin before."""
        listed = {days: str(name) for days, name in PERIODS.items()}
        if own_days is not None:
            listed.setdefault(own_days, gettext("in %(days)s days", days=own_days))
        usual = gettext("as in the programme (%(days)s days)", days=default.days)
        self.days.choices = [("", usual), *((str(days), name) for days, name in sorted(listed.items()))]
        return self

    def terms(self) -> Terms:
        """Return what was entered."""
        return Terms(self.most.data, self.days.data, tuple(self.unwanted.data or ()), tuple(self.months_off.data or ()), self.paused_until.data)


class BlockForm(Form):
    """A legal hold or an open escalation."""

    kind = SelectField(_("What stands"), choices=lambda: [(kind.value, gettext(name)) for kind, name in BLOCK_NAMES.items()])
    reason = TextAreaField(_("Why"), [InputRequired(_("Please say why.")), Length(max=500)], filters=[plain_text])


class LiftForm(Form):
    """Why a block stands no more."""

    reason = StringField(_("Why it is over"), [InputRequired(_("Please say why.")), Length(max=500)], filters=[one_line])


class DefaultsForm(Form):
    """The programme's caps."""

    person_most = IntegerField(_("Asks of one person"), [InputRequired(), NumberRange(0, MOST_ASKS)])
    person_days = IntegerField(_("in so many days"), [InputRequired(), NumberRange(1, MOST_DAYS)])
    company_most = IntegerField(_("Asks of the people of one company"), [InputRequired(), NumberRange(0, MOST_ASKS)])
    company_days = IntegerField(_("in so many days"), [InputRequired(), NumberRange(1, MOST_DAYS)])
    answer_days = IntegerField(_("An open ask lapses after so many days"), [InputRequired(), NumberRange(1, 180)])
    seen = SeenField()

    def defaults(self) -> Defaults:
        """Return what was entered."""
        person, company = Cap(self.person_most.data or 0, self.person_days.data or 1), Cap(self.company_most.data or 0, self.company_days.data or 1)
        return Defaults(person, company, self.answer_days.data or 1)


class _EffortsForm(Form):
    """The effort of each kind, a field for each."""

    seen = SeenField()

    def fields_of_kinds(self) -> list[Field]:
        """Return the fields in the order of the kinds."""
        return [self[f"effort_{kind.value}"] for kind in AskKind]

    def efforts(self) -> dict[AskKind, int]:
        """Return what was entered."""
        return {kind: int(self[f"effort_{kind.value}"].data or 0) for kind in AskKind}

    @staticmethod
    def shown(efforts: Mapping[AskKind, int]) -> dict[str, Any]:
        """Return what the form shows for efforts."""
        return {f"effort_{kind.value}": effort for kind, effort in efforts.items()}


EffortsForm = type(
    "EffortsForm",
    (_EffortsForm,),
    {
        f"effort_{kind.value}": IntegerField(_l_name, [InputRequired(), NumberRange(0, MOST_EFFORT)])
        for kind, _l_name in ((kind, _(name)) for kind, name in ASK_KIND_NAMES.items())
    },
)


class PeopleFilter(FilterForm):
    """Search among people who may be asked, by how they stand."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: [("", gettext("Any")), *((one.value, gettext(READY_NAMES[one])) for one in Ready)])
    order = SelectField(_("Order"), [Optional()], choices=lambda: [(one.value, gettext(ORDER_NAMES[one])) for one in Order])


class ReportFilter(FilterForm):
    """Which month; the choices are the door's."""

    month = SelectField(_("Month"), [Optional()])
