"""Contact details and what is known of a prospect never reach a role that may not see them: every page and every file is walked and searched."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import ContactView
from portal.acts.queries.people import find_asked, names_to_ask
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Company, Person
from portal.people.rules.reviewing import GRANTS
from portal.references.models.nominating import Nomination, NominationDetail
from portal.requests.models import ReferenceRequest
from portal.web.guards import audience_of
from tests.factories.people import make_employee, make_person
from tests.factories.story import Story
from tests.journeys.test_every_page import ASKED, arguments
from tests.support.application import SignIn
from tests.support.routes import routes

AT, PHONE, PROSPECT, REACHED = "canary.example", "+49 30 5550199", "PROSPECT-CANARY", "prospect@reached.example"
REACH = {
    "advocate": {"advocate", "member", "public"},
    "employee": {"employee", "staff", "member", "public"},
    "reviewer": {"employee", "staff", "member", "public", "reviewer"},
    "admin": {"admin", "reviewer", "staff", "member"},
}


def plant(session: Session, story: Story) -> dict[str, int]:
    """Give every customer, nominee and prospect a canary; return people without any right to them, by role."""
    for table, who in ((Person, Person.is_advocate), (Nomination, Nomination.email.is_not(None))):
        for row in session.scalars(select(table).where(who)):
            row.email = row.email_key = f"{table.__tablename__}{row.id}@{AT}"
    none = dict.fromkeys(("products", "industry", "region", "size", "languages", "sensitivities", "words", "evidence_url", "notes"), "")
    for row in session.scalars(select(Nomination)):
        session.merge(NominationDetail(**none | {"nomination_id": row.id, "phone": PHONE, "ways": []}))
    facts = dict.fromkeys(("prospect", "prospect_contact", "prospect_email", "prospect_domain", "deal_name", "search"), PROSPECT)
    plain = dict.fromkeys(("industry", "region", "size", "product", "language", "competitor", "worry", "end_code", "end_reason", "unfilled_by"), "")
    now = utcnow()
    state = {"state": "open", "activity": "call", "criteria": {}, "currency": "EUR", "is_self_serve": True}
    session.add(
        ReferenceRequest(
            **facts | {"prospect_email": REACHED},
            **plain,
            **state,
            key="canary",
            requester_id=story.employee,
            made_at=now,
            changed_at=now,
            opened_at=now,
        )
    )
    session.flush()
    made = {"advocate": make_person(session).id, "employee": make_employee(session).id, "reviewer": make_employee(session).id}
    grant_reviewing(session, system("test"), person_id=made["reviewer"], grants=list(GRANTS), now=now)
    return made | {"admin": story.admin}


@pytest.mark.only_on("sqlite", reason="what a page shows does not depend on the database engine")
def test_contact_details_never_reach_who_may_not_see_them_on_any_page_or_in_any_file(
    app: Flask, database: Database, sign_in: SignIn, story: Story
) -> None:
    people = database.write(lambda s: plant(s, story))
    found = routes(app, frozenset({"GET"}), arguments(story))
    walked = 0
    for role, person_id in people.items():
        client = sign_in(person_id)
        for endpoint, _, path in found:
            if endpoint in ("static", "people.sign_out", "health.readyz") or audience_of(app, endpoint) not in REACH[role]:
                continue
            asked = ASKED.get("/".join(path.rsplit("/", 2)[-2:]), "")
            before = views(database)
            answer = client.get(path + asked, buffered=True)
            assert answer.status_code < 500, path
            page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
            files = [f"{path}?format={kind}" for kind in ("csv", "xlsx") if f"format={kind}" in page]
            for address, said in ({path: answer} | {file: client.get(file, buffered=True) for file in files}).items():
                said.close()
                for hidden in (PHONE, REACHED):
                    assert hidden.encode() not in said.data, f"{role} {address}: nothing shows {hidden} before the button is pressed"
                if role != "admin":
                    assert AT.encode() not in said.data, f"{role} {address}"
                    assert PROSPECT.encode() not in said.data, f"{role} {address}"
                elif f"person{story.advocate}@{AT}".encode() in said.data:
                    assert views(database) > before, f"{address} shows an address and nobody wrote it down"
                walked += 1
        if role in ("employee", "reviewer"):
            for listed in ("/goodwill", "/registry", "/admin/approvals" if role == "reviewer" else "/nominate/mine"):
                text = client.get(f"{listed}?q=anary.exampl").text
                assert "Ann Advocate" not in text, listed
                assert "Nora Nominee" not in text, listed
            for refused in (f"/people/{story.advocate}/contact/registry", f"/registry/nominations/{story.nomination}/contact"):
                answer = client.post(refused)
                assert answer.status_code == 403, refused
                assert AT not in answer.text
                assert PHONE not in answer.text
    assert walked > 250
    with database.reading() as session:
        assert names_to_ask(session, system(), "anary.exampl") == []
        assert find_asked(session, system(), f"person{story.advocate}@{AT}").id == story.advocate, "who knows an address may enter it"


def views(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(ContactView)) or 0


def test_the_owner_is_shown_contact_details_at_the_press_of_a_button_and_admins_read_who_saw_them(
    database: Database, sign_in: SignIn, story: Story
) -> None:
    database.write(lambda s: plant(s, story))
    database.write(lambda s: s.execute(update(Company).where(Company.id == story.company).values(owner_id=story.employee)))
    owner, admin = sign_in(story.employee), sign_in(story.admin)
    page = f"/registry/people/{story.advocate}"
    assert AT not in owner.get(page).text
    assert "Show contact details" in owner.get(page).text
    address = f"person{story.advocate}@{AT}"
    shown = owner.post(f"/people/{story.advocate}/contact/registry", headers={"Referer": f"http://localhost{page}"})
    assert address in shown.text
    assert f'href="{page}"' in shown.text, "without a script there is a way back"
    part = owner.post(f"/people/{story.advocate}/contact/company", headers={"HX-Request": "true"})
    assert address in part.text
    assert "<html" not in part.text
    assert f"nomination{story.nomination}@{AT}" in owner.get(f"/registry/nominations/{story.nomination}").text, "they typed it themself"
    assert "Show contact details" in admin.get(f"/admin/approvals?item=nomination-{story.nomination}").text
    seen = admin.post(f"/registry/nominations/{story.nomination}/contact").text
    assert (f"nomination{story.nomination}@{AT}" in seen, PHONE in seen) == (True, True)
    assert address in admin.get(f"/admin/people/{story.advocate}").text
    assert address in admin.get("/admin/people?format=csv").text
    assert AT not in admin.get("/admin/people").text
    log = admin.get("/admin/contacts-seen?format=csv").text
    mine = [line.split(",") for line in log.splitlines() if "Ann Advocate" in line]
    assert [(line[2], line[6]) for line in mine] == [
        ("Ada Admin", "Exported list of people"),
        ("Ada Admin", "Page of the person"),
        ("Edo Employee", "Page of the company"),
        ("Edo Employee", "Registry"),
    ]
    assert "Edo Employee" in admin.get("/admin/contacts-seen?q=ann+advo&place=registry").text
    assert "Nothing fits this filter" in admin.get("/admin/contacts-seen?until=2020-01-01").text
    assert owner.get("/admin/contacts-seen").status_code == 403
    assert "saw the contact details of Nora Nominee" in admin.get("/admin/audit").text
