"""Badges: those there are, those somebody has, and how far they are with the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.text import fold, like_pattern
from portal.people.models import Person
from portal.recognition.badges.by_hand import ByHand
from portal.recognition.badges.contract import Case
from portal.recognition.badges.registry import rule_of
from portal.recognition.models import Badge, BadgeHolding
from portal.recognition.queries.facts import gather
from portal.recognition.rules.badges import PREVIEWED, SAMPLE, BadgeState, BadgeUnknown, Progress
from portal.web.paging import Page, page_by

_BADGE: Any = Badge.__table__
_HELD: Any = BadgeHolding.__table__
_WHO = bindparam("person", type_=BigInteger)
_BARRED: Any = aliased(_HELD, name="barred")
_LIVE_ROWS = (
    select(
        _BADGE.c.id,
        _BADGE.c.name,
        _BADGE.c.how,
        _BADGE.c.art,
        _BADGE.c.tone,
        _BADGE.c.rule,
        _BADGE.c.options,
        _HELD.c.way,
        _HELD.c.awarded_at,
        _HELD.c.reason,
        select(_BARRED.c.id).where(_BARRED.c.person_id == _WHO, _BARRED.c.badge_id == _BADGE.c.id, _BARRED.c.is_barred).exists().label("is_barred"),
    )
    .outerjoin(_HELD, and_(_HELD.c.badge_id == _BADGE.c.id, _HELD.c.person_id == _WHO, _HELD.c.revoked_at.is_(None)))
    .where(_BADGE.c.state == BadgeState.LIVE)
    .order_by(_BADGE.c.id)
)


@dataclass(frozen=True)
class OwnBadge:
    """A badge as its person sees it. ``progress`` is None where there is nothing to count, ``awarded_at`` where they do not have it."""

    id: int
    name: str
    how: str
    art: str
    tone: str
    rule: str
    awarded_at: datetime | None
    reason: str
    progress: Progress | None

    @property
    def is_earned(self) -> bool:
        return self.awarded_at is not None


@dataclass(frozen=True)
class Preview:
    """Who would get a badge if it were switched on now: how many, or that they are more than that, and the first of them by name."""

    number: int
    sample: Sequence[str]
    is_more: bool = False


def live_rows(session: Session, person_id: int) -> Sequence[Any]:
    """Return the live badges, each with how the person has it (``way``, None if not) and whether an admin took it from them."""
    return session.connection().execute(_LIVE_ROWS, {"person": person_id}).all()


def get_badge(session: Session, badge_id: int) -> Badge:
    """Return the badge; refuses with ``BadgeUnknown``."""
    badge = session.get(Badge, badge_id)
    if badge is None:
        raise BadgeUnknown()
    return badge


def badges_for(session: Session, person_id: int, now: datetime) -> list[OwnBadge]:
    """Return every live badge with the person's progress, in a constant number of queries; and those they have that are given no more.

    What an admin took for good is left out: no rule gives it back.
    Earned first, the latest on top; then what is nearest to be earned; then what only others can give.
    """
    rows = [row for row in live_rows(session, person_id) if row.way or not row.is_barred]
    missing = [row for row in rows if not row.way]
    needs = {need for row in missing for need in rule_of(row.rule).needs}
    limited = [row.id for row in missing if rule_of(row.rule).is_limited]
    facts = gather(session, person_id, needs, now, limited=limited)
    found = []
    for row in rows:
        progress = None if row.way else rule_of(row.rule).progress(Case(row.id, row.options, False), facts)
        found.append(OwnBadge(row.id, row.name, row.how, row.art, row.tone, row.rule, row.awarded_at, row.reason or "", progress))
    found += _kept(session, person_id)
    return sorted(found, key=_order)


def _kept(session: Session, person_id: int) -> list[OwnBadge]:
    held = select(Badge, BadgeHolding.awarded_at, BadgeHolding.reason).join(BadgeHolding, BadgeHolding.badge_id == Badge.id)
    mine = held.where(BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None), Badge.state == BadgeState.RETIRED)
    return [OwnBadge(b.id, b.name, b.how, b.art, b.tone, b.rule, at, reason, None) for b, at, reason in session.execute(mine)]


def _order(badge: OwnBadge) -> tuple[Any, ...]:
    if badge.awarded_at is not None:
        return (0, -badge.awarded_at.timestamp(), badge.id)
    if badge.progress is None or not badge.progress.is_open:
        return (2, badge.progress is not None, badge.id)
    # A level may begin at 0 points: nothing is needed for it.
    return (1, -badge.progress.have / max(1, badge.progress.need), badge.id)


def earned_badges(session: Session, person_id: int, *, number: int | None = None) -> Sequence[Any]:
    """Return the person's live holdings with their badges, the latest first."""
    columns = (Badge, BadgeHolding.id.label("holding_id"), BadgeHolding.awarded_at, BadgeHolding.way, BadgeHolding.reason)
    held = select(*columns).join(BadgeHolding, BadgeHolding.badge_id == Badge.id)
    mine = held.where(BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
    return session.execute(mine.order_by(BadgeHolding.awarded_at.desc(), BadgeHolding.id.desc()).limit(number)).all()


def held_names(session: Session, person_id: int) -> dict[int, str]:
    """Return the names of the badges a person has, by id."""
    held = select(Badge.id, Badge.name).join(BadgeHolding, BadgeHolding.badge_id == Badge.id)
    mine = held.where(BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
    return {row.id: row.name for row in session.execute(mine.order_by(Badge.id))}


def taken_badges(session: Session, person_id: int) -> Sequence[Any]:
    """Return what admins took from the person, with the reason, the latest first."""
    taken = select(Badge, BadgeHolding.revoked_at, BadgeHolding.revoked_reason).join(BadgeHolding, BadgeHolding.badge_id == Badge.id)
    return session.execute(taken.where(BadgeHolding.person_id == person_id, BadgeHolding.is_barred).order_by(BadgeHolding.revoked_at.desc())).all()


def for_challenge(session: Session, person_id: int, *, challenge_id: int, track: str, act_kind: str, now: datetime) -> list[OwnBadge]:
    """Return the badges of which the person would have more once this challenge is approved, and does not have, the most advanced first.

    ``track`` and ``act_kind`` are those of the act that it would be.
    """
    rows = [row for row in live_rows(session, person_id) if not row.way and not row.is_barred]
    needs = {need for row in rows for need in rule_of(row.rule).needs}
    facts = gather(session, person_id, needs, now, limited=[row.id for row in rows if rule_of(row.rule).is_limited])
    then, found = facts.after(challenge_id=challenge_id, track=track, act_kind=act_kind), []
    for row in rows:
        rule, case = rule_of(row.rule), Case(row.id, row.options, False)
        progress = rule.progress(case, facts)
        if progress is None or not progress.is_open or progress.is_met:
            continue
        after = rule.progress(case, then)
        if after is not None and after.have > progress.have:
            found.append(OwnBadge(row.id, row.name, row.how, row.art, row.tone, row.rule, None, "", progress))
    return sorted(found, key=_order)


def list_badges(session: Session, *, state: str | None = None, q: str | None = None, after: str | None = None) -> Page:
    """Return one page of badges with the number of people who have each, for admins."""
    return page_by(session, _listed(state, q), [(Badge.id, True)], after=after)


def all_badges(session: Session, *, state: str | None = None, q: str | None = None) -> Iterator[Any]:
    """Yield all badges that match, for a file."""
    yield from session.execute(_listed(state, q).order_by(Badge.id))


def _listed(state: str | None, q: str | None) -> Select[Any]:
    holders = select(func.count()).where(BadgeHolding.badge_id == Badge.id, BadgeHolding.revoked_at.is_(None)).scalar_subquery()
    found = select(Badge, holders.label("holders"))
    if state:
        found = found.where(Badge.state == state)
    if q and fold(q.strip()):
        pattern = like_pattern(q.strip())
        found = found.where(or_(Badge.name.ilike(pattern, escape="\\"), Badge.how.ilike(pattern, escape="\\")))
    return found


def count_badges(session: Session) -> dict[str, int]:
    """Return how many badges there are in each state."""
    return {row[0]: row[1] for row in session.execute(select(Badge.state, func.count()).group_by(Badge.state))}


def givable(session: Session, person_id: int) -> Sequence[Any]:
    """Return id and name of the live badges that the person does not have; those that are given by hand alone come first."""
    held = select(BadgeHolding.badge_id).where(BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
    found = select(Badge.id, Badge.name).where(Badge.state == BadgeState.LIVE, Badge.id.not_in(held))
    return session.execute(found.order_by(Badge.rule != ByHand.kind, Badge.name)).all()


def holders_page(session: Session, badge_id: int, *, after: str | None) -> Page:
    """Return one page of who has a badge, the latest first."""
    columns = (Person.id, Person.name, BadgeHolding.awarded_at, BadgeHolding.way, BadgeHolding.id.label("holding_id"))
    held = select(*columns).join(BadgeHolding, BadgeHolding.person_id == Person.id)
    held = held.where(BadgeHolding.badge_id == badge_id, BadgeHolding.revoked_at.is_(None))
    return page_by(session, held, [(BadgeHolding.awarded_at, True), (BadgeHolding.id, True)], after=after)


def preview(session: Session, badge: Badge, now: datetime, *, most: int = PREVIEWED) -> Preview:
    """Return who would get the badge now. Counted up to ``most``, named only the first few."""
    found = [person_id for person_id, _at in rule_of(badge.rule).some_holders(session, badge.options, now, most + 1)]
    names = {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(found[:SAMPLE])))}
    return Preview(min(len(found), most), [names[person_id] for person_id in found[:SAMPLE]], is_more=len(found) > most)


def get_holding(session: Session, holding_id: int) -> Any:
    """Return a holding with its badge and person; refuses with ``BadgeUnknown``."""
    found = select(BadgeHolding, Badge, Person).join(Badge, Badge.id == BadgeHolding.badge_id).join(Person, Person.id == BadgeHolding.person_id)
    row = session.execute(found.where(BadgeHolding.id == holding_id)).first()
    if row is None:
        raise BadgeUnknown()
    return row
