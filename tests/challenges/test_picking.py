"""Which challenges are suggested, in which order, and why: the reasons are the terms of the score."""

from datetime import date, timedelta
from typing import Any

import pytest

from portal.challenges.rules.picking import MOST_PICKS, WEIGHTS, Candidate, Reason, Term, pick, terms_of

TODAY = date(2026, 11, 27)
LIKES, NEVERS = {"writing", "calls"}, {"social"}


@pytest.mark.parametrize(
    ("facts", "terms"),
    [
        ({}, ()),
        ({"points": 50}, (Term(Reason.WORTH, 50),)),
        ({"minutes": 10}, (Term(Reason.QUICK, 10),)),
        ({"minutes": 11}, ()),
        ({"is_new": True}, (Term(Reason.NEW, True),)),
        ({"closes_on": TODAY}, (Term(Reason.CLOSING, TODAY),)),
        ({"closes_on": TODAY + timedelta(days=6)}, (Term(Reason.CLOSING, TODAY + timedelta(days=6)),)),
        ({"closes_on": TODAY + timedelta(days=7)}, ()),
        ({"places": 5}, (Term(Reason.FEW_LEFT, 5),)),
        ({"places": 6}, ()),
        ({"interests": ("speaking",)}, ()),
        ({"interests": ("calls", "speaking", "writing")}, (Term(Reason.LIKED, ("calls", "writing")),)),
        ({"is_begun": True, "is_new": True, "places": 0}, (Term(Reason.BEGUN, "open"),)),
        ({"is_begun": True, "is_returned": True, "minutes": 5}, (Term(Reason.BEGUN, "returned"), Term(Reason.QUICK, 5))),
        ({"points": 9, "minutes": 5, "interests": ("writing",)}, (Term(Reason.LIKED, ("writing",)), Term(Reason.QUICK, 5), Term(Reason.WORTH, 9))),
    ],
)
def test_the_reasons_are_the_terms_of_the_score(facts: dict[str, Any], terms: tuple[Term, ...]) -> None:
    found = terms_of(Candidate(1, **facts), LIKES, TODAY)
    assert found == terms
    picks = pick([Candidate(1, **facts)], LIKES, NEVERS, TODAY)
    assert [one.score for one in picks] == ([sum(WEIGHTS[term.reason] for term in terms)] if terms else [])


@pytest.mark.parametrize(
    ("candidates", "order"),
    [
        ([], []),
        ([Candidate(1)], []),
        ([Candidate(1, points=5), Candidate(2, points=500)], [2, 1]),
        ([Candidate(2, points=5), Candidate(1, points=5)], [2, 1]),
        ([Candidate(1, points=5, is_begun=True), Candidate(2, points=5, minutes=5, is_new=True, interests=("writing",), closes_on=TODAY)], [1, 2]),
        ([Candidate(1, interests=("writing", "social"), points=5), Candidate(2, points=5)], [2]),
        ([Candidate(1, interests=("social",), is_begun=True), Candidate(2, points=5)], [2]),
        ([Candidate(1, minutes=5), Candidate(2, interests=("calls",)), Candidate(3, closes_on=TODAY), Candidate(4, is_new=True)], [2, 3, 1]),
    ],
)
def test_the_best_three_are_suggested_and_nothing_that_is_ruled_out(candidates: list[Candidate], order: list[int]) -> None:
    for given in (candidates, candidates[::-1]):
        assert [one.id for one in pick(given, LIKES, NEVERS, TODAY)] == order


def test_what_was_begun_comes_before_all_that_was_not() -> None:
    assert WEIGHTS[Reason.BEGUN] > sum(weight for reason, weight in WEIGHTS.items() if reason is not Reason.BEGUN)
    assert len(pick([Candidate(number, points=1) for number in range(9)], LIKES, NEVERS, TODAY)) == MOST_PICKS
