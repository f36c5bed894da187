"""Which people a search looks at closely: a bounded number, the best by what the database can tell, whatever the number of profiles.

Who could fit stands in a few indexes by what counts most (industry, size, region). They are walked from the best to the worst, newest
verified first, each at most so many rows; what is rare (a language few speak) is looked up from its own end. So a search over 200,000
profiles reads as many rows as one over 2,000.

What that costs: of a place where more fit than are looked at, whoever was verified longest ago is not found until the search is narrower.
Of a word that more than ``MATCHES`` tell of, only those are ranked by it whose numbers follow a point that moves with the words and the day:
no index orders the hits of a word by anything better, and to read all of them grows with their number. Whoever else tells of it is found by
their place, or on another day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import combinations
from typing import Any
from zlib import crc32

from sqlalchemy import bindparam, case, func, select, true
from sqlalchemy.orm import Session

from portal.finding.models.rows import FindingRow
from portal.finding.queries.sieve import Shape, passes, shape_of, values_of
from portal.finding.rules.fit import ALWAYS, WEIGHTS, least_of
from portal.finding.rules.needs import Needs
from portal.finding.rules.words import Asked
from portal.finding.search.engines import text_search
from portal.finding.search.port import ROWS
from portal.kernel.actor import Actor
from portal.kernel.among import Among
from portal.profiles.models import ProfileActivity, ProfileWord
from portal.profiles.rules.states import WordKind

WINDOW = 40
"""How many who pass the filters are ranked, by place and again by words. Two pages: whoever reads further narrows the search."""
LOOKED, NEAR_LOOKED = 60, 12
"""Of those how many have their budgets read, and how many of those who may not pass: the best if nobody asked anything of them."""
SCANNED, RARE, MATCHES, AT_ONCE, NEAR = 2_000, 1_500, 400, 100, 12
_PLACES = ("industry", "size", "region")
COLUMNS = (FindingRow.person_id, FindingRow.company_id, FindingRow.tier, FindingRow.verified_at, FindingRow.size, FindingRow.is_found)
NEWEST = (FindingRow.verified_at.desc(), FindingRow.person_id.desc())
_HELD = {
    "industry": FindingRow.industry_key == func.lower(bindparam("industry")),
    "size": FindingRow.size == bindparam("size"),
    "region": FindingRow.region_key == func.lower(bindparam("region")),
}
_does = (ProfileActivity.activity == bindparam("activity"), ProfileActivity.is_never.is_(False))
_RARE: dict[str, Any] = {"activity": select(ProfileActivity.person_id).where(*_does)} | {
    kind.value: select(ProfileWord.person_id).where(ProfileWord.kind == kind, ProfileWord.key == bindparam(kind.value))
    for kind in (WordKind.PRODUCT, WordKind.LANGUAGE)
}
_COUNT = {name: select(func.count()).select_from(one.limit(RARE + 1).subquery()) for name, one in _RARE.items()}
_LAST = select(func.max(FindingRow.person_id))


@dataclass(frozen=True)
class Gathered:
    """Who is looked at: ``passing`` by what the database can tell, ``near`` whether they pass or not, some of them only ``by_words``."""

    passing: tuple[int, ...]
    near: tuple[int, ...]
    by_words: frozenset[int]

    @property
    def ids(self) -> list[int]:
        return list(dict.fromkeys((*self.passing, *self.near)))

    def closest(self, ranked: Sequence[int]) -> list[int]:
        """Return whose budgets are read, of people in the order of their fit if nobody had asked anything of them."""
        passing = frozenset(self.passing)
        some = [its_id for its_id in ranked if its_id in passing][:LOOKED]
        return some + [its_id for its_id in ranked if its_id not in passing][:NEAR_LOOKED]


def gather(session: Session, actor: Actor, needs: Needs, now: datetime) -> Gathered:
    """Return whom to look at closely: those who pass what the database can tell, and some of the best who may not."""
    shape, values = shape_of(actor, needs), values_of(session, actor, needs, now)
    asked = needs.asked
    speaking = _speaking(session, asked, values["today"], is_all=True)
    spoken = _best(session, needs, shape, values, speaking)
    if len(asked.words) > 1 and len(spoken) < WINDOW and len(speaking) < MATCHES:
        some = _speaking(session, asked, values["today"], is_all=False)
        spoken += _best(session, needs, shape, values, some)[: WINDOW - len(spoken)]
    rare = _rare(session, needs, values)
    if rare is None:
        placed, near = _walk(session, needs, shape, values)
    else:
        placed = _best(session, needs, shape, values, rare)
        near = _best(session, needs, None, values, rare)[: 2 * NEAR]
    by_words = frozenset({*spoken, *speaking[:NEAR]} - {*placed, *near})
    return Gathered(tuple(dict.fromkeys((*spoken, *placed))), tuple(dict.fromkeys((*near, *speaking[:NEAR]))), by_words)


def nearest(session: Session, actor: Actor, needs: Needs, now: datetime) -> list[int]:
    """Return the first of the best place, whatever else keeps them out: also where what is asked for is so rare that a search looks no further."""
    return _walk(session, needs, shape_of(actor, needs), values_of(session, actor, needs, now))[1]


def _speaking(session: Session, asked: Asked, today: date, *, is_all: bool) -> list[int]:
    """Return at most ``MATCHES`` who tell of all or any of the words; where more do, from a point that moves with the words and the day."""
    search = text_search(session)
    found = search.matching(session, ROWS, asked, is_all=is_all, limit=MATCHES)
    if len(found) < MATCHES:
        return found
    start = crc32(f"{today} {' '.join(asked.words)}".encode()) % ((session.scalar(_LAST) or 0) + 1)
    behind = search.matching(session, ROWS, asked, is_all=is_all, limit=MATCHES, first=start)
    return list(dict.fromkeys((*behind, *found)))[:MATCHES]


def _walk(session: Session, needs: Needs, shape: Shape, values: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Return whom the indexes give, the best places first, until there are enough; and the first of the best place, whether they pass or not."""
    placed: dict[int, None] = {}
    near: dict[int, None] = {}
    for number, held in enumerate(_ladder(needs)):
        if number == 0:
            for is_found in (True, False):
                near |= dict.fromkeys(session.scalars(_first_of(held, is_found=is_found), values))
        placed |= dict.fromkeys(session.scalars(_step(held, shape), values))
        if len(placed) >= WINDOW:
            break
    return list(placed), list(near)


def _ladder(needs: Needs) -> list[tuple[str, ...]]:
    """Return which of the places that were asked for are held to, the best first, without those from which nobody could fit well."""
    given = [name for name in _PLACES if name in needs.set]
    steps = [held for number in range(len(given), -1, -1) for held in combinations(given, number)]
    whole = sum(WEIGHTS[name] for name in needs.set & WEIGHTS.keys()) + sum(WEIGHTS[name] for name in ALWAYS[:2])

    def most(held: Sequence[str]) -> float:
        # A neighbouring size and a time zone of the region are half a fit, though they stand on no step of their own.
        missed = sum(WEIGHTS[name] / (1 if name == "industry" else 2) for name in given if name not in held)
        return 100 * (whole - missed) / whole

    return sorted((held for held in steps if most(held) >= least_of(needs)), key=lambda held: -most(held))


@lru_cache(maxsize=500)
def _step(held: tuple[str, ...], shape: Shape) -> Any:
    """Return the select of those on one step who pass what the database can tell."""
    row = _scan(held, SCANNED, FindingRow.is_found, FindingRow.verified_at >= bindparam("since")).c
    found = select(row.person_id).where(passes(row, shape)).limit(WINDOW)
    # Industry and size together have no index of their own: sifted behind the one of the industry.
    return found.where(row.size == bindparam("size")) if set(held) == {"industry", "size"} else found


@lru_cache(maxsize=500)
def _first_of(held: tuple[str, ...], *, is_found: bool) -> Any:
    """Return the select of the first on one step, whether they pass or not."""
    known = [FindingRow.verified_at.is_not(None)] if is_found else []
    return select(_scan(held, NEAR, FindingRow.is_found == is_found, *known).c.person_id)


def _scan(held: Sequence[str], most: int, *where: Any) -> Any:
    """Return the first rows of the index for these places, newest verified first. Bounded before anything is sifted, so that it stays quick."""
    led = [name for name in held if name != "size" or set(held) != {"industry", "size"}]
    return select(*COLUMNS).where(*where, *(_HELD[name] for name in led)).order_by(*NEWEST).limit(most).subquery("scanned")


def _best(session: Session, needs: Needs, shape: Shape | None, values: Mapping[str, Any], chosen: list[int] | str) -> list[int]:
    """Return the best by their place of some: those named, or those who have what is rare. Without a ``shape`` whether they pass or not.

    They are put in order first, by what stands in one narrow row, and then sifted from the best on until there are enough: most pass, and to
    sift all of them takes longest.
    """
    if not chosen:
        return []
    given, some = tuple(name for name in _PLACES if name in needs.set), {} if isinstance(chosen, str) else {"some": chosen}
    ranked = list(session.scalars(_ordered(given, chosen if isinstance(chosen, str) else ""), {**values, **some}))
    if shape is None:
        return ranked[:WINDOW]
    found: list[int] = []
    for start in range(0, len(ranked), AT_ONCE):
        these = ranked[start : start + AT_ONCE]
        passed = set(session.scalars(_passing(shape), {**values, "some": these}))
        found += [its_id for its_id in these if its_id in passed]
        if len(found) >= WINDOW:
            break
    return found[:WINDOW]


@lru_cache(maxsize=500)
def _ordered(given: tuple[str, ...], rare: str) -> Any:
    points = sum((case((_HELD[name], WEIGHTS[name]), else_=0) for name in given), start=case((true(), 0)))
    chosen = FindingRow.person_id.in_(_RARE[rare]) if rare else Among(FindingRow.person_id, "some")
    return select(FindingRow.person_id).where(chosen).order_by(points.desc(), *NEWEST).limit(MATCHES)


@lru_cache(maxsize=50)
def _passing(shape: Shape) -> Any:
    # The limit keeps the rows by their numbers: without it SQLite walks all that are found for the few that are named.
    row = select(*COLUMNS).where(Among(FindingRow.person_id, "some")).limit(AT_ONCE).subquery("named").c
    return select(row.person_id).where(row.is_found, passes(row, shape))


def _rare(session: Session, needs: Needs, values: Mapping[str, Any]) -> str | None:
    """Return what is asked for and few have (a language, a product, an activity); None where all of it is common."""
    counted = [(session.scalar(_COUNT[name], values) or 0, name) for name in _RARE if name == "activity" or values[name]]
    fewest, found = min(counted, key=lambda one: one[0])
    return found if fewest <= RARE else None
