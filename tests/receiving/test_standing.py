"""Whose limit counts, whom lists hold, who enters what, and what the record keeps of it."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.people.models import Company, Person
from portal.receiving.actions.accepting import answer, set_company_rule, set_person_rule
from portal.receiving.actions.forms import end_form, note_form
from portal.receiving.actions.values import count_value, take_out
from portal.receiving.queries.lists import iter_receivers, joined, limit_of, list_receivers
from portal.receiving.queries.standing import Receiver, receiver_from, receiver_of, year_of
from portal.receiving.rules import refusals
from portal.receiving.rules.accepting import Rule, Stance
from portal.receiving.rules.thresholds import FormKind, strictest
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.rewards import acting, as_admin


class Scene:
    """A member of a company, and an admin."""

    def __init__(self, session: Session, country: str = "US") -> None:
        self.session = session
        self.company_id = make_company(session, country=country).id
        self.person_id = make_person(session, name="Amara Okafor", company_id=self.company_id).id
        self.admin = as_admin(make_admin(session, name="Ada Admin").id)

    @property
    def receiver(self) -> Receiver:
        return receiver_of(self.session, self.person_id, utcnow())

    def give(self, cents: int, *, sent_to: str = "", source: str = "a:1") -> None:
        about = {"person_id": self.person_id, "source": source, "cents": cents, "sent_to": sent_to}
        count_value(self.session, **about, is_charity=False, now=utcnow())  # type: ignore[arg-type]

    def rule(self, rule: Rule, country: str = "") -> None:
        set_person_rule(self.session, self.admin, person_id=self.person_id, rule=rule, country=country, reason="Their HR.", now=utcnow())


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


@pytest.mark.parametrize(
    ("countries", "counts"), [(["CA", "US"], "US"), (["US", ""], "US"), (["CA", ""], ""), (["CA"], "CA"), (["DE", "CA"], "CA"), ([], "")]
)
def test_of_all_known_countries_the_lowest_limit_counts(countries: list[str], counts: str) -> None:
    assert strictest(countries, 2026) == counts


@pytest.mark.parametrize("country", ["US", "", "Atlantis"])
def test_a_parcel_to_a_country_without_a_limit_takes_no_limit_away(scene: Scene, country: str) -> None:
    scene.session.get_one(Company, scene.company_id).country = country
    scene.give(190_000)
    scene.give(1_500, sent_to="CA", source="a:2")
    assert (scene.receiver.cents, scene.receiver.limit) == (191_500, 200_000)
    with pytest.raises(refusals.FormNeeded), scene.session.begin_nested():
        scene.give(150_000, source="a:3")
    with pytest.raises(refusals.FormNeeded), scene.session.begin_nested():
        scene.give(150_000, sent_to="CA", source="a:3")


def test_a_parcel_to_a_country_with_a_limit_brings_it_for_the_year_until_it_comes_back(session: Session) -> None:
    scene = Scene(session, "Canada")
    scene.give(190_000)
    assert scene.receiver.limit is None
    scene.give(1_500, sent_to="US", source="a:2")
    assert scene.receiver.limit == 200_000
    with pytest.raises(refusals.FormNeeded), session.begin_nested():
        scene.give(150_000, source="a:3")
    take_out(session, source="a:2", now=utcnow())
    assert scene.receiver.limit is None


def test_the_list_and_the_page_of_a_person_tell_the_same_limit(session: Session) -> None:
    year = year_of(session, utcnow())
    for country in ("US", "u.s.a.", "Canada", "", "Atlantis"):
        for sent_to in ("", "US", "CA"):
            for entered in ("", "NO", "US"):
                scene = Scene(session, country)
                scene.give(1_000, sent_to=sent_to, source=f"a:{scene.person_id}")
                if entered:
                    scene.rule(Rule(), entered)
    found = session.execute(joined().add_columns(limit_of(session, year).label("limit")), {"year": year})
    told = [(receiver_from(row, year).limit, row.limit) for row in found]
    assert len(told) > 45
    assert all(page == in_list for page, in_list in told)
    assert {page for page, _ in told} == {None, 200_000}


def test_who_takes_part_no_more_stays_on_the_list_with_what_they_received(scene: Scene) -> None:
    scene.give(1_000)
    scene.session.execute(update(Person).where(Person.id == scene.person_id).values(is_advocate=False, is_employee=True))
    assert [one.person_id for one in iter_receivers(scene.session, {}, utcnow())] == [scene.person_id]
    assert scene.person_id in [one.person_id for one in list_receivers(scene.session, {}, utcnow()).rows]


def test_an_admin_enters_nothing_about_themself_or_their_own_company(scene: Scene) -> None:
    person = make_person(scene.session, name="Bo Both", company_id=scene.company_id)
    person.is_admin = True
    scene.session.flush()
    both, now = as_admin(person.id), utcnow()
    verbs: list[Any] = [
        lambda: set_person_rule(scene.session, both, person_id=person.id, rule=Rule(), country="NO", reason="I know.", now=now),
        lambda: set_company_rule(scene.session, both, company_id=scene.company_id, rule=Rule(), reason="I know.", now=now),
        lambda: note_form(scene.session, both, person_id=person.id, kind=FormKind.W9, on_file_on=now.date(), now=now),
        lambda: end_form(scene.session, both, person_id=person.id, now=now),
    ]
    for verb in verbs:
        with pytest.raises(refusals.OwnReceiving):
            verb()
    set_person_rule(scene.session, both, person_id=scene.person_id, rule=Rule(), country="NO", reason="They wrote.", now=now)


def test_an_admin_who_enters_only_a_country_answers_for_nobody(session: Session) -> None:
    scene = Scene(session)
    clerk = make_person(session, email="clerk@council.gov.uk")
    scene.person_id = clerk.id
    scene.rule(Rule(), "GB")
    assert (scene.receiver.must_answer, scene.receiver.is_locked) == (True, False)
    answer(session, acting(clerk.id), rule=Rule(Stance.CHARITY), now=utcnow())
    scene.rule(Rule(Stance.CHARITY), "US")
    assert (scene.receiver.country, scene.receiver.must_answer, scene.receiver.is_locked) == ("US", False, False)
    answer(session, acting(clerk.id), rule=Rule(Stance.NOTHING), now=utcnow())
    assert (scene.receiver.rule.stance, scene.receiver.country) == (Stance.NOTHING, "US")
    scene.rule(Rule(Stance.MAY), "US")
    with pytest.raises(refusals.SetByAdmin):
        answer(session, acting(clerk.id), rule=Rule(Stance.CHARITY), now=utcnow())


def test_the_record_keeps_what_held_before_and_what_holds_after(scene: Scene) -> None:
    answer(scene.session, acting(scene.person_id), rule=Rule(Stance.MAY, 2_000), now=utcnow())
    scene.rule(Rule(Stance.MAY, 2_000, 5_000), "NO")
    for cents in (1_000, 9_000):
        rule = Rule(Stance.MAY, cents)
        set_company_rule(scene.session, scene.admin, company_id=scene.company_id, rule=rule, reason="Policy.", now=utcnow())
    answered, entered, _, companys = scene.session.scalars(select(AuditEvent.data).where(AuditEvent.name.like("%.gifts_%")).order_by(AuditEvent.id))
    held = {"stance": "may", "item_cents": 2_000, "year_cents": None, "country": ""}
    assert answered["after"] == entered["before"] == held
    assert entered["after"] == held | {"year_cents": 5_000, "country": "NO"}
    assert (companys["before"]["item_cents"], companys["after"]["item_cents"]) == (1_000, 9_000)
