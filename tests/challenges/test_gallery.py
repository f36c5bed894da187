"""The gallery: the rules of what is shown, what decisions and people do to it, who may open its files, and the page."""

import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, withdraw_submission
from portal.challenges.actions.auto import make_rule, switch_rule
from portal.challenges.actions.gallery import hide_item, put_back, show_item, take_out
from portal.challenges.actions.review import accept_early, approve_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.jobs import approve_by_rules
from portal.challenges.models.gallery import GalleryItem
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.gallery import IS_SHOWN
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules import gallery as rules
from portal.challenges.rules.auto import RuleTerms
from portal.challenges.rules.gallery import Marks, Shown, state_of
from portal.challenges.stages.contract import ANSWER, Step
from portal.challenges.stages.upload import UploadedFile
from portal.files.actions import store_upload
from portal.files.models import StoredFile
from portal.files.queries import name_for
from portal.files.receiving import receive
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.actions.boards import choose_board
from portal.people.actions.states import deactivate_person, reactivate_person
from portal.people.models import Person
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.gallery import AGREED, make_file, make_gallery_challenge, make_item, make_item_rows, send_upload
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.files import samples
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EIGHT = 8
GALLERY = Step("Your picture", {"purpose": "image", "seen_by": "gallery"}, "en")
FILE: dict[str, Any] = {"file_id": 7, "name": "view.png", "size": 9, "is_image": True}


# ── rules ──


@pytest.mark.parametrize(
    ("set_marks", "is_member", "state"),
    [
        ((), True, Shown.SHOWN),
        ((), False, Shown.AWAY),
        (("withdrawn_at",), True, Shown.WITHDRAWN),
        (("withdrawn_at",), False, Shown.WITHDRAWN),
        (("hidden_at",), True, Shown.HIDDEN),
        (("hidden_at", "withdrawn_at"), True, Shown.HIDDEN),
        (("taken_back_at", "hidden_at", "withdrawn_at"), True, Shown.NOT_APPROVED),
        (("taken_back_at",), True, Shown.NOT_APPROVED),
    ],
)
def test_a_thing_is_shown_while_no_mark_is_set_and_its_owner_is_a_member(set_marks: tuple[str, ...], is_member: bool, state: Shown) -> None:
    assert state_of(Marks(1, **dict.fromkeys(set_marks, NOW)), is_member=is_member) is state


def test_the_same_file_keeps_what_was_done_to_it_and_another_begins_anew() -> None:
    marks = Marks(1, taken_back_at=NOW, withdrawn_at=NOW, hidden_at=NOW)
    assert rules.approved_again(marks, 1) == Marks(1, withdrawn_at=NOW, hidden_at=NOW)
    assert rules.approved_again(marks, 2) == Marks(2)


@pytest.mark.parametrize(
    ("require", "marks", "wants", "refusal"),
    [
        (rules.require_out, Marks(1, withdrawn_at=NOW), {"is_out": False}, rules.OutAlready),
        (rules.require_out, Marks(1), {"is_out": True}, rules.NotOut),
        (rules.require_hidden, Marks(1, hidden_at=NOW), {"is_hidden": False}, rules.HiddenAlready),
        (rules.require_hidden, Marks(1), {"is_hidden": True}, rules.NotHidden),
    ],
)
def test_nothing_is_done_twice(require: Callable[..., None], marks: Marks, wants: dict[str, bool], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        require(marks, **wants)
    require(marks, **{name: not value for name, value in wants.items()})


@pytest.mark.parametrize(
    ("options", "value", "refusal"),
    [
        ({"seen_by": "gallery"}, FILE | {"agreed": AGREED}, None),
        ({"seen_by": "gallery"}, FILE, "GalleryNotAgreed"),
        ({"seen_by": "gallery"}, FILE | {"agreed": AGREED | {"version": AGREED["version"] - 1}}, "GalleryNotAgreed"),
        ({"seen_by": "gallery"}, {"agreed": AGREED}, "StepMissing"),
        ({"seen_by": "reviewers"}, FILE, None),
        ({}, FILE, None),
    ],
)
def test_a_step_for_the_gallery_wants_the_agreement_that_is_asked_for_now(
    options: dict[str, str], value: dict[str, Any], refusal: str | None
) -> None:
    found = UploadedFile().problem(Step("Your picture", options), value)
    assert (found.name if found else None) == refusal


def test_the_agreement_is_kept_with_its_text_version_and_language_and_goes_with_the_tick() -> None:
    kind, none = UploadedFile(), lambda _received: pytest.fail("nothing was sent")
    ticked = kind.read(GALLERY, {ANSWER: None, "agreed": [f"en:{AGREED['version']}"]}, FILE, none)
    assert ticked == FILE | {"agreed": AGREED}
    assert kind.shown(ticked) == {"agreed": [f"en:{AGREED['version']}"]}
    assert kind.read(GALLERY, {ANSWER: None, "agreed": []}, ticked, none) == FILE
    assert kind.read(GALLERY, {ANSWER: None, "agreed": ["en:0"]}, FILE, none) == FILE
    assert kind.read(Step("Proof", {}, "en"), {ANSWER: None, "agreed": [f"en:{AGREED['version']}"]}, FILE, none) == FILE


# ── decisions ──


def shown(session: Session) -> list[int]:
    """Return the files that everybody sees."""
    return list(session.scalars(select(GalleryItem.file_id).where(*IS_SHOWN).order_by(GalleryItem.id)))


def test_it_appears_with_the_approval_and_goes_with_undoing_and_reversal(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_gallery_challenge(session, now=NOW)
    file = make_file(session, person)
    attempt = send_upload(session, person, challenge, file=file, now=NOW)
    assert session.scalars(select(GalleryItem)).all() == []
    undo_verdict(session, admin, verdict_id=approve_attempt(session, admin, attempt_id=attempt.id, now=NOW).id, now=NOW)
    assert shown(session) == []
    later = NOW + timedelta(days=1)
    approve_attempt(session, admin, attempt_id=attempt.id, now=later)
    assert shown(session) == [file.id]
    item = session.scalars(select(GalleryItem)).one()
    assert (item.agreed_text, item.agreed_language, item.agreed_version, item.agreed_at, item.shown_at) == (
        rules.AGREEMENT, "en", rules.AGREEMENT_VERSION, NOW, later,
    )  # fmt: skip
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Not theirs", now=later)
    assert (shown(session), session.scalars(select(GalleryItem)).all()) == ([], [item])


def test_what_its_owner_took_out_or_an_admin_hid_stays_so_until_another_file_is_approved(session: Session) -> None:
    person, boss, challenge = make_person(session), make_admin(session), make_gallery_challenge(session, now=NOW)
    admin, item = as_admin(boss), make_item(session, person, challenge, now=NOW)
    take_out(session, as_advocate(person), item_id=item.id, now=NOW)
    hide_item(session, admin, item_id=item.id, reason="A face", now=NOW)
    reverse_approval(session, admin, submission_id=item.submission_id, reason="Once more", now=NOW)
    approve_attempt(session, admin, attempt_id=item.attempt_id, now=NOW)
    assert state_of(item.marks, is_member=True) is Shown.HIDDEN
    show_item(session, admin, item_id=item.id, now=NOW)
    assert (state_of(item.marks, is_member=True), shown(session)) == (Shown.WITHDRAWN, [])
    put_back(session, as_advocate(person), item_id=item.id, now=NOW)
    assert shown(session) == [item.file_id]
    take_out(session, as_advocate(person), item_id=item.id, now=NOW)
    hide_item(session, admin, item_id=item.id, reason="A face", now=NOW)
    reverse_approval(session, admin, submission_id=item.submission_id, reason="Another, please", now=NOW)
    other = make_file(session, person)
    again = send_upload(session, person, challenge, file=other, now=NOW + timedelta(hours=1))
    assert again.submission_id == item.submission_id
    approve_attempt(session, admin, attempt_id=again.id, now=NOW + timedelta(hours=2))
    assert (shown(session), item.agreed_at, item.hidden_by_id, item.reason) == ([other.id], NOW + timedelta(hours=1), None, "")
    assert balance_of(session, person.id).available == 50


def test_a_later_repetition_makes_its_own_and_an_answer_without_the_agreement_none(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_gallery_challenge(session, stages=("answer",), now=NOW)
    submission = session.get_one(Submission, send_early(session, person, admin, challenge, FILE | {"file_id": make_file(session, person).id}))
    assert (submission.state, shown(session)) == ("approved", [])
    send_early(session, person, admin, challenge, FILE | {"file_id": make_file(session, person).id, "agreed": AGREED})
    send_early(session, person, admin, challenge, FILE | {"file_id": make_file(session, person).id, "agreed": AGREED})
    assert len(shown(session)) == 2


def send_early(session: Session, person: Person, admin: Actor, challenge: Challenge, value: dict[str, Any]) -> int:
    """Save the upload alone, and let it be accepted as it is."""
    submission = make_submission(session, person, challenge, now=NOW)
    values = {own_stages(session, submission)[-1].id: value}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    accept_early(session, admin, submission_id=submission.id, reason="The picture is enough", now=NOW)
    return submission.id


def test_no_rule_approves_what_all_members_would_see(database: Database) -> None:
    def scene(session: Session) -> list[int]:
        admin = as_admin(make_admin(session))
        for kinds in ((), ("upload",)):
            rule = make_rule(session, admin, terms=RuleTerms(f"Small ones {kinds}", 100, kinds=kinds, approvals=0), now=NOW)
            switch_rule(session, admin, rule_id=rule.id, is_on=True, now=NOW)
        plain = make_challenge(session, stages=("upload",), now=NOW)
        return [send_upload(session, make_person(session), challenge, now=NOW).id for challenge in (plain, make_gallery_challenge(session, now=NOW))]

    plain, gallery = database.write(scene)
    assert approve_by_rules(database, NOW + timedelta(minutes=1)) == 1
    with database.reading() as session:
        assert [session.get_one(Attempt, attempt_id).state for attempt_id in (plain, gallery)] == ["approved", "waiting"]


def test_only_its_owner_takes_it_out_and_only_an_admin_hides_it_with_a_reason_that_the_owner_reads(session: Session) -> None:
    person, stranger, boss = make_person(session), make_person(session), make_admin(session)
    item = make_item(session, person, make_gallery_challenge(session, now=NOW), now=NOW)
    for act in (take_out, put_back):
        with pytest.raises(NotFound):
            act(session, as_advocate(stranger), item_id=item.id, now=NOW)
    with pytest.raises(NotAllowed):
        hide_item(session, as_advocate(person), item_id=item.id, reason="No", now=NOW)
    with pytest.raises(NotAllowed):
        show_item(session, as_advocate(person), item_id=item.id, now=NOW)
    with pytest.raises(rules.HidingReasonMissing):
        hide_item(session, as_admin(boss), item_id=item.id, reason=" \n", now=NOW)
    hide_item(session, as_admin(boss), item_id=item.id, reason="A plate can be read", now=NOW)
    show_item(session, as_admin(boss), item_id=item.id, now=NOW)
    told = session.execute(
        select(Notice.kind, Notice.data, Notice.link).where(Notice.person_id == person.id).order_by(Notice.id.desc()).limit(2)
    ).all()
    assert [(row.kind, row.data["reason"], row.link) for row in told] == [
        ("gallery_shown_again", "", "/gallery?show=mine"),
        ("gallery_hidden", "A plate can be read", "/gallery?show=mine"),
    ]


# ── races ──


def test_eight_approvals_make_one_item(database: Database) -> None:
    def scene(session: Session) -> tuple[Attempt, list[Person]]:
        attempt = send_upload(session, make_person(session), make_gallery_challenge(session))
        return attempt, [make_admin(session) for _ in range(EIGHT)]

    attempt, admins = database.write(scene)
    works = [lambda s, a=admin: approve_attempt(s, as_admin(a), attempt_id=attempt.id, now=NOW) for admin in admins]
    assert all_at_once(database, works) == Counter({"done": 1, "AlreadyApproved": EIGHT - 1})
    with database.reading() as session:
        assert len(shown(session)) == 1


def test_withdrawing_an_answer_against_its_approval_shows_it_or_not(database: Database) -> None:
    def scene(session: Session) -> tuple[Person, Person, Attempt]:
        person = make_person(session)
        return person, make_admin(session), send_upload(session, person, make_gallery_challenge(session))

    person, admin, attempt = database.write(scene)
    approve = [lambda s: approve_attempt(s, as_admin(admin), attempt_id=attempt.id, now=NOW)] * 4
    withdraw = [lambda s: withdraw_submission(s, as_advocate(person), submission_id=attempt.submission_id, now=NOW)] * 4
    found = all_at_once(database, [*approve, *withdraw])
    assert found["done"] == 1
    assert set(found) <= {"done", "AlreadyApproved", "SubmissionWithdrawn", "WithdrawalTooLate"}
    with database.reading() as session:
        assert len(shown(session)) == (session.get_one(Submission, attempt.submission_id).dropped_at is None)


def test_taking_out_against_approving_again_and_hiding_leaves_it_out_for_both_reasons(database: Database) -> None:
    def scene(session: Session) -> tuple[Person, Person, GalleryItem]:
        person, admin = make_person(session), make_admin(session)
        item = make_item(session, person, make_gallery_challenge(session))
        reverse_approval(session, as_admin(admin), submission_id=item.submission_id, reason="Once more", now=utcnow())
        return person, admin, item

    person, admin, item = database.write(scene)
    approve = [lambda s: approve_attempt(s, as_admin(admin), attempt_id=item.attempt_id, now=NOW)] * 3
    out = [lambda s: take_out(s, as_advocate(person), item_id=item.id, now=NOW)] * 3
    hide = [lambda s: hide_item(s, as_admin(admin), item_id=item.id, reason="A face", now=NOW)] * 3
    assert all_at_once(database, [*approve, *out, *hide]) == Counter({"done": 3, "AlreadyApproved": 2, "OutAlready": 2, "HiddenAlready": 2})
    with database.reading() as session:
        marks = session.get_one(GalleryItem, item.id).marks
        assert (marks.taken_back_at, marks.withdrawn_at, marks.hidden_at) == (None, NOW, NOW)


# ── files ──


def test_its_file_is_open_to_members_only_while_it_is_shown(app: Flask, database: Database, sign_in: SignIn) -> None:
    storage = app.extensions["storage"]
    received = receive(io.BytesIO(samples.picture()), "view.png", purpose="image", storage=storage)

    def scene(session: Session) -> tuple[Person, Person, Person, Person, Attempt]:
        person, other, worker, admin = make_person(session), make_person(session), make_employee(session), make_admin(session)
        file = store_upload(session, as_advocate(person), received=received, owner_id=person.id, now=NOW)
        return person, other, worker, admin, send_upload(session, person, make_gallery_challenge(session), file=file)

    person, other, worker, admin, attempt = database.write(scene)
    file_id = attempt.answers[0]["value"]["file_id"]
    picture, readers = f"/files/{file_id}/picture?size=small", [sign_in(other), sign_in(worker)]

    def opened() -> set[int]:
        assert sign_in(admin).get(picture, buffered=True).status_code == 200
        return {reader.get(path, buffered=True).status_code for reader in readers for path in (picture, f"/files/{file_id}")}

    def act(verb: Callable[..., Any], actor: Actor, **facts: Any) -> None:
        database.write(lambda s: verb(s, actor, **facts, now=utcnow()))

    assert opened() == {404}
    act(approve_attempt, as_admin(admin), attempt_id=attempt.id)
    assert opened() == {200}
    assert app.test_client().get(picture).status_code == 303
    assert readers[0].get(picture, buffered=True).headers["Cache-Control"] == "private, no-cache"
    with database.reading() as session:
        item_id = session.scalars(select(GalleryItem.id)).one()
    for close, reopen in (
        ((take_out, as_advocate(person), {"item_id": item_id}), (put_back, as_advocate(person), {"item_id": item_id})),
        ((hide_item, as_admin(admin), {"item_id": item_id, "reason": "A face"}), (show_item, as_admin(admin), {"item_id": item_id})),
        (
            (reverse_approval, as_admin(admin), {"submission_id": attempt.submission_id, "reason": "Not theirs"}),
            (approve_attempt, as_admin(admin), {"attempt_id": attempt.id}),
        ),
        (
            (deactivate_person, as_admin(admin), {"person_id": person.id, "reason": "Left"}),
            (reactivate_person, as_admin(admin), {"person_id": person.id}),
        ),
    ):
        act(close[0], close[1], **close[2])
        assert opened() == {404}, close[0]
        act(reopen[0], reopen[1], **reopen[2])
        assert opened() == {200}, reopen[0]


# ── pages ──


def test_a_member_cannot_send_without_ticking_and_the_reviewer_reads_that_approval_shows_it(app: Flask, database: Database, sign_in: SignIn) -> None:
    person, admin, challenge = database.write(lambda s: (make_person(s), make_admin(s), make_gallery_challenge(s)))
    browser = sign_in(person)
    browser.post(f"/challenges/{challenge.id}/start")
    page = browser.get(f"/challenges/{challenge.id}").text
    assert all(word in page for word in ("All members will see this", "I made this or may share it", "You can take it out again"))
    step = re.search(r'action="(/challenges/submissions/\d+/steps/\d+)/send"', page)
    assert step is not None
    token = re.search(r'name="agreed"[^>]*value="([^"]+)"', page)
    assert token is not None

    def send(**more: Any) -> Any:
        return browser.post(f"{step[1]}/send", data={"key": "one", "answer": (io.BytesIO(samples.picture()), "view.png")} | more)

    refused = send()
    assert (refused.status_code, "Please tick that you made this or may share it" in refused.text) == (422, True)
    assert send(agreed="en:0").status_code == 422
    assert send(agreed=token[1]).status_code == 303
    with database.reading() as session:
        attempt = session.scalars(select(Attempt)).one()
        assert attempt.answers[0]["value"]["agreed"] == AGREED
    office = sign_in(admin).get(f"/admin/challenges/submissions/{attempt.submission_id}").text
    assert "For the gallery: once approved, all members see it." in office
    assert "Agreed to: “I made this or may share it" in office


def test_the_gallery_shows_members_what_may_be_seen_and_links_to_what_they_may_open(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[Person, Person, Person, Person, Challenge, GalleryItem]:
        company = make_company(session, name="Kestrel")
        amara, bo = make_person(session, name="Amara Okafor", company_id=company.id), make_person(session, name="Bo Berg", company_id=company.id)
        few, all_of_us = make_gallery_challenge(session, title="For few"), make_gallery_challenge(session, title="For all")
        item = make_item(session, amara, all_of_us)
        make_item(session, bo, few)
        show_only_to(session, few, in_industry("Beekeeping"))
        choose_board(session, as_advocate(bo), person_id=bo.id, is_listed=True, nickname="Northlight", now=utcnow())
        return amara, make_person(session), make_employee(session), make_admin(session), all_of_us, item

    amara, other, worker, admin, all_of_us, item = database.write(scene)
    page = sign_in(other).get("/gallery").text
    assert all(word in page for word in ("Picture by Amara Okafor for “For all”", "Kestrel", "Picture by Northlight for “For few”"))
    assert "Bo Berg" not in page
    assert page.count("Kestrel") == 1
    assert re.findall(r'<a class="link link-hover" href="(/challenges/\d+)"', page) == [f"/challenges/{all_of_us.id}"]
    assert "Hide" not in page.split("<main")[1]
    assert page.index("Northlight") < page.index("Amara")
    assert "(Bo Berg, under a nickname)" in sign_in(admin).get("/gallery").text
    one = sign_in(other).get(f"/gallery?challenge={all_of_us.id}").text
    assert ("Amara Okafor" in one, "Northlight" in one) == (True, False)
    assert 'href="/challenges/' not in sign_in(worker).get("/gallery").text.split("<main")[1]
    browser, office = sign_in(amara), sign_in(admin)
    assert browser.post(f"/gallery/{item.id}/take-out").headers["Location"] == "/gallery?show=mine"
    assert "Amara Okafor" not in sign_in(other).get("/gallery").text
    assert "Taken out by its owner" in browser.get("/gallery?show=mine").text
    assert sign_in(other).post(f"/gallery/{item.id}/put-back").status_code == 404
    assert browser.post(f"/gallery/{item.id}/put-back").status_code == 303
    assert "You have not taken this out of the gallery." in browser.post(f"/gallery/{item.id}/put-back", follow_redirects=True).text
    assert browser.post(f"/gallery/{item.id}/hide", data={"reason": "x"}).status_code == 403
    refused = office.post(f"/gallery/{item.id}/hide", data={"reason": " "})
    assert (refused.status_code, "Please say why. Whose it is reads it." in refused.text) == (422, True)
    assert office.post(f"/gallery/{item.id}/hide", data={"reason": "A plate can be read"}).status_code == 303
    assert "Why: A plate can be read" in browser.get("/gallery?show=mine").text
    assert "Why: A plate can be read" in office.get("/gallery?show=hidden").text
    assert "A plate can be read" not in sign_in(other).get("/gallery?show=hidden").text
    assert office.post(f"/gallery/{item.id}/show-again?show=hidden").headers["Location"] == "/gallery?show=hidden"
    assert "Amara Okafor" in sign_in(other).get("/gallery").text


def test_videos_play_documents_are_saved_and_an_empty_gallery_says_how_something_gets_there(database: Database, sign_in: SignIn) -> None:
    person, worker, admin = database.write(lambda s: (make_person(s), make_employee(s), make_admin(s)))
    for somebody, said, is_linked in ((person, "may see", False), (worker, "may see", False), (admin, "Add a step “Upload a file”", True)):
        page = sign_in(somebody).get("/gallery").text
        assert ("Nothing in the gallery yet" in page, said in page) == (True, True)
        assert ('href="/gallery"' in page.split("<main")[0]) is is_linked

    def fill(session: Session) -> None:
        plain = {"width": None, "height": None, "purpose": "document"}
        for facts in ({"filename": "clip.mp4", "media_type": "video/mp4"}, {"filename": "paper.pdf", "media_type": "application/pdf"}):
            owner = session.get_one(Person, person.id)
            make_item(session, owner, make_gallery_challenge(session), file=make_file(session, owner, **facts | plain))

    database.write(fill)
    page = sign_in(worker).get("/gallery").text
    assert ("<video" in page, ">Document<" in page, 'href="/gallery"' in page.split("<main")[0]) == (True, True, True)
    # What a file is called may tell who somebody is: the others save it under a plain name.
    assert "paper.pdf" not in page
    with database.reading() as session:
        file = session.scalars(select(StoredFile).where(StoredFile.filename == "paper.pdf")).one()
    names = [
        name_for(file, Actor(id=one.id, roles=frozenset({role}))) for one, role in ((worker, "employee"), (person, "advocate"), (admin, "admin"))
    ]
    assert names == [f"document-{file.id}.pdf", "paper.pdf", "paper.pdf"]
    for whose in (person, admin):
        assert "paper.pdf" in sign_in(whose).get("/gallery").text


def test_the_page_asks_the_same_at_ten_and_at_a_thousand(database: Database, sign_in: SignIn, count_queries: Any) -> None:
    def scene(session: Session) -> tuple[Person, GalleryItem]:
        item = make_item(session, make_person(session), make_gallery_challenge(session))
        make_item_rows(session, item, 9)
        return make_person(session), item

    reader, item = database.write(scene)
    browser = sign_in(reader)
    browser.get("/gallery")
    with count_queries() as few:
        assert browser.get("/gallery").text.count("<img") == 10
    database.write(lambda s: make_item_rows(s, s.get_one(GalleryItem, item.id), 990))
    with count_queries() as many:
        page = browser.get("/gallery").text
    assert few.total == many.total
    assert (page.count("<img"), 'rel="next"' in page) == (24, True)
    following = re.search(r'href="(/gallery\?after=[^"]+)"', page)
    assert following is not None
    assert browser.get(following[1]).text.count("<img") == 24


def test_an_admin_chooses_who_sees_an_upload_in_the_editor(database: Database, sign_in: SignIn) -> None:
    admin, challenge = database.write(lambda s: (make_admin(s), make_challenge(s)))
    page = sign_in(admin).get(f"/admin/challenges/{challenge.id}/steps/new?kind=upload").text
    assert all(
        word in page for word in ("Only who decides on the answer", "All members, in the gallery, once approved", "they can take it out again")
    )
    asking = {"challenge_id": challenge.id, "kind": "upload", "title": "P", "options": GALLERY.options}
    stage = database.write(lambda s: add_stage(s, system("test"), **asking, now=NOW))
    assert "All members will see this" in sign_in(admin).get(f"/admin/challenges/{challenge.id}/preview?step={stage.id}").text
