"""How rules go together, as tables."""

from itertools import product

import pytest

from portal.audience.rules import Mode, Verdict, decisive, holds_together, is_taken, judge

ANY, ALL = Mode.ANY, Mode.ALL
YES, NO = True, False


@pytest.mark.parametrize(
    ("include", "include_mode", "exclude", "exclude_mode", "verdict"),
    [
        ([], ANY, [], ANY, Verdict.EVERYBODY),
        ([], ALL, [NO], ALL, Verdict.EVERYBODY),
        ([], ANY, [YES], ANY, Verdict.EXCLUDED),
        ([YES, NO], ANY, [], ANY, Verdict.INCLUDED),
        ([YES, NO], ALL, [], ANY, Verdict.NOT_INCLUDED),
        ([NO, NO], ANY, [], ANY, Verdict.NOT_INCLUDED),
        ([YES, YES], ALL, [], ANY, Verdict.INCLUDED),
        ([YES], ANY, [YES, NO], ANY, Verdict.EXCLUDED),
        ([YES], ANY, [YES, NO], ALL, Verdict.INCLUDED),
        ([YES], ANY, [YES, YES], ALL, Verdict.EXCLUDED),
        ([NO], ANY, [YES], ANY, Verdict.EXCLUDED),
    ],
)
def test_excluding_wins_and_no_rule_that_includes_means_everybody(
    include: list[bool], include_mode: Mode, exclude: list[bool], exclude_mode: Mode, verdict: Verdict
) -> None:
    assert judge(include, include_mode, exclude, exclude_mode) is verdict
    assert is_taken(verdict) is (verdict in (Verdict.EVERYBODY, Verdict.INCLUDED))


def test_a_side_without_rules_does_not_hold() -> None:
    assert not holds_together([], ANY)
    assert not holds_together([], ALL)


def test_turning_the_deciding_rules_around_turns_the_verdict() -> None:
    """What is named as the reason is the reason: with those rules otherwise, the answer would have been another."""
    for include in product((YES, NO), repeat=3):
        for mode in (ANY, ALL):
            verdict = judge(list(include), mode, [], ANY)
            named = decisive(include, mode, verdict)
            assert named
            turned = [not held if place in named else held for place, held in enumerate(include)]
            assert judge(turned, mode, [], ANY) is not verdict
