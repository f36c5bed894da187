"""Rendering: a whole page, or for htmx one block of it."""

from typing import Any

from flask import current_app, g, request


def render(template: str, **context: Any) -> str:
    """Render a page. The first thing every view ends with."""
    page = current_app.jinja_env.get_template(template)
    current_app.update_template_context(context)
    return page.render(context)


def render_fragment(template: str, block: str, **context: Any) -> str:
    """Render one block when htmx asks for the element of that id, the whole page otherwise.

    So that one view and one template serve both; without JavaScript the same link gives the page.
    """
    if request.headers.get("HX-Request") and request.headers.get("HX-Target") == block:
        page = current_app.jinja_env.get_template(template)
        current_app.update_template_context(context)
        g.varies = True
        return "".join(page.blocks[block](page.new_context(context)))
    return render(template, **context)
