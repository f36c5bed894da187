"""From a kind's ``Control`` to a form field. The only place where kinds of stage meet WTForms."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.challenges.forms.questions import QuestionsField
from portal.challenges.stages.contract import Control
from portal.web.forms import one_line, plain_text

TYPED = {
    "url": {"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"},
    "email": {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
}
CHOOSING = ("choice", "one", "many", "scale")


class ScaleField(RadioField):
    """One of a row of choices, with words at its two ends."""

    def __init__(self, label: str = "", validators: Any = None, *, ends: tuple[str, str] = ("", ""), **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.ends = ends


def field_for(control: Control, **options: Any) -> Field:
    """Return an unbound field. Nothing is required here: an unfinished answer may be saved, and the kind judges what is sent."""
    options = {"label": _label(control), "description": _(control.help) if control.help else ""} | options
    length = [Length(max=control.max_length)] if control.max_length else []
    if control.kind == "checkbox":
        return BooleanField(**options)
    if control.kind == "textarea":
        return TextAreaField(filters=[plain_text], validators=length, render_kw={"rows": 6}, **options)
    if control.kind == "number":
        return IntegerField(validators=[Optional(), NumberRange(0, control.max_length)], **options)
    if control.kind in CHOOSING:
        return _choice(control, options)
    if control.kind in ("questions", "quiz"):
        return QuestionsField(is_quiz=control.kind == "quiz", **options)
    if control.kind == "file":
        return FileField(render_kw={"accept": control.accept} if control.accept else {}, **options)
    return StringField(filters=[one_line], validators=length, render_kw=TYPED.get(control.kind, {}), **options)


def _label(control: Control) -> str:
    """Return the label, its gaps filled; without gaps it is taken as it is, since an admin may have written a percent sign."""
    if not control.label or not control.words:
        return _(control.label) if control.label else ""
    brand = current_app.config["SETTINGS"].brand_name
    return str(_(control.label, **{name: word or brand for name, word in control.words.items()}))


def _choice(control: Control, options: dict[str, Any]) -> Field:
    choices = [SelectChoice(value, _(text)) for value, text in control.choices]
    if control.kind == "choice":
        return SelectField(choices=choices, validators=[InputRequired()], **options)
    if control.kind == "many":
        return SelectMultipleField(choices=choices, **options)
    if control.kind == "scale":
        ends = (_(control.ends[0]), _(control.ends[1]))
        return ScaleField(choices=choices, validators=[Optional()], ends=ends, **options)
    return RadioField(choices=choices, validators=[Optional()], **options)
