"""Pages of referring: what the member types and reads, and what admins find."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import withdraw_submission
from portal.challenges.actions.review import approve_attempt, decline_attempt, reverse_approval
from portal.challenges.queries.stages import own_stages
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.referrals.actions import erase_due, erase_referral
from portal.referrals.models import Referral
from portal.wiring import REFERRAL_ERASED, REFERRAL_LOCKED
from tests.challenges.peers import NOW, only, refer
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin, make_person


def form_of(**told: str) -> dict[str, str]:
    return {"peer_name": "Pat Peer", "peer_email": "pat@peer.example", "peer_company": "Peer & Co", "words": "", "agreed": "y", "key": "k1"} | told


def test_the_step_keeps_what_was_typed_when_it_refuses(sign_in: Any, database: Database) -> None:
    person, challenge, other = database.write(lambda s: (make_person(s), make_challenge(s, stages=("refer",)), make_person(s)))
    submission = database.write(lambda s: make_submission(s, person, challenge))
    with database.reading() as session:
        stage = own_stages(session, submission)[0]
    browser, address = sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stage.id}/send"
    told = form_of()
    del told["agreed"]
    refused = browser.post(address, data=told)
    assert (refused.status_code, "Please ask them first" in refused.text, 'value="pat@peer.example"' in refused.text) == (422, True, True)
    known = browser.post(address, data=form_of(peer_email=other.email))
    assert (known.status_code, "This address has reached us already" in known.text) == (422, True)
    assert browser.post(address, data=form_of()).status_code == 303
    assert browser.post(address, data=form_of()).status_code == 303  # the second click
    assert "pat@peer.example" in browser.get(f"/challenges/mine/{submission.id}").text
    with database.reading() as session:
        assert only(session).email == "pat@peer.example"


def test_an_approval_that_is_taken_back_is_called_that_and_not_a_decline(sign_in: Any, database: Database) -> None:
    def scene(session: Session) -> Any:
        admin, challenge = make_admin(session, name="Ada Admin"), make_challenge(session, stages=("refer",), title="Pass us on")
        people = [make_person(session) for _ in range(2)]
        attempts = [refer(session, person, challenge, email=f"{number}@peer.example") for number, person in enumerate(people)]
        approve_attempt(session, as_admin(admin), attempt_id=attempts[0].id, now=NOW)
        reverse_approval(session, as_admin(admin), submission_id=attempts[0].submission_id, reason="No such person", now=NOW)
        decline_attempt(session, as_admin(admin), attempt_id=attempts[1].id, reason="No", now=NOW)
        return admin, *people, challenge.id, attempts[0].submission_id

    admin, taken, declined, challenge_id, submission_id = database.write(scene)
    office = sign_in(admin)

    def told(page: str) -> tuple[int, int]:
        return page.count("</svg>Approval taken back</span>"), page.count("</svg>Declined</span>")

    assert told(sign_in(taken).get("/challenges/mine").text) == (1, 0)
    assert told(sign_in(declined).get("/challenges/mine").text) == (0, 1)
    assert told(office.get("/admin/referrals?state=declined").text) == (1, 1)
    assert "Taken back by Ada Admin, " in office.get("/admin/referrals?state=declined").text
    assert told(office.get(f"/admin/challenges/{challenge_id}/submissions").text) == (1, 1)
    assert told(office.get(f"/admin/challenges/submissions/{submission_id}").text) == (2, 0), "of the whole and of its attempt"
    assert "Approval taken back" in office.get(f"/admin/people/{taken.id}/record").text


def test_declined_withdrawn_and_asked_for_read_differently_to_member_and_admin(sign_in: Any, database: Database) -> None:
    def scene(session: Session) -> Any:
        session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
        admin, challenge = make_admin(session, name="Ada Admin"), make_challenge(session, stages=("refer",), title="Pass us on")
        people = [make_person(session) for _ in range(3)]
        attempts = [refer(session, person, challenge, email=f"{number}@peer.example") for number, person in enumerate(people)]
        decline_attempt(session, as_admin(admin), attempt_id=attempts[0].id, reason="No", now=NOW)
        erase_due(session, system("job"), now=NOW + timedelta(days=30))
        withdraw_submission(session, as_advocate(people[1]), submission_id=attempts[1].submission_id, now=NOW)
        asked = session.scalars(select(Referral.id).where(Referral.source_id == attempts[2].submission_id)).one()
        erase_referral(session, as_admin(admin), referral_id=asked, now=NOW)
        return admin, [(person, attempt.submission_id) for person, attempt in zip(people, attempts, strict=True)]

    admin, made = database.write(scene)
    office = sign_in(admin)
    told = ["This referral was declined, so", "The member withdrew this referral, so", "This peer asked us to remove their details."]
    for (person, submission_id), sentence in zip(made, told, strict=True):
        for page in (sign_in(person).get(f"/challenges/mine/{submission_id}"), office.get(f"/admin/challenges/submissions/{submission_id}")):
            assert [one for one in told if one in page.text] == [sentence]
    page = office.get("/admin/referrals").text
    for once in ("Since the referral was declined: removed", "Since the member withdrew the referral: removed", "They asked us to,"):
        assert page.count(once) == 1
    assert (page.count("</svg>Declined</span>"), page.count("</svg>Withdrawn by the member</span>")) == (1, 1)
    assert "Declined by Ada Admin, " in page
    assert "1 sent, 0 confirmed, 1 declined or approval taken back, 1 withdrawn." in page


def test_nobody_asks_for_many_addresses(sign_in: Any, database: Database) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s, stages=("refer",))))
    submission = database.write(lambda s: make_submission(s, person, challenge))
    with database.reading() as session:
        stage = own_stages(session, submission)[0]
    browser, address = sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stage.id}/send"
    answers = [browser.post(address, data=form_of(peer_email=person.email)).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]


def test_admins_find_a_referral_and_remove_its_details(sign_in: Any, database: Database, count_queries: Any) -> None:
    def scene(session: Session) -> Any:
        challenge = make_challenge(session, stages=("refer",))
        made = [make_person(session) for _ in range(10)]
        for number, person in enumerate(made):
            refer(session, person, challenge, email=f"peer{number}@peer.example", name=f"Peer Number{number}")
        return make_admin(session), made[0]

    admin, advocate = database.write(scene)
    browser = sign_in(admin)
    page = browser.get("/admin/referrals?q=number7&state=sent")
    assert ("Peer Number7" in page.text, "@peer.example" in page.text) == (True, False), "a list shows no addresses"
    with count_queries() as few:
        browser.get("/admin/referrals?q=number7")
    with count_queries() as many:
        browser.get("/admin/referrals")
    assert few.total == many.total
    with database.reading() as session:
        seventh = session.scalars(select(Referral.id).where(Referral.email == "peer7@peer.example")).one()
        answer = session.get_one(Referral, seventh).source_id
    text = browser.get(f"/admin/challenges/submissions/{answer}").text
    assert ("@peer.example" in text, "/admin/referrals?q=Peer+Number7" in text) == (False, True)
    assert "saw the address" not in browser.get("/admin/audit").text
    assert "peer7@peer.example" in browser.post(f"/admin/referrals/{seventh}/contact").text
    assert f"saw the address of the peer in referral {seventh}" in browser.get("/admin/audit").text
    assert sign_in(advocate).post(f"/admin/referrals/{seventh}/contact").status_code == 403
    assert browser.post("/admin/referrals/999/contact").status_code == 404
    assert browser.post(f"/admin/referrals/{seventh}/erase").status_code == 303
    assert browser.post(f"/admin/referrals/{seventh}/contact", follow_redirects=True).text.count("removed already") == 1
    assert browser.post(f"/admin/referrals/{seventh}/erase", follow_redirects=True).text.count("removed already") == 1
    assert sign_in(advocate).get("/admin/referrals").status_code == 403
