"""What an admin fills in about the conditions of a reward."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.kernel.seen import seen_of
from portal.rewards.actions.conditions import seen_values
from portal.rewards.rules.conditions import MOST_COUNTRIES_TYPED, PERIOD_NAMES, Conditions, Period, read_countries
from portal.web.forms import DayField, Form, SeenField, plain_text


class ConditionsForm(Form):
    """When a reward is on sale, where its limit counts, which level it takes, in which countries it is offered."""

    sale_from = DayField(_("First day on sale"), [Optional()])
    sale_to = DayField(_("Last day on sale"), [Optional()])
    is_shown_before = BooleanField(_("Show it before its first day"))
    period = SelectField(_("The limit for one person counts"), choices=lambda: [(period.value, gettext(PERIOD_NAMES[period])) for period in Period])
    level_id = SelectField(_("From level"), [Optional()])
    countries = TextAreaField(_("Countries"), [Optional(), Length(max=MOST_COUNTRIES_TYPED)], filters=[plain_text])
    seen = SeenField()

    def given(self) -> dict[str, Any]:
        """Return what was entered. Refuses: CountriesUnknown."""
        plain = {name: self[name].data for name in ("sale_from", "sale_to", "is_shown_before", "period", "seen")}
        level = self.level_id.data or ""
        return plain | {"level_id": int(level) if level else None, "countries": read_countries(self.countries.data or "")}


def conditions_form(levels: Sequence[Any], stored: Conditions | None = None) -> ConditionsForm:
    """Return the form with what is ``stored``, or, without it, filled from the request."""
    choices = [SelectChoice("", gettext("Any level")), *(SelectChoice(str(level.id), level.name) for level in levels if level.threshold)]

    class WithLevels(ConditionsForm):
        level_id = SelectField(_("From level"), [Optional()], choices=choices)

    if stored is None:
        return WithLevels()
    values = seen_values(stored)
    shown = values | {"level_id": str(values["level_id"] or ""), "countries": ", ".join(stored.countries)}
    return WithLevels(formdata=None, data=shown, seen=seen_of(values))
