"""What an admin fills in: one rule, how a side's rules go together, whom to ask about."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, SearchField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.audience.kinds.contract import Control
from portal.audience.rules import MAX_NUMBER, Mode
from portal.web.forms import DayField, FilterForm, Form, KeyField, one_line, plain_text

KEY = [InputRequired(), Length(max=64)]
LINES_LENGTH, TYPED_LENGTH = 20_000, 500


class SuggestingField(StringField):
    """Words that are typed, with suggestions to choose from."""

    def __init__(self, *args: Any, suggestions: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.suggestions = suggestions
        self.render_kw = {"list": f"{self.id}-list", "autocomplete": "off"}


class RuleForm(Form):
    """A rule. What its kind asks for is added by ``rule_form``; the key makes a second click the same rule."""

    key = KeyField(validators=KEY)

    def given(self) -> dict[str, Any]:
        """Return what was entered, by name of the option."""
        return {name.removeprefix("option_"): field.data for name, field in self._fields.items() if name.startswith("option_")}


def rule_form(controls: Mapping[str, Control], data: Mapping[str, Any] | None = None, *, filled: bool = False) -> Any:
    """Return the form of a rule with these controls: ``filled`` from the request, or with ``data``, or with the defaults."""
    stored = data or {}
    fields = {f"option_{name}": _field_for(control, stored.get(name)) for name, control in controls.items()}
    form_class = type("KindForm", (RuleForm,), fields)
    return form_class() if filled else form_class(formdata=None, data={f"option_{name}": value for name, value in stored.items()})


def _field_for(control: Control, stored: Any) -> Any:
    options: dict[str, Any] = {"label": _(control.label), "description": _(control.help) if control.help else "", "default": control.default}
    choices = [SelectChoice(value, _(words) if control.is_ours else words) for value, words in control.choices]
    if control.kind == "many":
        listed = {choice.value for choice in choices}
        gone = [SelectChoice(value, value) for value in stored or [] if value not in listed]
        # Whether something was chosen, and what may be, the kind decides, which names it in words.
        return SelectMultipleField(choices=choices + gone, validate_choice=False, **options)
    if control.kind == "choice":
        return SelectField(choices=choices, **options)
    if control.kind == "search":
        return SuggestingField(filters=[one_line], validators=[Length(max=TYPED_LENGTH)], suggestions=[choice.label for choice in choices], **options)
    if control.kind == "number":
        return IntegerField(validators=[Optional(), NumberRange(0, MAX_NUMBER)], render_kw={"inputmode": "numeric"}, **options)
    if control.kind == "day":
        return DayField(validators=[Optional()], **options)
    return TextAreaField(filters=[plain_text], validators=[Length(max=LINES_LENGTH)], render_kw={"rows": 6}, **options)


class ModeForm(Form):
    """How the rules of a side go together."""

    mode = SelectField(
        _l("How they go together"),
        choices=[SelectChoice(Mode.ANY.value, _l("Any one of these rules")), SelectChoice(Mode.ALL.value, _l("All of these rules"))],
    )


class SeenForm(Form):
    """Putting live, or dropping, what the admin has seen."""

    revision = IntegerField(_l("Edition shown"), widget=HiddenField.widget, validators=[InputRequired()])


class WhoForm(FilterForm):
    """Whom to ask about."""

    who = SearchField(_l("Name or e-mail"), filters=[one_line], validators=[Optional(), Length(max=120)])
