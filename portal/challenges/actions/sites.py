"""What an admin does to the profiles of review sites, and what follows for the steps that ask for a review.

A challenge that was published keeps the profile it was published with; its next version takes the newest.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.models.offering import ChallengeVersion, Stage
from portal.challenges.models.proof import ReviewSite
from portal.challenges.queries.policy import point_value
from portal.challenges.queries.sites import REVIEW, get_site
from portal.challenges.rules.sites import MOST_SITES, Site, SiteChanged, SiteFacts, SiteUnknown, TooManySites, built_in, require_proof, require_reward
from portal.challenges.rules.sites import require_site as require_facts
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed


def add_site(session: Session, actor: Actor, *, facts: SiteFacts, key: str, now: datetime) -> ReviewSite:
    """Add a site of the organisation's own, once for a ``key`` of the form. Refuses as ``require_facts``, and more sites than anybody keeps."""
    _require_admin(actor)
    name = f"own:{key}"[:80]
    if (first := _row(session, name)) is not None:
        return first
    if (session.scalar(select(func.count()).select_from(ReviewSite)) or 0) >= MOST_SITES:
        raise TooManySites(most=MOST_SITES)
    made = _insert(session, ReviewSite(key=name, facts=require_facts(facts).stored(), version=1, changed_at=now, changed_by_id=actor.id))
    record(session, actor, "site.added", "site", made.id, now=now, title=facts.name)
    return made


def edit_site(session: Session, actor: Actor, *, key: str, version: int, facts: SiteFacts, now: datetime) -> ReviewSite:
    """Put the organisation's own words in place of what was known; ``version`` is the one that was shown.

    Refuses as ``require_facts``, and what somebody else changed in the meantime (``SiteChanged``).
    """
    _require_admin(actor)
    facts = require_facts(facts)
    row, site = _locked(session, actor, key, now)
    if site.facts == facts:
        return row
    if site.version != version:
        raise SiteChanged()
    changed = sorted(name for name, value in facts.stored().items() if site.facts.stored()[name] != value)
    row.facts, row.version, row.changed_at, row.changed_by_id, row.checked_on = facts.stored(), version + 1, now, actor.id, site.checked_on
    session.flush()
    record(session, actor, "site.edited", "site", row.id, now=now, title=facts.name, version=row.version, changed=changed)
    return row


def check_site(session: Session, actor: Actor, *, key: str, today: date, now: datetime) -> ReviewSite:
    """Note that somebody compared a profile with the site's own rules ``today``, a day of the programme's zone."""
    _require_admin(actor)
    row, site = _locked(session, actor, key, now)
    row.checked_on, row.changed_at, row.changed_by_id = today, now, actor.id
    session.flush()
    record(session, actor, "site.checked", "site", row.id, now=now, title=site.facts.name, checked_on=today.isoformat())
    return row


def restore_site(session: Session, actor: Actor, *, key: str, now: datetime) -> ReviewSite:
    """Let the product's words hold again for a site it knows; a site of one's own is removed. Challenges keep what they were published with."""
    _require_admin(actor)
    row, site = _locked(session, actor, key, now)
    if site.is_built_in:
        row.facts, row.version = None, row.version + 1
    else:
        row.removed_at = now
    row.changed_at, row.changed_by_id = now, actor.id
    session.flush()
    record(session, actor, "site.restored" if site.is_built_in else "site.removed", "site", row.id, now=now, title=site.facts.name)
    return row


def stamped(session: Session, kind: str, options: Mapping[str, Any], *, points: int) -> dict[str, Any]:
    """Return the options of a step with the profile of its site copied into them; those of other kinds as they are. ``points`` are the challenge's.

    Refuses a site that is not known (``SiteUnknown``) and a proof that it does not allow (``ProofNotAllowed``).
    """
    if kind != REVIEW:
        return dict(options)
    site = get_site(session, str(options.get("site") or ""))
    require_proof(site, str(options.get("proof") or ""))
    return {**options, **site.stamp(point_value(session), points=points)}


def follow_site(draft: ChallengeVersion, stages: list[Stage]) -> bool:
    """Set a draft and its steps to 0 points where a review in it may not be rewarded; tells whether there were any. Refuses more than a cap."""
    reviews = [stage.options for stage in stages if stage.kind == REVIEW]
    if not any(options.get("cap") == 0 for options in reviews):
        require_reward(reviews, draft.points)
        return False
    had_points = bool(draft.points or any(stage.points for stage in stages))
    draft.points = 0
    for stage in stages:
        stage.points = 0
    return had_points


def require_allowed(stages: list[Stage], points: int) -> None:
    """Refuse points that a review site of ``stages`` does not allow for the whole or a part."""
    require_reward([stage.options for stage in stages if stage.kind == REVIEW], points, [stage.points for stage in stages])


def refresh_sites(session: Session, stages: list[Stage], points: int) -> None:
    """Copy the newest profiles into the reviews of a draft that carries ``points`` now, or is about to be published."""
    for stage in stages:
        if stage.kind == REVIEW and (fresh := stamped(session, stage.kind, stage.options, points=points)) != stage.options:
            stage.options = fresh
    session.flush()


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()


def _row(session: Session, key: str) -> ReviewSite | None:
    locked = select(ReviewSite).where(ReviewSite.key == key).with_for_update()
    return session.scalar(locked.execution_options(populate_existing=True))


def _locked(session: Session, actor: Actor, key: str, now: datetime) -> tuple[ReviewSite, Site]:
    """Return the organisation's row of a site, locked, made where it has none yet, and the site as it stands."""
    row = _row(session, key)
    if row is None:
        if key not in built_in():
            raise SiteUnknown()
        row = _insert(session, ReviewSite(key=key, facts=None, version=1, changed_at=now, changed_by_id=actor.id))
    return row, get_site(session, key)


def _insert(session: Session, made: ReviewSite) -> ReviewSite:
    """Write a row, or return the one that somebody else has just written."""
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        first = _row(session, made.key)
        if first is None or not violated(error, "review_site", "key"):
            raise
        return first
    return made
