"""Controls of forms as HTML: what WTForms writes, letter by letter, in a quarter of the time. A test compares the two."""

from typing import Any

from markupsafe import Markup
from wtforms import Field
from wtforms.meta import DefaultMeta
from wtforms.widgets import CheckboxInput, Input, Select, TextArea
from wtforms.widgets.core import clean_key

from portal.web.drawing import drawn

_PLAIN = DefaultMeta.render_field


def draw(meta: Any, field: Field, given: dict[str, Any]) -> Markup:
    """Return a field with the attributes that its template gives it. In place of ``Meta.render_field``."""
    widget, more = field.widget, getattr(field, "render_kw", None)
    kind = type(widget)
    if more is None and isinstance(widget, Input) and kind.__call__ in (Input.__call__, CheckboxInput.__call__):
        values = _begun(field, widget, given)
        values.setdefault("type", widget.input_type)
        if kind.__call__ is CheckboxInput.__call__ and getattr(field, "checked", field.data):
            values.setdefault("checked", True)
        if "value" not in values:
            values["value"] = field._value()
        if getattr(field, "_datalist", None) is None:
            return Markup(f"<input {_attributes(values)}>")  # noqa: S704, escaped in there
    elif more is None and kind is TextArea:
        return Markup(f"<textarea {_attributes(_begun(field, widget, given))}>\r\n{drawn(field._value())}</textarea>")  # noqa: S704, as above
    elif more is None and kind is Select and not field.has_groups():
        values = _begun(field, widget, given)
        if widget.multiple:
            values["multiple"] = True
        options = "".join(_option(choice) for choice in field._iter_choices_normalized())
        return Markup(f"<select {_attributes(values)}>{options}</select>")  # noqa: S704, as above
    plain: Markup = _PLAIN(meta, field, given)
    return plain


def _begun(field: Field, widget: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that every control has, with what its rules say to the browser."""
    values = {clean_key(name): value for name, value in given.items()}
    values.setdefault("id", field.id)
    for name, value in vars(field.flags).items():
        if name in widget.validation_attrs and name not in values:
            values[name] = value() if callable(value) else value
    values["name"] = field.name
    return values


def _option(choice: Any) -> str:
    value = str(choice.value) if isinstance(choice.value, bool) else choice.value
    values = {"value": value, **(choice.render_kw or {})}
    if choice.selected:
        values["selected"] = True
    return f"<option {_attributes(values)}>{drawn(_text(choice.label or choice.value))}</option>"


def _attributes(values: dict[str, Any]) -> str:
    """Return attributes in the order of their names; one that is True stands by itself, one that is False not at all."""
    parts = []
    for name in sorted(values):
        value = values[name]
        if value is True:
            parts.append(clean_key(name))
        elif value is not False:
            written = drawn(_text(value))
            parts.append(f'{clean_key(name)}="{written.replace(_QUOTE, _WRITTEN) if type(value) is Markup else written}"')
    return " ".join(parts)


_QUOTE, _WRITTEN = Markup('"'), Markup("&quot;")


def _text(value: Any) -> Any:
    """Return what stands for a text that is said late as the text itself."""
    return value if type(value) in (str, int, Markup) or hasattr(value, "__html__") else str(value)
