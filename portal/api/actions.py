"""Verbs of tokens: make, revoke, admit a request."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.api.models import ApiToken
from portal.api.queries import count_tokens
from portal.api.rules import (
    BEGINNING,
    EVENTS,
    MOST_TOKENS,
    NAME_LENGTH,
    REQUESTS,
    SCOPE_NAMES,
    SHOWN,
    ScopeNeeded,
    TokenNameMissing,
    TokenShownOnce,
    TokenUnknown,
    TooManyTokens,
    is_noted,
)
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.ids import new_token, token_hash
from portal.kernel.text import clean_line
from portal.people.actions.throttles import count_try


def make_token(session: Session, actor: Actor, *, name: str, key: str, now: datetime, scopes: Sequence[str] = (EVENTS,)) -> tuple[ApiToken, str]:
    """Make a token and return it with what has to be shown, once: it is not kept.

    Refuses who is no admin, no name, no scope (``ScopeNeeded``), more than 50, and a ``key`` that made one before (``TokenShownOnce``).
    """
    _require_admin(actor)
    name = clean_line(name)[:NAME_LENGTH]
    if not name:
        raise TokenNameMissing()
    if not scopes or not set(scopes) <= set(SCOPE_NAMES):
        raise ScopeNeeded()
    if session.scalar(select(ApiToken.id).where(ApiToken.made_by_key == key)) is not None:
        raise TokenShownOnce()
    if count_tokens(session) >= MOST_TOKENS:
        raise TooManyTokens(most=MOST_TOKENS)
    token = BEGINNING + new_token()
    facts = {"token_hash": token_hash(token), "beginning": token[:SHOWN], "scopes": list(scopes), "made_by_key": key}
    made = ApiToken(name=name, **facts, made_at=now, made_by_id=actor.id)
    session.add(made)
    session.flush()
    record(session, actor, "token.made", "token", made.id, now=now, title=name, scopes=list(scopes))
    return made, token


def revoke_token(session: Session, actor: Actor, *, token_id: int, now: datetime) -> None:
    """Let a token be good for nothing from now on; what it sent stays. A second time changes nothing. Refuses who is no admin."""
    _require_admin(actor)
    if session.get(ApiToken, token_id) is None:
        raise TokenUnknown()
    revoked = update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now, revoked_by_id=actor.id)
    if session.execute(revoked).rowcount:  # type: ignore[attr-defined]
        record(session, actor, "token.revoked", "token", token_id, now=now)


def admit_request(session: Session, token: ApiToken, *, now: datetime) -> None:
    """Count a request of a token, and note that it is used. Refuses more than the limit (``TooManyTries``)."""
    count_try(session, REQUESTS, str(token.id), now)
    if not is_noted(token.last_used_at, now):
        session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=now))


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()
