"""What once went wrong with profiles, and must not again: old links, questions that outlive their answer, holds, credit, leaving."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import set_block
from portal.acts.queries.budget import budget_of
from portal.acts.rules.terms import BlockKind
from portal.consents.models import Consent
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.people.actions.companies import edit_company
from portal.people.models import Person
from portal.people.rules.link import LinkSpent
from portal.profiles.actions.asking import ask_owner, ask_several, hide_silent
from portal.profiles.actions.checking import answer_check
from portal.profiles.actions.consenting import record_consent
from portal.profiles.actions.links import holder_of, own_link
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_profile
from portal.profiles.actions.own import pause, remove_me
from portal.profiles.models import ProfileCheck, ReferenceProfile
from portal.profiles.queries.checks import due_by_owner, open_check
from portal.profiles.queries.lists import Filters, list_profiles
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.fresh import Answer
from portal.profiles.rules.states import Move, Retired, Status
from tests.factories.people import make_employee
from tests.factories.profiles import Scene, make_profile
from tests.profiles.test_freshness import credit, token_to

ORIGIN = "127.0.0.1"


def test_a_question_is_answered_by_who_looks_after_them_now(session: Session) -> None:
    scene = Scene(session)
    ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at)
    token = token_to(session, scene.greta_id)
    assert holder_of(session, token, ORIGIN, scene.at, is_own=False).actor.id == scene.greta_id
    company_id = session.get_one(Person, scene.id).company_id
    assert company_id is not None
    edit_company(session, scene.boss, company_id=company_id, owner_id=make_employee(session).id, now=scene.at)
    with pytest.raises(LinkSpent):
        holder_of(session, token, ORIGIN, scene.at, is_own=False)


def test_a_link_opens_nothing_once_its_reader_has_another_address(session: Session) -> None:
    scene = Scene(session)
    token = own_link(session, person_id=scene.id, now=scene.at).partition("t=")[2]
    assert holder_of(session, token, ORIGIN, scene.at, is_own=True).person_id == scene.id
    ada = session.get_one(Person, scene.id)
    kept, ada.email, ada.email_key = (ada.email, ada.email_key), "ada@new.example", "ada@new.example"
    session.flush()
    for tried in (token, token.partition(".")[0]):
        with pytest.raises(LinkSpent):
            holder_of(session, tried, ORIGIN, scene.at, is_own=True)
    ada.email, ada.email_key = kept
    session.flush()
    assert holder_of(session, token, ORIGIN, scene.at, is_own=True).person_id == scene.id


def test_whom_their_own_yes_verified_is_not_hidden_for_an_old_question(session: Session) -> None:
    scene = Scene(session)
    ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at)
    later = scene.at + timedelta(days=28)
    open_profile(session, scene.ada, person_id=scene.id, consents={}, now=later)
    assert open_check(session, scene.id) is None
    assert hide_silent(session, scene.boss, owner_id=scene.greta_id, person_ids=[scene.id], now=later) == 0
    assert session.get_one(ReferenceProfile, scene.id, populate_existing=True).status == Status.ACTIVE


def test_who_was_verified_or_left_between_the_look_and_the_question_is_not_asked_about(session: Session) -> None:
    scene = Scene(session)
    later = scene.at + timedelta(days=200)
    due = due_by_owner(session, later, 500)
    assert due == {scene.greta_id: [scene.id]}
    answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=later)
    assert ask_owner(session, scene.boss, owner_id=scene.greta_id, person_ids=due[scene.greta_id], now=later) == 0
    gone = later + timedelta(days=200)
    remove_me(session, scene.ada, person_id=scene.id, now=gone)
    assert ask_owner(session, scene.boss, owner_id=scene.greta_id, person_ids=[scene.id], now=gone) == 0
    assert session.scalar(select(ProfileCheck.id).where(ProfileCheck.ended_at.is_(None))) is None


def test_the_many_of_one_owner_who_was_asked_today_hide_nobody_elses(session: Session) -> None:
    scene = Scene(session)
    others = [make_profile(session, owner=session.get_one(Person, scene.greta_id), boss=scene.boss, now=scene.at).person_id for _ in range(2)]
    otto = make_employee(session)
    last = make_profile(session, owner=otto, boss=scene.boss, now=scene.at + timedelta(days=1)).person_id
    later = scene.at + timedelta(days=200)
    assert due_by_owner(session, later, 3) == {scene.greta_id: [scene.id, *others]}
    ask_owner(session, scene.boss, owner_id=scene.greta_id, person_ids=[scene.id], now=later)
    assert due_by_owner(session, later, 1) == {otto.id: [last]}


def test_verifying_and_retiring_later_are_both_credited_and_asking_oneself_is_not(session: Session) -> None:
    scene = Scene(session)
    for _ in range(2):
        ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at)
        answer_check(session, scene.boss, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
    assert credit(session, scene.admin_id) == 0, "who asks and answers themself"
    ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at)
    answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
    assert credit(session, scene.greta_id) == 5
    way = {"way": Move.RETIRE, "reason": "Gone.", "retired_as": Retired.LEFT}
    move_profile(session, scene.greta, person_id=scene.id, **way, now=scene.at + timedelta(days=60))
    assert credit(session, scene.greta_id) == 15


@pytest.mark.parametrize(
    ("retired_as", "is_candidate", "credited"),
    [(Retired.UNSUITABLE, False, 10), (Retired.OTHER, False, 0), (Retired.OWN_WISH, False, 0), (Retired.UNSUITABLE, True, 0)],
)
def test_retiring_is_credited_for_what_was_found_out_of_a_reference_in_use(
    session: Session, retired_as: Retired, is_candidate: bool, credited: int
) -> None:
    scene = Scene(session)
    if is_candidate:
        session.execute(update(ReferenceProfile).values(status=Status.CANDIDATE, is_visible=False))
        session.expire_all()
    move_profile(session, scene.greta, person_id=scene.id, way=Move.RETIRE, reason="So it is.", retired_as=retired_as, now=scene.at)
    assert credit(session, scene.greta_id) == credited


def test_a_hold_is_ended_by_admins_alone_and_lifts_its_own_block_only(session: Session) -> None:
    scene = Scene(session)
    move_profile(session, scene.boss, person_id=scene.id, way=Move.HOLD, reason="Lawyers look at it.", now=scene.at)
    with pytest.raises(NotAllowed), session.begin_nested():
        move_profile(session, scene.greta, person_id=scene.id, way=Move.RETIRE, reason="Round it.", now=scene.at)
    move_profile(session, scene.boss, person_id=scene.id, way=Move.RELEASE, reason="Settled.", now=scene.at)
    assert budget_of(session, scene.id, scene.at).standing.person.blocks == ()
    set_block(session, scene.boss, kind=BlockKind.LEGAL, reason="Another case.", person_id=scene.id, now=scene.at)
    answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
    for way, reason in ((Move.HOLD, "Lawyers look at it."), (Move.RELEASE, "Settled.")):
        move_profile(session, scene.boss, person_id=scene.id, way=way, reason=reason, now=scene.at)
    assert budget_of(session, scene.id, scene.at).standing.person.blocks == (BlockKind.LEGAL,), "that one stands for something else"


def test_remove_me_ends_everything_whoever_retired_the_profile_before(session: Session) -> None:
    scene = Scene(session)
    facts = {"activity": Activity.QUOTE, "words": "You may quote me.", "note": "Her mail of 3 May."}
    record_consent(session, scene.boss, person_id=scene.id, **facts, now=scene.at)
    move_profile(session, scene.boss, person_id=scene.id, way=Move.RETIRE, reason="Gone.", retired_as=Retired.LEFT, now=scene.at)
    for _ in range(2):
        row = remove_me(session, scene.ada, person_id=scene.id, now=scene.at)
        assert (row.status, row.retired_as) == (Status.RETIRED, Retired.OWN_WISH)
    assert session.scalars(select(Consent.id).where(Consent.person_id == scene.id, Consent.ended_at.is_(None))).all() == []


def test_what_staff_wrote_down_ends_with_what_the_customer_says_and_only_what_holds_is_listed(session: Session) -> None:
    scene = Scene(session)
    facts = {"activity": Activity.QUOTE, "words": "You may quote me.", "note": "Her mail of 3 May."}
    record_consent(session, scene.boss, person_id=scene.id, **facts, now=scene.at)
    quoted = Filters(does=Activity.QUOTE)
    assert [row.id for row in list_profiles(session, scene.boss, quoted, scene.at)] == [scene.id]
    open_profile(session, scene.ada, person_id=scene.id, consents={}, now=scene.at)
    staffs = session.scalars(select(Consent).where(Consent.person_id == scene.id, Consent.words == "You may quote me.")).one()
    assert staffs.ended_at is not None
    assert [row.id for row in list_profiles(session, scene.boss, quoted, scene.at)] == []
    record_consent(session, scene.boss, person_id=scene.id, **facts, until=(scene.at + timedelta(days=1)).date(), now=scene.at)
    assert [row.id for row in list_profiles(session, scene.boss, quoted, scene.at)] == [scene.id]
    assert [row.id for row in list_profiles(session, scene.boss, quoted, scene.at + timedelta(days=4))] == []


def test_a_pause_never_shortens_a_longer_one(database: Database) -> None:
    scene = database.write(Scene)
    summer = (scene.at + timedelta(days=200)).date()

    def rest(session: Session) -> None:
        move_profile(session, scene.boss, person_id=scene.id, way=Move.REST, reason="After the fair.", rests_until=summer, now=scene.at)
        assert pause(session, scene.ada, person_id=scene.id, now=scene.at).rests_until == summer
        assert budget_of(session, scene.id, scene.at).person.terms.paused_until == summer

    database.write(rest)
