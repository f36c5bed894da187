"""Why a request stayed unfilled: told by what the search keeps out when its day is over, where nobody was proposed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.finding.queries.near import KeptOut, kept_out
from portal.finding.rules import misfits
from portal.finding.rules.misfits import Misfit
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.requests.actions import ending
from portal.requests.actions.ending import cancel, expire
from portal.requests.actions.owning import refuse
from portal.requests.actions.proposing import propose
from portal.requests.jobs import expire_requests
from portal.requests.models import ReferenceRequest
from portal.requests.rules.answering import UNFILLED_NAMES, Unfilled
from portal.requests.rules.unfilled import OF_FILTERS, criterion_of
from tests.factories.requests import Cast
from tests.support.application import SignIn


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
    named = {one().name for one in vars(misfits).values() if isinstance(one, type) and issubclass(one, Misfit) and one is not Misfit}
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
    request, other = cast.request(session, worry="", **asked), cast.request(session, worry="", **asked)
    session.flush()
    assert expire(session, request_id=request.id, now=cast.at + timedelta(days=32)) is True
    assert session.get_one(ReferenceRequest, request.id).unfilled_by == told
    assert cancel(session, cast.greta, request_id=other.id, now=cast.at).unfilled_by == told


def test_cancelled_says_how_the_last_one_fell_out_and_nothing_while_somebody_holds_or_it_was_never_sent(session: Session) -> None:
    cast = Cast(session)
    draft, held, refused = cast.request(session, is_sent=False), cast.request(session), cast.request(session)
    propose(session, cast.greta, request_id=held.id, person_id=cast.ada_id, now=cast.at)
    candidate = propose(session, cast.greta, request_id=refused.id, person_id=cast.ada_id, now=cast.at)
    refuse(session, cast.owner, request_id=refused.id, candidate_id=candidate.id, code="other", said="", now=cast.at)
    ends = [cancel(session, cast.greta, request_id=one.id, now=cast.at).unfilled_by for one in (draft, held, refused)]
    assert ends == ["", "", "owner_declined"]


def test_the_search_for_what_left_nobody_is_made_before_the_request_is_locked(database: Database, sign_in: SignIn) -> None:
    now = utcnow()
    cast = database.write(lambda session: Cast(session, at=now - timedelta(days=40)))
    ids = database.write(lambda session: [cast.request(session, worry="").id for _ in range(2)])
    searched, units = list[bool](), list[bool]()

    def look(session: Session, *given: Any) -> KeptOut:
        searched.append(any(units))
        return kept_out(session, *given)

    def unit(work: Any) -> Any:
        units.append(True)
        try:
            return write(work)
        finally:
            units.pop()

    write = database.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ending, "kept_out", look)
        greta = sign_in(cast.greta_row.id)
        patch.setattr(Database, "write", lambda _, work: unit(work))
        assert greta.post(f"/requests/{ids[0]}/cancel", follow_redirects=False).status_code == 303
        assert expire_requests(database, now) == 1
    assert searched == [False, False]
    with database.reading() as session:
        assert [session.get_one(ReferenceRequest, one).unfilled_by for one in ids] == ["not_proposed", "not_proposed"]
