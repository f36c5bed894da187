"""What a statement can be asked for in its address, and what a correction needs. Shape only."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.bank.rules import LINE_NAMES, POLICY_NAMES
from portal.ledger.lots import MOST_MONTHS, MOST_PENDING_DAYS
from portal.web.forms import DayField, FilterForm, Form, KeyField, one_line, plain_text


class StatementFilter(FilterForm):
    """Search among the lines of a statement."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = SelectField(
        _("Kind"), [Optional()], choices=lambda: [("", gettext("Any")), *[(kind.value, gettext(name)) for kind, name in LINE_NAMES.items()]]
    )
    since = DayField(_("From"), [Optional()])
    until = DayField(_("Until"), [Optional()])


class AdjustForm(Form):
    """A correction by hand."""

    key = KeyField()
    points = IntegerField(_("Points"), [InputRequired()])
    counts_as_earned = BooleanField(_("Counts as earned: lifetime total and boards follow"))
    reason = TextAreaField(_("Reason"), [Optional(), Length(max=500)], filters=[plain_text])
    agreed = IntegerField(_("Owed then"), [Optional()])
    """What they will owe, as the admin read it before the second click."""


class TermsForm(Form):
    """On what terms points are earned from some day on."""

    kind = SelectField(
        _("Points expire"),
        choices=lambda: [(kind.value, gettext(name)) for kind, name in POLICY_NAMES.items()],
    )
    months = IntegerField(_("Months"), [Optional(), NumberRange(1, MOST_MONTHS)], render_kw={"min": 1, "max": MOST_MONTHS})
    pending_days = IntegerField(
        _("Days until points can be spent"), [InputRequired(), NumberRange(0, MOST_PENDING_DAYS)], render_kw={"min": 0, "max": MOST_PENDING_DAYS}
    )
    from_on = DayField(_("For points earned from"), [Optional()])
