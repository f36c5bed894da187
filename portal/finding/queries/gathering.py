"""Which people a search looks at closely: a bounded number, the best by what the database can tell, whatever the number of profiles.

Who could fit stands in a few indexes by what counts most (industry, size, region). They are walked from the best to the worst, newest
verified first, each at most so many rows; what is rare (a language few speak) is looked up from its own end. So a search over 200,000
profiles reads as many rows as one over 2,000.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import Session

from portal.finding.models.rows import FindingRow
from portal.finding.queries.sieve import sieve
from portal.finding.rules.fit import ALWAYS, GOOD, WEIGHTS
from portal.finding.rules.needs import Needs, key_of
from portal.finding.search.engines import text_search
from portal.finding.search.port import ROWS
from portal.kernel.actor import Actor
from portal.profiles.models import ProfileActivity, ProfileWord
from portal.profiles.rules.states import WordKind

WINDOW = 80
"""How many who pass the filters are ranked, by place and again by words. Four pages: whoever reads further narrows the search."""
SCANNED, RARE, MATCHES, NEAR = 3_000, 1_500, 400, 20
_PLACES = ("industry", "size", "region")
_COLUMNS = (FindingRow.person_id, FindingRow.company_id, FindingRow.tier, FindingRow.verified_at, FindingRow.size, FindingRow.is_found)
_NEWEST = (FindingRow.verified_at.desc(), FindingRow.person_id.desc())
Sieve = Callable[[Any], ColumnElement[bool]]
"""Makes a condition over the columns of a ``FindingRow``, or of a select of some."""


@dataclass(frozen=True)
class Gathered:
    """Who is looked at: ``passing`` by what the database can tell, ``near`` whether they pass or not, some of them only ``by_words``."""

    passing: tuple[int, ...]
    near: tuple[int, ...]
    by_words: frozenset[int]

    @property
    def ids(self) -> list[int]:
        return list(dict.fromkeys((*self.passing, *self.near)))


def gather(session: Session, actor: Actor, needs: Needs, now: datetime) -> Gathered:
    """Return whom to look at closely: those who pass what the database can tell, and some of the best who may not."""
    passes = sieve(session, actor, needs, now)
    search, asked = text_search(session), needs.asked
    speaking = search.matching(session, ROWS, asked, is_all=True, limit=MATCHES)
    spoken = _best(session, needs, passes, FindingRow.person_id.in_(speaking)) if speaking else []
    if len(asked.words) > 1 and len(spoken) < WINDOW:
        some = search.matching(session, ROWS, asked, is_all=False, limit=MATCHES)
        spoken += _best(session, needs, passes, FindingRow.person_id.in_(some), WINDOW - len(spoken)) if some else []
    rare = _rare(session, needs)
    if rare is None:
        placed, near = _walk(session, needs, passes)
    else:
        placed = _best(session, needs, passes, FindingRow.person_id.in_(rare))
        near = _best(session, needs, None, FindingRow.person_id.in_(rare), limit=2 * NEAR)
    by_words = frozenset({*spoken, *speaking[:NEAR]} - {*placed, *near})
    return Gathered(tuple(dict.fromkeys((*spoken, *placed))), tuple(dict.fromkeys((*near, *speaking[:NEAR]))), by_words)


def _walk(session: Session, needs: Needs, passes: Sieve) -> tuple[list[int], list[int]]:
    """Return whom the indexes give, the best places first, until there are enough; and the first of the best place, whether they pass or not."""
    placed: dict[int, None] = {}
    near: dict[int, None] = {}
    for number, held in enumerate(_ladder(needs)):
        if number == 0:
            for is_found in (True, False):
                near |= dict.fromkeys(session.scalars(select(_scan(needs, held, NEAR, is_found=is_found).c.person_id)))
        row = _scan(needs, held, SCANNED).c
        found = select(row.person_id).where(passes(row)).limit(WINDOW)
        if set(held) == {"industry", "size"}:  # no index of its own: sifted behind the one of the industry
            found = found.where(row.size == needs.size)
        placed |= dict.fromkeys(session.scalars(found))
        if len(placed) >= WINDOW:
            break
    return list(placed), list(near)


def _ladder(needs: Needs) -> list[tuple[str, ...]]:
    """Return which of the places that were asked for are held to, the best first, without those from which nobody could fit well."""
    given = [name for name in _PLACES if name in needs.set]
    steps = [held for number in range(len(given), -1, -1) for held in combinations(given, number)]
    whole = sum(WEIGHTS[name] for name in needs.set & WEIGHTS.keys()) + sum(WEIGHTS[name] for name in ALWAYS[:2])

    def most(held: Sequence[str]) -> float:
        # A neighbouring size is half a fit, though it stands on no step of its own.
        missed = sum(WEIGHTS[name] / (2 if name == "size" else 1) for name in given if name not in held)
        return 100 * (whole - missed) / whole

    return sorted((held for held in steps if most(held) >= GOOD), key=lambda held: -most(held))


def _scan(needs: Needs, held: Sequence[str], most: int, *, is_found: bool = True) -> Any:
    """Return the first rows of the index for these places, newest verified first. Bounded before anything is sifted, so that it stays quick."""
    by = {"industry": FindingRow.industry_key, "region": FindingRow.region_key}
    found = select(*_COLUMNS).where(FindingRow.is_found == is_found)
    if is_found:
        found = found.where(FindingRow.verified_at.is_not(None))
    for name in held:
        if name in by:
            found = found.where(by[name] == func.lower(getattr(needs, name)))
        elif set(held) != {"industry", "size"}:
            found = found.where(FindingRow.size == needs.size)
    return found.order_by(*_NEWEST).limit(most).subquery("scanned")


def _best(session: Session, needs: Needs, passes: Sieve | None, chosen: ColumnElement[bool], limit: int = WINDOW) -> list[int]:
    """Return the best of some few by their place."""
    by = {"industry": FindingRow.industry_key, "size": FindingRow.size, "region": FindingRow.region_key}
    points = sum(
        (case((by[name] == func.lower(getattr(needs, name)), WEIGHTS[name]), else_=0) for name in ("industry", "region") if name in needs.set),
        start=case((FindingRow.size == needs.size, WEIGHTS["size"]), else_=0) if needs.size else case((true(), 0)),
    )
    sifted = and_(FindingRow.is_found, passes(FindingRow)) if passes else true()
    return list(session.scalars(select(FindingRow.person_id).where(chosen, sifted).order_by(points.desc(), *_NEWEST).limit(limit)))


def _rare(session: Session, needs: Needs) -> Any:
    """Return the select of those who have what is asked for and few have (a language, a product, an activity); None where all of it is common."""
    lists: list[Any] = [
        select(ProfileActivity.person_id).where(ProfileActivity.activity == needs.activity, ProfileActivity.is_never.is_(False)),
    ]
    asked = {WordKind.PRODUCT: needs.product, WordKind.LANGUAGE: needs.language}
    lists += [select(ProfileWord.person_id).where(ProfileWord.kind == kind, ProfileWord.key == key_of(word)) for kind, word in asked.items() if word]
    counted = [(session.scalar(select(func.count()).select_from(one.limit(RARE + 1).subquery())) or 0, one) for one in lists]
    fewest, found = min(counted, key=lambda one: one[0])
    return found if fewest <= RARE else None
