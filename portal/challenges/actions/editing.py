"""What an admin does to challenges: create, edit, publish, close, open again, duplicate.

Changes no past: versions are frozen, payments stand in the ledger.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audience.actions.editing import copy_audience, make_audience
from portal.audit.actions import record
from portal.challenges.actions.fairness import require_fair_version
from portal.challenges.actions.places import count_places
from portal.challenges.actions.sites import refresh_sites, require_allowed
from portal.challenges.actions.versions import copy_prerequisites, copy_stages, fields_of, first_version, open_draft
from portal.challenges.models.offering import Challenge, ChallengeAudience, ChallengeVersion
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.policy import publishes_with_two
from portal.challenges.queries.stages import gaps_of, get_challenge, stages_of
from portal.challenges.queries.versions import edited_version, find_draft
from portal.challenges.rules.gaps import require_no_gap
from portal.challenges.rules.lifecycle import has_to_be_shared
from portal.challenges.rules.offer import Offer, require_offer
from portal.challenges.rules.refusals import ChallengeChanged, NoStages, NothingToPublish, RecordOnly, SecondAdminMissing, StagePointsTooMany
from portal.challenges.rules.states import ChallengeState
from portal.challenges.rules.wording import require_fair
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import fold


def require_editor(actor: Actor) -> None:
    """Refuse anybody who does not run the programme."""
    if not actor.is_admin:
        raise NotAllowed()


def create_challenge(
    session: Session, actor: Actor, *, offer: Offer, now: datetime, key: str | None = None, is_record_only: bool = False
) -> Challenge:
    """Create a draft. The same ``key`` a second time returns the first one.

    ``is_record_only`` is for imports: closed from the start and never offered. Refuses as ``require_offer``, and, where
    it is to be offered, words that ask for praise.
    """
    return add_challenge(session, actor, offer=offer, now=now, key=key, is_record_only=is_record_only)[0]


def add_challenge(
    session: Session, actor: Actor, *, offer: Offer, now: datetime, key: str | None = None, is_record_only: bool = False
) -> tuple[Challenge, bool]:
    """Do what ``create_challenge`` does, and tell whether the draft is new: what is copied into it is then copied once."""
    require_editor(actor)
    if first := _made_by(session, key):
        return first, False
    offer = require_offer(offer)
    if not is_record_only:
        _require_fair(offer)
    state = ChallengeState.CLOSED if is_record_only else ChallengeState.DRAFT
    made = Challenge(**asdict(offer), search_key=_search_key(offer), state=state, version=1, is_record_only=is_record_only, made_by=key)
    made.created_at = made.changed_at = now
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        first = _made_by(session, key)
        if first is None or not violated(error, "challenge", "made_by"):
            raise
        return first, False
    first_version(session, made, now=now, is_published=is_record_only)
    record(session, actor, "challenge.created", "challenge", made.id, now=now, title=made.title, points=made.points, is_record_only=is_record_only)
    return made, True


def edit_challenge(session: Session, actor: Actor, *, challenge_id: int, offer: Offer, now: datetime, seen: str | None = None) -> Challenge:
    """Change what a challenge offers. Of one that was published this is written into the draft of its next version.

    So it holds once that is published, and whoever has begun keeps what they began with. Refuses as ``create_challenge``, points
    that a review site in its steps does not allow, and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    offer = require_offer(offer)
    _require_fair(offer)
    before, fields = edited_version(session, challenge), asdict(offer)
    changed = {name: [_plain(getattr(before, name)), _plain(value)] for name, value in fields.items() if getattr(before, name) != value}
    if changed:
        require_seen(seen_values(before), seen)
    require_allowed(stages_of(session, challenge_id, before.number), offer.points)
    if not changed:
        return challenge
    draft = open_draft(session, challenge, now=now)
    for name, value in fields.items():
        setattr(draft, name, value)
    if "points" in changed:
        refresh_sites(session, stages_of(session, challenge_id, draft.number), draft.points)
    if challenge.version == draft.number:
        put_on_offer(challenge, draft)
    challenge.changed_at = now
    session.flush()
    long = {"text"}
    told = {name: (pair if name not in long else "changed") for name, pair in changed.items()}
    record(session, actor, "challenge.edited", "challenge", challenge_id, now=now, changes=told, version=draft.number)
    return challenge


def publish_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Freeze the draft as the version offered from now on; open a paused, closed or archived challenge again.

    With an opening day to come it goes live by itself on that day. Refuses one without steps
    (``NoStages``), steps that carry more than the whole (``StagePointsTooMany``), what a template left to be
    filled in (``GapInChallenge``, ``GapInStep``), an imported record (``RecordOnly``), a live one without
    changes (``NothingToPublish``), words and points that are not fair (``require_fair_version``), and, where the programme
    publishes with four eyes, a draft that no other admin was asked to look at (``SecondAdminMissing``).
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    if challenge.is_record_only:
        raise RecordOnly()
    draft = find_draft(session, challenge_id)
    if draft is None and challenge.state == ChallengeState.LIVE:
        raise NothingToPublish()
    stages = stages_of(session, challenge_id, draft.number if draft else challenge.version)
    if not stages:
        raise NoStages()
    if draft is not None:
        require_parts(sum(stage.points for stage in stages), draft.points)
        require_no_gap(gaps_of(draft, stages))
        require_fair_version(session, draft, stages)
        if publishes_with_two(session) and has_to_be_shared(draft.asked_by_id, draft.asked_at is not None, actor.id):
            raise SecondAdminMissing()
        draft.published_at, draft.published_by_id = now, actor.id
        put_on_offer(challenge, draft)
        session.flush()
        count_places(session, challenge)
    was = challenge.state
    move_challenge(session, challenge, (was,), state=ChallengeState.LIVE, published_at=challenge.published_at or now, changed_at=now)
    name = "challenge.published" if draft else "challenge.reopened"
    record(session, actor, name, "challenge", challenge_id, now=now, version=challenge.version, was=was)
    return challenge


def close_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Take no more answers, not of those who have begun either. What waits still gets its verdict.

    Refuses what is neither live nor paused (``ChallengeChanged``).
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    move_challenge(session, challenge, (ChallengeState.LIVE, ChallengeState.PAUSED), state=ChallengeState.CLOSED, changed_at=now)
    record(session, actor, "challenge.closed", "challenge", challenge_id, now=now)
    return challenge


def duplicate_challenge(session: Session, actor: Actor, *, challenge_id: int, title: str, now: datetime, key: str | None = None) -> Challenge:
    """Return a draft with the same fields, steps, audience and what has to be done first; for the same ``key`` the same draft.

    It has what the editor shows, published or not, but not the days, which belong to one occasion.
    """
    require_editor(actor)
    original = edited_version(session, get_challenge(session, challenge_id))
    offer = replace(offer_of(original), title=title, opens_on=None, closes_on=None)
    made, is_new = add_challenge(session, actor, offer=offer, key=key, now=now)
    if not is_new:
        return made
    copy_prerequisites(session, original, challenge_id=made.id, version=1)
    copy_stages(session, stages_of(session, challenge_id, original.number), challenge_id=made.id, version=1, keep_origin=False)
    if (audience_id := audience_of(session, challenge_id)) is not None:
        audience = copy_audience(session, actor, audience_id=audience_id, now=now)
        session.add(ChallengeAudience(challenge_id=made.id, audience_id=audience.id))
        session.flush()
    return made


def put_on_offer(challenge: Challenge, version: ChallengeVersion) -> None:
    """Let the challenge offer what a version says."""
    for name, value in fields_of(version).items():
        setattr(challenge, name, value)
    challenge.version, challenge.search_key = version.number, _search_key(version)


def require_parts(parts: int, whole: int) -> None:
    """Refuse steps that carry more points than the whole challenge."""
    if parts > whole:
        raise StagePointsTooMany(parts=parts, whole=whole)


def offer_of(version: ChallengeVersion) -> Offer:
    """Return the fields of a version as they stand."""
    return Offer(**{name: getattr(version, name) for name in Offer.__dataclass_fields__})


def seen_values(version: ChallengeVersion) -> dict[str, Any]:
    """Return what the editor shows of a version."""
    return asdict(offer_of(version))


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


def lock_challenge(session: Session, challenge_id: int) -> Challenge:
    """Return the challenge, its row locked, so that two editors queue up behind each other."""
    get_challenge(session, challenge_id)
    return session.scalars(select(Challenge).where(Challenge.id == challenge_id).with_for_update().execution_options(populate_existing=True)).one()


def move_challenge(session: Session, challenge: Challenge, before: tuple[str, ...], **values: object) -> None:
    """Change a challenge if it is still in one of the states ``before``; refuses with ``ChallengeChanged`` otherwise."""
    as_read = (Challenge.id == challenge.id, Challenge.state.in_(before))
    moved = update(Challenge).where(*as_read).values(**values).returning(Challenge.id).execution_options(synchronize_session=False)
    if session.scalar(moved) is None:
        raise ChallengeChanged()
    session.refresh(challenge)


def _require_fair(offer: Offer) -> None:
    require_fair({"title": offer.title, "summary": offer.summary, "text": offer.text})


def _made_by(session: Session, key: str | None) -> Challenge | None:
    return session.scalar(select(Challenge).where(Challenge.made_by == key)) if key else None


def _search_key(offer: Offer | ChallengeVersion) -> str:
    return fold(f"{offer.title} {offer.summary}")


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, int | str) else str(value)
