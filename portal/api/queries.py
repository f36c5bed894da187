"""Reads of tokens."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.api.models import ApiToken
from portal.kernel.ids import token_hash
from portal.people.models import Person
from portal.web.paging import Page, page_by


def find_token(session: Session, token: str) -> ApiToken | None:
    """Return the token that was shown, if it is known and not revoked."""
    return session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None)))


def name_of_token(session: Session, token_id: int) -> str:
    """Return the name an admin gave a token, revoked ones too; empty where there is no such token."""
    return session.scalar(select(ApiToken.name).where(ApiToken.id == token_id)) or ""


def list_tokens(session: Session, *, after: str | None) -> Page:
    """Return one page of (ApiToken, made_by), the newest first, revoked ones too."""
    found = select(ApiToken, Person.name.label("made_by")).outerjoin(Person, Person.id == ApiToken.made_by_id)
    return page_by(session, found, [(ApiToken.made_at, True), (ApiToken.id, True)], after=after)


def count_tokens(session: Session) -> int:
    """Return how many tokens are good."""
    return session.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None))) or 0
