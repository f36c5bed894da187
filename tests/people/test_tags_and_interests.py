"""Tags that admins give, and what members like or never want."""

import csv
import io

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import ADVOCATE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.people.actions.interests import set_interests
from portal.people.actions.joining import invite_person
from portal.people.actions.tags import people_chosen, tag_people, tag_person, untag_people, untag_person
from portal.people.models import Person, Tag
from portal.people.queries.directory import people_matching
from portal.people.queries.interests import interests_of
from portal.people.queries.tags import list_tags, tags_of
from portal.people.rules.interest import Interest, Wish, wishes_of
from portal.people.rules.tag import TagMissing, TagTooLong, require_tag
from tests.factories.people import PASSWORD, make_admin, make_company, make_contact, make_employee, make_person
from tests.support.application import PortalClient, SignIn

CLI = system("test")


def names_of(session: Session, person: Person) -> list[str]:
    return [tag.name for tag in tags_of(session, person.id)]


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\u0301"])
def test_a_tag_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(TagMissing):
        require_tag(text)


def test_a_tag_is_a_word_or_two() -> None:
    assert require_tag("  Beta   partner ") == ("Beta partner", "beta partner")
    with pytest.raises(TagTooLong):
        require_tag("x" * 41)


def test_a_tag_is_given_once_whatever_its_case(session: Session) -> None:
    person = make_person(session)
    assert tag_person(session, CLI, person_id=person.id, tag="VIP", now=utcnow())
    assert not tag_person(session, CLI, person_id=person.id, tag="vip", now=utcnow())
    assert names_of(session, person) == ["VIP"]
    events = session.scalars(select(AuditEvent.data).where(AuditEvent.name == "person.tagged")).all()
    assert events == [{"tag": "VIP"}]


def test_a_tag_is_taken_off_once(session: Session) -> None:
    person = make_person(session)
    tag_person(session, CLI, person_id=person.id, tag="VIP", now=utcnow())
    (tag_id, _name), *_ = list_tags(session)
    assert untag_person(session, CLI, person_id=person.id, tag_id=tag_id, now=utcnow())
    assert not untag_person(session, CLI, person_id=person.id, tag_id=tag_id, now=utcnow())
    assert names_of(session, person) == []


def test_many_are_tagged_by_filter_and_by_name(session: Session) -> None:
    firm = make_company(session)
    here, there = [make_person(session, company_id=firm.id) for _ in range(3)], make_person(session)
    assert tag_people(session, CLI, chosen=people_matching(company=firm.id), tag="Beta", now=utcnow()) == 3
    assert tag_people(session, CLI, chosen=people_matching(), tag="beta", now=utcnow()) == 1
    assert untag_people(session, CLI, chosen=people_chosen([here[0].id, there.id, 99_999]), tag="BETA", now=utcnow()) == 2
    assert [names_of(session, person) for person in (*here, there)] == [[], ["Beta"], ["Beta"], []]
    told = session.execute(select(AuditEvent.name, AuditEvent.data).where(AuditEvent.subject_type == "tag").order_by(AuditEvent.id)).all()
    assert [(row.name, row.data["people"]) for row in told] == [("tag.given", 3), ("tag.given", 1), ("tag.taken", 2)]


def test_only_admins_tag(session: Session) -> None:
    person = make_person(session)
    for role in ("advocate", "employee"):
        actor = Actor(id=person.id, roles=frozenset({role}))
        with pytest.raises(NotAllowed):
            tag_person(session, actor, person_id=person.id, tag="VIP", now=utcnow())
        with pytest.raises(NotAllowed):
            tag_people(session, actor, chosen=people_matching(), tag="VIP", now=utcnow())


def test_wishes_are_kept_as_a_whole_and_noted(session: Session) -> None:
    person = make_person(session)
    actor = Actor(id=person.id, roles=frozenset({ADVOCATE}))
    assert set_interests(session, actor, person_id=person.id, wishes={Interest.CALLS: Wish.LIKES, Interest.SOCIAL: Wish.NEVER}, now=utcnow())
    wishes = {Interest.CALLS: Wish.NEVER, Interest.EVENTS: Wish.LIKES}
    assert set_interests(session, actor, person_id=person.id, wishes=wishes, now=utcnow())
    assert not set_interests(session, actor, person_id=person.id, wishes=wishes, now=utcnow())
    assert interests_of(session, person.id) == wishes
    events = session.scalars(select(AuditEvent.data).where(AuditEvent.name == "person.interests_changed").order_by(AuditEvent.id)).all()
    assert events[1]["wishes"] == {"calls": "never", "social": None, "events": "likes"}


def test_nobody_speaks_for_somebody_else(session: Session) -> None:
    person, admin = make_person(session), make_admin(session)
    with pytest.raises(NotAllowed):
        set_interests(session, Actor(id=admin.id, roles=frozenset({"admin"})), person_id=person.id, wishes={}, now=utcnow())


def test_what_is_no_interest_is_left_out() -> None:
    assert wishes_of({"calls": "likes", "sleeping": "likes", "events": "maybe", "social": None}) == {Interest.CALLS: Wish.LIKES}


# Pages


def listed(browser: PortalClient, query: str) -> dict[str, str]:
    text = browser.get(f"/admin/people?format=csv&{query}").text.removeprefix("\ufeff")
    return {row["name"]: row["tags"] for row in csv.DictReader(io.StringIO(text))}


def test_an_admin_tags_one_person_filters_by_the_tag_and_takes_it_off(database: Database, sign_in: SignIn) -> None:
    admin, person = database.write(lambda s: (make_admin(s, name="Ada"), make_person(s, name="Ana")))
    browser, address = sign_in(admin), f"/admin/people/{person.id}"
    assert browser.post(f"{address}/tags", data={"tag": "VIP"}).status_code == 303
    assert browser.post(f"{address}/tags", data={"tag": "Beta"}).status_code == 303
    assert browser.post(f"{address}/tags", data={"tag": " "}).status_code == 422
    page = browser.get(address).text
    assert "Take off the tag VIP" in page
    assert "Tagged: VIP" in page
    with database.reading() as session:
        tag_id = session.scalars(select(Tag.id).where(Tag.name == "VIP")).one()
    assert listed(browser, f"tag={tag_id}") == {"Ana": "Beta; VIP"} or listed(browser, f"tag={tag_id}") == {"Ana": "VIP; Beta"}
    assert "Ana" in browser.get(f"/admin/people?tag={tag_id}").text
    assert browser.post(f"{address}/tags/{tag_id}/remove").status_code == 303
    assert listed(browser, f"tag={tag_id}") == {}


def test_an_admin_tags_those_ticked_or_all_who_match(database: Database, sign_in: SignIn) -> None:
    admin, *people = database.write(lambda s: [make_admin(s, name="Ada"), *(make_person(s, name=f"Member {n}") for n in range(3)), make_employee(s)])
    browser = sign_in(admin)
    form = {"tag": "VIP", "act": "give", "scope": "ticked"}
    assert browser.post("/admin/people/tag", data=form).status_code == 422
    assert "Tick at least one person" in browser.post("/admin/people/tag", data=form).text
    ticked = [str(people[0].id), "x", str(10**30)]
    assert browser.post("/admin/people/tag", data={**form, "person": ticked}).status_code == 303
    assert {name for name, tags in listed(browser, "").items() if tags} == {"Member 0"}
    assert browser.post("/admin/people/tag?role=advocate", data={**form, "scope": "all"}).location == "/admin/people?role=advocate"
    assert {name for name, tags in listed(browser, "").items() if tags} == {"Member 0", "Member 1", "Member 2"}
    assert browser.post("/admin/people/tag?q=member+1", data={**form, "scope": "all", "act": "take"}).status_code == 303
    assert {name for name, tags in listed(browser, "").items() if tags} == {"Member 0", "Member 2"}
    assert browser.post("/admin/people/tag", data={**form, "act": "burn", "scope": "all"}).status_code == 422


def test_an_advocate_says_on_the_profile_what_they_like_and_an_admin_reads_it(database: Database, sign_in: SignIn) -> None:
    person, admin, employee = database.write(lambda s: (make_person(s), make_admin(s), make_employee(s)))
    browser = sign_in(person)
    kept = {"interest_calls": "likes", "interest_social": "never", "interest_events": ""}
    assert browser.post("/profile/interests", data=kept).status_code == 303
    assert browser.post("/profile/interests", data={"interest_calls": "adores"}).status_code == 422
    assert 'selected value="never"' in browser.get("/profile").text
    page = sign_in(admin).get(f"/admin/people/{person.id}").text
    assert "Likes: Calls with other customers" in page
    assert "Never: Posting on social media" in page
    assert "What you like to do" not in sign_in(employee).get("/profile").text
    assert sign_in(employee).post("/profile/interests", data=kept).status_code == 403


def test_what_one_likes_can_be_said_on_joining_and_need_not_be(database: Database, app: object, client: PortalClient) -> None:
    def invited(session: Session) -> tuple[Person, str]:
        person = make_contact(session)
        return person, invite_person(session, CLI, person_id=person.id, mail=False, now=utcnow())

    for chosen, expected in (({"interest_writing": "likes"}, {Interest.WRITING: Wish.LIKES}), ({}, {})):
        person, link = database.write(invited)
        assert "What do you like to do?" in client.get(link).text
        form = {"t": link.split("t=")[1], "password": PASSWORD, "again": PASSWORD, **chosen}
        assert client.post("/join", data=form).status_code == 303
        with database.reading() as session:
            assert interests_of(session, person.id) == expected
        client.post("/sign-out")


def test_the_list_of_people_asks_the_same_number_of_statements_however_many_carry_tags(
    database: Database, sign_in: SignIn, count_queries: object
) -> None:
    browser, totals = sign_in(database.write(lambda s: make_admin(s))), []
    for number in (2, 60):
        database.write(lambda s, n=number: [make_contact(s) for _ in range(n)])
        database.write(lambda s: tag_people(s, CLI, chosen=people_matching(), tag="VIP", now=utcnow()))
        with count_queries() as counted:  # type: ignore[operator]
            browser.get("/admin/people")
        totals.append(counted.total)
    assert totals[0] == totals[1]
