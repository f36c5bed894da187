"""What somebody can tell, in whole sentences: for who may read their profile (``profiles.rules.seeing``), and nobody else."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.finding.queries.candidates import Candidate
from portal.kernel.actor import Actor
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.seeing import may_see


@dataclass(frozen=True)
class Story:
    """What a profile tells; that there is one means that the reader may open the profile."""

    story: str
    results: str


def stories_of(session: Session, actor: Actor, some: Iterable[Candidate]) -> dict[int, Story]:
    """Return what each of them tells whose profile the actor may read. A veiled one is not among them: a story names whom it is about."""
    open_ids = [one.person_id for one in some if not one.is_veiled and _may_see(actor, one)]
    found = select(ReferenceProfile.person_id, ReferenceProfile.story, ReferenceProfile.results).where(ReferenceProfile.person_id.in_(open_ids))
    return {row.person_id: Story(row.story, row.results) for row in session.execute(found)}


def _may_see(actor: Actor, one: Candidate) -> bool:
    facts = one.facts
    return may_see(actor, owner_id=facts.owner_id, tier=facts.tier, status=facts.status, is_visible=facts.is_visible)
