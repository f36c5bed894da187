"""What surrounds every page: navigation by role, balance, bell, account, and what it costs."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.menu import NAVIGATION
from portal.people.models import Person
from tests.factories.gallery import make_gallery_challenge, make_item
from tests.factories.people import make_admin, make_employee, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

PAGE = "/nothing-here"
MAKE = {"advocate": make_person, "employee": make_employee, "admin": make_admin}


@pytest.fixture(params=list(MAKE))
def person(request: pytest.FixtureRequest, database: Database) -> Person:
    return database.write(lambda s: MAKE[request.param](s, name="Amara Okafor"))


def _dock(page: str) -> str:
    return page[page.index('<nav class="dock') :]


def test_a_page_has_what_a_page_needs(person: Person, sign_in: SignIn) -> None:
    page = sign_in(person).get(PAGE).text
    assert page.count("<h1") == page.count("<main") == 1
    assert page.index('href="#main"') < page.index("<header")
    assert 'id="flashes" role="status"' in page
    assert '<html lang="en" dir="ltr">' in page


def test_navigation_holds_what_the_role_may_open(person: Person, sign_in: SignIn) -> None:
    client = sign_in(person)
    page = client.get(PAGE).text
    links = set(re.findall(r'<a href="(/[^"]*)" class="(?:nav-link|drop-item)"', page))
    assert links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_dock_has_five_places_at_most(person: Person, sign_in: SignIn) -> None:
    assert 1 <= _dock(sign_in(person).get(PAGE).text).count("dock-label") <= 5


def test_more_never_holds_a_single_entry(person: Person, sign_in: SignIn) -> None:
    page = sign_in(person).get(PAGE).text
    assert 1 not in [panel.count("drop-item") for panel in re.findall(r'<ul class="drop-panel">.*?</ul>', page, re.DOTALL)]
    assert (">More<" in page) is (person.is_admin or person.is_employee)


@pytest.mark.parametrize("role", list(MAKE))
@pytest.mark.parametrize("has_gallery", [False, True])
def test_a_phone_reaches_all_that_a_wide_window_does(database: Database, sign_in: SignIn, role: str, has_gallery: bool) -> None:
    def prepare(session: Session) -> Person:
        if has_gallery:
            make_item(session, make_person(session), make_gallery_challenge(session))
        return MAKE[role](session)

    page = sign_in(database.write(prepare)).get(PAGE).text
    wide = set(re.findall(r'<a href="(/[^"]*)" class="nav-link"', page))
    panels = set(re.findall(r'<a href="(/[^"]*)" class="drop-item"', "".join(re.findall(r'<ul class="drop-panel">.*?</ul>', page, re.DOTALL))))
    alone = set(re.findall(r'<a href="(/[^"]*)" class="btn btn-ghost btn-circle btn-sm lg:hidden"', page))
    docked = set(re.findall(r'<a href="(/[^"]*)"', _dock(page).split("</nav>")[0]))
    assert ("/gallery" in wide | panels) is (has_gallery or role == "admin")
    assert wide - docked - panels - alone == set()


def test_what_a_dock_has_no_place_for_is_in_the_bar_and_on_home_and_board(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(make_person))
    page = client.get(PAGE).text
    assert 'href="/badges" class="nav-link"' in page
    assert 'href="/badges"' not in _dock(page)
    assert all("Your badges</a>" in client.get(path).text for path in ("/", "/board"))


def test_employees_find_the_board(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(make_employee))
    assert 'href="/board" class="nav-link"' in client.get(PAGE).text
    assert "See the board</a>" in client.get("/").text


def test_the_page_one_is_on_is_marked(person: Person, sign_in: SignIn) -> None:
    assert 'aria-current="page"' in _dock(sign_in(person).get("/").text)
    assert 'aria-current="page"' not in _dock(sign_in(person).get(PAGE).text)


def test_every_entry_of_the_navigation_exists(sign_in: SignIn, person: Person) -> None:
    known = sign_in(person).application.view_functions
    assert [item.endpoint for item in NAVIGATION if item.endpoint not in known] == []


def test_only_advocates_have_a_balance(person: Person, sign_in: SignIn) -> None:
    assert ("Your balance:" in sign_in(person).get(PAGE).text) is person.is_advocate


def test_a_page_costs_the_same_few_questions(person: Person, sign_in: SignIn, count_queries: CountQueries) -> None:
    client = sign_in(person)
    client.get(PAGE)
    with count_queries() as counted:
        client.get(PAGE)
    # Who is asking, the bell; the balance of an advocate, what they are congratulated on, and whether they are a reference; except for admins,
    # whether the gallery shows anything.
    assert counted.total <= (6 if person.is_advocate else 2 if person.is_admin else 3), counted


def test_a_visitor_is_asked_about_nothing(client: PortalClient, count_queries: CountQueries) -> None:
    with count_queries() as counted:
        client.get(PAGE)
    assert counted.total == 0, counted


def test_right_to_left_turns_the_page(client: PortalClient) -> None:
    assert 'dir="rtl"' in client.get(f"{PAGE}?dir=pseudo-rtl").text


def test_the_operators_privacy_notice_and_terms_stand_on_every_page_where_there_are_any(app: Flask, sign_in: SignIn, database: Database) -> None:
    addresses = {"privacy_url": "https://www.example.com/privacy", "terms_url": "https://www.example.com/terms"}
    amara = sign_in(database.write(lambda s: make_person(s).id))
    pages = [(app.test_client(), "/sign-in"), (app.test_client(), "/join?t=spent"), (amara, "/rewards")]
    for client, path in pages:
        assert "Privacy notice" not in client.get(path).text
    for name, address in addresses.items():
        setattr(app.config["SETTINGS"], name, address)
    for client, path in pages:
        page = client.get(path).text
        assert all(f'href="{address}"' in page for address in addresses.values()), path
