"""Somebody's own drafts."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.references.models.nominating import NominationDraft
from portal.web.paging import Page, page_by


def drafts_of(session: Session, person_id: int, *, after: str | None = None, size: int = 20) -> Page:
    """Return a page of somebody's drafts, what was saved last first."""
    found = select(NominationDraft).where(NominationDraft.person_id == person_id)
    return page_by(session, found, [(NominationDraft.saved_at, True), (NominationDraft.id, True)], after=after, size=size)


def find_draft(session: Session, person_id: int, draft_id: int) -> NominationDraft | None:
    """Return one of somebody's own drafts, or None."""
    return session.scalar(select(NominationDraft).where(NominationDraft.person_id == person_id, NominationDraft.id == draft_id))
