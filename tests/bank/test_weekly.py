"""Once a week all admins read what was given and taken by hand: of a week once, of an empty one nothing, and the page tells the same."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Settings
from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.deciding import approve_adjustment
from portal.bank.actions.weekly import tell_of_week
from portal.bank.jobs.weekly import tell_of_corrections
from portal.bank.models import Adjustment, CorrectionsWeek
from portal.bank.queries.weekly import week_of_corrections
from portal.bank.rules.weekly import MOST_LINES, due_weeks, last_week, week_name
from portal.kernel.db import Database
from portal.notifications.mails import Mailer
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.senders import SmtpSender
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import as_admin
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.patient import patient
from tests.support.site import Post, text_of

WEEK = date(2026, 11, 16)
WEDNESDAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "first"),
    [
        (MONDAY, "UTC", WEEK),
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), "UTC", WEEK - timedelta(days=7)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), "UTC", WEEK),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), "America/New_York", WEEK - timedelta(days=7)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "Pacific/Auckland", WEEK),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "UTC", WEEK),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), "UTC", date(2026, 12, 21)),
    ],
)
def test_a_week_is_told_from_six_on_the_monday_after_it(now: datetime, zone: str, first: date) -> None:
    assert last_week(now, zone) == first


@pytest.mark.parametrize(
    ("told", "weeks"), [(None, [0]), (0, []), (-1, [0]), (-3, [-2, -1, 0]), (-50, list(range(-7, 1))), (1, [])], ids=lambda value: str(value)
)
def test_weeks_that_no_worker_told_are_told_later_and_not_for_ever(told: int | None, weeks: list[int]) -> None:
    found = due_weeks(None if told is None else WEEK + timedelta(weeks=told), WEEK)
    assert found == [WEEK + timedelta(weeks=week) for week in weeks]


def test_a_week_is_called_as_iso_calls_it() -> None:
    assert [week_name(first) for first in (WEEK, date(2026, 12, 28), date(2024, 12, 30))] == ["2026-W47", "2026-W53", "2025-W01"]


class Week:
    """Ada gave Amara points, took some from Bola, and asked for many that wait; the week before and the week after have one correction each."""

    def __init__(self, session: Session) -> None:
        self.amara, self.bola = make_person(session, name="Amara Okafor").id, make_person(session, name="Bola Ade").id
        self.ada, self.ben = (make_admin(session, name=f"{name} Admin", email=f"{name.lower()}@example.com").id for name in ("Ada", "Ben"))
        self.correct(session, self.amara, 300, "Spoke in March.")
        self.correct(session, self.bola, -40, "Counted twice.", category="error")
        self.waits = self.correct(session, self.bola, 30_000, "First prize.", category="contest")
        self.correct(session, self.amara, 7, "A week before.", at=WEDNESDAY - timedelta(days=7))
        self.correct(session, self.amara, 8, "A week later.", at=WEDNESDAY + timedelta(days=7))

    def correct(self, session: Session, person_id: int, points: int, reason: str, category: str = "event", at: datetime = WEDNESDAY) -> int:
        given: dict[str, Any] = {"counts_as_earned": False, "category": category, "reason": reason, "key": reason, "now": at}
        return adjust_points(session, as_admin(self.ada), person_id=person_id, points=points, **given).id


def told(database: Database) -> list[Notice]:
    with database.reading() as session:
        return list(session.scalars(select(Notice).where(Notice.kind == "corrections_week").order_by(Notice.person_id)))


def test_all_admins_are_told_once_of_a_week_however_often_the_job_runs(database: Database) -> None:
    week = database.write(Week)
    assert [tell_of_corrections(database, MONDAY + timedelta(hours=hour)) for hour in (0, 1, 100)] == [1, 0, 0]
    notices = told(database)
    assert [(notice.person_id, notice.data["week"]) for notice in notices] == [(week.ada, "2026-W47"), (week.ben, "2026-W47")]
    data = notices[0].data
    assert [data[name] for name in ("count", "given", "taken", "waiting")] == [3, 300, 40, 1]
    assert [(line["points"], line["person"], line["asker"], line["state"]) for line in data["lines"]] == [
        (30_000, "Bola Ade", "Ada Admin", "Waits for a second admin"),
        (300, "Amara Okafor", "Ada Admin", "Booked"),
        (-40, "Bola Ade", "Ada Admin", "Booked"),
    ]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxJob).where(OutboxJob.key.like("mail:%"))) >= 2
    assert tell_of_corrections(database, MONDAY + timedelta(days=7)) == 1, "the next week has its own"


def test_what_is_decided_later_is_told_with_the_week_of_the_decision_too(database: Database) -> None:
    week = database.write(Week)
    later = WEDNESDAY + timedelta(days=8)
    database.write(lambda s: approve_adjustment(s, as_admin(week.ben), adjustment_id=week.waits, now=later))
    with database.reading() as session:
        found = week_of_corrections(session, WEEK + timedelta(days=7))
        first = week_of_corrections(session, WEEK)
    assert [(line["points"], line["decider"], line["state"]) for line in found.lines] == [(30_000, "Ben Admin", "Booked"), (8, "", "Booked")]
    assert (found.count, found.given, found.waiting) == (2, 30_008, 0)
    assert (first.given, first.taken, first.waiting) == (300, 40, 1), "what is booked later is of the later week, however late one looks"


def test_of_an_empty_week_nothing_is_sent(database: Database) -> None:
    database.write(lambda s: make_admin(s).id)
    assert tell_of_corrections(database, MONDAY) == 0
    with database.reading() as session:
        assert [(row.first_on, row.corrections) for row in session.scalars(select(CorrectionsWeek))] == [(WEEK, 0)]
    assert told(database) == []


def test_of_many_the_largest_stand_in_the_mail_and_the_rest_are_counted(session: Session) -> None:
    week = Week(session)
    for number in range(60):
        week.correct(session, week.amara, 1 + number % 3, f"Small {number}" if number != 2 else "Many words " * 20)
    found = week_of_corrections(session, WEEK)
    assert (found.count, len(found.lines)) == (63, MOST_LINES)
    assert [line["points"] for line in found.lines[:4]] == [30_000, 300, -40, 3]
    (cut,) = (line["reason"] for line in found.lines if line["reason"].startswith("Many"))
    assert (len(cut) <= 160, cut[-1], cut[:11]) == (True, "…", "Many words ")


def test_eight_workers_at_once_tell_once(database: Database) -> None:
    database.write(Week)
    with patient(database) as shared:
        all_at_once(shared, [partial(tell_of_week, first=WEEK, now=MONDAY)] * 8)
    assert len(told(database)) == 2


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    made.start()
    yield made
    made.stop()


def test_the_mail_travels_by_smtp_and_leads_to_the_page_with_the_same_corrections(
    app: Flask, settings: Settings, database: Database, post: Post, sign_in: SignIn
) -> None:
    week = database.write(Week)
    tell_of_corrections(database, MONDAY)
    with database.reading() as session:
        jobs = [job for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "corrections_week"]
    assert len(jobs) == 2
    mailer = Mailer(app, settings, SmtpSender(post.url, local_name="laurel.example"))
    for job in jobs:
        mailer(database, job.payload | {"outbox_id": job.id}, MONDAY)
    mail = post.to("ben@example.com")
    text = text_of(mail)
    assert mail["Subject"] == "3 corrections by hand in the week of 16 Nov 2026"
    for said in (
        "gave 300 points by hand and took 40",
        "1 waits for a second admin",
        "+30,000 for Bola Ade",
        "First prize.",
        "Contest",
        "Counted twice.",
    ):
        assert said in text
    assert "A week before." not in text
    page = sign_in(week.ben).get(f"/admin/corrections?since={WEEK}&until={WEEK + timedelta(days=6)}")
    for reason in ("First prize.", "Spoke in March.", "Counted twice."):
        assert reason in page.text
    assert "A week later." not in page.text
    assert f"/admin/corrections?since={WEEK}&amp;until=2026-11-22" in mail.as_string() or f"/admin/corrections?since={WEEK}&until=2026-11-22" in text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Adjustment)) == 5
