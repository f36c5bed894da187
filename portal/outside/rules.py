"""Events from outside: what one must say, which moments count, and what is refused. Pure decisions."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from portal.kernel.clock import CLOCK_DRIFT, require_aware
from portal.kernel.errors import Conflict, NotFound, Refusal
from portal.kernel.ids import MOST_ID
from portal.kernel.text import N_, clean_line, normal_email
from portal.people.rules.person import EmailInvalid, require_email_shape

ID_LENGTH, CODE_LENGTH, DATA_LENGTH, DATA_DEPTH = 100, 60, 4_000, 20
CODE = re.compile(r"[a-z0-9][a-z0-9._-]*")
DAYS_BEFORE, MOST_DAYS_BEFORE = 30, 365
"""An event counts if it happened up to so many days before the start, unless the step says otherwise."""


KEPT_STRANGERS = timedelta(days=365)
"""For how long we keep the address of somebody who is not here: a year of webinars may pass before they join."""


class Outcome(StrEnum):
    """What came of an event when it arrived. ``waiting``: it will be applied when its member is ready for it."""

    MATCHED = "matched"
    WAITING = "waiting"
    UNMATCHED = "unmatched"


OUTCOME_NAMES = {Outcome.MATCHED: N_("Matched"), Outcome.WAITING: N_("Waiting"), Outcome.UNMATCHED: N_("Unmatched")}


class EventIdInvalid(Refusal):
    """Without an id of its own an event could count twice."""

    message = N_("Give the event an id of your own: 1 to %(most)s characters on one line.")
    field = "id"


class CodeInvalid(Refusal):
    """Not the shape of a code."""

    message = N_("A code has 1 to %(most)s small letters, digits, dots, dashes and underscores, and begins with a letter or digit.")
    field = "code"


class PersonMissing(Refusal):
    """Whose event it is has to be said, once."""

    message = N_("Say whose event it is: either an e-mail address or a person’s number.")
    field = "email"


class PersonNumberUnknown(Refusal):
    """A number that is nobody's here. An address may be somebody's one day; who gets a number later is another person."""

    message = N_("Nobody here has this number.")
    field = "person_id"


class PersonEmailInvalid(Refusal):
    """Not the shape of an address."""

    message = N_("This does not look like an e-mail address.")
    field = "email"


class HappenedInFuture(Refusal):
    """What has not happened yet completes nothing."""

    message = N_("The event lies in the future.")
    field = "happened_at"


class DataTooLarge(Refusal):
    """More than anybody reads."""

    message = N_("What comes with the event may have %(most)s characters as JSON.")
    field = "data"


class DataTooDeep(Refusal):
    """Deeper than anybody reads, and than every engine and page follows."""

    message = N_("What comes with the event may lie %(most)s levels deep.")
    field = "data"


class EventDiffers(Conflict):
    """The id was used before, for something else."""

    message = N_("An event with this id was sent before and said something else. The first one stands.")
    field = "id"


class EventUsed(Conflict):
    """Each event completes one step."""

    message = N_("This event has completed a step already, so it cannot complete another.")


class EventDropped(Conflict):
    """The import that brought it was undone, or whoever it named was forgotten."""

    message = N_("This event counts no more: its import was undone, or it is too old.")


class EventUnknown(NotFound):
    """No such event."""


@dataclass(frozen=True)
class Heard:
    """One event as another system tells it: its id there, which event it is, whose, when. ``data`` is kept and shown to admins."""

    id: str
    code: str
    happened_at: datetime
    email: str | None = None
    person_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells two events with one id apart."""
        said = [self.code, normal_email(self.email), self.person_id, require_aware(self.happened_at).isoformat(), self.data]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def normal_code(code: str) -> str:
    """Return a code as it is compared: on one line, in small letters."""
    return clean_line(code).casefold()


def require_code(code: str) -> str:
    """Return a code in its normal form. Refuses one of another shape (``CodeInvalid``)."""
    found = normal_code(code)
    if len(found) > CODE_LENGTH or not CODE.fullmatch(found):
        raise CodeInvalid(most=CODE_LENGTH)
    return found


def require_shallow(data: Any) -> None:
    """Refuse lists and objects that lie in each other too deep (``DataTooDeep``). Looked at level by level: nothing is followed to the end."""
    level, depth = [data], 0
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        if depth > DATA_DEPTH:
            raise DataTooDeep(most=DATA_DEPTH)
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]


def require_event(heard: Heard, now: datetime) -> Heard:
    """Return an event as it is kept. Refuses what is missing or of another shape, two people at once, and the future."""
    given_id, email = clean_line(heard.id), clean_line(heard.email) or None
    if not given_id or len(given_id) > ID_LENGTH:
        raise EventIdInvalid(most=ID_LENGTH)
    code = require_code(heard.code)
    if (email is None) == (heard.person_id is None) or (heard.person_id is not None and not 0 < heard.person_id <= MOST_ID):
        raise PersonMissing()
    if email is not None:
        try:
            require_email_shape(email)
        except EmailInvalid:
            raise PersonEmailInvalid() from None
    if heard.happened_at > now + CLOCK_DRIFT:
        raise HappenedInFuture()
    require_shallow(heard.data)
    if len(json.dumps(heard.data)) > DATA_LENGTH:
        raise DataTooLarge(most=DATA_LENGTH)
    return replace(heard, id=given_id, code=code, email=email)


def counts(happened_at: datetime, started_at: datetime, days_before: int, ends_at: datetime | None) -> bool:
    """Tell whether an event counts for what was begun at ``started_at``: not too long before, and before ``ends_at``, the end of the last day."""
    return happened_at >= started_at - timedelta(days=days_before) and (ends_at is None or happened_at < ends_at)
