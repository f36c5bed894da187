"""Whatever the rules, three readings agree: the SQL over everybody, the gate of one member, and a slow plain one over their words."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.models import AudienceRule
from portal.audience.queries.admission import Gate, facts_of
from portal.audience.queries.reach import condition_of
from portal.audience.registry import kinds_of, moment_of
from portal.audience.rules import Mode, Side
from portal.kernel.tracks import Track
from portal.people.models import Person
from portal.people.rules.interest import Interest
from portal.wiring import AUDIENCE_KINDS
from tests.audience.world import COUNTRIES, INDUSTRIES, LANGUAGES, NOW, QUESTIONS, REGIONS, SAID, SIZES, Somebody, World, make_world, plainly

Rule = tuple[str, dict[str, Any]]
HOW = st.sampled_from(["at_least", "at_most"])


def some(values: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True).map(sorted)


def rules_of(world: World) -> st.SearchStrategy[Rule]:
    """Return every kind of rule with every kind of option."""
    fields = {"industry": INDUSTRIES[:2], "size": SIZES, "region": REGIONS, "country": COUNTRIES[:2]}
    named = {
        "tag": list(world.tag_ids.values()),
        "likes": [i.value for i in Interest],
        "never": [i.value for i in Interest],
        "language": LANGUAGES,
        "role": ["advocate", "employee", "admin"],
        "challenge_done": world.challenge_ids,
        "level": [level for level, _ in world.levels],
        "badge": world.badge_ids,
        **fields,
    }
    days = st.sampled_from([(NOW - timedelta(days=n)).date().isoformat() for n in (0, 1, 10, 31, 400)])
    counted = {
        "track": st.sampled_from(["", *(track.value for track in Track)]),
        "kind": st.sampled_from(["", "rewardable", "challenge", "unrewarded", "nomination", "call", "unheard of"]),
        "choice": HOW,
        "number": st.integers(0, 4),
        "days": st.sampled_from([None, 1, 5, 30, 90, 365]),
    }
    others: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "people": {"people": some([one.id for one in world.people])},
        "joined_since": {"day": days},
        "member_for": {"choice": HOW, "number": st.sampled_from([1, 10, 30, 31, 200])},
        "lifetime": {"choice": HOW, "number": st.sampled_from([0, 1, 10, 110, 500, 600])},
        "acts": counted,
        "answered": {
            "stage": st.sampled_from(world.stage_ids),
            "question": st.sampled_from(["", "", *(question["id"] for question in QUESTIONS)]),
            "answers": st.one_of(st.just([]), some(SAID)),
        },
    }
    chosen = [st.tuples(st.just(kind), st.fixed_dictionaries({"values": some(values)})) for kind, values in named.items()]
    return st.one_of(*chosen, *(st.tuples(st.just(kind), st.fixed_dictionaries(options)) for kind, options in others.items()))


def plain_verdict(one: Somebody, world: World, include: list[Rule], exclude: list[Rule], modes: tuple[Mode, Mode]) -> bool:
    """Say who is meant the long way: count the rules that hold."""
    held = sum(plainly(rule, one, world) for rule in include)
    out = sum(plainly(rule, one, world) for rule in exclude)
    if exclude and out >= (len(exclude) if modes[1] is Mode.ALL else 1):
        return False
    return held >= (len(include) if modes[0] is Mode.ALL else min(1, len(include)))


def as_rows(include: list[Rule], exclude: list[Rule]) -> list[AudienceRule]:
    sides = ((Side.INCLUDE, include), (Side.EXCLUDE, exclude))
    return [AudienceRule(side=side, kind=kind, options=options) for side, rules in sides for kind, options in rules]


@pytest.fixture
def world(session: Session) -> World:
    session.info["audience_kinds"] = {kind.key: kind for kind in AUDIENCE_KINDS}
    return make_world(session)


@pytest.fixture
def judge(session: Session, world: World) -> Callable[..., None]:
    facts = {one.id: facts_of(session, one.id, NOW) for one in world.people}

    def judged(include: list[Rule], exclude: list[Rule], modes: tuple[Mode, Mode]) -> None:
        expected = {one.id for one in world.people if plain_verdict(one, world, include, exclude, modes)}
        condition = condition_of(session, as_rows(include, exclude), *modes, moment_of(session, NOW))
        assert set(session.scalars(select(Person.id).where(condition))) == expected
        # Of everybody the condition says yes or no: its opposite means exactly the others.
        assert set(session.scalars(select(Person.id).where(~condition))) == {one.id for one in world.people} - expected
        kinds = kinds_of(session)
        tests = [tuple(kinds[kind].test(options) for kind, options in rules) for rules in (include, exclude)]
        gate = Gate(tests[0], tests[1], modes[0] is Mode.ALL, modes[1] is Mode.ALL)
        assert {one.id for one in world.people if gate.admits(facts[one.id])} == expected

    return judged


def test_sql_gate_and_plain_reading_agree_on_any_audience(world: World, judge: Callable[..., None]) -> None:
    sides = st.lists(rules_of(world), max_size=4)

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(include=sides, exclude=sides, modes=st.tuples(st.sampled_from(Mode), st.sampled_from(Mode)))
    def agree(include: list[Rule], exclude: list[Rule], modes: tuple[Mode, Mode]) -> None:
        judge(include, exclude, modes)

    agree()


def test_sql_gate_and_plain_reading_agree_on_each_rule_alone(world: World, judge: Callable[..., None]) -> None:
    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rule=rules_of(world))
    def agree(rule: Rule) -> None:
        judge([rule], [], (Mode.ANY, Mode.ANY))

    agree()


def test_the_world_is_one_in_which_every_kind_of_rule_can_hold_and_fail(session: Session, world: World) -> None:
    """Otherwise the property would prove nothing of that kind."""
    examples: dict[str, list[dict[str, Any]]] = {
        "industry": [{"values": ["Retail"]}],
        "size": [{"values": ["5,000+"]}],
        "region": [{"values": ["Bavaria"]}],
        "country": [{"values": ["Norway"]}],
        "tag": [{"values": [world.tag_ids["VIP"]]}],
        "likes": [{"values": [interest.value]} for interest in Interest],
        "never": [{"values": [interest.value]} for interest in Interest],
        "language": [{"values": ["fr"]}],
        "role": [{"values": ["employee"]}],
        "people": [{"people": [world.people[0].id]}],
        "joined_since": [{"day": (NOW - timedelta(days=10)).date().isoformat()}],
        "member_for": [{"choice": "at_least", "number": 30}],
        "lifetime": [{"choice": "at_least", "number": 100}],
        "acts": [{"track": "", "kind": "", "choice": "at_least", "number": 2, "days": 90}],
        "challenge_done": [{"values": [challenge]} for challenge in world.challenge_ids],
        "level": [{"values": [level]} for level, _ in world.levels],
        "badge": [{"values": [badge]} for badge in world.badge_ids],
        "answered": [
            *({"stage": stage, "question": "", "answers": [said]} for stage in world.stage_ids for said in ("Sales", "8")),
            *({"stage": stage, "question": "", "answers": []} for stage in world.stage_ids),
            *(
                {"stage": stage, "question": question["id"], "answers": [said]}
                for stage in world.stage_ids
                for question in QUESTIONS
                for said in SAID
            ),
        ],
    }
    assert set(examples) == set(kinds_of(session))
    for kind, options in examples.items():
        found = {plainly((kind, each), one, world) for each in options for one in world.people}
        assert found == {True, False}, kind
