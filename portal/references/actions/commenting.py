"""What nominators and reviewers say to each other about a nomination. A comment is never changed."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import NotFound
from portal.notifications.actions import notify
from portal.people.queries.persons import names, recipients
from portal.references.actions.decide import take_up
from portal.references.actions.telling import page_of
from portal.references.models.nominating import Nomination, NominationComment
from portal.references.queries.nominations import parts_in
from portal.references.rules.deciding import may_talk, require_comment
from portal.references.rules.states import State
from portal.review.queries.cases import find_case
from portal.review.queries.deciders import deciders


def comment(session: Session, actor: Actor, *, nomination_id: int, text: str, key: str, now: datetime) -> NominationComment:
    """Keep what the actor says and tell the other side: its nominators, and who took it up or spoke before; all who may decide if nobody did.
    A reviewer's first word takes up what waits.

    The same words under the same ``key`` a second time return the first. Refuses an empty one (``CommentEmpty``), and who has no part in it
    (``NotFound``).
    """
    take_turn(session, f"nomination:comment:{nomination_id}")  # so that one form sent twice at once finds what the first said
    nomination = session.get(Nomination, nomination_id)
    own = parts_in(session, nomination_id)
    nominators = set(own)
    if nomination is None or nomination.duplicate_of_id is not None or actor.id is None or not may_talk(actor, nominators):
        raise NotFound()
    said = require_comment(text)
    key = hashlib.sha256(f"{key}:{nomination_id}:{said}".encode()).hexdigest()
    before = session.scalar(select(NominationComment).where(NominationComment.author_id == actor.id, NominationComment.key == key))
    if before is not None:
        return before
    made = NominationComment(nomination_id=nomination_id, author_id=actor.id, key=key, text=said, at=now)
    session.add(made)
    session.flush()
    if actor.id not in nominators and nomination.state == State.SUBMITTED:
        take_up(session, actor, nomination_id=nomination_id, now=now)
    record(session, actor, "nomination.commented", "nomination", nomination_id, now=now)
    data = {"nominee": nomination.name, "text": said, "author": names(session, [actor.id])[actor.id]}
    spoke = set(session.scalars(select(NominationComment.author_id).where(NominationComment.nomination_id == nomination_id)))
    for person_id, to in sorted(recipients(session, _told(session, nomination_id, nominators, spoke) - {actor.id}).items()):
        link = page_of(own[person_id]) if person_id in own else f"/admin/approvals?item=nomination-{nomination_id}"
        notify(session, to=to, kind="nomination_comment", data=data, key=f"nomination:comment:{made.id}", link=link, now=now)
    return made


def _told(session: Session, nomination_id: int, nominators: set[int], spoke: set[int]) -> set[int]:
    case = find_case(session, "nomination", nomination_id)
    busy = (spoke - nominators) | ({case.owner_id} if case and case.owner_id else set())
    return nominators | (busy or {one.id for one in deciders(session) if one.may("nomination")})
