"""Why a request stayed unfilled: told by what the search keeps out when its day is over, where nobody was proposed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.finding.rules import misfits
from portal.finding.rules.misfits import Misfit
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.requests.actions.ending import expire
from portal.requests.models import ReferenceRequest
from portal.requests.rules.answering import UNFILLED_NAMES, Unfilled
from portal.requests.rules.unfilled import OF_FILTERS, criterion_of
from tests.factories.requests import Cast


@pytest.mark.parametrize(
    ("fitting", "alone", "lacking", "told"),
    [
        (1, {"NoConsent": 9}, [], Unfilled.NOT_PROPOSED),
        (0, {"NoConsent": 2, "AskedOften": 1}, ["industry"], Unfilled.CONSENT),
        (0, {"AskedOften": 1, "CompanyAskedOften": 1, "NoConsent": 1}, [], Unfilled.CAPACITY),
        (0, {"NotVerified": 1, "OtherProduct": 1}, [], Unfilled.PRODUCT),
        (0, {"Held": 1}, [], Unfilled.BLOCK),
        (0, {"Unheard": 1}, [], Unfilled.OTHER),
        (0, {}, ["region", "size"], Unfilled.REGION),
        (0, {}, [], Unfilled.NOBODY),
    ],
)
def test_the_criterion_is_what_alone_keeps_out_most(fitting: int, alone: dict[str, int], lacking: list[str], told: Unfilled) -> None:
    assert criterion_of(fitting, alone, lacking) is told


def test_every_hard_filter_has_its_criterion_and_every_criterion_a_name() -> None:
    named = {one.__name__ for one in vars(misfits).values() if isinstance(one, type) and issubclass(one, Misfit) and one is not Misfit}
    # Told to readers in the place of others, and of tiers: no filters of an admin's search.
    assert named - set(OF_FILTERS) == {"OnlyByAdmin", "StandsAgainst"}
    assert set(UNFILLED_NAMES) == set(Unfilled)


@pytest.mark.parametrize(
    ("asked", "of_ada", "told"),
    [
        ({}, {}, "not_proposed"),
        ({"language": "Finnish"}, {}, "language"),
        ({"activity": Activity.SPEAKING}, {}, "consent"),
        ({}, {"nps": 2}, "detractor"),
        ({}, {"verified_at": None}, "verification"),
        ({"industry": "Mining", "region": "Antarctica"}, {}, "industry"),
    ],
)
def test_a_request_whose_day_is_over_says_what_left_nobody(session: Session, asked: dict[str, Any], of_ada: dict[str, Any], told: str) -> None:
    cast = Cast(session)
    ada = session.get_one(ReferenceProfile, cast.ada_id)
    for name, value in of_ada.items():
        setattr(ada, name, value)
    request = cast.request(session, worry="", **asked)
    session.flush()
    assert expire(session, request_id=request.id, now=cast.at + timedelta(days=32)) is True
    assert session.get_one(ReferenceRequest, request.id).unfilled_by == told
