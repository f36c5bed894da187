"""Tokens of other systems: what they may do, how often, and what is refused. Pure decisions."""

from datetime import datetime, timedelta

from portal.kernel.errors import Conflict, NotFound, Refusal
from portal.kernel.text import N_
from portal.people.rules.throttle import Limit

EVENTS, ASKS, DEALS = "events", "asks", "deals"
SCOPE_NAMES = {
    EVENTS: N_("Send events"),
    ASKS: N_("Ask people, and log asks made elsewhere"),
    DEALS: N_("Say what became of deals"),
}
NAME_LENGTH, MOST_TOKENS = 80, 50
BEGINNING = "laurel_"
"""What every token begins with, so that scanners find one that was published by mistake."""
SHOWN = 12
"""How many characters of a token are kept to tell it from others."""
BODY_BYTES = 16_384
REQUESTS = Limit("api.token", 600, timedelta(minutes=1))
DENIALS = Limit("api.denied", 30, timedelta(minutes=15))
NOTED_EVERY = timedelta(minutes=1)


class TokenMissing(Refusal):
    """The request brings no token, or one that is unknown or revoked: one answer for all."""

    message = N_("Send a valid token in the header “Authorization: Bearer …”.")
    status = 401


class ScopeMissing(Refusal):
    """The token is for something else."""

    message = N_("This token may not do that. It needs the scope “%(scope)s”.")
    status = 403


class TokenNameMissing(Refusal):
    """A token without a name is not revoked in time, since nobody knows whose it is."""

    message = N_("Say which system will use the token.")
    field = "name"


class ScopeNeeded(Refusal):
    """A token that may do nothing, or something nobody knows."""

    message = N_("Choose what the system may do.")
    field = "scopes"


class TooManyTokens(Refusal):
    """More tokens than anybody oversees."""

    message = N_("There can be %(most)s tokens. Revoke one first.")
    field = "name"


class TokenShownOnce(Conflict):
    """The form was sent before; what it made is not known any more."""

    message = N_("This token was made already, and it is shown only once. If you did not copy it, revoke it and make another.")


class TokenUnknown(NotFound):
    """No such token."""


class NotJson(Refusal):
    """A body that cannot be read."""

    message = N_("The body must be one JSON object in UTF-8.")
    status = 400


class MediaTypeWrong(Refusal):
    """A body of another kind."""

    message = N_("Send JSON, with the header “Content-Type: application/json”.")
    status = 415


class FieldUnknown(Refusal):
    """A field that does not exist: most often a slip of the finger in one that does."""

    message = N_("There is no field “%(name)s”.")


class FieldInvalid(Refusal):
    """A field with a value of another kind, or none where one is needed."""

    message = N_("“%(name)s” must be %(kind)s.")


def is_noted(last_used_at: datetime | None, now: datetime) -> bool:
    """Tell whether the last use of a token was written down so lately that it need not be again."""
    return last_used_at is not None and now - last_used_at < NOTED_EVERY
