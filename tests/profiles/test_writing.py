"""Opening, writing, moving a profile; consents that staff record and those that are the person's own."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.acts.actions.asking import propose_ask
from portal.acts.rules.refusals import LegalHold
from portal.audit.models import AuditEvent
from portal.consents.actions import withdraw_consent
from portal.consents.models import Consent
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.seen import ChangedMeanwhile
from portal.people.actions.states import deactivate_person, reactivate_person
from portal.profiles.actions.consenting import end_consent, give_own, record_consent, rule_out, take_back_own
from portal.profiles.actions.editing import add_days, edit_facts, remove_days, set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_by_staff, open_profile
from portal.profiles.actions.own import change_what_i_do
from portal.profiles.actions.rows import locked
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import activities_of, blackouts_of, does, facts_of, own_fields, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.refusals import CannotMove, ConsentTheirs, EvidenceMissing, HasProfile, OwnWish, PersonGone, ReasonMissing, RestOver
from portal.profiles.rules.states import Move, Retired, Status, WordKind
from tests.factories.people import make_contact, make_employee, make_person
from tests.factories.profiles import WORDS, Scene
from tests.factories.references import acting
from tests.rewards.racing import all_at_once, one_during_another


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def row_of(session: Session, scene: Scene) -> ReferenceProfile:
    return session.get_one(ReferenceProfile, scene.id, populate_existing=True)


def test_staff_open_a_profile_once_and_only_of_customers_they_look_after(session: Session, scene: Scene) -> None:
    stranger = acting(make_employee(session))
    person = make_person(session)
    for actor, whom, refusal in (
        (stranger, person.id, NotAllowed), (scene.boss, make_employee(session).id, PersonGone), (scene.boss, scene.id, HasProfile),
        (scene.boss, 10**9, NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal), session.begin_nested():
            open_by_staff(session, actor, person_id=whom, facts=Facts(), now=scene.at)
    row = open_by_staff(session, scene.boss, person_id=person.id, facts=Facts(tier=3), now=scene.at)
    assert (row.status, row.is_visible, row.tier, row.verified_at, row.verify_on) == (Status.CANDIDATE, False, 3, None, None)
    move_profile(session, scene.boss, person_id=person.id, way=Move.ACTIVATE, now=scene.at)
    assert (row.verify_on is not None, row.is_visible) == (True, False), "never verified is due at once, and nobody sees it before it is shown"


def test_no_move_shows_what_was_hidden_and_a_retired_profile_is_hidden(session: Session, scene: Scene) -> None:
    def go(way: Move, **more: Any) -> tuple[str, bool]:
        row = move_profile(session, scene.boss, person_id=scene.id, way=way, reason="Because.", now=scene.at, **more)
        return row.status, row.is_visible

    assert [go(Move.REST), go(Move.RESUME), go(Move.DOUBT)] == [(Status.RESTING, True), (Status.ACTIVE, True), (Status.NEEDS_VERIFICATION, True)]
    assert go(Move.RETIRE, retired_as=Retired.LEFT) == (Status.RETIRED, False)
    assert (row_of(session, scene).retired_as, row_of(session, scene).status_reason) == (Retired.LEFT, "Because.")
    with pytest.raises(CannotMove):
        set_visible(session, scene.boss, person_id=scene.id, is_visible=True, now=scene.at)
    assert [go(Move.REVIVE), go(Move.ACTIVATE)] == [(Status.CANDIDATE, False), (Status.ACTIVE, False)]
    assert set_visible(session, scene.boss, person_id=scene.id, is_visible=True, now=scene.at)
    assert [go(Move.HOLD), go(Move.RELEASE)] == [(Status.LEGAL_HOLD, False), (Status.NEEDS_VERIFICATION, False)]


def test_a_move_needs_its_reason_its_right_and_its_way(session: Session, scene: Scene) -> None:
    given: dict[str, Any] = {"person_id": scene.id, "now": scene.at}
    for actor, way, reason, refusal in (
        (scene.greta, Move.HOLD, "Lawsuit.", NotAllowed), (scene.greta, Move.REST, " ", ReasonMissing), (scene.boss, Move.RESUME, "", CannotMove),
        (acting(make_employee(session)), Move.REST, "Tired.", NotFound), (scene.boss, Move.VERIFY, "", CannotMove),
    ):  # fmt: skip
        with pytest.raises(refusal):
            move_profile(session, actor, way=way, reason=reason, **given)
    for over in (scene.at.date(), scene.at.date() - timedelta(days=1)):
        with pytest.raises(RestOver):
            move_profile(session, scene.greta, way=Move.REST, reason="Tired.", rests_until=over, **given)
    move_profile(session, scene.greta, way=Move.REST, reason="Tired.", **given)
    event = session.scalars(select(AuditEvent).where(AuditEvent.name == "profile.moved").order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.subject_id, event.actor_id, event.data) == (scene.id, scene.greta_id, {"move": "rest", "reason": "Tired."})


def test_a_legal_hold_blocks_every_ask_until_it_ends(session: Session, scene: Scene) -> None:
    def hold(way: Move) -> None:
        move_profile(session, scene.boss, person_id=scene.id, way=way, reason="Lawsuit.", now=scene.at)

    hold(Move.HOLD)
    with pytest.raises(LegalHold), session.begin_nested():
        propose_ask(session, scene.greta, person_id=scene.id, kind="call", key="held", now=scene.at)
    hold(Move.RELEASE)
    assert propose_ask(session, scene.greta, person_id=scene.id, kind="call", key="free", now=scene.at).person_id == scene.id


def test_who_was_deactivated_is_retired_and_coming_back_turns_nothing_on(hearing_session: Session) -> None:
    session = hearing_session
    scene = Scene(session)
    deactivate_person(session, scene.boss, person_id=scene.id, reason="Left the company.", now=scene.at)
    row = row_of(session, scene)
    assert (row.status, row.retired_as, row.is_visible) == (Status.RETIRED, Retired.LEFT, False)
    with pytest.raises(PersonGone):
        move_profile(session, scene.boss, person_id=scene.id, way=Move.REVIVE, reason="Back.", now=scene.at)
    reactivate_person(session, scene.boss, person_id=scene.id, now=scene.at)
    assert (row_of(session, scene).status, row_of(session, scene).is_visible) == (Status.RETIRED, False)


def test_an_edit_keeps_words_and_search_and_refuses_who_saw_an_older_one(session: Session, scene: Scene) -> None:
    words = {WordKind.LANGUAGE: ("English", "Español"), WordKind.NOT_FOR: ("Rival",)}
    facts, seen = Facts(tier=1, story="Moved off paper.", sensitivities="New boss.", words=words), row_of(session, scene).edition
    changed = edit_facts(session, scene.greta, person_id=scene.id, facts=facts, edition=seen, now=scene.at)
    assert changed == ["tier", "sensitivities", "language", "not_for"]
    row = row_of(session, scene)
    assert (facts_of(session, row).words, "espanol" in row.search, "rival" in row.search) == (words, True, False)
    assert row.verified_at is not None
    assert row.verify_on == (scene.at + timedelta(days=90)).date() or row.verify_on == (scene.at + timedelta(days=90, hours=2)).date()
    assert edit_facts(session, scene.boss, person_id=scene.id, facts=facts, edition=seen, now=scene.at) == [], "the same again is no change"
    with pytest.raises(ChangedMeanwhile):
        edit_facts(session, scene.boss, person_id=scene.id, facts=Facts(tier=2), edition=seen, now=scene.at)
    with pytest.raises(NotFound):
        edit_facts(session, acting(make_employee(session)), person_id=scene.id, facts=facts, now=scene.at)


def test_days_off_are_kept_once_and_removed(session: Session, scene: Scene) -> None:
    first = (scene.at + timedelta(days=3)).date()
    given: dict[str, Any] = {"person_id": scene.id, "first_on": first, "last_on": first + timedelta(days=4), "now": scene.at}
    made = add_days(session, scene.ada, reason="Holidays", **given)
    assert add_days(session, scene.greta, **given).id == made.id
    assert ([one.reason for one in blackouts_of(session, scene.id, first)], own_fields(session, scene.id) & {"days_off"}) == (
        ["Holidays"],
        {"days_off"},
    )
    for actor, days_id in ((acting(make_employee(session)), made.id), (scene.greta, 10**9)):
        with pytest.raises(NotFound):
            remove_days(session, actor, person_id=scene.id, days_id=days_id, now=scene.at)
    remove_days(session, scene.greta, person_id=scene.id, days_id=made.id, now=scene.at)
    assert blackouts_of(session, scene.id, first) == []


def test_staff_record_consents_with_what_shows_them_and_never_touch_the_customers_own(session: Session, scene: Scene) -> None:
    given: dict[str, Any] = {"person_id": scene.id, "words": "May talk to analysts.", "now": scene.at}
    with pytest.raises(EvidenceMissing):
        record_consent(session, scene.greta, activity=Activity.ANALYST, **given)
    with pytest.raises(ConsentTheirs):
        record_consent(session, scene.greta, activity=Activity.CALL, note="On the phone", **given)
    with pytest.raises(ConsentTheirs):
        end_consent(session, scene.greta, person_id=scene.id, activity=Activity.CALL, now=scene.at)
    until = (scene.at + timedelta(days=10)).date()
    record_consent(session, scene.greta, activity=Activity.ANALYST, note="Mail of 3 May", until=until, **given)
    record_consent(session, scene.greta, activity=Activity.ANALYST, note="Mail of 4 May", until=until, **given)
    kept = next(one for one in does(session, scene.id, scene.at) if one.activity is Activity.ANALYST)
    assert kept.proof is not None
    assert kept.consent is not None
    assert (kept.is_own, kept.proof.note, kept.consent.expires_on, kept.consent.words) == (False, "Mail of 4 May", until, "May talk to analysts.")
    shown: dict[str, Any] = {"wanted": {Activity.ANALYST: True}, "shown": {Activity.ANALYST: True}, "words": {Activity.ANALYST: WORDS}}
    for day, becomes_own in ((None, []), (until, [Activity.ANALYST])):  # a page of before staff set the last day, and one of today
        said = {"until": {Activity.ANALYST: day}, "seen": {Activity.ANALYST: day}, "now": scene.at}
        with session.begin_nested() as trial:
            assert change_what_i_do(session, scene.ada, person_id=scene.id, **shown, **said) == becomes_own
            trial.rollback()
    later = scene.at + timedelta(days=12)
    assert [activities_of(session, [scene.id], at).get(scene.id) for at in (scene.at, later)] == [[Activity.CALL, Activity.ANALYST], [Activity.CALL]]
    give_own(session, scene.ada, person_id=scene.id, activity=Activity.ANALYST, words=WORDS, now=later)
    assert activities_of(session, [scene.id], later)[scene.id] == [Activity.CALL, Activity.ANALYST]
    take_back_own(session, scene.ada, person_id=scene.id, activity=Activity.ANALYST, never=True, now=later)
    with pytest.raises(ConsentTheirs):
        record_consent(session, scene.greta, activity=Activity.ANALYST, note="They said so", **given)
    rule_out(session, scene.greta, person_id=scene.id, activity=Activity.PRESS, now=later)
    assert {one.activity: (one.is_never, one.is_own) for one in does(session, scene.id, later) if one.is_never} == {
        Activity.ANALYST: (True, True), Activity.PRESS: (True, False)
    }  # fmt: skip
    standing = session.scalars(select(Consent.words).where(Consent.person_id == scene.id, Consent.ended_at.is_(None))).all()
    assert standing == [WORDS]


def test_a_yes_by_link_takes_up_a_retired_profile_and_leaves_it_hidden(session: Session, scene: Scene) -> None:
    move_profile(session, scene.boss, person_id=scene.id, way=Move.RETIRE, reason="Wished.", retired_as=Retired.OWN_WISH, now=scene.at)
    with pytest.raises(OwnWish):
        move_profile(session, scene.boss, person_id=scene.id, way=Move.REVIVE, reason="We need her.", now=scene.at)
    row = open_profile(session, scene.ada, person_id=scene.id, consents={}, never=[Activity.PRESS], now=scene.at)
    assert (row.status, row.is_visible, row.verified_by_id) == (Status.ACTIVE, False, scene.id)
    assert [one.activity for one in does(session, scene.id, scene.at)] == [Activity.PRESS]


def test_of_eight_at_once_one_opens_and_one_moves(database: Database) -> None:
    def start(session: Session) -> tuple[Scene, int]:
        return Scene(session), make_contact(session).id

    scene, fresh = database.write(start)

    def open_it(session: Session) -> None:
        open_by_staff(session, scene.boss, person_id=fresh, facts=Facts(), now=scene.at)

    def rest(session: Session) -> None:
        move_profile(session, scene.boss, person_id=scene.id, way=Move.REST, reason="Tired.", rests_until=date(2099, 1, 1), now=scene.at)

    assert all_at_once(database, [open_it] * 8) == {"done": 1, "HasProfile": 7}
    assert all_at_once(database, [rest] * 8) == {"done": 1, "CannotMove": 7}
    with database.reading() as session:
        assert profile_of(session, fresh) is not None


def test_what_is_withdrawn_elsewhere_waits_for_the_profile_before_it_ends_a_consent(app: Flask) -> None:
    database: Database = app.extensions["database"]
    words = dict.fromkeys(Activity, WORDS)

    def start(session: Session) -> tuple[Scene, int]:
        scene = Scene(session)
        change_what_i_do(session, scene.ada, person_id=scene.id, wanted={Activity.VIDEO: True}, words=words, now=scene.at)
        return scene, session.scalars(select(Consent.id).where(Consent.person_id == scene.id).order_by(Consent.id)).all()[-1]

    scene, consent_id = database.write(start)

    def change(session: Session) -> None:
        """Hold the profile, and take the yes back only while the other waits."""
        take = {"person_id": scene.id, "wanted": {Activity.VIDEO: None}, "words": words, "now": scene.at}
        locked(session, scene.id)
        event.listen(session, "before_commit", lambda own: change_what_i_do(own, scene.ada, **take), once=True)

    def withdraw(session: Session) -> None:
        withdraw_consent(session, scene.ada, consent_id=consent_id, now=scene.at)

    _, answer = one_during_another(database, change, lambda: database.write(withdraw, tries=1))
    assert answer == "ConsentEnded", "neither stands in the other's way"
