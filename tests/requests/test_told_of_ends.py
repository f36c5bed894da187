"""Who hears what when a proposal ends: taken back, lapsed, under a hold that was set meanwhile, or without anybody at the end of the request."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from portal.acts.actions.asking import Override
from portal.acts.actions.blocking import set_block
from portal.acts.actions.saying import set_person_terms
from portal.acts.models.asks import OpenAsk
from portal.acts.rules.terms import BLOCK_NAMES, BlockKind, Terms
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.mails import Mailer
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.senders import FolderSender
from portal.requests.actions.answering import decline
from portal.requests.actions.booking import set_prospect
from portal.requests.actions.ending import cancel, decline_request, expire
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose, take_back
from portal.requests.actions.reopening import say_not_needed
from portal.requests.jobs import follow_requests
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from portal.requests.rules.answering import CustomerNo, Unfilled
from portal.requests.rules.links import LinkKind
from tests.factories.requests import Cast, behind
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import ORIGIN, cast, mails, state, steps, to_booked, to_yes
from tests.requests.test_waiting import kinds_to
from tests.support.application import PortalClient, SignIn
from tests.support.site import text_of

__all__ = ["cast"]
ADA, PAUL = "ada@works.example", "paul@prospect.example"


def asked(session: Session, cast: Cast, override: Override | None = None) -> RequestCandidate:
    """Let Ada be written to."""
    candidate = propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, override=override, now=cast.at)
    agree(session, cast.owner, request_id=candidate.request_id, candidate_id=candidate.id, now=cast.at)
    return candidate


def test_mails_after_a_proposal_was_taken_back_or_lapsed_say_what_ended_and_what_follows(
    database: Database, app: Flask, settings: Settings, client: PortalClient
) -> None:
    cast = database.write(Cast)
    mailer = Mailer(app, settings, FolderSender(settings.data / "mail"))

    def new(since: int) -> dict[tuple[str, str], str]:
        with database.reading() as session:
            found = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send", OutboxJob.id > since)).all()
            return {
                (job.payload["kind"], job.payload["to"]["name"]): text_of(mailer.compose({**job.payload, "outbox_id": job.id}, utcnow()))
                for job in found
            }

    def last() -> int:
        with database.reading() as session:
            return session.scalar(select(OutboxJob.id).order_by(OutboxJob.id.desc()).limit(1)) or 0

    first, before = database.write(lambda session: to_yes(session, cast, cast.request(session).id)), last()
    gone = {"request_id": first.request_id, "candidate_id": first.id, "reason": "They merge."}
    database.write(lambda session: take_back(session, cast.admin, **gone, now=cast.at))
    told = {key: " ".join(text.split()) for key, text in new(before).items()}
    assert set(told) == {("request_not_needed", "Ada"), ("request_no_meeting", "Paul Prospect"), ("request_step", "Greta")}
    for key, words in {
        ("request_not_needed", "Ada"): ("What Greta asked you for is not needed any more", "it takes none of what you may be asked"),
        ("request_no_meeting", "Paul Prospect"): ("Your conversation with Ada of Works does not take place", "looks for somebody else for you"),
        ("request_step", "Greta"): ("Ada, Works is not asked for", "They wrote: They merge.", "Somebody else can be proposed."),
    }.items():
        assert all(one in told[key] for one in words), told[key]
    assert "They merge" not in told[("request_not_needed", "Ada")] + told[("request_no_meeting", "Paul Prospect")]

    database.write(lambda session: asked(session, cast))
    link = newest(database, "request_asked")
    assert follow_requests(database, cast.at + timedelta(days=5)) == 1
    before = last()
    assert follow_requests(database, cast.at + timedelta(days=16)) == 1
    told = {key: " ".join(text.split()) for key, text in new(before).items()}
    assert set(told) == {("request_step", "Greta")}, "who said nothing is not written to once more"
    assert "Ada, Works did not answer, so the slot is free again" in told[("request_step", "Greta")]
    page = text_at(client, f"/asked?t={link}", 410)
    for words in ("Time is over, Ada", "nobody asks you again for it", cast.greta_row.email or "?"):
        assert words in page, words


def test_a_customer_reads_which_limit_of_theirs_an_ask_goes_beyond_and_who_answers_for_it(database: Database, client: PortalClient) -> None:
    cast = database.write(Cast)

    def beyond(session: Session) -> None:
        set_person_terms(session, cast.admin, person_id=cast.ada_id, terms=Terms(most=1, days=90), reason="Her wish.", now=cast.at)
        asked(session, cast)
        asked(session, cast, Override("The only one of her kind.", cast.admin.id))

    database.write(beyond)
    page = " ".join(text_at(client, f"/asked?t={newest(database, 'request_asked')}").split())
    assert "would you help?" in page
    assert "Imani at" in page
    for words in ("answers for it.", "90 days"):
        assert words in page, words
    assert "The only one of her kind" not in page, "the reason is for staff"


def proposed(session: Session, cast: Cast) -> None:
    propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)


def booked(session: Session, cast: Cast) -> None:
    to_booked(session, cast, cast.request(session).id)


HELD: dict[str, tuple[Callable[[Session, Cast], object], list[str], list[str]]] = {
    "proposed": (proposed, [], []),
    "asked": (asked, ["request_not_needed"], []),
    "said yes": (lambda session, cast: to_yes(session, cast, cast.request(session).id), ["request_not_needed"], ["request_no_meeting"]),
    "scheduled": (booked, ["request_invitation", "request_not_needed"], ["request_invitation"]),
}


@pytest.mark.parametrize("kind", list(BlockKind))
@pytest.mark.parametrize("name", HELD)
def test_whom_a_hold_keeps_from_being_asked_is_let_go_at_the_next_round_and_each_is_told(
    database: Database, app: Flask, settings: Settings, name: str, kind: BlockKind, sign_in: SignIn
) -> None:
    mailer = Mailer(app, settings, FolderSender(settings.data / "mail"))
    scene, to_ada, to_paul = HELD[name]
    cast = database.write(Cast)
    database.write(lambda session: scene(session, cast))
    database.write(lambda session: setattr(session.get_one(ReferenceRequest, 1), "handler_id", cast.admin_row.id))
    soon = cast.at + timedelta(minutes=5)
    assert follow_requests(database, soon) == 0
    with database.reading() as session:
        before = len(mails(session))
    of: dict[str, Any] = {"person_id": cast.ada_id} if kind is BlockKind.LEGAL else {"company_id": cast.company.id}
    database.write(lambda session: set_block(session, cast.admin, kind=kind, reason="A secret case.", **of, now=soon))
    lets_go = "The portal lets go within minutes, and tells whoever was written to."
    for reader, words in ((cast.greta_row, "This customer is not to be asked now."), (cast.admin_row, f"{BLOCK_NAMES[kind]} on Ada, Works, since")):
        page = text_at(sign_in(reader), "/requests/1")
        assert (words in page, lets_go in page, BLOCK_NAMES[kind] in page) == (True, True, reader is cast.admin_row), reader.name
        assert ("Pick another time" in page, "A secret case" in page) == (False, False)
    assert [follow_requests(database, soon + timedelta(minutes=5 * n)) for n in (1, 2)] == [1, 0]
    with database.reading() as session:
        new = mails(session)[before:]
        assert (state(session, 1), session.scalars(select(RequestCandidate.state)).one()) == ("matching", "withdrawn")
        assert session.scalars(select(OpenAsk)).all() == [], "the slot is free"
        assert [[kind for kind, to, _ in new if to == one] for one in (ADA, PAUL)] == [to_ada, to_paul]
        assert steps(session, cast.greta_row.id)[-1] == "taken_back"
        calendars = [one["calendar"]["is_cancelled"] for kind, _, one in new if kind == "request_invitation"]
        assert calendars == [True] * (2 if name == "scheduled" else 0)
        told = [payload for one, _, payload in new if one == "request_step" and payload["data"]["step"] == "taken_back"]
    assert "secret" not in str(new)
    assert {one["to"]["name"]: [block["name"] for block in one["data"].get("blocks", [])] for one in told} == {
        "Greta": [],
        "Imani": [BLOCK_NAMES[kind]],
    }, "which block it is reads an admin who handles it"
    text = next(text_of(mailer.compose({**one, "outbox_id": 1}, utcnow())) for one in told if one["to"]["name"] == "Imani")
    assert f"What stands against it: {BLOCK_NAMES[kind]}, since" in " ".join(text.split())


def test_a_hold_leaves_a_meeting_that_has_begun_to_what_is_said_of_it(database: Database) -> None:
    cast = database.write(Cast)
    database.write(lambda session: booked(session, cast))
    with database.reading() as session:
        begins = session.scalars(select(RequestMeeting.starts_at)).one()
    database.write(lambda session: set_block(session, cast.admin, kind=BlockKind.LEGAL, reason="A case.", person_id=cast.ada_id, now=begins))
    assert follow_requests(database, begins) == 0
    with database.reading() as session:
        assert state(session, 1) == "scheduled"


def test_an_account_owner_whose_customer_was_asked_reads_the_request_that_the_mail_of_its_end_opens(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)

    def ended(scene: Callable[[Session, Cast], object], number: int) -> None:
        database.write(lambda session: scene(session, cast))
        database.write(lambda session: cancel(session, cast.greta, request_id=number, now=cast.at))

    for number, scene in enumerate((booked, asked, proposed), start=1):
        ended(scene, number)
    owner = sign_in(cast.owner_row)
    with database.reading() as session:
        links = session.scalars(select(Notice.link).where(Notice.person_id == cast.owner_row.id).order_by(Notice.id)).all()
        assert steps(session, cast.owner_row.id).count("cancelled") == 3
    assert {f"/requests/{number}" for number in (1, 2, 3)} <= set(links)
    for number in (1, 2):
        assert "Cancelled" in text_at(owner, f"/requests/{number}"), number
    assert owner.get("/requests/3").location == "/requests", "nobody was asked for whom they look after"


def cancelled(session: Session, cast: Cast, request_id: int) -> datetime:
    cancel(session, cast.greta, request_id=request_id, now=cast.at)
    return cast.at


def found_nobody(session: Session, cast: Cast, request_id: int) -> datetime:
    decline_request(session, cast.admin, request_id=request_id, code=Unfilled.REGION, now=cast.at)
    return cast.at


def over(session: Session, cast: Cast, request_id: int) -> datetime:
    assert expire(session, request_id=request_id, now=cast.at + timedelta(days=40))
    return cast.at


@pytest.mark.parametrize("end", [cancelled, found_nobody, over])
@pytest.mark.parametrize("is_needed", [True, False])
def test_a_prospect_for_whom_somebody_else_was_looked_hears_once_that_nobody_was_found_but_not_who_needs_it_no_more(
    session: Session, cast: Cast, end: Callable[[Session, Cast, int], datetime], is_needed: bool
) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    if not is_needed:
        found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
        say_not_needed(session, ORIGIN, candidate=found, why="We chose another one.", now=cast.at)
    decline(session, ORIGIN, candidate=candidate, code=CustomerNo.NO_TIME, now=cast.at)
    heard = ["request_times", "request_no_meeting"] if is_needed else ["request_times"]
    assert (state(session, request.id), kinds_to(session, PAUL)) == ("matching", heard)
    end(session, cast, request.id)
    told = [one["data"]["how"] for kind, to, one in mails(session) if (kind, to) == ("request_no_meeting", PAUL)]
    assert told == (["else", "nobody"] if is_needed else [])


def test_a_prospect_who_is_named_after_the_no_hears_nothing_of_somebody_whose_times_they_never_had(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    decline(session, ORIGIN, candidate=candidate, code=CustomerNo.NO_TIME, now=cast.at)
    set_prospect(session, cast.greta, request_id=request.id, contact="Petra", email="petra@prospect.example", now=cast.at)
    cancelled(session, cast, request.id)
    assert (kinds_to(session, "petra@prospect.example"), kinds_to(session, PAUL)) == ([], ["request_times", "request_no_meeting"])
