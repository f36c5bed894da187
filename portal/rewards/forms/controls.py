"""From a kind's ``Control`` to a form field. The only place where kinds of rewards meet WTForms."""

from typing import Any

from flask_babel import gettext as _
from wtforms import Field, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from portal.rewards.kinds.contract import Control
from portal.web.forms import one_line, plain_text

TYPED = {"url": {"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}, "day": {"type": "date"}}


def field_for(control: Control) -> Field:
    """Return an unbound field; its rules judge what is entered, so that a refusal says it in words."""
    options: dict[str, Any] = {"label": _(control.label), "description": _(control.help) if control.help else "", "validators": [Optional()]}
    if control.kind == "one":
        return RadioField(choices=_choices(control), validate_choice=False, **options)
    if control.kind == "lines":
        return TextAreaField(filters=[plain_text], render_kw={"rows": 4}, **options)
    return StringField(filters=[one_line], render_kw=TYPED.get(control.kind, {}), **options)


def _choices(control: Control) -> list[SelectChoice]:
    if control.names:
        return [SelectChoice(choice, _(name)) for choice, name in zip(control.choices, control.names, strict=True)]
    return [SelectChoice(choice, choice) for choice in control.choices]
