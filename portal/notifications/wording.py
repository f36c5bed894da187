"""What a notice or a mail is about, in the reader's language: the subject of its kind."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from jinja2 import TemplateNotFound


def subject_of(kind: str, data: dict[str, Any]) -> str:
    """Return the rendered subject line; a general one for a kind that an earlier version had."""
    try:
        text = current_app.jinja_env.get_template(f"emails/{kind}/subject.txt").render(data)
    except TemplateNotFound:
        return str(_("News for you"))
    return " ".join(text.split())
