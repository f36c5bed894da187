"""Peers' details go: when nobody decides, when they were never sent, when they ask, and who is asked to be forgotten is never referred again."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, withdraw_submission
from portal.challenges.actions.referring import forget_peer, forget_unsent
from portal.challenges.actions.review import accept_early, approve_attempt, ask_for_more, decline_attempt
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.stages import own_stages
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.referrals.actions import erase_due, erase_referral
from portal.referrals.models import Referral
from portal.referrals.rules import AlreadyErased, PeerKnown
from portal.wiring import REFERRAL_ERASED, REFERRAL_LOCKED
from tests.challenges.peers import NOW, PAT, QUINN, SECRETS, only, refer, stored_texts
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.rewards.racing import all_at_once


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
