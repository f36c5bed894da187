"""From a kind's ``Control`` to a form field. The only place where kinds of rewards meet WTForms."""

from functools import lru_cache
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from wtforms import Field, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from portal.rewards.kinds.contract import Control
from portal.rewards.rules.addresses import COUNTRIES
from portal.web.forms import one_line, plain_text
from portal.web.language import reader

TYPED = {"url": {"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}, "day": {"type": "date"}}


def field_for(control: Control) -> Field:
    """Return an unbound field; its rules judge what is entered, so that a refusal says it in words."""
    options: dict[str, Any] = {"label": _(control.label), "description": _(control.help) if control.help else "", "validators": [Optional()]}
    if control.kind == "one":
        return RadioField(choices=[SelectChoice(choice, choice) for choice in control.choices], validate_choice=False, **options)
    if control.kind == "lines":
        return TextAreaField(filters=[plain_text], render_kw={"rows": 4}, **options)
    return StringField(filters=[one_line], render_kw=TYPED.get(control.kind, {}), **options)


def country_choices() -> list[tuple[str, str]]:
    """Return every country a parcel can go to, by its name in the reader's language."""
    return [("", _("Please choose")), *_countries(str(reader().locale))]


@lru_cache(maxsize=16)
def _countries(language: str) -> list[tuple[str, str]]:
    locale = Locale.parse(language)
    return sorted(((code, str(locale.territories.get(code, code))) for code in COUNTRIES), key=lambda choice: choice[1].casefold())


def country_name(code: str) -> str:
    """Return a country's name in the reader's language."""
    return str(reader().locale.territories.get(code, code))
