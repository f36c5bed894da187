"""The terms of reviewing: what is refused, what is kept, who may."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.review.actions.terms import set_terms
from portal.review.queries.terms import terms_of
from portal.review.rules.refusals import DaysOutOfRange, HolidayUnreadable, LimitOutOfRange, TooManyHolidays
from portal.review.rules.terms import DEFAULT_LIMIT, Terms, read_holidays, require_terms
from tests.factories.challenges import as_admin, as_advocate
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        (Terms({"attempt": 0}), DaysOutOfRange),
        (Terms({"attempt": 61}), DaysOutOfRange),
        (Terms(four_eyes_above=-1), LimitOutOfRange),
        (Terms(four_eyes_above=1_000_001), LimitOutOfRange),
        (Terms(holidays=tuple(date.fromordinal(700_000 + n) for n in range(201))), TooManyHolidays),
    ],
)
def test_terms_nobody_meant_are_refused(terms: Terms, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_terms(terms)


@pytest.mark.parametrize(
    ("limit", "points", "needs"), [(100, 100, False), (100, 101, True), (100, -400, True), (None, 100_000, False), (0, 0, False)]
)
def test_a_second_approver_is_needed_only_above_the_limit(limit: int | None, points: int, needs: bool) -> None:
    assert Terms(four_eyes_above=limit).needs_second(points) is needs


def test_holidays_are_read_with_their_remarks() -> None:
    assert read_holidays("2026-12-25 Christmas\n\n 2027-01-01\n") == (date(2026, 12, 25), date(2027, 1, 1))
    with pytest.raises(HolidayUnreadable):
        read_holidays("Christmas")


def test_terms_are_kept_and_recorded_once(session: Session) -> None:
    admin = make_admin(session)
    assert terms_of(session) == Terms()
    wanted = Terms({"attempt": 2}, (date(2026, 12, 25),), 500)
    for _ in range(2):
        set_terms(session, as_admin(admin), terms=wanted, now=utcnow())
    assert terms_of(session) == wanted
    events = session.query(AuditEvent).filter_by(name="review.terms_changed").all()
    assert len(events) == 1
    assert events[0].data["before"]["four_eyes_above"] == DEFAULT_LIMIT
    assert events[0].data["after"]["four_eyes_above"] == 500


def test_only_admins_set_terms(session: Session) -> None:
    with pytest.raises(NotAllowed):
        set_terms(session, as_advocate(make_person(session)), terms=Terms(), now=utcnow())


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(sign_in: SignIn, database: Database) -> None:
    desk: PortalClient = sign_in(database.write(make_admin))
    days = {"attempt": 2, "appeal": 5, "redemption": 3, "nomination": 3, "adjustment": 2, "repricing": 2, "dispute": 4}
    refused = desk.post("/admin/reviewing", data=days | {"four_eyes_above": "500", "holidays": "Christmas"})
    assert refused.status_code == 422
    assert "“Christmas” does not begin with a day" in refused.text
    assert 'value="500"' in refused.text
    assert desk.post("/admin/reviewing", data=days | {"four_eyes_above": "", "holidays": "2026-12-25"}).status_code == 303
    page = desk.get("/admin/reviewing").text
    assert "2026-12-25" in page
    assert 'name="four_eyes_above" type="number" value=""' in page
