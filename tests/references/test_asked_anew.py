"""Whoever was asked before: an older link answers what stands now, and a no is a no under every address of theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.consents.models import Consent
from portal.dashboard.queries.company import nominations_there
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.joining import invite_person, join
from portal.people.actions.states import deactivate_person
from portal.people.models import Company, Person
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.references.actions.answering import open_account, say_no
from portal.references.actions.asking import asked_before, follow_up
from portal.references.actions.commenting import comment
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.actions.terms import add_rule
from portal.references.jobs import follow_up_nominees
from portal.references.models.nominating import Nomination
from portal.references.queries.comments import comments_on
from portal.references.queries.customers import proposal_of
from portal.references.queries.nominations import nominations_of, standings_of
from portal.references.queries.registry import Filters, list_registry
from portal.references.rules.joining import Due, Refused
from portal.references.rules.nominating import Details, SaidNo
from portal.references.rules.states import Standing, State
from tests.factories.people import chosen, make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import acting, make_nomination
from tests.references.test_answering import ADDRESS, WORDS, Scene, token_in, told
from tests.support.application import PortalClient, SignIn

DAY = timedelta(days=1)


def fall_silent(session: Session, scene: Scene) -> None:
    for days in (8, 30):
        follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + days * DAY)
    session.expire_all()
    assert session.get_one(Nomination, scene.id).state == State.NO_ANSWER


def state(session: Session, nomination_id: int) -> str:
    session.expire_all()
    return session.get_one(Nomination, nomination_id).state


@pytest.mark.parametrize(("answer", "comes_to"), [("yes", State.ACCEPTED), ("no", State.CUSTOMER_DECLINED)])
def test_a_late_answer_takes_in_what_waits_for_review(session: Session, answer: str, comes_to: State) -> None:
    scene = Scene(session)
    fall_silent(session, scene)
    later = make_nomination(session, email=ADDRESS)
    scene.say(session, answer)
    assert (state(session, scene.id), state(session, later.id)) == (comes_to, State.DUPLICATE)
    assert session.get_one(Nomination, later.id).duplicate_of_id == scene.id
    assert session.get_one(Nomination, scene.id).repeats == 1


@pytest.mark.parametrize(("answer", "comes_to"), [("yes", State.ACCEPTED), ("no", State.CUSTOMER_DECLINED)])
def test_an_older_link_answers_the_newer_proposal(session: Session, answer: str, comes_to: State) -> None:
    scene = Scene(session)
    fall_silent(session, scene)
    at = scene.at + 31 * DAY
    newer = make_nomination(session, email=ADDRESS, now=at)
    accept_nomination(session, scene.boss, nomination_id=newer.id, now=at)
    scene.say(session, answer, at + DAY)
    assert (state(session, scene.id), state(session, newer.id)) == (State.NO_ANSWER, comes_to)
    assert follow_up(session, system("job"), nomination_id=newer.id, now=at + 9 * DAY) is Due.NOTHING


def test_no_rule_asks_somebody_again_under_another_address_of_theirs(session: Session) -> None:
    make_company(session, name="Works")
    scene = Scene(session, company="Works")
    other = make_nomination(session, name="Ada", email="ada2@works.example", company="Works")
    mark_duplicate(session, scene.boss, nomination_id=other.id, first_id=scene.id, now=utcnow())
    scene.say(session, "no")
    add_rule(session, acting(make_admin(session)), name="Known", needs_company=True, now=utcnow())
    with pytest.raises(SaidNo):
        make_nomination(session, name="Ada", email="ada2@works.example", company="Works")


def test_a_no_counts_for_every_address_known_as_theirs_and_nobody_is_reminded_after_it(session: Session) -> None:
    scene, other = Scene(session), "ada2@works.example"
    marked = make_nomination(session, name="Ada", email=other)
    mark_duplicate(session, scene.boss, nomination_id=marked.id, first_id=scene.id, now=utcnow())
    fall_silent(session, scene)
    at = scene.at + 31 * DAY
    asked = make_nomination(session, name="Ada", email=other, now=at)
    accept_nomination(session, scene.boss, nomination_id=asked.id, now=at)
    scene.say(session, "no", at + DAY)
    assert (state(session, scene.id), state(session, asked.id)) == (State.CUSTOMER_DECLINED, State.DUPLICATE)
    assert follow_up(session, system("job"), nomination_id=asked.id, now=at + 9 * DAY) is Due.NOTHING


def test_a_no_under_the_other_address_counts_for_the_first(session: Session) -> None:
    scene, other = Scene(session), "ada2@works.example"
    marked = make_nomination(session, name="Ada", email=other)
    mark_duplicate(session, scene.boss, nomination_id=marked.id, first_id=scene.id, now=utcnow())
    fall_silent(session, scene)
    at = scene.at + 31 * DAY
    asked = make_nomination(session, name="Ada", email=other, now=at)
    accept_nomination(session, scene.boss, nomination_id=asked.id, now=at)
    say_no(session, "", token=token_in(session, "nomination_proposal"), code=Refused.OTHER, reason="", now=at + DAY)
    assert state(session, asked.id) == State.CUSTOMER_DECLINED
    with pytest.raises(SaidNo):
        make_nomination(session, email=ADDRESS, now=at + 2 * DAY)


def test_no_rule_asks_who_was_silent_or_a_member_by_another_address(session: Session) -> None:
    works = make_company(session, name="Works")
    scene = Scene(session, company="Works")
    fall_silent(session, scene)
    make_person(session, name="Bea Smith", email="bea@works.example", company_id=works.id)
    add_rule(session, acting(make_admin(session)), name="Known", needs_company=True, now=utcnow())
    for name, email in (("Ada", ADDRESS), ("Bea Smith", "bea.smith@works.example")):
        assert make_nomination(session, name=name, email=email, company="Works").state == State.SUBMITTED
    assert make_nomination(session, name="Cy Young", email="cy@works.example", company="Works").state == State.INVITED


def test_a_rule_judges_the_record_of_who_sends_it_and_approves_nothing_in_another_name(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "yes")
    add_rule(session, acting(make_admin(session)), name="Proven", least_agreed=1, now=utcnow())
    newcomer = make_employee(session)
    assert make_nomination(session, newcomer, email="b@x.example", colleague_id=scene.greta.id).state == State.SUBMITTED
    assert make_nomination(session, scene.greta, email="c@x.example", colleague_id=newcomer.id).state == State.SUBMITTED
    assert make_nomination(session, scene.greta, email="d@x.example").state == State.INVITED


def test_only_words_that_were_there_when_it_was_approved_are_shown(session: Session) -> None:
    scene = Scene(session, details=Details(words="You told it so well."))
    late = make_employee(session, name="Late Larry")
    make_nomination(session, late, email=ADDRESS, details=Details(words="Nobody read this"), activities=[Activity.PRESS], now=scene.at + DAY)
    shown = proposal_of(session, scene.token, scene.at + 2 * DAY)
    assert [words for _name, words in shown.words] == ["You told it so well."]
    assert (shown.proposers, shown.suggested) == ([scene.greta.name], [])


def test_who_joined_by_another_invitation_is_not_silent(session: Session) -> None:
    scene = Scene(session)
    person = session.scalars(select(Person).where(Person.email == ADDRESS)).one()
    link = invite_person(session, scene.boss, person_id=person.id, now=utcnow())
    join(session, scene.boss, token=link.partition("=")[2], password=chosen(), now=utcnow())
    for days in (8, 30):
        assert follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + days * DAY) is Due.NOTHING
    assert asked_before(session, scene.at + 30 * DAY, 10) == []
    assert scene.standing(session) is Standing.JOINED
    scene.say(session, "yes")
    assert state(session, scene.id) == State.ACCEPTED


def test_a_no_leaves_an_invitation_that_an_admin_sent_by_itself(session: Session) -> None:
    person = make_contact(session, name="Ada", email=ADDRESS)
    boss = acting(make_admin(session))
    invite_person(session, boss, person_id=person.id, now=utcnow() - DAY)
    scene = Scene(session)
    scene.say(session, "no")
    session.refresh(person)
    assert person.state == PersonState.INVITED


def test_a_link_opens_an_account_only_for_who_said_yes(database: Database, client: PortalClient) -> None:
    scene = database.write(Scene)
    assert client.post("/proposal/account", data={"t": scene.token}).status_code == 409
    database.write(lambda s: scene.say(s, "no"))
    assert client.post("/proposal/account", data={"t": scene.token}).status_code == 409
    with database.reading() as session:
        assert session.scalars(select(Person.state).where(Person.email == ADDRESS)).one() == PersonState.CONTACT


def test_what_is_kept_of_a_consent_is_what_stood_beside_its_tick(database: Database, client: PortalClient) -> None:
    scene = database.write(lambda s: Scene(s, activities=[Activity.CALL]))
    page = client.get("/proposal?t=" + scene.token).text
    assert 'value="call" checked' not in page
    client.post("/proposal", data={"t": scene.token, "per_quarter": "2", "activities": ["video"], "agreed": "y"})
    with database.reading() as session:
        (words,) = session.scalars(select(Consent.words))
    assert f">{words}<" in page.replace("&#39;", "'")


def test_not_now_of_somebody_who_left_is_closed(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "later", scene.at)
    person = session.scalars(select(Person).where(Person.email == ADDRESS)).one()
    deactivate_person(session, scene.boss, person_id=person.id, reason="left", now=utcnow())
    follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + 91 * DAY)
    assert state(session, scene.id) == State.NO_ANSWER


def test_a_line_that_was_changed_is_another_person(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(make_employee))
    for name in ("Ada", "Bob", "Ada"):
        client.post("/nominate/several", data={"key": "s", "lines": f"{name}, {name.lower()}@w.example, W", "why": "Good."})
    with database.reading() as session:
        assert session.scalars(select(Nomination.name).order_by(Nomination.id)).all() == ["Ada", "Bob"]


def test_the_job_looks_only_at_those_about_whom_something_is_due(session: Session) -> None:
    scene = Scene(session)
    assert asked_before(session, scene.at + 6 * DAY, 10) == []
    assert asked_before(session, scene.at + 8 * DAY, 10) == [scene.id]
    follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + 8 * DAY)
    assert asked_before(session, scene.at + 9 * DAY, 10) == []
    scene.say(session, "later", scene.at + 9 * DAY)
    assert asked_before(session, scene.at + 60 * DAY, 10) == []
    assert asked_before(session, scene.at + 100 * DAY, 10) == [scene.id]


@pytest.mark.breaks_the_books(reason="what the older release does not know is gone after going down")
def test_states_go_down_and_up_and_nobody_is_reminded_by_an_upgrade(database: Database) -> None:
    at = utcnow() - 300 * DAY

    def start(session: Session) -> None:
        boss = acting(make_admin(session))
        for name in ("invited", "no", "silent", "refused", "waits", "yes"):
            made = make_nomination(session, name=name, email=f"{name}@x.example", now=at)
            if name == "waits":
                continue
            if name == "refused":
                decline_nomination(session, boss, nomination_id=made.id, reason="Too new.", now=at)
                continue
            accept_nomination(session, boss, nomination_id=made.id, now=at)
            scene = Scene.__new__(Scene)
            scene.token = token_in(session, "nomination_proposal")
            if name in ("no", "yes"):
                scene.say(session, name, at)
            if name == "silent":
                for days in (8, 30):
                    follow_up(session, system("job"), nomination_id=made.id, now=at + days * DAY)

    database.write(start)

    def states() -> dict[str, str]:
        with database.reading() as session:
            return dict(tuple(row) for row in session.execute(text("SELECT name, state FROM nomination")))

    migrate.downgrade(database, "0057")
    assert states() == {"invited": "accepted", "no": "declined", "silent": "declined", "refused": "declined", "waits": "submitted", "yes": "accepted"}
    with database.reading() as session:
        assert session.execute(text("SELECT COUNT(*) FROM consent")).scalar() == 0
    migrate.upgrade(database)
    assert states() == {
        "invited": "invited", "no": "customer_declined", "silent": "no_answer", "refused": "not_approved", "waits": "submitted", "yes": "invited",
    }  # fmt: skip
    with database.reading() as session:
        before = session.scalars(select(OutboxJob.id)).all()
        assert session.scalars(select(Nomination.answer).where(Nomination.name == "no")).one() == "Too much to do."
    follow_up_nominees(database, utcnow())
    with database.reading() as session:
        assert session.scalars(select(OutboxJob.id)).all() == before


def test_what_was_said_on_a_duplicate_is_read_on_the_first(session: Session) -> None:
    scene = Scene(session)
    second = make_employee(session)
    marked = make_nomination(session, second, name="Ada", email="ada2@works.example")
    comment(session, acting(second), nomination_id=marked.id, text="They moved to Oslo.", key="k", now=utcnow())
    mark_duplicate(session, scene.boss, nomination_id=marked.id, first_id=scene.id, now=utcnow())
    assert [said.text for said in comments_on(session, scene.id)] == ["They moved to Oslo."]


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_link_lives_as_long_as_its_answer_and_opens_no_account_when_it_is_old(session: Session, answer: str) -> None:
    scene = Scene(session)
    scene.say(session, answer)
    late = utcnow() + 400 * DAY
    assert proposal_of(session, scene.token, late).is_fresh is False
    if answer == "no":
        scene.say(session, "again", late)
        assert proposal_of(session, scene.token, late + 50 * DAY).may_answer
    else:
        with pytest.raises(LinkSpent):
            open_account(session, "", token=scene.token, now=late)


def test_not_now_is_answered_by_the_same_link_however_late_the_day(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "later")
    assert proposal_of(session, scene.token, scene.at + 80 * DAY).may_answer


def test_who_has_no_account_takes_their_yes_back_by_the_link(database: Database, client: PortalClient) -> None:
    scene = database.write(Scene)
    data = {"t": scene.token}
    refused = client.post("/proposal/back", data=data)
    assert (refused.status_code, "Please fill this in." in refused.text) == (409, False), "a button is refused for what it is, not for another form"
    database.write(lambda s: scene.say(s, "yes"))
    database.write(lambda s: s.execute(update(Person).where(Person.id == scene.greta.id).values(is_admin=True)))
    assert "Take everything back" in client.get(f"/proposal?t={scene.token}").text
    for _time in range(2):
        assert client.post("/proposal/back", data=data).status_code == 303
    assert "You have taken back what you agreed to." in client.get(f"/proposal?t={scene.token}").text
    with database.reading() as session:
        assert all(ended is not None for ended in session.scalars(select(Consent.ended_at)))
        notices = session.scalars(select(Notice).where(Notice.kind == "consent_withdrawn")).all()
        assert [(notice.person_id, notice.data["words"]) for notice in notices] == [(scene.boss.id, list(WORDS.values()))]  # one for all that ended
        sent = [job.payload for job in session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send")) if job.created_at > scene.at]
        theirs = [mail["data"]["words"] for mail in sent if mail["to"]["person_id"] == scene.greta.id and "words" in mail["data"]]
        assert theirs == [list(WORDS.values())], "a nominator who is an admin too reads all of it in one mail"
        assert told(session, scene.greta)[-1] == "taken_back"
        assert scene.standing(session) is Standing.TAKEN_BACK
        company = session.get_one(Company, session.get_one(Nomination, scene.id).company_id or 0)
        assert [(row.nominator, stands) for row, stands in nominations_there(session, system(), company)] == [(scene.greta.name, Standing.TAKEN_BACK)]
        for wanted, number in ((Standing.TAKEN_BACK, 1), (Standing.ACCEPTED, 0)):
            assert len(nominations_of(session, scene.greta.id, standing=wanted).rows) == number
            assert len(list_registry(session, system(), Filters(state=wanted)).rows) == number
        assert standings_of(session, scene.greta.id) == {Standing.TAKEN_BACK: 1}


def test_a_word_of_a_reviewer_takes_up_what_waits_and_one_of_its_nominator_does_not(session: Session) -> None:
    greta, boss = make_employee(session), acting(make_admin(session))
    made = make_nomination(session, greta, email=ADDRESS)
    comment(session, acting(greta), nomination_id=made.id, text="Soon?", key="a", now=utcnow())
    session.refresh(made)
    assert made.review_began_at is None
    comment(session, boss, nomination_id=made.id, text="Who is she?", key="b", now=utcnow())
    session.refresh(made)
    assert made.review_began_at is not None


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_an_answer_closes_what_waits_under_another_address_and_the_second_person_it_made(session: Session, answer: str) -> None:
    """The first was silent, and was nominated by another address of theirs meanwhile; then they answer by the first mail."""
    scene = Scene(session)
    marked = make_nomination(session, name="Ada", email="ada2@works.example")
    mark_duplicate(session, scene.boss, nomination_id=marked.id, first_id=scene.id, now=utcnow())
    fall_silent(session, scene)
    other = make_nomination(session, name="Ada", email="ada2@works.example", now=scene.at + 31 * DAY)
    accept_nomination(session, scene.boss, nomination_id=other.id, now=scene.at + 31 * DAY)
    second = session.scalars(select(Person).where(Person.email == "ada2@works.example")).one()
    assert second.state == PersonState.INVITED
    scene.say(session, answer, scene.at + 32 * DAY)
    session.refresh(second)
    session.refresh(other)
    assert (second.state, other.state, other.duplicate_of_id) == (PersonState.CONTACT, State.DUPLICATE, scene.id)
    assert asked_before(session, scene.at + 60 * DAY, 10) == []
