"""The admins' page of jobs that were given up, and what readiness says of the outbox."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from tests.factories.notifications import make_dead_letter, make_job
from tests.factories.people import make_admin, make_employee, make_person
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def admin(database: Database, sign_in: SignIn) -> PortalClient:
    return sign_in(database.write(make_admin))


def dead(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(OutboxJob.id).where(OutboxJob.dead_at.is_not(None))))


def test_only_admins_see_dead_letters(database: Database, sign_in: SignIn) -> None:
    for make in (make_person, make_employee):
        assert sign_in(database.write(make)).get("/admin/jobs/dead").status_code == 403


def test_without_dead_letters_all_is_delivered(admin: PortalClient) -> None:
    assert "All is delivered" in admin.get("/admin/jobs/dead").text


def test_a_dead_letter_is_shown_with_its_error_and_without_its_contents(database: Database, admin: PortalClient) -> None:
    database.write(lambda s: make_dead_letter(s, email="anna@customer.example", error="550 no such user <x>"))
    page = admin.get("/admin/jobs/dead").text
    assert "anna@customer.example" in page
    assert "550 no such user &lt;x&gt;" in page
    assert "1 job was given up · none is waiting" in page
    assert "Mail from Laurel arrives" in page
    assert "asked_at" not in page


def test_one_is_retried_and_a_second_click_says_so(database: Database, admin: PortalClient) -> None:
    job_id, other = database.write(make_dead_letter), database.write(make_dead_letter)
    assert "The job is being tried again." in admin.post(f"/admin/jobs/dead/{job_id}/retry?q=mail", follow_redirects=True).text
    assert dead(database) == {other}
    assert "already being tried again" in admin.post(f"/admin/jobs/dead/{job_id}/retry", follow_redirects=True).text
    with database.reading() as session:
        events = session.scalars(select(AuditEvent.subject_id).where(AuditEvent.name == "job.retried")).all()
    assert events == [job_id]


def test_all_that_match_the_filter_are_retried(database: Database, admin: PortalClient) -> None:
    full = database.write(lambda s: make_dead_letter(s, error="mailbox full"))
    away = [database.write(lambda s: make_dead_letter(s, error="server away")) for _ in range(2)]
    assert "Retry all that match" in admin.get("/admin/jobs/dead?q=AWAY").text
    answer = admin.post("/admin/jobs/dead/retry?q=AWAY", follow_redirects=True)
    assert "2 jobs are being tried again." in answer.text
    assert dead(database) == {full}
    with database.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.name == "jobs.retried")).one()
    assert event.data == {"jobs": len(away), "term": "AWAY", "topic": None}


def test_a_search_without_a_match_says_so(database: Database, admin: PortalClient) -> None:
    database.write(make_dead_letter)
    assert "No job matches" in admin.get("/admin/jobs/dead?q=zzz").text
    assert "No job matches" not in admin.get("/admin/jobs/dead?topic=mail.send").text


def test_the_download_holds_what_matches(database: Database, admin: PortalClient) -> None:
    database.write(lambda s: make_dead_letter(s, error="=HYPERLINK(1)", email="anna@customer.example"))
    database.write(lambda s: make_dead_letter(s, error="other"))
    lines = admin.get("/admin/jobs/dead?q=anna&format=csv").text.splitlines()
    assert len(lines) == 2
    assert "'=HYPERLINK(1)" in lines[1]


def test_the_page_asks_as_much_for_three_hundred_dead_letters_as_for_ten(database: Database, admin: PortalClient, count_queries) -> None:
    database.write(lambda s: [make_dead_letter(s) for _ in range(10)])
    admin.get("/admin/jobs/dead")
    with count_queries() as few:
        assert admin.get("/admin/jobs/dead").status_code == 200
    database.write(lambda s: [make_dead_letter(s) for _ in range(290)])
    with count_queries() as many:
        assert admin.get("/admin/jobs/dead").status_code == 200
    assert many.total == few.total


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (4, 200), (6, 503)])
def test_the_portal_is_not_ready_when_jobs_wait_for_more_than_five_minutes(
    database: Database, client: PortalClient, minutes: int, status: int
) -> None:
    database.write(lambda s: make_job(s, now=utcnow() - timedelta(minutes=minutes)))
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json["outbox"] == ("ok" if status == 200 else "failing")
