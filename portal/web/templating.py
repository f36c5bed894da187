"""Rendering: a whole page, or for htmx one block of it."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request, url_for
from wtforms import Field, RadioField, SelectMultipleField
from wtforms.widgets import Select, TextArea

from portal.kernel.text import initials
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.web.language import reader
from portal.web.logs import request_id


def render(template: str, **context: Any) -> str:
    """Render a page. The first thing every view ends with."""
    page = current_app.jinja_env.get_template(template)
    current_app.update_template_context(context)
    return page.render(context)


def wants_fragment(block: str) -> bool:
    """Tell whether htmx asks for the element of that id alone, so that what stands beside it need not be read."""
    return bool(request.headers.get("HX-Request")) and request.headers.get("HX-Target") == block


def render_fragment(template: str, block: str, **context: Any) -> str:
    """Render one block when htmx asks for the element of that id, the whole page otherwise.

    So that one view and one template serve both; without JavaScript the same link gives the page.
    """
    if wants_fragment(block):
        page = current_app.jinja_env.get_template(template)
        current_app.update_template_context(context)
        g.varies = True
        return "".join(page.blocks[block](page.new_context(context)))
    return render(template, **context)


def here(**changes: Any) -> str:
    """Return the address of this page with its query changed; None takes a part out. Filters stay while one pages."""
    query: dict[str, Any] = {name: values for name, values in request.args.lists() if name not in changes}
    query |= {name: value for name, value in changes.items() if value is not None}
    address = url_for(request.endpoint or "dashboard.home", **(request.view_args or {}))
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def track_name(track: str) -> str:
    """Return the name of a track in the reader's language."""
    return reader().texts.gettext(TRACK_NAMES[Track(track)])


def field_kind(field: Field) -> str:
    """Return how a form field is drawn: a list of questions, a scale, one of many, many of many, checkbox, file, textarea, select, hidden or line."""
    if hasattr(field, "rows"):
        return "questions"
    if isinstance(field, RadioField):
        return "scale" if hasattr(field, "ends") else "one"
    if isinstance(field, SelectMultipleField):
        return "many"
    if isinstance(field.widget, TextArea):
        return "textarea"
    if isinstance(field.widget, Select):
        return "select"
    kind = getattr(field.widget, "input_type", "text")
    return kind if kind in ("checkbox", "file", "hidden") else "line"


def init(app: Flask) -> None:
    """Offer what every template may use."""
    app.jinja_env.filters.update(initials=initials, track_name=track_name, field_kind=field_kind)
    app.jinja_env.globals.update(here=here, request_id=request_id)
