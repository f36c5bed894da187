"""Near misses: where other rooms look for them, and what keeps out those who would fit."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.finding.models.rows import FindingRow
from portal.finding.queries.candidates import candidates_of, near_misses
from portal.finding.queries.gathering import gather, nearest
from portal.finding.rules.fit import least_of
from portal.finding.rules.needs import Needs
from portal.kernel.actor import system

__all__ = ["KeptOut", "kept_out", "near_misses"]


@dataclass(frozen=True)
class KeptOut:
    """Why a search finds nobody: how many fit, how many each hard filter alone keeps out (by its name), and which place nobody at all has."""

    fitting: int
    alone: Counter[str]
    lacking: tuple[str, ...]


def kept_out(session: Session, needs: Needs, now: datetime) -> KeptOut:
    """Return what stands between ``needs`` and those whom the search looks at, or who are nearest, all of them, whoever may see them."""
    actor = system("finding")
    ids = [*gather(session, actor, needs, now).ids, *nearest(session, actor, needs, now)]
    looked = candidates_of(session, None, ids, needs, now, least=least_of(needs)).values()
    alone = Counter(one.failed[0].name for one in looked if len(one.failed) == 1)
    return KeptOut(sum(not one.failed for one in looked), alone, _lacking(session, needs))


def _lacking(session: Session, needs: Needs) -> tuple[str, ...]:
    """Return of industry, region and size, as asked for, those that nobody who is found has."""
    columns = {"industry": FindingRow.industry_key, "region": FindingRow.region_key, "size": FindingRow.size}
    lacking = []
    for name, column in columns.items():
        if wanted := getattr(needs, name):
            there = column == (wanted if name == "size" else func.lower(wanted))
            if session.scalar(select(FindingRow.person_id).where(FindingRow.is_found, there).limit(1)) is None:
                lacking.append(name)
    return tuple(lacking)
