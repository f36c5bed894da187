"""Who may have a reward, what is counted when it is sent, what the rule approves, and the rest after a change of sign-in."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.actions.profile import edit_person
from portal.people.actions.states import deactivate_person
from portal.people.models import Company, Person
from portal.receiving.actions.accepting import answer, set_company_rule, set_person_rule
from portal.receiving.actions.forms import end_form, note_form
from portal.receiving.models import ReceivedYear
from portal.receiving.queries.standing import Receiver, receiver_of
from portal.receiving.rules import refusals
from portal.receiving.rules.accepting import Rule, Stance
from portal.receiving.rules.thresholds import FormKind
from portal.rewards import jobs
from portal.rewards.actions.auto import approve_rested, set_auto_terms
from portal.rewards.actions.catalogue import set_options
from portal.rewards.actions.fulfilling import order_redemption, receive_redemption, return_redemption, send_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.worth import set_value
from portal.rewards.jobs import look_at_rested
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption, RedemptionPause
from portal.rewards.queries.redemptions import get_detail
from portal.rewards.queries.worth import looked_at
from portal.rewards.rules.auto import Against, ApprovedByRule, AutoTerms, RestingAfterChange
from portal.rewards.rules.kinds import Kind
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_draft, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn

LINK = {"link": "https://learn.example/course"}


class Scene:
    """A member of an American company with many points, two admins, a reward worth $1,500 and a donation worth $30."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.company_id = make_company(session, country="United States").id
        self.person_id = make_person(session, name="Amara Okafor", company_id=self.company_id).id
        self.admin_id, self.other_id = make_admin(session, name="Ada Admin").id, make_admin(session, name="Bo Admin").id
        give_points(session, self.person_id, 1_000_000)
        self.dear = make_reward(session, name="Flight", price=1_000, kind=Kind.EVENT).id
        set_value(session, self.admin, reward_id=self.dear, cents=150_000, now=utcnow())
        self.gift = make_reward(session, name="Trees", price=1_000, kind=Kind.DONATION).id

    @property
    def admin(self) -> Actor:
        return as_admin(self.admin_id)

    @property
    def receiver(self) -> Receiver:
        return receiver_of(self.session, self.person_id, utcnow())

    def rule(self, rule: Rule, country: str = "") -> None:
        set_person_rule(self.session, self.admin, person_id=self.person_id, rule=rule, country=country, reason="Their HR wrote so.", now=utcnow())

    def approved(self, reward_id: int, **when: datetime) -> int:
        made = make_redemption(self.session, self.person_id, reward_id, **when)
        approve_redemption(self.session, self.admin, redemption_id=made.id, now=utcnow())
        return made.id

    def send(self, redemption_id: int, now: datetime | None = None) -> Redemption:
        return send_redemption(self.session, self.admin, redemption_id=redemption_id, now=now or utcnow())


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_who_may_accept_nothing_keeps_points_and_is_refused_by_name(scene: Scene) -> None:
    set_company_rule(scene.session, scene.admin, company_id=scene.company_id, rule=Rule(Stance.NOTHING), reason="Their policy.", now=utcnow())
    for reward_id in (scene.dear, scene.gift):
        with pytest.raises(refusals.MayNotAccept), scene.session.begin_nested():
            make_redemption(scene.session, scene.person_id, reward_id)
    assert balance_of(scene.session, scene.person_id).lifetime == 1_000_000
    assert scene.receiver.is_answered


def test_who_may_only_give_has_gifts_to_a_good_cause_and_nothing_else(scene: Scene) -> None:
    answer(scene.session, acting(scene.person_id), rule=Rule(Stance.CHARITY), now=utcnow())
    with pytest.raises(refusals.CharityOnly), scene.session.begin_nested():
        make_redemption(scene.session, scene.person_id, scene.dear)
    assert scene.send(scene.approved(scene.gift)).state == "sent"


def test_caps_count_what_was_sent_and_what_was_asked_for(scene: Scene) -> None:
    scene.rule(Rule(Stance.MAY, 3_000, 7_000))
    with pytest.raises(refusals.ItemAboveCap), scene.session.begin_nested():
        make_redemption(scene.session, scene.person_id, scene.dear)
    scene.send(scene.approved(scene.gift))
    make_redemption(scene.session, scene.person_id, scene.gift)
    with pytest.raises(refusals.YearAboveCap), scene.session.begin_nested():
        make_redemption(scene.session, scene.person_id, scene.gift)


def test_a_rule_that_came_after_the_approval_stops_the_sending(scene: Scene) -> None:
    redemption_id = scene.approved(scene.gift)
    scene.rule(Rule(Stance.NOTHING))
    with pytest.raises(refusals.MayNotAccept), scene.session.begin_nested():
        scene.send(redemption_id)


def test_a_suggestion_is_asked_before_the_first_reward_and_never_set(scene: Scene) -> None:
    clerk = make_person(scene.session, email="clerk@council.gov.uk")
    give_points(scene.session, clerk.id, 5_000)
    with pytest.raises(refusals.AskedFirst), scene.session.begin_nested():
        make_redemption(scene.session, clerk.id, scene.gift)
    found = receiver_of(scene.session, clerk.id, utcnow())
    assert (found.own, found.rule.stance, found.must_answer) == (None, Stance.UNKNOWN, True)
    answer(scene.session, acting(clerk.id), rule=Rule(), now=utcnow())
    made = make_redemption(scene.session, clerk.id, scene.gift)
    looked = looked_at(scene.session, made, reward_of(scene, made), utcnow())
    assert (looked.receiver.rule.stance, looked.receiver.suggestion is not None) == (Stance.UNKNOWN, True)


def reward_of(scene: Scene, made: Redemption) -> Reward:
    return get_detail(scene.session, made.id).reward


def test_what_an_admin_entered_is_not_taken_back_by_the_member(scene: Scene) -> None:
    answer(scene.session, acting(scene.person_id), rule=Rule(Stance.MAY), now=utcnow())
    answer(scene.session, acting(scene.person_id), rule=Rule(Stance.CHARITY), now=utcnow())
    scene.rule(Rule(Stance.NOTHING))
    with pytest.raises(refusals.SetByAdmin), scene.session.begin_nested():
        answer(scene.session, acting(scene.person_id), rule=Rule(Stance.MAY), now=utcnow())
    with pytest.raises(refusals.WhyNeeded), scene.session.begin_nested():
        set_person_rule(scene.session, scene.admin, person_id=scene.person_id, rule=Rule(), country="", reason=" ", now=utcnow())
    with pytest.raises(refusals.CountryUnknown), scene.session.begin_nested():
        set_person_rule(scene.session, scene.admin, person_id=scene.person_id, rule=Rule(), country="XX", reason="x", now=utcnow())
    told = scene.session.scalars(select(AuditEvent.name).where(AuditEvent.name.like("person.gifts%"))).all()
    assert told == ["person.gifts_answered", "person.gifts_answered", "person.gifts_set"]


def test_sending_stops_at_the_limit_until_a_form_is_on_file_and_approving_does_not(scene: Scene) -> None:
    scene.send(scene.approved(scene.dear))
    second = scene.approved(scene.dear)
    with pytest.raises(refusals.FormNeeded) as refused, scene.session.begin_nested():
        scene.send(second)
    assert "$3,000.00" in str(refused.value)
    assert scene.receiver.cents == 150_000
    note_form(scene.session, scene.admin, person_id=scene.person_id, kind=FormKind.W9, on_file_on=date(2026, 1, 2), now=utcnow())
    with pytest.raises(refusals.FormThere), scene.session.begin_nested():
        note_form(scene.session, scene.admin, person_id=scene.person_id, kind=FormKind.W9, on_file_on=date(2026, 1, 2), now=utcnow())
    assert scene.send(scene.approved(scene.dear)).state == "sent"
    assert scene.receiver.cents == 300_000
    end_form(scene.session, scene.admin, person_id=scene.person_id, now=utcnow())
    with pytest.raises(refusals.FormGone), scene.session.begin_nested():
        end_form(scene.session, scene.admin, person_id=scene.person_id, now=utcnow())
    with pytest.raises(refusals.FormNeeded), scene.session.begin_nested():
        scene.send(scene.approved(scene.gift))


def test_what_comes_back_is_taken_out_of_its_year(scene: Scene) -> None:
    sent = scene.send(scene.approved(scene.dear))
    return_redemption(scene.session, scene.admin, redemption_id=sent.id, reason="Came back.", now=utcnow())
    assert scene.receiver.cents == 0
    assert scene.send(scene.approved(scene.dear)).state == "sent"
    assert scene.receiver.cents == 150_000


def test_a_value_that_is_changed_later_changes_nothing_that_was_sent(scene: Scene) -> None:
    scene.send(scene.approved(scene.dear))
    set_value(scene.session, scene.admin, reward_id=scene.dear, cents=None, now=utcnow())
    scene.send(scene.approved(scene.dear))
    assert scene.receiver.cents == 150_000 + 3_000


def test_the_calendar_year_is_the_payers(database: Database) -> None:
    """Berlin's new year comes an hour before that of UTC."""

    def work(session: Session) -> dict[int, int]:
        scene = Scene(session)
        for moment in (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC)):
            scene.send(scene.approved(scene.dear), moment)
        return dict(session.execute(select(ReceivedYear.year, ReceivedYear.cents)).all())

    assert database.write(work) == {2026: 150_000, 2027: 150_000}


@pytest.mark.parametrize(("country", "stops"), [("", True), ("United States", True), ("Germany", False)])
def test_the_limit_is_that_of_the_country_and_the_lowest_where_nobody_knows_it(scene: Scene, country: str, stops: bool) -> None:
    scene.session.get_one(Company, scene.company_id).country = country
    scene.send(scene.approved(scene.dear))
    second = scene.approved(scene.dear)
    if stops:
        scene.rule(Rule(Stance.MAY), country="NO")
    assert scene.send(second).state == "sent"
    if stops:
        assert scene.receiver.limit is None


def test_what_is_given_at_once_waits_approved_where_it_may_not_be_sent(scene: Scene) -> None:
    draft = make_draft(scene.session, name="Course", kind=Kind.DIGITAL, price=1_000)
    set_options(scene.session, scene.admin, reward_id=draft.id, given=LINK, now=utcnow())
    draft.state = "live"
    set_value(scene.session, scene.admin, reward_id=draft.id, cents=200_000, now=utcnow())
    waiting = scene.approved(draft.id)
    assert scene.session.get_one(Redemption, waiting).state == "approved"
    with pytest.raises(refusals.FormNeeded), scene.session.begin_nested():
        scene.send(waiting)
    note_form(scene.session, scene.admin, person_id=scene.person_id, kind=FormKind.W9, on_file_on=date(2026, 1, 2), now=utcnow())
    second = scene.approved(draft.id)
    assert (scene.session.get_one(Redemption, second).state, scene.session.get_one(Redemption, second).handed) == ("received", LINK)


def test_two_sent_at_once_cannot_pass_the_limit_together(database: Database) -> None:
    def prepare(session: Session) -> tuple[list[int], int, int]:
        scene = Scene(session)
        return [scene.approved(scene.dear) for _ in range(4)], scene.admin_id, scene.person_id

    ids, admin_id, person_id = database.write(prepare)
    works = [partial(send_redemption, actor=as_admin(admin_id), redemption_id=redemption_id, now=utcnow()) for redemption_id in ids]
    assert all_at_once(database, works) == {"done": 1, "FormNeeded": 3}
    with database.reading() as session:
        assert receiver_of(session, person_id, utcnow()).cents == 150_000


def test_two_asked_for_at_once_cannot_pass_a_cap_of_the_year_together(database: Database) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        scene = Scene(session)
        scene.rule(Rule(Stance.MAY, None, 5_000))
        return scene.person_id, scene.gift

    person_id, gift = database.write(prepare)
    counted = all_at_once(database, [partial(make_redemption, person_id=person_id, reward_id=gift)] * 4)
    assert counted == {"done": 1, "YearAboveCap": 3}


def trusted(scene: Scene, times: int = 2) -> None:
    """Let the member have received so many small rewards, and the rule be on for what is worth up to $50 from two on."""
    for _ in range(times):
        redemption_id = scene.approved(scene.gift)
        scene.send(redemption_id)
        receive_redemption(scene.session, scene.admin, redemption_id=redemption_id, now=utcnow())
    set_auto_terms(scene.session, scene.admin, terms=AutoTerms(5_000, 2), now=utcnow())


def test_the_rule_is_off_until_it_is_set(scene: Scene) -> None:
    trusted(scene)
    set_auto_terms(scene.session, scene.admin, terms=AutoTerms(None, 2), now=utcnow())
    assert make_redemption(scene.session, scene.person_id, scene.gift).state == "requested"


def test_the_rule_approves_small_things_of_trusted_members_and_says_so(scene: Scene) -> None:
    trusted(scene)
    made = make_redemption(scene.session, scene.person_id, scene.gift)
    assert (made.state, made.approved_by) == ("approved", None)
    assert "Approved by the rule" in [step.name for step in get_detail(scene.session, made.id).steps]
    names = scene.session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "redemption", AuditEvent.subject_id == made.id)).all()
    assert names == ["reward.redeemed", "redemption.approved_by_rule"]
    kinds = scene.session.scalars(select(Notice.kind).where(Notice.link.like(f"%/redemptions/{made.id}"))).all()
    assert kinds == ["redemption_approved"]
    with pytest.raises(ApprovedByRule), scene.session.begin_nested():
        approve_redemption(scene.session, scene.admin, redemption_id=made.id, now=utcnow())
    assert make_redemption(scene.session, scene.person_id, scene.dear).state == "requested"


@pytest.mark.parametrize(("times", "reason"), [(0, Against.FIRST), (1, Against.FEW)])
def test_the_first_redemptions_of_a_member_are_looked_at(scene: Scene, times: int, reason: Against) -> None:
    trusted(scene, times)
    made = make_redemption(scene.session, scene.person_id, scene.gift)
    assert made.state == "requested"
    assert looked_at(scene.session, made, reward_of(scene, made), utcnow()).against == [reason]


def test_after_a_change_of_sign_in_nothing_is_approved_for_a_day_and_then_the_rule_looks_again(database: Database) -> None:
    now = utcnow()

    def prepare(session: Session) -> tuple[Scene, int]:
        scene = Scene(session)
        trusted(scene)
        person = session.get_one(Person, scene.person_id)
        about = {"name": person.name, "title": "", "company_id": person.company_id}
        edit_person(session, scene.admin, person_id=person.id, email="new@customer.example", now=now, **about)
        return scene, make_redemption(session, scene.person_id, scene.gift, now=now).id

    scene, redemption_id = database.write(prepare)

    def approve(session: Session) -> object:
        return approve_redemption(session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now + timedelta(hours=23))

    with pytest.raises(RestingAfterChange) as refused:
        database.write(approve)
    assert refused.value.facts["until"] == now + timedelta(hours=24)
    assert look_at_rested(database, now + timedelta(hours=23)) == 0
    later = now + timedelta(hours=24)
    assert sorted(all_at_once(database, [partial(approve_rested, redemption_id=redemption_id, now=later)] * 3).items()) == [("done", 3)]
    with database.reading() as session:
        assert session.get_one(Redemption, redemption_id).state == "approved"
        assert session.scalars(select(RedemptionPause.redemption_id)).all() == []
    assert look_at_rested(database, later) == 0


def test_what_was_approved_before_a_change_of_sign_in_says_until_when_it_waits(database: Database, sign_in: SignIn) -> None:
    now = utcnow()

    def prepare(session: Session) -> tuple[int, int]:
        scene = Scene(session)
        made = make_redemption(session, scene.person_id, scene.gift, now=now)
        approve_redemption(session, scene.admin, redemption_id=made.id, now=now)
        person = session.get_one(Person, scene.person_id)
        about = {"name": person.name, "title": "", "company_id": person.company_id}
        edit_person(session, scene.admin, person_id=person.id, email="new@customer.example", now=now, **about)
        return scene.person_id, made.id

    person_id, redemption_id = database.write(prepare)
    page = sign_in(person_id).get(f"/rewards/redemptions/{redemption_id}").text
    assert "nothing is ordered or sent until" in page


def test_a_new_title_is_no_change_of_sign_in(scene: Scene) -> None:
    person = scene.session.get_one(Person, scene.person_id)
    about = {"name": person.name, "title": "Director", "company_id": person.company_id, "email": person.email}
    edit_person(scene.session, scene.admin, person_id=person.id, now=utcnow(), **about)
    made = make_redemption(scene.session, scene.person_id, scene.gift)
    assert approve_redemption(scene.session, scene.admin, redemption_id=made.id, now=utcnow()).state == "approved"


def moved_house(scene: Scene, at: datetime) -> None:
    """Let the member's address be changed."""
    person = scene.session.get_one(Person, scene.person_id)
    about = {"name": person.name, "title": "", "company_id": person.company_id}
    edit_person(scene.session, scene.admin, person_id=person.id, email="new@customer.example", now=at, **about)


def test_nothing_is_ordered_that_could_not_be_sent(scene: Scene) -> None:
    mug = make_reward(scene.session, name="Mug", price=1_000, kind=Kind.MERCHANDISE).id
    redemption_id = scene.approved(mug)
    scene.rule(Rule(Stance.NOTHING))
    with pytest.raises(refusals.MayNotAccept), scene.session.begin_nested():
        order_redemption(scene.session, scene.admin, redemption_id=redemption_id, now=utcnow())
    scene.rule(Rule(Stance.MAY))
    for _click in range(2):
        assert order_redemption(scene.session, scene.admin, redemption_id=redemption_id, now=utcnow()).state == "ordered"


def test_what_was_approved_before_a_change_of_sign_in_is_not_ordered_or_sent_for_a_day(scene: Scene) -> None:
    now = utcnow()
    mug = make_reward(scene.session, name="Mug", price=1_000, kind=Kind.MERCHANDISE).id
    ordered, sent = scene.approved(mug), scene.approved(scene.gift)
    moved_house(scene, now)
    for verb, redemption_id in ((order_redemption, ordered), (send_redemption, sent)):
        with pytest.raises(RestingAfterChange) as refused, scene.session.begin_nested():
            verb(scene.session, scene.admin, redemption_id=redemption_id, now=now + timedelta(hours=23))
        assert refused.value.facts["until"] == now + timedelta(hours=24)
        assert verb(scene.session, scene.admin, redemption_id=redemption_id, now=now + timedelta(hours=24)).id == redemption_id


def test_the_rule_approves_nothing_for_who_takes_part_no_more(database: Database) -> None:
    now = utcnow()

    def prepare(session: Session) -> tuple[int, int]:
        scene = Scene(session)
        trusted(scene)
        moved_house(scene, now)
        made = make_redemption(session, scene.person_id, scene.gift, now=now)
        deactivate_person(session, scene.admin, person_id=scene.person_id, reason="Left.", now=now)
        return made.id, scene.gift

    redemption_id, gift = database.write(prepare)
    assert look_at_rested(database, now + timedelta(hours=25)) == 0
    with database.reading() as session:
        made = session.get_one(Redemption, redemption_id)
        assert made.state == "requested"
        assert looked_at(session, made, session.get_one(Reward, gift), now + timedelta(hours=25)).against == [Against.GONE]


def test_a_redemption_that_cannot_be_looked_at_stops_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = utcnow()

    def prepare(session: Session) -> list[int]:
        scene = Scene(session)
        trusted(scene)
        moved_house(scene, now)
        return [make_redemption(session, scene.person_id, scene.gift, now=now).id for _ in range(2)]

    first, second = database.write(prepare)
    real = jobs.approve_rested

    def broken(session: Session, *, redemption_id: int, now: datetime) -> bool:
        if redemption_id == first:
            raise RuntimeError
        return real(session, redemption_id=redemption_id, now=now)

    monkeypatch.setattr(jobs, "approve_rested", broken)
    with pytest.raises(ExceptionGroup, match="1 rows"):
        look_at_rested(database, now + timedelta(hours=25))
    with database.reading() as session:
        assert [session.get_one(Redemption, one).state for one in (first, second)] == ["requested", "approved"]
