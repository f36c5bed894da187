"""What goes wrong, told to other systems: problem details as of RFC 9457, in English whatever language people read."""

import re
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from portal.kernel.errors import Refusal

PREFIX = "/api/"
KIND = "application/problem+json"
SPACE = "urn:laurel:problem:"


def is_wanted() -> bool:
    """Tell whether this request is another system's."""
    return request.path.startswith(PREFIX)


def problem(
    status: int, *, kind: str | None = None, title: str, detail: str | None = None, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """Return the answer. ``kind`` names what went wrong beyond the status; without one the status says all."""
    said = {"type": SPACE + kind if kind else "about:blank", "title": title, "status": status} | ({"detail": detail} if detail else {})
    answer: Response = current_app.json.response({**said, **more})  # type: ignore[assignment]
    answer.status_code, answer.mimetype = status, KIND
    answer.headers.update(headers or {})
    return answer


def kind_of(refusal: Refusal) -> str:
    """Return the name of a refusal as problem types have it: ``EventDiffers`` is ``event-differs``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.name).lower()


def of_refusal(refusal: Refusal, headers: dict[str, str]) -> Response:
    """Return what a rule refused. ``errors`` names the field, where it belongs to one."""
    kind = kind_of(refusal)
    more = {"errors": [{"field": refusal.field, "detail": str(refusal)}]} if refusal.field else {}
    return problem(refusal.status, kind=kind, title=kind.replace("-", " ").capitalize(), detail=str(refusal), headers=headers, **more)


def of_http(error: HTTPException) -> Response:
    """Return an answer of the framework: no such address, another method, too large."""
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return problem(error.code or 500, title=error.name, detail=error.description, headers=headers)
