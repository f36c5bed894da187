"""A nominee answers by link: yes with consents, no for good, not now; who nominated them reads and is credited; the clock runs."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import lift_block, set_block
from portal.acts.rules.refusals import OpenEscalation
from portal.consents.actions import withdraw_consent
from portal.consents.models import Consent
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import STAFF
from portal.notifications.models import Notice, OutboxJob
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.link import LinkSpent
from portal.profiles.actions.links import holder_of
from portal.profiles.actions.opening import open_profile
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import facts_of
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.states import WordKind
from portal.references.actions.answering import agree, put_off, say_no, turn_round
from portal.references.actions.asking import follow_up, tell_late
from portal.references.actions.decide import accept_nomination, take_up
from portal.references.actions.terms import add_rule, set_terms
from portal.references.actions.undoing import undo_decision
from portal.references.jobs import escalate_nominations, follow_up_nominees
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination
from portal.references.queries.customers import offer_of, proposal_of
from portal.references.queries.nominations import nominations_of
from portal.references.queries.review import KIND
from portal.references.rules.deciding import AlreadyDecided
from portal.references.rules.joining import AnsweredAlready, Due, Offer, Refused
from portal.references.rules.nominating import ColleagueNotEmployee, Details, NominatedBySelf, SaidNo
from portal.references.rules.states import Standing, State
from portal.references.rules.terms import DaysOutOfOrder, Terms
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.factories.references import acting, make_nomination
from tests.rewards.racing import all_at_once
from tests.support.poison import poisoned
from tests.support.undoing import last_decision

ADDRESS = "ada@works.example"
OFFER = Offer((Activity.CALL, Activity.VIDEO), 2, (Activity.PRESS,))
WORDS = {Activity.CALL: "You may ask me for calls.", Activity.VIDEO: "You may ask me for videos."}


class Scene:
    """Greta nominated Ada, and an admin approved it."""

    def __init__(self, session: Session, **given: Any) -> None:
        self.greta, self.boss = make_employee(session), acting(make_admin(session))
        self.at = utcnow()
        self.id = make_nomination(session, self.greta, name="Ada", email=ADDRESS, now=self.at, **given).id
        accept_nomination(session, self.boss, nomination_id=self.id, now=self.at)
        self.token = token_in(session, "nomination_proposal")

    def standing(self, session: Session) -> Standing:
        session.expire_all()
        found: Standing = nominations_of(session, self.greta.id).rows[0].standing
        return found

    def say(self, session: Session, what: str, now: datetime | None = None) -> Any:
        at: dict[str, Any] = {"token": self.token, "now": now or utcnow()}
        if what == "yes":
            return agree(session, "127.0.0.1", offer=OFFER, words=WORDS, **at)
        if what == "no":
            return say_no(session, "127.0.0.1", code=Refused.NO_TIME, reason="Too much to do.", **at)
        return {"later": put_off, "again": turn_round}[what](session, "127.0.0.1", **at)

    def credit(self, session: Session) -> int:
        return balance_of(session, self.greta.id, unit=STAFF).net


def token_in(session: Session, kind: str) -> str:
    payloads = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id.desc()))
    return str(next(p["link"] for p in payloads if p["kind"] == kind).partition("=")[2])


def told(session: Session, person: Person) -> list[str]:
    notices = session.scalars(select(Notice).where(Notice.person_id == person.id).order_by(Notice.id))
    return [notice.data.get("step", notice.kind) for notice in notices]


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_a_yes_keeps_an_offer_with_a_consent_for_each_kind_and_credits_the_nominator(session: Session, scene: Scene) -> None:
    assert scene.credit(session) == 10
    scene.say(session, "yes")
    person = find_person_by_email(session, ADDRESS)
    assert person is not None
    offer = offer_of(session, person.id, utcnow())
    assert offer is not None
    assert (offer.activities, offer.never, offer.most, offer.days) == ([Activity.CALL, Activity.VIDEO], [Activity.PRESS], 2, 90)
    consents = session.scalars(select(Consent).where(Consent.person_id == person.id).order_by(Consent.part)).all()
    assert [(c.item, c.words) for c in consents] == [("reference", words) for words in WORDS.values()]
    assert (scene.standing(session), scene.credit(session), told(session, scene.greta)) == (Standing.ACCEPTED, 40, ["nomination_accepted", "agreed"])
    (mail,) = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "reference_agreed"]
    data = mail["data"]
    assert [(one["activity"], one["words"], one["scope"], one["until"]) for one in data["agreed"]] == [
        (ACTIVITY_NAMES[kind], words, [], "") for kind, words in WORDS.items()
    ]
    assert (data["most"], data["days"], data["never"], data["proposers"]) == (2, 90, ["Press"], [scene.greta.name])
    assert (mail["to"]["email"], mail["to"]["person_id"], data["keeper_email"]) == (ADDRESS, None, scene.greta.email)
    assert holder_of(session, mail["link"].partition("=")[2], "", utcnow(), is_own=True).person_id == person.id


def test_what_the_nominator_wrote_for_those_who_will_ask_goes_into_the_profile_and_overwrites_nothing(session: Session) -> None:
    careful = Details(sensitivities="Do not mention the outage.", products="Boards; Planner", languages="French, German", tier=1)
    scene = Scene(session, details=careful)
    scene.say(session, "yes")
    person = find_person_by_email(session, ADDRESS)
    assert person is not None
    told = facts_of(session, session.get_one(ReferenceProfile, person.id))
    assert (told.sensitivities, told.tier) == ("Do not mention the outage.", 1)
    assert (told.words[WordKind.PRODUCT], told.words[WordKind.LANGUAGE]) == (("Boards", "Planner"), ("French", "German"))
    known = Facts(sensitivities="Other.", words={WordKind.PRODUCT: ("Gate",), WordKind.USE_CASE: ("Audits",)})
    open_profile(session, acting(person), person_id=person.id, consents={}, known=known, now=utcnow())
    again = facts_of(session, session.get_one(ReferenceProfile, person.id))
    assert (again.sensitivities, again.words[WordKind.PRODUCT]) == ("Do not mention the outage.", ("Boards", "Planner"))
    assert again.words[WordKind.USE_CASE] == ("Audits",)
    many = Facts(words={WordKind.REPLACED: tuple(f"Word {n}" for n in range(500))})
    open_profile(session, acting(person), person_id=person.id, consents={}, known=many, now=utcnow())
    assert WordKind.REPLACED not in facts_of(session, session.get_one(ReferenceProfile, person.id)).words


def test_a_consent_that_is_withdrawn_ends_its_kind(session: Session, scene: Scene) -> None:
    scene.say(session, "yes")
    consent = session.scalars(select(Consent).order_by(Consent.part)).first()
    assert consent is not None
    withdraw_consent(session, Actor(id=consent.person_id, roles=frozenset({"advocate"})), consent_id=consent.id, now=utcnow())
    offer = offer_of(session, consent.person_id, utcnow())
    assert offer is not None
    assert offer.activities == [Activity.VIDEO]


def test_a_no_is_kept_and_never_asked_again_unless_they_say_so(session: Session, scene: Scene) -> None:
    scene.say(session, "no")
    person = find_person_by_email(session, ADDRESS)
    assert person is not None
    assert (scene.standing(session), person.state, nominations_of(session, scene.greta.id).rows[0].reason) == (
        Standing.CUSTOMER_DECLINED, "contact", "Too much to do."
    )  # fmt: skip
    with pytest.raises(SaidNo):
        make_nomination(session, email="ADA@works.example")
    scene.say(session, "again")
    assert scene.standing(session) is Standing.INVITED
    assert make_nomination(session, email=ADDRESS).duplicate_of_id == scene.id
    scene.say(session, "yes")
    assert told(session, scene.greta) == ["nomination_accepted", "customer_declined", "turned_round", "agreed"]


def test_nobody_answers_twice(session: Session, scene: Scene) -> None:
    scene.say(session, "yes")
    for what in ("yes", "no", "later", "again"):
        with pytest.raises(AnsweredAlready), session.begin_nested():
            scene.say(session, what)


def test_a_link_opens_nothing_else_and_not_for_ever(session: Session, scene: Scene) -> None:
    for token, now in (("nonsense", utcnow()), (scene.token, utcnow() + timedelta(days=60, seconds=1))):
        with pytest.raises(LinkSpent):
            proposal_of(session, token, now)


def test_the_page_shows_what_is_meant_for_the_nominee_and_no_more(session: Session) -> None:
    details = Details(words="You told it so well in Porto.", sensitivities="Her boss is new.")
    scene = Scene(session, why="For reviewers alone.", details=details, activities=[Activity.CALL])
    proposal = proposal_of(session, scene.token, utcnow())
    assert (proposal.words, proposal.suggested) == ([(scene.greta.name, "You told it so well in Porto.")], [Activity.CALL])
    assert "reviewers alone" not in repr(proposal)
    assert "boss" not in repr(proposal)


def test_silence_is_reminded_once_and_then_an_answer_that_may_still_come_late(database: Database) -> None:
    scene = database.write(Scene)
    for days, number in ((6, 0), (7, 1), (7, 0), (20, 0), (21, 1), (21, 0), (60, 0)):
        assert follow_up_nominees(database, scene.at + timedelta(days=days)) == number
    with database.reading() as session:
        links = session.scalars(select(NominationLink.id)).all()
        assert (scene.standing(session), len(links)) == (Standing.NO_ANSWER, 2)
        assert told(session, scene.greta)[-1] == "no_answer"
    database.write(lambda s: scene.say(s, "yes", scene.at + timedelta(days=30)))
    with database.reading() as session:
        assert scene.standing(session) is Standing.ACCEPTED


def test_who_says_not_now_is_asked_again_on_the_day(session: Session, scene: Scene) -> None:
    scene.say(session, "later", scene.at)
    assert scene.standing(session) is Standing.NOT_NOW
    done = [follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + timedelta(days=days)) for days in (89, 90, 90, 103, 104)]
    assert done == [Due.NOTHING, Due.REMIND, Due.NOTHING, Due.NOTHING, Due.GIVE_UP]


def test_undoing_takes_the_credit_back_and_the_link_is_worth_nothing(session: Session, scene: Scene) -> None:
    undo_decision(session, scene.boss, decision_id=last_decision(session, KIND), now=scene.at)
    assert scene.credit(session) == 0
    with pytest.raises(LinkSpent):
        proposal_of(session, scene.token, utcnow())
    accept_nomination(session, scene.boss, nomination_id=scene.id, now=scene.at + timedelta(minutes=2))
    assert scene.credit(session) == 10


def test_credit_is_a_setting_and_is_kept_apart_from_points(session: Session, scene: Scene) -> None:
    with pytest.raises(DaysOutOfOrder):
        set_terms(session, scene.boss, terms=Terms(remind_days=9, silent_days=9), now=utcnow())
    set_terms(session, scene.boss, terms=Terms(agreed=0), now=utcnow())
    scene.say(session, "yes")
    assert (scene.credit(session), balance_of(session, scene.greta.id).lifetime) == (10, 0)


def test_a_colleague_is_credited_and_both_follow_and_neither_decides(session: Session) -> None:
    colleague, admin = make_employee(session), make_person(session, roles={"employee", "admin"})
    scene = Scene(session, colleague_id=colleague.id)
    assert (balance_of(session, colleague.id, unit=STAFF).net, scene.credit(session)) == (10, 0)
    assert told(session, scene.greta) == ["nomination_accepted"]
    assert told(session, colleague) == ["nomination_sent_for", "nomination_accepted"], "whose name it is hears that it was used, and each step"
    assert nominations_of(session, colleague.id).rows[0].sent_by == scene.greta.name
    with pytest.raises(NominatedBySelf), session.begin_nested():
        make_nomination(session, colleague, email=ADDRESS)
    with pytest.raises(ColleagueNotEmployee):
        make_nomination(session, scene.greta, colleague_id=scene.greta.id)
    own = make_nomination(session, scene.greta, colleague_id=admin.id)
    from portal.references.rules.deciding import OwnNomination

    with pytest.raises(OwnNomination):
        accept_nomination(session, acting(admin), nomination_id=own.id, now=utcnow())


def test_a_rule_approves_at_once_and_says_which_it_was_and_never_what_its_maker_nominated(session: Session) -> None:
    both = make_person(session, roles={"employee", "admin"})
    make_company(session, name="Known Works")
    rule = add_rule(session, acting(both), name="Known companies", needs_company=True, now=utcnow())
    approved = make_nomination(session, company="Known Works")
    assert (approved.state, approved.rule_id, approved.decided_by_id) == (State.INVITED, rule.id, None)
    for waiting in (make_nomination(session), make_nomination(session, both, company="Known Works")):
        assert waiting.state == State.SUBMITTED
    twin = make_nomination(session, name="Nora Twin", company="Known Works"), make_nomination(session, name="N. Twin", company="Known Works")
    assert [one.state for one in twin] == [State.INVITED, State.SUBMITTED], "who may be the same waits for people"


def test_what_waits_too_long_is_told_to_admins_once(database: Database) -> None:
    def start(session: Session) -> tuple[Person, datetime]:
        made = make_nomination(session, now=utcnow())
        return make_admin(session), made.created_at

    admin, at = database.write(start)
    assert [escalate_nominations(database, at + timedelta(days=days)) for days in (6, 7, 8, 8)] == [0, 0, 1, 0]
    with database.reading() as session:
        assert told(session, admin) == ["nomination_late"]


def test_one_bad_nomination_holds_up_no_other(database: Database) -> None:
    def start(session: Session) -> tuple[int, int, datetime]:
        asked = Scene(session)
        second = make_nomination(session, asked.greta, now=asked.at).id
        accept_nomination(session, asked.boss, nomination_id=second, now=asked.at)
        late = [make_nomination(session, now=asked.at).id for _ in range(2)]
        return asked.id, late[0], asked.at

    asked_id, late_id, at = database.write(start)
    day = at + timedelta(days=8)
    with poisoned(database, "nomination", "id", asked_id):
        assert follow_up_nominees(database, day) == 1
    with poisoned(database, "nomination", "id", late_id):
        assert escalate_nominations(database, day) == 1
    assert [follow_up_nominees(database, day), escalate_nominations(database, day)] == [1, 1]


def test_taking_up_tells_once_and_nothing_that_was_decided(session: Session, scene: Scene) -> None:
    made = make_nomination(session, scene.greta)
    for _ in range(2):
        take_up(session, scene.boss, nomination_id=made.id, now=utcnow())
    assert told(session, scene.greta).count("in_review") == 1
    with pytest.raises(AlreadyDecided):
        take_up(session, scene.boss, nomination_id=scene.id, now=utcnow())


def test_of_eight_answers_at_once_one_counts(database: Database) -> None:
    scene = database.write(Scene)
    database.write(lambda s: make_person(s))
    works: list[Callable[[Session], Any]] = [lambda s: scene.say(s, "yes")] * 4 + [lambda s: scene.say(s, "no")] * 4
    assert all_at_once(database, works) == Counter({"done": 1, "AnsweredAlready": 7})
    with database.reading() as session:
        state = session.get_one(Nomination, scene.id).state
        assert scene.credit(session) == (40 if state == State.ACCEPTED else 10)


def test_a_yes_and_the_end_of_waiting_at_once_leave_one_truth(database: Database) -> None:
    scene = database.write(Scene)
    follow_up_nominees(database, scene.at + timedelta(days=7))
    late = scene.at + timedelta(days=21)
    giving_up: Callable[[Session], Any] = lambda s: follow_up(s, system("job"), nomination_id=scene.id, now=late)  # noqa: E731
    found = all_at_once(database, [lambda s: scene.say(s, "yes", late), *[giving_up] * 7])
    assert found == Counter({"done": 8})
    with database.reading() as session:
        assert (scene.standing(session), scene.credit(session)) == (Standing.ACCEPTED, 40)
        assert told(session, scene.greta).count("no_answer") <= 1


def test_eight_workers_tell_of_one_late_nomination_once(database: Database) -> None:
    made, admin = database.write(lambda s: (make_nomination(s).id, make_admin(s)))
    database.write(lambda s: make_person(s))
    all_at_once(database, [lambda s: tell_late(s, system("job"), nomination_id=made, now=utcnow())] * 8)
    with database.reading() as session:
        assert told(session, admin) == ["nomination_late"]


def test_whom_a_block_keeps_from_being_asked_is_neither_invited_nor_reminded_while_it_stands(session: Session, scene: Scene) -> None:
    ada = session.get_one(Nomination, scene.id)
    held = set_block(session, scene.boss, kind="legal", reason="Lawsuit", person_id=ada.person_id, now=scene.at)
    late = scene.at + timedelta(days=8)
    assert follow_up(session, system("job"), nomination_id=scene.id, now=late) is Due.NOTHING
    other = make_nomination(session, scene.greta, name="Ben", email="ben@works.example", company=ada.company_name, now=scene.at)
    outage = set_block(session, scene.boss, kind="escalation", reason="Outage", company_id=ada.company_id, now=scene.at)
    with pytest.raises(OpenEscalation), session.begin_nested():
        accept_nomination(session, scene.boss, nomination_id=other.id, now=scene.at)
    for block in (held, outage):
        lift_block(session, scene.boss, block_id=block.id, reason="Over", now=late)
    assert follow_up(session, system("job"), nomination_id=scene.id, now=late) is Due.REMIND
    accept_nomination(session, scene.boss, nomination_id=other.id, now=late)
