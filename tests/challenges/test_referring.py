"""Referring a peer: who may be referred, what becomes of it with each decision, and when details go."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.app import REFERRAL_ERASED, REFERRAL_LOCKED
from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.referring import forget_peer, forget_unsent, require_new_peer, settle_peers
from portal.challenges.actions.review import accept_early, approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.refusals import NothingEntered
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, Refusal
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from portal.referrals.actions import erase_due, erase_referral
from portal.referrals.models import Referral
from portal.referrals.rules import AGREEMENT, AGREEMENT_VERSION, AlreadyErased, PeerIsOurs, PeerIsSelf, PeerKnown
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.rewards.racing import all_at_once

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAT = {"name": "Pat Peer", "email": "pat@peer.example", "company": "Peer & Co", "words": "We met.", "is_agreed": True, "language": "en"}
SECRETS = ("Pat Peer", "pat@peer.example", "Peer & Co", "We met.")


def refer(session: Session, person: Person, challenge: Challenge, *, now: datetime = NOW, **told: Any) -> Attempt:
    """Begin, name a peer, and send."""
    submission = make_submission(session, person, challenge, now=now)
    values = {own_stages(session, submission)[0].id: PAT | told}
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"{submission.id}-{now}", values=values, now=now)


def only(session: Session) -> Referral:
    return session.scalars(select(Referral).execution_options(populate_existing=True)).one()


def stored_texts(session: Session) -> str:
    """Everything the challenge's own tables and the audit log say."""
    said = [*session.scalars(select(Answer.value)), *session.scalars(select(Attempt.answers)), *session.scalars(select(AuditEvent.data))]
    return repr(said)


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


def test_a_peer_who_was_accepted_early_undone_and_not_sent_is_forgotten_after_thirty_days(session: Session) -> None:
    session.info["referral_erased"] = REFERRAL_ERASED
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer", "confirm"))
    submission = make_submission(session, person, challenge, now=NOW)
    values = {own_stages(session, submission)[0].id: PAT}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    verdict = accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW)
    assert verdict is not None
    undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW)
    assert forget_unsent(session, NOW + timedelta(days=30)) == 1
    assert not any(secret in stored_texts(session) for secret in SECRETS)


QUINN = {"name": "Quinn", "email": "quinn@peer.example", "company": "Quinn's", "words": "New.", "is_agreed": True, "language": "en"}


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


@pytest.mark.parametrize("how", ["on request", "in time", "withdrawn"])
def test_only_whoever_is_forgotten_is_removed_not_somebody_else_entered_meanwhile(session: Session, how: str) -> None:
    session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    first = refer(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=first.id, reason="Not a fit", now=NOW)
    submission, gone = session.get_one(Submission, first.submission_id), NOW + timedelta(days=30)
    values = {own_stages(session, submission)[0].id: QUINN}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=gone)
    if how == "on request":
        erase_referral(session, as_admin(admin), referral_id=only(session).id, now=gone)
    elif how == "in time":
        assert erase_due(session, system("job"), now=gone) == 1
    else:
        withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=gone)
    said = stored_texts(session)
    assert not any(secret in said for secret in SECRETS)
    assert ("quinn@peer.example" in said) is (how != "withdrawn")


def test_somebody_typed_and_never_sent_is_forgotten_although_another_of_the_same_answer_is_still_referred(session: Session) -> None:
    session.info["referral_erased"] = REFERRAL_ERASED
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    first = refer(session, person, challenge)
    ask_for_more(session, as_admin(admin), attempt_id=first.id, reason="Which Pat?", now=NOW)
    submission = session.get_one(Submission, first.submission_id)
    values = {own_stages(session, submission)[0].id: QUINN}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    assert forget_unsent(session, NOW + timedelta(days=30)) == 1
    assert ("quinn@peer.example" in stored_texts(session), only(session).email) == (False, PAT["email"])


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


def test_a_withdrawn_referral_loses_its_details_at_once_and_frees_the_address(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("refer",))
    attempt = refer(session, person, challenge)
    session.info["referral_erased"] = [forget_peer]
    withdraw_submission(session, as_advocate(person), submission_id=attempt.submission_id, now=NOW)
    assert (only(session).state, only(session).email, only(session).email_mark) == ("withdrawn", "", None)
    assert not any(secret in stored_texts(session) for secret in SECRETS)
    refer(session, make_person(session), challenge)


def test_details_of_a_declined_peer_go_after_thirty_days_everywhere(session: Session) -> None:
    session.info["referral_erased"] = [forget_peer]
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    attempt = refer(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not a fit", now=NOW)
    assert erase_due(session, system("job"), now=NOW + timedelta(days=29)) == 0
    assert "pat@peer.example" in stored_texts(session)
    assert erase_due(session, system("job"), now=NOW + timedelta(days=30)) == 1
    assert erase_due(session, system("job"), now=NOW + timedelta(days=31)) == 0
    assert not any(secret in stored_texts(session) for secret in SECRETS)
    assert only(session).erased_at is not None


def test_details_of_a_peer_on_whom_nobody_decides_go_after_a_year(session: Session) -> None:
    refer(session, make_person(session), make_challenge(session, stages=("refer",)))
    assert erase_due(session, system("job"), now=NOW + timedelta(days=364)) == 0
    assert erase_due(session, system("job"), now=NOW + timedelta(days=365)) == 1
    assert only(session).email == ""


def test_a_peer_who_asks_is_forgotten_and_never_referred_again(session: Session) -> None:
    session.info["referral_erased"] = [forget_peer]
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",), points=50)
    approve_attempt(session, as_admin(admin), attempt_id=refer(session, person, challenge).id, now=NOW)
    kept = only(session)
    with pytest.raises(NotAllowed):
        erase_referral(session, as_advocate(person), referral_id=kept.id, now=NOW)
    erase_referral(session, as_admin(admin), referral_id=kept.id, now=NOW)
    assert not any(secret in stored_texts(session) for secret in SECRETS)
    assert (only(session).state, balance_of(session, person.id).available) == ("confirmed", 50)
    with pytest.raises(AlreadyErased):
        erase_referral(session, as_admin(admin), referral_id=kept.id, now=NOW)
    with pytest.raises(PeerKnown):
        refer(session, make_person(session), challenge, now=NOW + timedelta(days=800))


@pytest.mark.parametrize("pressed", [0, 1])
def test_a_peer_who_asks_is_forgotten_whoever_referred_them_and_when(session: Session, pressed: int) -> None:
    session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
    admin, challenge, later = make_admin(session), make_challenge(session, stages=("refer",)), NOW + timedelta(days=366)
    approve_attempt(session, as_admin(admin), attempt_id=refer(session, make_person(session), challenge).id, now=NOW)
    refer(session, make_person(session), challenge, now=later, email="PAT@peer.example")
    refer(session, make_person(session), challenge, now=later, email="pat@peer.example.org", name="Another", company="Else", words="")
    pats = list(session.scalars(select(Referral.id).where(Referral.name == "Pat Peer").order_by(Referral.id)))
    erase_referral(session, as_admin(admin), referral_id=pats[pressed], now=later)
    kept = session.scalars(select(Referral).order_by(Referral.id).execution_options(populate_existing=True)).all()
    assert [(row.email, row.is_unwanted) for row in kept] == [("", True), ("", True), ("pat@peer.example.org", False)]
    assert [row.id for row in kept if row.is_unwanted and row.email_mark] == [pats[pressed]]
    said = stored_texts(session).replace("pat@peer.example.org", "")
    assert not any(secret.casefold() in said.casefold() for secret in SECRETS)
    with pytest.raises(AlreadyErased):
        erase_referral(session, as_admin(admin), referral_id=pats[1 - pressed], now=later)
    with pytest.raises(PeerKnown):
        refer(session, make_person(session), challenge, now=later + timedelta(days=800))


def test_a_peer_whom_two_referred_is_forgotten_once_however_many_press(database: Database) -> None:
    """Four press at each of two referrals of one peer: neither waits for the other in a ring, and one mark stays."""

    def scene(session: Session) -> tuple[Any, list[int]]:
        admin, challenge = make_admin(session), make_challenge(session, stages=("refer",))
        for days in (0, 366):
            refer(session, make_person(session), challenge, now=NOW + timedelta(days=days))
        return as_admin(admin), list(session.scalars(select(Referral.id)))

    def erase(session: Session, referral_id: int) -> None:
        session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
        erase_referral(session, admin, referral_id=referral_id, now=NOW)

    admin, both = database.write(scene)
    done = all_at_once(database, [lambda s, r=referral: erase(s, r) for referral in both * 4])
    assert done == Counter({"done": 1, "AlreadyErased": 7})
    with database.reading() as session:
        kept = session.scalars(select(Referral)).all()
        assert (len(kept), {(row.email, row.is_unwanted) for row in kept}, sum(row.email_mark is not None for row in kept)) == (2, {("", True)}, 1)
        assert "pat@peer.example" not in stored_texts(session)


def test_somebody_else_may_be_named_for_a_peer_who_is_never_referred_again(session: Session) -> None:
    session.info["referral_erased"] = [forget_peer]
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    first = refer(session, person, challenge)
    unwanted = only(session)
    erase_referral(session, as_admin(admin), referral_id=unwanted.id, now=NOW)
    ask_for_more(session, as_admin(admin), attempt_id=first.id, reason="Somebody else, please", now=NOW)
    with pytest.raises(PeerKnown), session.begin_nested():
        refer(session, person, challenge, now=NOW + timedelta(minutes=1))
    again = refer(session, person, challenge, now=NOW + timedelta(minutes=2), email="quinn@peer.example", name="Quinn")
    approve_attempt(session, as_admin(admin), attempt_id=again.id, now=NOW)
    kept = {row.email: row for row in session.scalars(select(Referral).execution_options(populate_existing=True))}
    assert (len(kept), kept["quinn@peer.example"].state, kept["quinn@peer.example"].is_unwanted) == (2, "confirmed", False)
    assert (kept[""].id, kept[""].is_unwanted, kept[""].erased_at) == (unwanted.id, True, NOW)
    for anybody in (person, make_person(session)):
        with pytest.raises(PeerKnown):
            refer(session, anybody, make_challenge(session, stages=("refer",)), now=NOW + timedelta(days=800))


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


def test_peers_are_erased_and_approved_at_the_same_moment(database: Database) -> None:
    """Each of four answers is approved while its peer is erased, eight at once: nobody waits in a ring."""

    def scene(session: Session) -> tuple[Any, list[tuple[int, int]]]:
        admin, challenge = make_admin(session), make_challenge(session, stages=("refer",))
        sent = [refer(session, make_person(session), challenge, email=f"peer{number}@peer.example") for number in range(4)]
        ids = {row.source_id: row.id for row in session.scalars(select(Referral))}
        return as_admin(admin), [(attempt.id, ids[attempt.submission_id]) for attempt in sent]

    def erase(session: Session, referral_id: int) -> None:
        session.info.update(referral_erased=REFERRAL_ERASED, referral_locked=REFERRAL_LOCKED)
        erase_referral(session, admin, referral_id=referral_id, now=NOW)

    admin, pairs = database.write(scene)
    works = [lambda s, a=attempt: approve_attempt(s, admin, attempt_id=a, now=NOW) for attempt, _ in pairs]
    done = all_at_once(database, [*works, *(lambda s, r=referral: erase(s, r) for _, referral in pairs)])
    assert done == Counter({"done": 8})
    with database.reading() as session:
        kept = session.scalars(select(Referral)).all()
        assert {(row.state, row.email, row.is_unwanted) for row in kept} == {("confirmed", "", True)}
        assert "@peer.example" not in stored_texts(session)


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


def test_a_peer_who_was_never_sent_is_forgotten_after_thirty_days(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("refer", "confirm"))
    submission = make_submission(session, person, challenge, now=NOW)
    refer_stage, box = own_stages(session, submission)
    values: dict[int, dict[str, Any]] = {refer_stage.id: PAT, box.id: {"is_confirmed": True}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    sent = refer(session, make_person(session), make_challenge(session, stages=("refer",)), email="sent@peer.example")
    assert forget_unsent(session, NOW + timedelta(days=29)) == 0
    assert forget_unsent(session, NOW + timedelta(days=31)) == 1
    left = session.scalars(select(Answer)).all()
    assert {(answer.submission_id, answer.stage_id) for answer in left} >= {(submission.id, box.id)}
    assert [answer.value["email"] for answer in left if answer.submission_id == sent.submission_id] == ["sent@peer.example"]
    assert session.get_one(Submission, submission.id).state == "open"


@pytest.mark.parametrize("how", ["on request", "in time"])
def test_a_peer_who_was_entered_after_another_was_forgotten_and_never_sent_is_forgotten_too(session: Session, how: str) -> None:
    session.info["referral_erased"] = REFERRAL_ERASED
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, stages=("refer",))
    attempt, gone = refer(session, person, challenge), NOW + timedelta(days=30)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not a fit", now=NOW)
    if how == "on request":
        erase_referral(session, as_admin(admin), referral_id=only(session).id, now=gone)
    else:
        assert erase_due(session, system("job"), now=gone) == 1
    assert forget_unsent(session, gone + timedelta(days=31)) == 0  # that they are removed stays said
    submission = session.get_one(Submission, attempt.submission_id)
    quinn = {own_stages(session, submission)[0].id: PAT | {"name": "Quinn", "email": "quinn@peer.example"}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=quinn, now=gone)
    assert forget_unsent(session, gone + timedelta(days=29)) == 0
    assert forget_unsent(session, gone + timedelta(days=30)) == 1
    assert "quinn@peer.example" not in stored_texts(session)


# ── pages ──


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
        admin, challenge = make_admin(session), make_challenge(session, stages=("refer",), title="Pass us on")
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
    assert (page.text.count("@peer.example"), "peer7@peer.example" in page.text) == (1, True)
    with count_queries() as few:
        browser.get("/admin/referrals?q=number7")
    with count_queries() as many:
        browser.get("/admin/referrals")
    assert few.total == many.total
    with database.reading() as session:
        seventh = session.scalars(select(Referral.id).where(Referral.email == "peer7@peer.example")).one()
    assert browser.post(f"/admin/referrals/{seventh}/erase").status_code == 303
    assert "peer7@peer.example" not in browser.get("/admin/referrals").text
    assert browser.post(f"/admin/referrals/{seventh}/erase", follow_redirects=True).text.count("removed already") == 1
    assert sign_in(advocate).get("/admin/referrals").status_code == 403
