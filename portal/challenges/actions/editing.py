"""What an admin does to challenges: create, edit, publish, close, open again, duplicate. Changes no past: what was paid stands in the ledger."""

from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audience.actions.editing import copy_audience, make_audience
from portal.audit.actions import record
from portal.challenges.models import Challenge, ChallengeAudience, Stage
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.stages import get_challenge, stages_of
from portal.challenges.rules.offer import Offer, require_offer
from portal.challenges.rules.refusals import ChallengeChanged, NoStages, RecordOnly
from portal.challenges.rules.states import ChallengeState
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.text import fold


def require_editor(actor: Actor) -> None:
    """Refuse anybody who does not run the programme."""
    if not actor.is_admin:
        raise NotAllowed()


def create_challenge(
    session: Session, actor: Actor, *, offer: Offer, now: datetime, key: str | None = None, is_record_only: bool = False
) -> Challenge:
    """Create a draft. The same ``key`` a second time returns the first one.

    ``is_record_only`` is for imports: closed from the start and never offered. Refuses as ``require_offer``.
    """
    require_editor(actor)
    if first := _made_by(session, key):
        return first
    offer = require_offer(offer)
    state = ChallengeState.CLOSED if is_record_only else ChallengeState.DRAFT
    made = Challenge(**asdict(offer), search_key=_search_key(offer), state=state, is_record_only=is_record_only, made_by=key)
    made.created_at = made.changed_at = now
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        first = _made_by(session, key)
        if first is None or not violated(error, "challenge", "made_by"):
            raise
        return first
    record(session, actor, "challenge.created", "challenge", made.id, now=now, title=made.title, points=made.points, is_record_only=is_record_only)
    return made


def edit_challenge(session: Session, actor: Actor, *, challenge_id: int, offer: Offer, now: datetime) -> Challenge:
    """Change what a challenge offers from now on. What was sent keeps the points it was sent for. Refuses as ``require_offer``."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    fields = asdict(require_offer(offer))
    changed = {name: [_plain(getattr(challenge, name)), _plain(value)] for name, value in fields.items() if getattr(challenge, name) != value}
    if not changed:
        return challenge
    for name, value in fields.items():
        setattr(challenge, name, value)
    challenge.search_key, challenge.changed_at = _search_key(offer), now
    session.flush()
    long = {"text"}
    told = {name: (pair if name not in long else "changed") for name, pair in changed.items()}
    record(session, actor, "challenge.edited", "challenge", challenge_id, now=now, changes=told)
    return challenge


def publish_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Offer a draft, or a closed challenge again. Refuses one without steps (``NoStages``) and an imported record (``RecordOnly``)."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    if challenge.is_record_only:
        raise RecordOnly()
    if not stages_of(session, challenge_id):
        raise NoStages()
    before = (ChallengeState.DRAFT, ChallengeState.CLOSED)
    _move(session, challenge, before, state=ChallengeState.LIVE, published_at=challenge.published_at or now, changed_at=now)
    record(session, actor, "challenge.published", "challenge", challenge_id, now=now)
    return challenge


def close_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Take no more answers. What waits still gets its verdict. Refuses what is not live (``ChallengeChanged``)."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    _move(session, challenge, (ChallengeState.LIVE,), state=ChallengeState.CLOSED, changed_at=now)
    record(session, actor, "challenge.closed", "challenge", challenge_id, now=now)
    return challenge


def duplicate_challenge(session: Session, actor: Actor, *, challenge_id: int, title: str, now: datetime, key: str | None = None) -> Challenge:
    """Return a draft with the same fields, steps and audience, without the dates of the original; for the same ``key`` the same draft."""
    require_editor(actor)
    if first := _made_by(session, key):
        return first
    original = get_challenge(session, challenge_id)
    offer = replace(offer_of(original), title=title, opens_on=None, closes_on=None)
    made = create_challenge(session, actor, offer=offer, key=key, now=now)
    if stages_of(session, made.id):
        return made
    for position, stage in enumerate(stages_of(session, challenge_id), start=1):
        copied = {"kind": stage.kind, "title": stage.title, "text": stage.text, "options": dict(stage.options)}
        session.add(Stage(challenge_id=made.id, position=position, **copied))
    if (audience_id := audience_of(session, challenge_id)) is not None:
        audience = copy_audience(session, actor, audience_id=audience_id, now=now)
        session.add(ChallengeAudience(challenge_id=made.id, audience_id=audience.id))
    session.flush()
    return made


def open_audience(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> int:
    """Return the id of the challenge's audience, made on the first call; it means everybody until it has rules."""
    require_editor(actor)
    lock_challenge(session, challenge_id)
    known = audience_of(session, challenge_id)
    if known is not None:
        return known
    made = make_audience(session, actor, now=now)
    session.add(ChallengeAudience(challenge_id=challenge_id, audience_id=made.id))
    session.flush()
    return made.id


def offer_of(challenge: Challenge) -> Offer:
    """Return the fields of a challenge as they stand."""
    return Offer(**{name: getattr(challenge, name) for name in Offer.__dataclass_fields__})


def lock_challenge(session: Session, challenge_id: int) -> Challenge:
    """Return the challenge, its row locked, so that two editors queue up behind each other."""
    get_challenge(session, challenge_id)
    return session.scalars(select(Challenge).where(Challenge.id == challenge_id).with_for_update().execution_options(populate_existing=True)).one()


def _move(session: Session, challenge: Challenge, before: tuple[ChallengeState, ...], **values: object) -> None:
    as_read = (Challenge.id == challenge.id, Challenge.state.in_(before))
    moved = update(Challenge).where(*as_read).values(**values).returning(Challenge.id).execution_options(synchronize_session=False)
    if session.scalar(moved) is None:
        raise ChallengeChanged()
    session.refresh(challenge)


def _made_by(session: Session, key: str | None) -> Challenge | None:
    return session.scalar(select(Challenge).where(Challenge.made_by == key)) if key else None


def _search_key(offer: Offer) -> str:
    return fold(f"{offer.title} {offer.summary}")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int | str) else str(value)
