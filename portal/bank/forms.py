"""What a statement can be asked for in its address, and what a correction needs. Shape only."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DecimalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from portal.bank.rules import budgets, finance
from portal.bank.rules.adjusting import CATEGORY_NAMES, REASON_LENGTH, STATE_NAMES, Limits
from portal.bank.rules.disputes import WORDS_LENGTH
from portal.bank.rules.statement import LINE_NAMES
from portal.bank.rules.terms import POLICY_NAMES
from portal.kernel.ids import MOST_ID
from portal.ledger.lots import MOST_MONTHS, MOST_PENDING_DAYS
from portal.ledger.rules import MOST_POINTS
from portal.web.forms import DayField, FilterForm, Form, KeyField, NotBefore, SeenField, one_line, plain_text


def _named(first: Any, names: Mapping[Any, str]) -> list[tuple[str, Any]]:
    return [("", first), *[(value.value, gettext(name)) for value, name in names.items()]]


class StatementFilter(FilterForm):
    """Search among the lines of a statement; the months are the door's."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: _named(gettext("Any"), LINE_NAMES))
    category = SelectField(_("Corrections"), [Optional()], choices=lambda: _named(gettext("Any"), CATEGORY_NAMES))
    month = SelectField(_("Month"), [Optional()])
    since = DayField(_("From"), [Optional()])
    until = DayField(_("Until"), [Optional(), NotBefore("since")])


class AdjustForm(Form):
    """A correction by hand."""

    key = KeyField()
    points = IntegerField(_("Points"), [InputRequired()])
    counts_as_earned = BooleanField(_("Counts as earned: lifetime total and boards follow"))
    category = SelectField(_("Kind of correction"), [Optional()], choices=lambda: _named(gettext("Please choose"), CATEGORY_NAMES))
    reason = TextAreaField(_("Reason"), [Optional(), Length(max=REASON_LENGTH)], filters=[plain_text])
    agreed = IntegerField(_("Owed then"), [Optional()])
    """What they will owe, as the admin read it before the second click."""


class DisputeForm(Form):
    """What is wrong with a line of one's statement; ``line`` is its number, as that of its transfer."""

    line = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(1, MOST_ID)])
    words = TextAreaField(_("What is wrong with it?"), [Optional(), Length(max=WORDS_LENGTH)], filters=[plain_text])


class TakeBackForm(Form):
    """Which dispute is taken back."""

    dispute = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(1, MOST_ID)])


class CorrectionFilter(FilterForm):
    """Which corrections are shown; ``batch`` those of one import."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    category = SelectField(_("Kind of correction"), [Optional()], choices=lambda: _named(gettext("Any"), CATEGORY_NAMES))
    state = SelectField(_("State"), [Optional()], choices=lambda: _named(gettext("Any"), STATE_NAMES))
    since = DayField(_("Asked or decided from"), [Optional()])
    until = DayField(_("Until"), [Optional(), NotBefore("since")])
    batch = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(1, MOST_ID)])


class LimitsForm(Form):
    """The limits of one admin a month."""

    seen = SeenField()
    given = IntegerField(_("Points given"), [Optional(), NumberRange(0, MOST_POINTS)], render_kw={"min": 0})
    taken = IntegerField(_("Points taken"), [Optional(), NumberRange(0, MOST_POINTS)], render_kw={"min": 0})

    def limits(self) -> Limits:
        """Return what was entered; an empty field is no limit."""
        return Limits(self.given.data, self.taken.data)


class TermsForm(Form):
    """On what terms points are earned from some day on."""

    seen = SeenField()
    kind = SelectField(
        _("Points expire"),
        choices=lambda: [(kind.value, gettext(name)) for kind, name in POLICY_NAMES.items()],
    )
    months = IntegerField(_("Months"), [Optional(), NumberRange(1, MOST_MONTHS)], render_kw={"min": 1, "max": MOST_MONTHS})
    pending_days = IntegerField(
        _("Days until points can be spent"), [InputRequired(), NumberRange(0, MOST_PENDING_DAYS)], render_kw={"min": 0, "max": MOST_PENDING_DAYS}
    )
    from_on = DayField(_("For points earned from"), [Optional()])


class FinanceFilter(FilterForm):
    """Which months of earning are shown, of which unit, and at the end of which month; the choices are the door's."""

    as_of = SelectField(_("As of"), [Optional()])
    since = SelectField(_("Earned from"), [Optional()])
    until = SelectField(_("Earned until"), [Optional()])
    unit = SelectField(_("Unit"), [Optional()])


class CostForm(Form):
    """What a redeemed point costs the company from some day on."""

    seen = SeenField()
    value = DecimalField(_("Cost of a point"), [InputRequired()], places=None, use_locale=False, render_kw={"inputmode": "decimal"})
    from_on = DayField(_("From"), [Optional()])
    reason = StringField(_("Why"), [Optional(), Length(max=finance.REASON_LENGTH)], filters=[one_line])


class ExpectedForm(Form):
    """Which share of outstanding points will be redeemed, as finance expects from some day on."""

    seen = SeenField()
    value = DecimalField(_("Percent"), [InputRequired()], places=None, use_locale=False, render_kw={"inputmode": "decimal"})
    from_on = DayField(_("From"), [Optional()])
    reason = StringField(_("Why"), [Optional(), Length(max=finance.REASON_LENGTH)], filters=[one_line])


class BudgetForm(Form):
    """A budget a period, in points or in money."""

    seen = SeenField()
    counts = SelectField(_("Counts"), choices=lambda: [(kind.value, gettext(name)) for kind, name in budgets.COUNTS_NAMES.items()])
    period = SelectField(_("For"), choices=lambda: [(kind.value, gettext(name)) for kind, name in budgets.PERIOD_NAMES.items()])
    measure = SelectField(_("In"), choices=lambda: [(kind.value, gettext(name)) for kind, name in budgets.MEASURE_NAMES.items()])
    amount = DecimalField(_("How much"), [Optional()], places=None, use_locale=False, render_kw={"inputmode": "decimal"})
    near = IntegerField(_("Warn at percent"), [InputRequired(), NumberRange(1, 99)], default=budgets.NEAR, render_kw={"min": 1, "max": 99})
    reason = StringField(_("Why"), [Optional(), Length(max=finance.REASON_LENGTH)], filters=[one_line])
