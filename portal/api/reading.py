"""From the JSON of a request to what an action takes: shape only."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask import request

from portal.acts.rules.asks import MOST_MINUTES, Came, Channel
from portal.api.rules import BODY_BYTES, FieldInvalid, FieldUnknown, MediaTypeWrong, NotJson
from portal.kernel.errors import Refusal
from portal.outside.rules import Heard, require_shallow
from portal.requests.rules.states import DealOutcome


def _at(refusal: Refusal, field: str) -> Refusal:
    """Return a refusal that belongs to ``field``."""
    refusal.field = field  # type: ignore[misc]
    return refusal


def read_object() -> dict[str, Any]:
    """Return the JSON object in the body. Refuses another kind of body, what cannot be read, and more than 16 KiB (413)."""
    if request.mimetype != "application/json":
        raise MediaTypeWrong()
    request.max_content_length = BODY_BYTES
    try:
        found = json.loads(request.get_data(cache=False).decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotJson() from error
    if not isinstance(found, dict):
        raise NotJson()
    return found


def _no_number(name: str) -> None:
    raise ValueError(name)


def read_event(given: dict[str, Any]) -> Heard:
    """Return the event in a JSON object. Refuses unknown fields, and values of another kind, by the name of the field."""
    known = {"id", "code", "email", "person_id", "happened_at", "data"}
    for name in given:
        if name not in known:
            raise _at(FieldUnknown(name=name[:40]), name[:40])
    return Heard(
        id=_text(given, "id"),
        code=_text(given, "code"),
        happened_at=_moment(given, "happened_at"),
        email=_text(given, "email") if given.get("email") is not None else None,
        person_id=_number(given, "person_id") if given.get("person_id") is not None else None,
        data=_object(given, "data"),
    )


@dataclass(frozen=True)
class GivenAsk:
    """An ask as another system sends it; with ``happened_at`` one that was made there."""

    id: str
    person_id: int | None
    email: str | None
    kind: str
    channel: Channel
    about: str
    happened_at: datetime | None
    came: Came | None
    minutes: int | None
    note: str


def read_ask(given: dict[str, Any]) -> GivenAsk:
    """Return the ask in a JSON object. Refuses unknown fields, and values of another kind, by the name of the field."""
    known = {"id", "email", "person_id", "kind", "channel", "about", "happened_at", "outcome", "minutes", "note"}
    for name in given:
        if name not in known:
            raise _at(FieldUnknown(name=name[:40]), name[:40])
    if given.get("happened_at") is None:
        for name in ("outcome", "minutes", "note"):
            if given.get(name) is not None:
                raise _at(FieldInvalid(name=name, kind="left out unless happened_at is sent"), name)
    if not 0 < len(given_id := _text(given, "id")) <= 100:
        raise _invalid("id", "1 to 100 characters")
    outside = given.get("happened_at") is not None
    channel = _word(given, "channel", Channel) if given.get("channel") is not None else Channel.EMAIL
    return GivenAsk(
        id=given_id,
        person_id=_number(given, "person_id") if given.get("person_id") is not None else None,
        email=_text(given, "email") if given.get("email") is not None else None,
        kind=_text(given, "kind"),
        channel=channel,
        about=_text(given, "about") if given.get("about") is not None else "",
        happened_at=_moment(given, "happened_at") if outside else None,
        came=_word(given, "outcome", Came) if given.get("outcome") is not None else None,
        minutes=_count(given, "minutes") if given.get("minutes") is not None else None,
        note=_text(given, "note") if given.get("note") is not None else "",
    )


@dataclass(frozen=True)
class GivenOutcome:
    """What came of an ask that another system made before."""

    id: str
    came: Came
    minutes: int | None
    note: str


def read_outcome(given: dict[str, Any]) -> GivenOutcome:
    """Return what came of an ask. Refuses unknown fields, and values of another kind, by the name of the field."""
    for name in given:
        if name not in {"id", "outcome", "minutes", "note"}:
            raise _at(FieldUnknown(name=name[:40]), name[:40])
    came = _word(given, "outcome", Came)
    if came is Came.EXPIRED:
        raise _invalid("outcome", "what somebody said or did; an ask lapses by itself")
    minutes = _count(given, "minutes") if given.get("minutes") is not None else None
    return GivenOutcome(_text(given, "id"), came, minutes, _text(given, "note") if given.get("note") is not None else "")


@dataclass(frozen=True)
class GivenDeal:
    """What became of a deal, as the system that keeps deals says it."""

    ref: str
    outcome: DealOutcome
    closed_on: date
    corrects: bool


def read_deal(given: dict[str, Any]) -> GivenDeal:
    """Return what became of a deal. Refuses unknown fields, and values of another kind, by the name of the field."""
    for name in given:
        if name not in {"deal", "outcome", "closed_on", "corrects"}:
            raise _at(FieldUnknown(name=name[:40]), name[:40])
    return GivenDeal(_text(given, "deal"), _word(given, "outcome", DealOutcome), _day(given, "closed_on"), _flag(given, "corrects"))


def _day(given: dict[str, Any], name: str) -> date:
    kind = "a day, such as 2026-03-31"
    try:
        found = date.fromisoformat(_text(given, name))
    except ValueError:
        raise _invalid(name, kind) from None
    if not 1900 < found.year < 9999:
        raise _invalid(name, kind)
    return found


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(name, "true or false")
    return bool(value)


def _word(given: dict[str, Any], name: str, words: type[StrEnum]) -> Any:
    try:
        return words(_text(given, name))
    except ValueError:
        raise _invalid(name, "one of " + ", ".join(words)) from None


def _count(given: dict[str, Any], name: str) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_MINUTES:
        raise _invalid(name, f"a whole number from 0 to {MOST_MINUTES}")
    return value


def _invalid(name: str, kind: str) -> Refusal:
    return _at(FieldInvalid(name=name, kind=kind), name)


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise _invalid(name, "text")
    return value


def _number(given: dict[str, Any], name: str) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise _invalid(name, "a whole number")
    return value


def _object(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    require_shallow(value)
    if value is not None and (not isinstance(value, dict) or _is_kept_nowhere(value)):
        raise _invalid(name, "an object")
    return value or {}


def _is_kept_nowhere(value: Any) -> bool:
    """Tell whether a value holds what no database keeps as text, or a number that is too large to be one (``1e400``)."""
    try:
        said = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return True
    return "\\u0000" in said or any("\ud800" <= c <= "\udfff" for c in said)


def _moment(given: dict[str, Any], name: str) -> datetime:
    kind = "a moment with an offset, such as 2026-03-31T14:05:00+02:00"
    try:
        found = datetime.fromisoformat(_text(given, name))
    except ValueError:
        raise _invalid(name, kind) from None
    if found.tzinfo is None or not 1900 < found.year < 9999:
        raise _invalid(name, kind)
    return found
