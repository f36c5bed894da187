"""Whom the live rules admit: one member, any number of audiences, at a constant number of queries.

Rules are built once and kept while the audience's stamp is the one they were built from; the stamp
is read with every request, so what is kept decides nothing that the rows do not say.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Options, RuleKind, Test
from portal.audience.models import Audience, AudienceRule
from portal.audience.registry import kinds_of, moment_of
from portal.audience.rules import Mode, Side
from portal.kernel.schema import BigId

Stamps = Sequence[tuple[int, str]]
"""Audiences as (id, stamp)."""
MOST_KEPT = 20_000
# Audience and rules in one statement: what is built from it is what stood there at one moment.
_BUILT_FROM = (
    select(
        Audience.id,
        Audience.stamp,
        Audience.live_include_mode,
        Audience.live_exclude_mode,
        AudienceRule.side,
        AudienceRule.kind,
        AudienceRule.options,
    )
    .outerjoin(AudienceRule, and_(AudienceRule.audience_id == Audience.id, AudienceRule.live_at.is_not(None), AudienceRule.ended_at.is_(None)))
    .where(Audience.id.in_(bindparam("audiences", type_=BigId, expanding=True)))
    .order_by(Audience.id, AudienceRule.position, AudienceRule.id)
)
_STAMP = select(Audience.id, Audience.stamp).where(Audience.id == bindparam("one", type_=BigId))


@dataclass(frozen=True)
class Gate:
    """The live rules of one audience, ready to be tried. ``is_whole`` is False where a kind is missing; it admits nobody then."""

    include: tuple[Test, ...]
    exclude: tuple[Test, ...]
    includes_by_all: bool
    excludes_by_all: bool
    is_whole: bool = True

    def admits(self, facts: Facts) -> bool:
        """Tell whether the member is meant: the decision of ``rules.judge``, without looking at more rules than it takes."""
        if not self.is_whole:
            return False
        if self.exclude and _together(self.exclude, self.excludes_by_all, facts):
            return False
        return not self.include or _together(self.include, self.includes_by_all, facts)


def _together(tests: tuple[Test, ...], by_all: bool, facts: Facts) -> bool:
    """Tell whether tests hold by any or by all. One that many audiences have is tried once on a member."""
    tried = facts.tried
    for test in tests:
        held = tried.get(test)
        if held is None:
            held = tried[test] = test(facts)
        if held is not by_all:
            return held
    return by_all


class Gates:
    """Gates kept between requests, by audience, each with the stamp it was built from."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[str, Gate]] = {}
        self._tests: dict[str, Test] = {}

    def test_of(self, kind: RuleKind, options: Options) -> Test:
        """Return the test of a rule; rules that say the same share one."""
        key = f"{kind.key} {json.dumps(options, sort_keys=True)}"
        if key not in self._tests:
            self._tests[key] = kind.test(options)
        return self._tests[key]

    def find(self, audience_id: int, stamp: str) -> Gate | None:
        """Return the gate built from this stamp, or None."""
        kept = self._kept.get(audience_id)
        return kept[1] if kept is not None and kept[0] == stamp else None

    def keep(self, built: Mapping[int, tuple[str, Gate]]) -> None:
        """Keep what was built; all that is old goes when it grows past 20,000."""
        if len(self._kept) + len(built) > MOST_KEPT:
            self._kept, self._tests = {}, {}
        self._kept |= built


def admitted(session: Session, person_id: int, stamps: Stamps, now: datetime) -> frozenset[int]:
    """Return which of the audiences admit the person; what has no row any more admits nobody."""
    if not stamps:
        return frozenset()
    gates: Gates = session.info.get("audience_gates") or Gates()
    facts = facts_of(session, person_id, now)
    found = {audience_id: gate for audience_id, stamp in stamps if (gate := gates.find(audience_id, stamp)) is not None}
    if missing := [audience_id for audience_id, _ in stamps if audience_id not in found]:
        built = build_gates(session, missing, gates)
        gates.keep(built)
        found |= {audience_id: gate for audience_id, (_, gate) in built.items()}
    return frozenset(audience_id for audience_id, gate in found.items() if gate.admits(facts))


def is_admitted(session: Session, person_id: int, audience_id: int | None, now: datetime) -> bool:
    """Tell whether one audience admits the person; without an audience everybody is."""
    if audience_id is None:
        return True
    stamps: Stamps = session.execute(_STAMP, {"one": audience_id}).all()  # type: ignore[assignment]
    return bool(admitted(session, person_id, stamps, now))


def facts_of(session: Session, person_id: int, now: datetime) -> Facts:
    """Return an empty sheet of facts about a person, filled as rules ask."""
    moment = moment_of(session, now)
    return Facts(session, person_id, now=now, zone=moment.zone, language=moment.language)


def build_gates(session: Session, ids: Iterable[int], gates: Gates) -> dict[int, tuple[str, Gate]]:
    """Return the gate of each audience with the stamp it was built from, in one query."""
    kinds, heads = kinds_of(session), dict[int, Any]()
    tests: dict[int, dict[str, list[Test]]] = {}
    broken = set()
    for row in session.execute(_BUILT_FROM, {"audiences": sorted(set(ids))}):
        if row.id not in heads:
            heads[row.id], tests[row.id] = row, {Side.INCLUDE: [], Side.EXCLUDE: []}
        if row.kind in kinds:
            tests[row.id][row.side].append(gates.test_of(kinds[row.kind], row.options))
        elif row.kind is not None:
            broken.add(row.id)
    return {audience_id: (row.stamp, _gate(row, tests[audience_id], audience_id not in broken)) for audience_id, row in heads.items()}


def _gate(row: Any, tests: Mapping[str, list[Test]], is_whole: bool) -> Gate:
    modes = (row.live_include_mode == Mode.ALL, row.live_exclude_mode == Mode.ALL)
    return Gate(tuple(tests[Side.INCLUDE]), tuple(tests[Side.EXCLUDE]), *modes, is_whole)
