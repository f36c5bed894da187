"""Referring a peer: who may be referred, what becomes of it with each decision, and when details go."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.referring import forget_unsent, require_new_peer, settle_peers
from portal.challenges.actions.review import accept_early, approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.refusals import NothingEntered
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.referrals.actions import erase_due, erase_referral
from portal.referrals.models import Referral
from portal.referrals.rules import AGREEMENT, AGREEMENT_VERSION, PeerIsOurs, PeerIsSelf, PeerKnown
from portal.wiring import REFERRAL_ERASED, REFERRAL_LOCKED
from tests.challenges.peers import NOW, PAT, QUINN, SECRETS, only, refer, stored_texts
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.rewards.racing import all_at_once


def test_a_sent_peer_is_kept_with_the_sentence_that_was_ticked(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("refer",))
    attempt = refer(session, person, challenge)
    kept = only(session)
    assert (kept.state, kept.referrer_id, kept.source_id, kept.name) == ("sent", person.id, attempt.submission_id, "Pat Peer")
    assert (kept.agreement, kept.agreement_version, kept.language) == (AGREEMENT, AGREEMENT_VERSION, "en")
    assert balance_of(session, person.id).available == 0
    assert not any(secret in repr(session.scalars(select(AuditEvent.data)).all()) for secret in SECRETS)


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"email": "ME@customer.example"}, PeerIsSelf),
        ({"email": "boss@ours.example"}, PeerIsOurs),
        ({"company": "  OUR own company "}, PeerIsOurs),
        ({"email": "member@customer.example"}, PeerKnown),
        ({"email": "contact@customer.example"}, PeerKnown),
        ({"email": "Referred@peer.example"}, PeerKnown),
        ({"email": "somebody@gmail.com"}, None),
        ({"email": "somebody@staffed-customer.example"}, None),
    ],
)
def test_who_cannot_be_referred(database: Database, session: Session, told: dict[str, str], refusal: type[Refusal] | None) -> None:
    session.info["own_company"] = "Our own company"
    me, challenge = make_person(session, email="me@customer.example"), make_challenge(session, stages=("refer",))
    make_employee(session, email="colleague@ours.example")
    make_employee(session, email="colleague@gmail.com")
    make_company(session, domain="staffed-customer.example")
    make_employee(session, email="consultant@staffed-customer.example")
    make_person(session, email="member@customer.example")
    make_contact(session, email="contact@customer.example")
    refer(session, make_person(session), challenge, email="referred@peer.example")
    if refusal is None:
        assert refer(session, me, challenge, **told).state == "waiting"
        return
    with pytest.raises(refusal):
        refer(session, me, challenge, **told)


def test_members_contacts_and_those_referred_before_are_refused_with_one_sentence() -> None:
    """So nobody learns who is a member."""
    assert not PeerKnown.__subclasses__()
    assert "%(" not in PeerKnown.message


def test_an_address_may_be_referred_again_after_a_year(session: Session) -> None:
    challenge = make_challenge(session, stages=("refer",))
    refer(session, make_person(session), challenge)
    with pytest.raises(PeerKnown):
        refer(session, make_person(session), challenge, now=NOW + timedelta(days=364))
    refer(session, make_person(session), challenge, now=NOW + timedelta(days=366))
    assert len(session.scalars(select(Referral)).all()) == 2


def test_eight_members_who_refer_the_same_peer_at_once_give_one_referral(database: Database) -> None:
    people, challenge = database.write(lambda s: ([make_person(s) for _ in range(8)], make_challenge(s, stages=("refer",))))
    done = all_at_once(database, [lambda s, p=person: refer(s, p, challenge) for person in people])
    assert done == Counter({"done": 1, "PeerKnown": 7})
    with database.reading() as session:
        assert len(session.scalars(select(Referral)).all()) == len(session.scalars(select(Attempt)).all()) == 1


def test_a_referral_follows_every_decision_on_its_answer(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",), points=50)
    attempt = refer(session, person, challenge)
    verdict = approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    assert (only(session).state, only(session).decided_by_id, balance_of(session, person.id).available) == ("confirmed", admin.id, 50)
    undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW)
    assert (only(session).state, only(session).decided_by_id) == ("sent", None)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason="No such person", now=NOW)
    assert (only(session).state, balance_of(session, person.id).available) == ("declined", 0)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    assert only(session).state == "confirmed"


def test_a_peer_of_an_early_acceptance_that_is_undone_was_never_sent(session: Session) -> None:
    session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer", "confirm"))
    submission = make_submission(session, person, challenge, now=NOW)
    step, box = own_stages(session, submission)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={step.id: PAT}, now=NOW)
    verdict = accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW)
    assert verdict is not None
    assert only(session).state == "confirmed"
    undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW)
    assert (only(session).state, only(session).email, only(session).email_mark) == ("withdrawn", "", None)
    entered = session.scalars(select(Answer).execution_options(populate_existing=True)).one()
    assert (entered.value, "Pat Peer" in repr(session.scalars(select(Attempt.answers)).all())) == (PAT, False)
    other = refer(session, make_person(session), make_challenge(session, stages=("refer",)))  # others may refer them
    withdraw_submission(session, system("import"), submission_id=other.submission_id, now=NOW)
    told: dict[str, Any] = {"values": {box.id: {"is_confirmed": True}}, "now": NOW + timedelta(hours=1)}
    sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="sent", **told)
    kept = session.scalars(select(Referral).where(Referral.source_id == submission.id).execution_options(populate_existing=True)).one()
    assert (kept.state, kept.email, kept.erased_at, sent.answers[0]["value"]) == ("sent", PAT["email"], None, PAT)


@pytest.mark.parametrize("again", [QUINN, PAT])
def test_a_peer_typed_while_more_was_wanted_was_never_sent_by_an_early_acceptance_that_is_undone(session: Session, again: dict[str, Any]) -> None:
    """Who was sent before stays sent; who was only typed stays their member's, however the first answer is decided."""
    session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    first = refer(session, person, challenge)
    ask_for_more(session, as_admin(admin), attempt_id=first.id, reason="Which Pat?", now=NOW)
    submission = session.get_one(Submission, first.submission_id)
    step = own_stages(session, submission)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={step.id: again | {"words": "Them."}}, now=NOW)
    verdict = accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW)
    assert verdict is not None
    assert only(session).state == "confirmed"
    undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW)
    is_same = again == PAT
    for _ in range(2):
        assert (only(session).state, only(session).email) == (("sent", PAT["email"]) if is_same else ("withdrawn", ""))
        settle_peers(session, as_admin(admin), submission, NOW)
    assert session.scalars(select(Answer.value)).one()["email"] == again["email"]
    assert ("Quinn" in repr(session.scalars(select(Attempt.answers)).all())) is False
    again = refer(session, person, challenge, now=NOW + timedelta(hours=1), **again).answers[0]["value"]
    assert (only(session).state, only(session).email) == ("sent", again["email"])


def test_a_peer_without_agreement_goes_into_no_attempt_that_is_accepted_early(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer", "confirm"))
    submission = make_submission(session, person, challenge, now=NOW)
    step, box = own_stages(session, submission)
    typed = {step.id: PAT | {"is_agreed": False}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=typed, now=NOW)
    with pytest.raises(NothingEntered), session.begin_nested():
        accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={box.id: {"is_confirmed": True}}, now=NOW)
    assert accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW) is not None
    late = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="second tab", now=NOW)
    for attempt in session.scalars(select(Attempt).order_by(Attempt.number)):
        assert [entry["value"] for entry in attempt.answers] == [{}, {"is_confirmed": True}]
    assert (late.number, session.scalars(select(Referral)).all()) == (2, [])
    assert forget_unsent(session, NOW + timedelta(days=30)) == 1
    assert not any(secret in stored_texts(session) for secret in SECRETS)


def test_more_wanted_and_sent_again_is_the_same_referral_with_what_was_said_last(session: Session) -> None:
    session.info["referral_erased"] = REFERRAL_ERASED
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    ask_for_more(session, as_admin(admin), attempt_id=refer(session, person, challenge).id, reason="Which Pat?", now=NOW)
    again = refer(session, person, challenge, now=NOW + timedelta(hours=1), name="Pat Peerson")
    assert (only(session).name, only(session).state) == ("Pat Peerson", "sent")
    decline_attempt(session, as_admin(admin), attempt_id=again.id, reason="Wrong field", now=NOW)
    assert "'Pat Peer'" in stored_texts(session)
    quinn = {"name": "Quinn", "email": "quinn@peer.example", "company": "Quinn's", "words": "New."}
    last = refer(session, person, challenge, now=NOW + timedelta(hours=2), **quinn)
    assert (only(session).email, last.answers[0]["value"]["name"]) == ("quinn@peer.example", "Quinn")
    assert [answer.value["name"] for answer in session.scalars(select(Answer).execution_options(populate_existing=True))] == ["Quinn"]
    assert not any(secret in stored_texts(session) for secret in (*SECRETS, "Pat Peerson"))
    assert refer(session, make_person(session), challenge).state == "waiting"  # Pat is free again


def test_a_late_attempt_neither_names_another_peer_nor_changes_what_was_approved(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    attempt = refer(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    submission = session.get_one(Submission, attempt.submission_id)
    values = {own_stages(session, submission)[0].id: PAT | {"name": "Quinn", "email": "quinn@peer.example"}}
    late = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="second tab", values=values, now=NOW + timedelta(minutes=1))
    assert (late.state, late.answers) == ("closed", attempt.answers)
    assert (only(session).state, only(session).email, only(session).decided_by_id) == ("confirmed", "pat@peer.example", admin.id)
    assert [answer.value["email"] for answer in session.scalars(select(Answer).execution_options(populate_existing=True))] == ["pat@peer.example"]


@pytest.mark.parametrize("how", ["on request", "in time", "named anew"])
def test_an_answer_is_locked_before_its_referral_as_by_those_who_decide(session: Session, how: str) -> None:
    submission = session.get_one(Submission, refer(session, make_person(session), make_challenge(session, stages=("refer",))).submission_id)
    admin, kept, stage, said = make_admin(session), only(session), own_stages(session, submission)[0], list[str]()
    session.info.update(referral_locked=REFERRAL_LOCKED, referral_erased=REFERRAL_ERASED)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    engine = session.connection()
    event.listen(engine, "before_cursor_execute", note)
    if how == "on request":
        erase_referral(session, as_admin(admin), referral_id=kept.id, now=NOW)
    elif how == "in time":
        assert erase_due(session, system("job"), now=NOW + timedelta(days=400)) == 1
    else:
        require_new_peer(session, submission, stage, PAT, NOW)
    event.remove(engine, "before_cursor_execute", note)
    # Only what is locked is read with every column.
    taken = [next(n for n, statement in enumerate(said) if column in statement) for column in ("submission.period_key", "referral.email_mark, ")]
    assert taken == sorted(taken)
