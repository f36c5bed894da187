"""Taking part in a challenge, through the client: look, start, answer, save, send, withdraw, read the verdict."""

import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import close_challenge, publish_challenge
from portal.challenges.actions.lifecycle import archive_challenge
from portal.challenges.actions.prerequisites import add_prerequisite
from portal.challenges.actions.recording import add_record_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.stages import stages_of
from portal.challenges.rules.revising import Seen, revision_of
from portal.challenges.rules.states import Period
from portal.challenges.views import answering
from portal.files.actions import remove_orphans
from portal.files.models import StoredFile
from portal.kernel.actor import system
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.kernel.tracks import Track
from portal.people.models import Person
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "seagreen").save(out, "PNG")
    out.seek(0)
    return out


def under_way(database: Database, *kinds: str, **fields: Any) -> tuple[Person, Challenge, Submission, list[Stage]]:
    def given(session: Session) -> tuple[Person, Challenge, Submission, list[Stage]]:
        person, challenge = make_person(session), make_challenge(session, stages=kinds, **fields)
        return person, challenge, make_submission(session, person, challenge), stages_of(session, challenge.id)

    return database.write(given)


def one(database: Database, statement: Any) -> Any:
    with database.reading() as session:
        return session.scalar(statement)


def test_start_answer_save_and_send(database: Database, sign_in: SignIn) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s, stages=("confirm", "answer", "link"), points=150)))
    client = sign_in(person)
    assert "Ready when you are" in client.get(f"/challenges/{challenge.id}").text
    assert client.post(f"/challenges/{challenge.id}/start").status_code == 303
    with database.reading() as session:
        stages = [stage.id for stage in stages_of(session, challenge.id)]
        submission_id = session.scalar(select(Submission.id))
    steps = f"/challenges/submissions/{submission_id}/steps"
    assert client.post(f"{steps}/{stages[0]}", data={"answer": "y", "key": "a"}).status_code == 303
    assert client.post(f"{steps}/{stages[1]}", data={"answer": "It works", "key": "b"}).status_code == 303
    page = client.get(f"/challenges/{challenge.id}").text
    assert "Send for approval" in page
    sent = [client.post(f"{steps}/{stages[2]}/send", data={"answer": "g2.com/r/9", "key": "one"}).status_code for _ in range(2)]
    assert sent == [303, 303]
    assert one(database, select(func.count()).select_from(Attempt)) == 1
    page = client.get(f"/challenges/{challenge.id}").text
    assert "Your answer is with us" in page
    assert "Send for approval" not in page


def test_typing_is_saved_by_itself_and_resumed_on_another_device(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stages = under_way(database, "answer")
    address = f"/challenges/submissions/{submission.id}/steps/{stages[0].id}/keep"
    saved = sign_in(person).post(address, data={"answer": "Half a sen", "key": "a"}, headers={"HX-Request": "true"})
    assert saved.text.strip().startswith("Saved at")
    assert "Half a sen" in sign_in(person).get(f"/challenges/{challenge.id}").text


def test_two_windows_on_one_step_do_not_write_over_each_other(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stages = under_way(database, "answer")
    client, step = sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stages[0].id}"

    def revision(page: str) -> str:
        return unescape(re.findall(r'name="seen" value="([^"]*)"', page)[0])

    def saves_itself(text: str, seen: str) -> Any:
        return client.post(f"{step}/keep", data={"answer": text, "key": "a", "seen": seen}, headers={"HX-Request": "true"})

    def kept() -> Any:
        return one(database, select(Answer.value))["text"]

    opened = revision(client.get(f"/challenges/{challenge.id}").text)
    first = saves_itself("Written in window one", opened)
    assert (first.status_code, kept()) == (200, "Written in window one")
    late = saves_itself("Written in window two", opened)
    assert (late.status_code, kept()) == (200, "Written in window one"), "told where else stands when it was saved"
    assert "You changed this in another window or on another device meanwhile." in late.text
    assert "<html" not in late.text
    assert saves_itself("Written in window one, and more", revision(first.text)).status_code == 200
    assert saves_itself("Written in window one, and more", opened).status_code == 200, "the same words are no quarrel"
    for button in ("", "/keep", "/send"):
        asked = client.post(f"{step}{button}", data={"answer": "Written in window two", "key": "b", "seen": opened})
        assert (asked.status_code, kept()) == (409, "Written in window one, and more"), "a second after the other window too"
        assert "Keep what stands here" in asked.text
    pressed = client.post(f"{step}/send", data={"answer": "Written in window two", "key": "b", "seen": opened})
    assert (pressed.status_code, kept()) == (409, "Written in window one, and more")
    assert "Written in window two</textarea>" in pressed.text
    over = unescape(re.findall(r'name="over" value="([^"]+)"', pressed.text)[0])
    assert client.post(f"{step}/keep", data={"answer": "Written in window two", "key": "c", "seen": opened, "over": over}).status_code == 303
    assert kept() == "Written in window two"


@pytest.mark.parametrize(("seen", "is_stale"), [(0, False), (None, True), (-60, True), (-5, True)])
def test_what_was_saved_elsewhere_since_is_told_from_what_the_page_knows(seen: int | None, is_stale: bool) -> None:
    saved_at = utcnow()
    known = Seen(revision_of(None if seen is None else saved_at + timedelta(seconds=seen)))
    assert known.is_stale(saved_at) is is_stale
    assert not known.is_stale(None)


def test_what_cannot_be_saved_by_itself_is_told_in_a_line_not_in_a_page(database: Database, sign_in: SignIn) -> None:
    person, _challenge, submission, stages = under_way(database, "answer")
    address, data = f"/challenges/submissions/{submission.id}/steps/{stages[0].id}", {"answer": "It works", "key": "a"}
    client = sign_in(person)
    assert client.post(f"{address}/send", data=data).status_code == 303
    told = client.post(f"{address}/keep", data=data | {"answer": "It works well"}, headers={"HX-Request": "true"})
    assert (told.status_code, "<html" in told.text, "<p" in told.text or "<span" in told.text) == (409, False, True)


def test_save_for_later_keeps_what_is_unfinished(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stages = under_way(database, "link")
    client = sign_in(person)
    address = f"/challenges/submissions/{submission.id}/steps/{stages[0].id}"
    assert client.post(f"{address}/keep", data={"answer": "https://exam", "key": "a"}).status_code == 303
    assert "https://exam" in client.get(f"/challenges/{challenge.id}").text


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("confirm", "", "Please complete the step"),
        ("answer", "", "Please complete the step"),
        ("link", "javascript:alert(1)", "This is not a complete web address"),
        ("upload", "", "Please complete the step"),
    ],
)
def test_an_unfinished_step_is_refused_beside_its_field_and_nothing_typed_is_lost(
    database: Database, sign_in: SignIn, kind: str, given: str, told: str
) -> None:
    person, _challenge, submission, stages = under_way(database, kind)
    answer = sign_in(person).post(f"/challenges/submissions/{submission.id}/steps/{stages[0].id}/send", data={"answer": given, "key": "a"})
    assert answer.status_code == 422
    assert told in answer.text
    assert given in answer.text
    assert one(database, select(func.count()).select_from(Attempt)) == 0


def test_an_upload_is_taken_and_sent(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stages = under_way(database, "upload")
    client = sign_in(person)
    address = f"/challenges/submissions/{submission.id}/steps/{stages[0].id}"
    assert client.post(f"{address}/keep", data={"answer": (picture(), "proof.png"), "key": "a"}).status_code == 303
    page = client.get(f"/challenges/{challenge.id}").text
    file_id = one(database, select(StoredFile.id))
    assert f"/files/{file_id}/picture" in page
    with client.get(f"/files/{file_id}/picture") as shown:
        assert shown.status_code == 200
    assert client.post(f"{address}/send", data={"key": "one"}).status_code == 303
    attempt = one(database, select(Attempt))
    assert attempt.answers[0]["value"]["file_id"] == file_id


@pytest.mark.parametrize("when", ["before it arrives", "while it arrives"])
def test_a_file_sent_after_the_approval_is_not_kept(database: Database, sign_in: SignIn, monkeypatch: Any, when: str) -> None:
    """A second tab: what it sends is recorded as late, with the answer that was approved. Nobody is left with a file that counts for nothing."""
    person, challenge, submission, stages = under_way(database, "upload")
    client, address = sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stages[0].id}/send"
    assert client.post(address, data={"answer": (picture(), "proof.png"), "key": "one"}).status_code == 303
    first = one(database, select(Attempt))

    def approve(*_: Any) -> None:
        database.write(lambda s: approve_attempt(s, as_admin(make_admin(s)), attempt_id=first.id, now=utcnow()))

    if when == "before it arrives":
        approve()
    else:
        taken = answering.take_in
        monkeypatch.setattr(answering, "take_in", lambda *given: (taken(*given), approve())[0])
    assert client.post(address, data={"answer": (picture(), "second.png"), "key": "two"}).status_code == 303
    assert "nothing was changed by what you sent now" in client.get(f"/challenges/{challenge.id}").text
    storage = client.application.extensions["storage"]
    with database.reading() as session:
        late = session.scalars(select(Attempt).where(Attempt.key == "two")).one()
        assert (late.state, late.answers) == ("closed", first.answers)
        assert session.scalars(select(StoredFile.filename)).all() == ["proof.png"]
        remove_orphans(session, now=utcnow() + timedelta(days=2), storage=storage)
        kept = {path.name.split(".")[0] for path in storage.older_than(utcnow() + timedelta(days=2))}
        assert kept == set(session.scalars(select(StoredFile.storage_name)))
    assert client.post(address, data={"answer": (picture(), "third.png"), "key": "x" * 65}).status_code == 422


def test_a_file_that_is_not_what_it_says_is_refused_beside_the_field(database: Database, sign_in: SignIn) -> None:
    person, _challenge, submission, stages = under_way(database, "upload")
    data = {"answer": (io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "proof.svg"), "key": "a"}
    answer = sign_in(person).post(f"/challenges/submissions/{submission.id}/steps/{stages[0].id}/send", data=data)
    assert answer.status_code == 422
    assert "SVG drawings can hold scripts" in answer.text
    assert one(database, select(func.count()).select_from(StoredFile)) == 0


def test_another_persons_submission_is_not_found(database: Database, sign_in: SignIn) -> None:
    _person, _challenge, submission, stages = under_way(database, "answer")
    other = sign_in(database.write(make_person))
    addresses = [f"/challenges/submissions/{submission.id}/steps/{stages[0].id}{end}" for end in ("", "/keep", "/send")]
    for address in [*addresses, f"/challenges/submissions/{submission.id}/withdraw"]:
        assert other.post(address, data={"answer": "x", "key": "a"}).status_code == 404
    assert other.get(f"/challenges/mine/{submission.id}").status_code == 404
    assert one(database, select(func.count()).select_from(Answer)) == 0


def test_the_reason_stands_on_the_page_and_the_step_is_open_again(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge, Submission]:
        person, challenge = make_person(session), make_challenge(session, max_attempts=2)
        attempt = make_attempt(session, person, challenge)
        decline_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, reason="The page needs a password.", now=utcnow())
        return person, challenge, session.get_one(Submission, attempt.submission_id)

    person, challenge, submission = database.write(given)
    client = sign_in(person)
    page = client.get(f"/challenges/{challenge.id}").text
    assert "The page needs a password." in page
    assert "You can send it once more." in page
    assert "Send for approval" in page
    record = client.get(f"/challenges/mine/{submission.id}").text
    assert "The page needs a password." in record
    assert "It saved us two days a month." in record


def test_what_was_sent_and_said_stands_newest_first(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge]:
        person, challenge, now = make_person(session), make_challenge(session), utcnow()
        first = make_attempt(session, person, challenge, now=now - timedelta(days=3))
        ask_for_more(session, as_admin(make_admin(session)), attempt_id=first.id, reason="Which depot was it?", now=now - timedelta(days=2))
        again = now - timedelta(days=1)
        submit_attempt(session, as_advocate(person), submission_id=first.submission_id, key="second", now=again)
        return person, challenge

    person, challenge = database.write(given)
    page = sign_in(person).get(f"/challenges/{challenge.id}").text
    said = page[page.index('id="history"') :]
    assert said.index("You sent attempt 2.") < said.index("Which depot was it?") < said.index("You sent attempt 1.")


def test_starting_a_closed_challenge_says_why(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge]:
        challenge = make_challenge(session)
        close_challenge(session, as_admin(make_admin(session)), challenge_id=challenge.id, now=utcnow())
        return make_person(session), challenge

    person, challenge = database.write(given)
    answer = sign_in(person).post(f"/challenges/{challenge.id}/start")
    assert answer.status_code == 409
    assert "This challenge is closed" in answer.text


def test_a_challenge_that_opens_later_says_when(database: Database, sign_in: SignIn) -> None:
    day = (utcnow() + timedelta(days=40)).date()
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s, opens_on=day)))
    page = sign_in(person).get(f"/challenges/{challenge.id}").text
    assert f"This challenge opens on {day.day} {day:%b} {day.year}." in page
    assert "/start" not in page


def test_sending_while_an_answer_waits_shows_how_it_stands(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Attempt, Stage]:
        person, challenge = make_person(session), make_challenge(session)
        return person, make_attempt(session, person, challenge), stages_of(session, challenge.id)[0]

    person, attempt, stage = database.write(given)
    answer = sign_in(person).post(f"/challenges/submissions/{attempt.submission_id}/steps/{stage.id}/send", data={"answer": "x", "key": "other"})
    assert answer.status_code == 409
    assert "Your answer is with us already" in answer.text


def test_withdrawing_frees_the_challenge(database: Database, sign_in: SignIn) -> None:
    person, attempt = database.write(lambda s: (p := make_person(s), make_attempt(s, p, make_challenge(s, title="Vote"))))
    client = sign_in(person)
    assert client.post(f"/challenges/submissions/{attempt.submission_id}/withdraw").status_code == 303
    again = client.post(f"/challenges/submissions/{attempt.submission_id}/withdraw")
    assert again.status_code == 409
    assert "Withdrawn" in client.get(f"/challenges/mine/{attempt.submission_id}").text
    assert ">Vote</a>" in client.get("/challenges/mine?state=withdrawn").text
    assert ">Vote</a>" not in client.get("/challenges/mine").text


def test_a_withdrawn_record_can_still_be_looked_at(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Submission]:
        person, past = make_person(session), utcnow() - timedelta(days=9)
        record = add_record_challenge(session, system("import"), title="Contest", track=Track.ENGAGE, points=10, now=utcnow())
        about = {"challenge_id": record.id, "person_id": person.id, "now": utcnow()}
        made = start_submission(session, system("import"), **about, started_at=past)
        submit_attempt(session, system("import"), submission_id=made.id, key="k", now=utcnow(), submitted_at=past)
        return person, withdraw_submission(session, as_advocate(person), submission_id=made.id, now=utcnow())

    person, submission = database.write(given)
    client = sign_in(person)
    assert f"/challenges/mine/{submission.id}" in client.get("/challenges/mine?state=withdrawn").text
    assert client.get(f"/challenges/mine/{submission.id}").status_code == 200


def test_a_draft_and_an_unknown_challenge_are_not_found(database: Database, sign_in: SignIn) -> None:
    person, draft = database.write(lambda s: (make_person(s), make_draft(s)))
    client = sign_in(person)
    assert client.get(f"/challenges/{draft.id}").status_code == 404
    assert client.post(f"/challenges/{draft.id}/start").status_code == 404
    assert client.get("/challenges/999").status_code == 404


def test_a_free_slot_can_be_started_while_another_answer_waits(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge]:
        person, challenge = make_person(session), make_challenge(session, period=Period.WEEK, per_period=2)
        make_attempt(session, person, challenge)
        return person, challenge

    person, challenge = database.write(given)
    client = sign_in(person)
    page = client.get(f"/challenges/{challenge.id}").text
    assert "Your answer is with us" in page
    assert "You can do this again" in page
    assert client.post(f"/challenges/{challenge.id}/start").status_code == 303
    page = client.get(f"/challenges/{challenge.id}").text
    assert "Send for approval" in page
    assert "You can do this again" not in page


def test_a_closed_challenge_takes_no_answer_that_was_asked_for_and_counts_as_under_way_nowhere(database: Database, sign_in: SignIn) -> None:
    def given(session: Session, is_closed: bool) -> tuple[Person, Challenge, Attempt, Stage]:
        person, challenge, admin = make_person(session), make_challenge(session), as_admin(make_admin(session))
        attempt = make_attempt(session, person, challenge)
        ask_for_more(session, admin, attempt_id=attempt.id, reason="Which one?", now=utcnow())
        if is_closed:
            close_challenge(session, admin, challenge_id=challenge.id, now=utcnow())
        return person, challenge, attempt, stages_of(session, challenge.id)[0]

    for is_closed in (False, True):
        person, challenge, attempt, stage = database.write(lambda s, closed=is_closed: given(s, closed))
        client = sign_in(person)
        page = client.get(f"/challenges/{challenge.id}").text
        form = f"/challenges/submissions/{attempt.submission_id}/steps/{stage.id}"
        assert ("so it takes no more answers" in page, form in page) == (is_closed, not is_closed)
        for address in ("/challenges", "/challenges/mine"):
            assert f"{0 if is_closed else 1} under way." in client.get(address).text
        answer = client.post(f"{form}/send", data={"answer": "This one", "key": "new"})
        assert answer.status_code == (409 if is_closed else 303)
        assert ("This challenge is closed" in answer.text) is is_closed
        assert one(database, select(func.count(Attempt.id)).where(Attempt.submission_id == attempt.submission_id)) == (1 if is_closed else 2)


def test_what_was_asked_for_can_still_be_sent_after_the_closing_day_and_the_page_says_so(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge, Stage]:
        then = utcnow() - timedelta(days=9)
        person, challenge = make_person(session), make_challenge(session, closes_on=local_date(then, "Europe/Berlin"))
        attempt = make_attempt(session, person, challenge, now=then)
        ask_for_more(session, as_admin(make_admin(session)), attempt_id=attempt.id, reason="Which one?", now=then)
        return person, challenge, stages_of(session, challenge.id)[0]

    person, challenge, stage = database.write(given)
    page = sign_in(person).get(f"/challenges/{challenge.id}").text
    assert "What you have begun you can still send" in page
    assert "takes no more answers" not in page
    assert f"/steps/{stage.id}" in page


def test_an_ended_challenge_is_read_by_its_address_and_an_archived_one_is_gone(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge, Challenge]:
        now = utcnow()
        ended = make_challenge(session, title="Ended by now", closes_on=(now - timedelta(days=3)).date(), now=now - timedelta(days=9))
        gone = make_challenge(session, title="Put away")
        close_challenge(session, system("test"), challenge_id=gone.id, now=now)
        archive_challenge(session, system("test"), challenge_id=gone.id, now=now)
        return make_person(session), ended, gone

    person, ended, gone = database.write(given)
    client = sign_in(person)
    page = client.get(f"/challenges/{ended.id}")
    assert page.status_code == 200
    assert "ended on" in page.text
    assert f"/challenges/{ended.id}/start" not in page.text
    assert client.get(f"/challenges/{gone.id}").status_code == 404


def test_what_comes_first_but_cannot_be_opened_has_no_link_and_the_editor_warns(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Person, Challenge, list[Challenge]]:
        now = utcnow()
        then = make_draft(session, title="Then")
        firsts = [make_challenge(session, title=title) for title in ("Open", "Archived", "For others")]
        for first in firsts:
            add_prerequisite(session, system("test"), challenge_id=then.id, requires_id=first.id, now=now)
        publish_challenge(session, system("test"), challenge_id=then.id, now=now)
        close_challenge(session, system("test"), challenge_id=firsts[1].id, now=now)
        archive_challenge(session, system("test"), challenge_id=firsts[1].id, now=now)
        show_only_to(session, firsts[2], in_industry("Nowhere"))
        return make_person(session), make_admin(session), then, firsts

    person, admin, then, firsts = database.write(given)
    client = sign_in(person)
    page = client.get(f"/challenges/{then.id}").text
    linked = [f'href="/challenges/{first.id}"' in page for first in firsts]
    assert linked == [client.get(f"/challenges/{first.id}").status_code == 200 for first in firsts] == [True, False, False]
    assert all(first.title in page for first in firsts)
    assert page.count("(not open to you)") == 2
    editor = sign_in(admin).get(f"/admin/challenges/{then.id}/edit").text
    assert editor.count("Nobody can do this now, so nobody new can begin here") == 1
    assert editor.count("Meant for some members only") == 1


def test_the_page_says_which_version_one_began_with(database: Database, sign_in: SignIn) -> None:
    person, challenge, _, _ = under_way(database, "answer")
    newcomer = database.write(make_person)
    assert "Version 1" in sign_in(person).get(f"/challenges/{challenge.id}").text
    assert "Version 1" not in sign_in(newcomer).get(f"/challenges/{challenge.id}").text


def test_the_page_that_the_mail_of_a_decline_leads_to_has_the_appeal_also_when_another_was_begun(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge, int]:
        person, challenge = make_person(session), make_challenge(session, period=Period.DAY, per_period=3, max_attempts=1)
        attempt = make_attempt(session, person, challenge)
        decline_attempt(session, system("test"), attempt_id=attempt.id, reason="No", now=utcnow())
        make_submission(session, person, challenge)
        return person, challenge, attempt.submission_id

    person, challenge, submission_id = database.write(given)
    client, button, address = sign_in(person), "Appeal: let somebody else look", f"/challenges/submissions/{submission_id}/appeal"
    assert button not in client.get(f"/challenges/{challenge.id}").text
    page = client.get(f"/challenges/mine/{submission_id}").text
    assert button in page
    assert f'action="{address}"' in page
    assert client.post(address, data={"words": "Please look at page two."}).status_code == 303
    page = client.get(f"/challenges/mine/{submission_id}").text
    assert button not in page
    assert "It is looked at once more" in page


def test_what_happens_next_is_told_only_where_an_answer_can_be_sent(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, _stages = under_way(database, "answer")
    client = sign_in(person)
    assert "What happens next" in client.get(f"/challenges/{challenge.id}").text
    attempt = database.write(lambda s: make_attempt(s, person, challenge))
    waiting = client.get(f"/challenges/{challenge.id}").text
    assert "What happens next" not in waiting
    assert f"/challenges/submissions/{submission.id}/withdraw" in waiting
    database.write(lambda s: approve_attempt(s, as_admin(make_admin(s)), attempt_id=attempt.id, now=utcnow()))
    assert "What happens next" not in client.get(f"/challenges/{challenge.id}").text
