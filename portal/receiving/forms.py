"""The forms of receiving: shape only."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DecimalField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.kernel.ids import read_id
from portal.receiving.queries.lists import SHOW_NAMES, Show
from portal.receiving.rules.accepting import Choice, Rule, rule_from
from portal.receiving.rules.thresholds import FORM_NAMES, FormKind
from portal.web.countries import country_choices
from portal.web.forms import DayField, FilterForm, Form, SeenField, one_line, plain_text

MINE = {
    Choice.MAY: _("Yes, I may accept rewards"),
    Choice.CAPPED: _("Yes, up to a certain value"),
    Choice.CHARITY: _("Only gifts to a good cause"),
    Choice.NOTHING: _("No, I may not accept any"),
    Choice.UNKNOWN: _("I don’t know"),
}
THEIRS = {
    Choice.UNKNOWN: _("Not known"),
    Choice.MAY: _("May receive"),
    Choice.CAPPED: _("May receive up to a value"),
    Choice.CHARITY: _("Only gifts to a good cause"),
    Choice.NOTHING: _("May not accept rewards"),
}

CENT, MOST = Decimal("0.01"), 10**9
"""Amounts have two decimals, and none that means anything is larger."""


class MoneyField(DecimalField):
    """An amount in US dollars; ``cents`` is what was entered."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators or [Optional()], places=2, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed. What is no amount of dollars and cents is refused beside the field, and never kept as empty."""
        super().process_formdata(valuelist)
        amount: Decimal | None = self.data  # type: ignore[has-type]
        if amount is not None and (not amount.is_finite() or abs(amount) > MOST or amount != amount.quantize(CENT)):
            self.data = None
            raise ValueError(gettext("Please enter an amount in US dollars with at most two decimals, such as 25 or 24.99."))

    @property
    def cents(self) -> int | None:
        amount: Decimal | None = self.data
        return None if amount is None else int(amount * 100)


def dollars(cents: int | None) -> Decimal | None:
    """Return what a ``MoneyField`` shows for ``cents``."""
    return None if cents is None else Decimal(cents) / 100


class RuleForm(Form):
    """What may be accepted, with its caps."""

    choice = RadioField(_("What may be accepted"), [Optional()], choices=[SelectChoice(c.value, name) for c, name in THEIRS.items()])
    item = MoneyField(_("Each up to, in US dollars"))
    year = MoneyField(_("In a calendar year up to, in US dollars"))
    reason = TextAreaField(_("How you know"), [Optional(), Length(max=500)], filters=[plain_text])
    seen = SeenField()

    def rule(self) -> Rule:
        """Return what was chosen. Refuses: ChoiceMissing, CapMissing, AmountInvalid."""
        return rule_from(self.choice.data, self.item.cents, self.year.cents)


class AnswerForm(Form):
    """A member's own answer. ``reward`` is the one they came from."""

    choice = RadioField(_("May you accept rewards?"), [Optional()], choices=[SelectChoice(c.value, name) for c, name in MINE.items()])
    item = MoneyField(_("Each up to, in US dollars"))
    year = MoneyField(_("In a calendar year up to, in US dollars"))
    reward = HiddenField(validators=[Optional()], filters=[lambda value: value if read_id(value) else ""])

    def rule(self) -> Rule:
        """Return what was chosen. Refuses: ChoiceMissing, CapMissing, AmountInvalid."""
        return rule_from(self.choice.data, self.item.cents, self.year.cents)


class PersonForm(RuleForm):
    """What one person may accept, and whose limits count for them."""

    country = SelectField(_("Country whose limits count"), [Optional()], choices=lambda: [("", gettext("As found"))] + country_choices()[1:])


class TaxFormForm(Form):
    """A form that came."""

    kind = SelectField(_("Form"), choices=lambda: [(kind.value, gettext(FORM_NAMES[kind])) for kind in FormKind])
    on_file_on = DayField(_("On file since"), [InputRequired()])


class ReceiversFilter(FilterForm):
    """Search among people who receive."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    show = SelectField(
        _("Show"), [Optional()], choices=lambda: [("", gettext("Everybody"))] + [(show.value, gettext(SHOW_NAMES[show])) for show in Show]
    )
    year = IntegerField(_("Year"), [Optional(), NumberRange(1900, 2999)], render_kw={"inputmode": "numeric"})


def shown(rule: Rule) -> dict[str, Any]:
    """Return what a form shows for a rule."""
    return {"choice": rule.choice.value, "item": dollars(rule.item_cents), "year": dollars(rule.year_cents)}
