"""The admins' pages of recognition, and the advocates' page of badges: the whole way through the browser's doors."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.recognition.models import Badge, BadgeHolding, Season
from portal.recognition.queries.levels import list_levels
from tests.factories.challenges import as_admin, make_attempt, make_challenge
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import do_act, make_badge
from tests.support.application import SignIn
from tests.support.counting import CountQueries

DRAFT = {"name": "Helper", "how": "Help twice.", "number": "2", "act_kind": "", "tone": "amber", "art": "heart"}


def test_a_badge_from_draft_to_a_person_and_back(hearing: Database, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        person = make_person(session, name="Amara Okafor")
        for _ in range(2):
            do_act(session, person.id)
        return make_admin(session).id, person.id

    admin_id, person_id = hearing.write(prepare)
    client, mine = sign_in(admin_id), sign_in(person_id)
    assert "No badges yet" in client.get("/admin/recognition").text
    assert "There are no badges yet" in mine.get("/badges").text
    assert client.get("/admin/recognition/badges/new").text.count("?rule=") == 8
    refused = client.post("/admin/recognition/badges/new?rule=acts", data=DRAFT | {"number": "", "key": "k1"})
    assert refused.status_code == 422
    assert "Please give a whole number." in refused.text
    assert 'value="Help twice."' in refused.text
    for _ in range(2):
        sent = client.post("/admin/recognition/badges/new?rule=acts", data=DRAFT | {"key": "k2"})
        assert sent.status_code == 303
    draft = client.get(sent.headers["Location"]).text
    assert "Who would get it now" in draft
    assert "Amara Okafor" in draft
    badge = sent.headers["Location"]
    assert client.post(badge, data=DRAFT | {"number": "3", "key": "k3"}).status_code == 303
    assert "Nobody meets the rule yet." in client.get(badge).text
    assert client.post(f"{badge}/publish").status_code == 303
    assert client.post(f"{badge}/publish").status_code == 409
    assert "2 of 3" in mine.get("/badges").text
    hearing.write(lambda s: do_act(s, person_id, now=utcnow()))
    assert "Amara Okafor" in client.get(badge).text
    with hearing.reading() as session:
        holding_id = session.scalars(select(BadgeHolding.id)).one()
    assert client.post(f"/admin/recognition/holdings/{holding_id}/revoke", data={"reason": ""}).status_code == 422
    assert client.post(f"/admin/recognition/holdings/{holding_id}/revoke", data={"reason": "A mistake of ours."}).status_code == 303
    assert "A mistake of ours." in mine.get("/badges").text
    with hearing.reading() as session:
        badge_id = session.scalars(select(Badge.id)).one()
    given = {"badge_id": badge_id, "reason": "Earned after all."}
    assert client.post(f"/admin/recognition/people/{person_id}/give", data=given).status_code == 303
    assert "Earned after all." in client.get(f"/admin/people/{person_id}").text
    assert "Earned after all." in mine.get("/badges").text
    assert client.post(f"{badge}/retire").status_code == 303
    assert "There is no badge left to give" in client.get(f"/admin/recognition/people/{person_id}/give").text


def test_a_draft_is_thrown_away_and_what_is_switched_on_is_not(hearing: Database, sign_in: SignIn) -> None:
    client = sign_in(hearing.write(lambda s: make_admin(s).id))
    draft = client.post("/admin/recognition/badges/new?rule=acts", data=DRAFT | {"key": "slip"}).headers["Location"]
    assert "Throw away" in client.get(draft).text
    assert client.post(f"{draft}/drop").status_code == 303
    assert client.get(draft).status_code == 404
    kept = client.post("/admin/recognition/badges/new?rule=acts", data=DRAFT | {"key": "kept"}).headers["Location"]
    assert client.post(f"{kept}/publish").status_code == 303
    page = client.get(kept).text
    assert "It is given out just now" in page
    assert "Nobody has it yet" not in page
    assert client.post(f"{kept}/drop").status_code == 409
    assert client.get(kept).status_code == 200


def test_who_loses_a_badge_with_an_approval_reads_which(hearing: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> int:
        person, admin = make_person(session), as_admin(make_admin(session))
        for name in ("First step", "Also for one"):
            make_badge(session, name=name)
        attempt = make_attempt(session, person, make_challenge(session))
        approve_attempt(session, admin, attempt_id=attempt.id, now=utcnow())
        reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Taken down.", now=utcnow())
        return person.id

    page = sign_in(hearing.write(given)).get("/inbox").text
    assert "Taken down.\nThese badges went with it: First step, Also for one." in page


def test_the_badges_we_drew_are_added_by_one_button(hearing: Database, sign_in: SignIn) -> None:
    client = sign_in(hearing.write(lambda s: make_admin(s).id))
    assert client.post("/admin/recognition/starters").status_code == 303
    page = client.get("/admin/recognition").text
    assert "0 badges live, 24 drafts, 0 retired." in page
    assert page.count('class="medal ') == 24
    with hearing.reading() as session:
        for badge_id in session.scalars(select(Badge.id)):
            assert client.get(f"/admin/recognition/badges/{badge_id}").status_code == 200


def test_a_season_is_set_once_and_moved(hearing: Database, sign_in: SignIn) -> None:
    client = sign_in(hearing.write(lambda s: make_admin(s).id))
    today = local_date(utcnow(), "Europe/Berlin")
    form = {"key": "k", "name": "Winter", "starts_on": today.isoformat(), "ends_on": today.replace(year=today.year + 2).isoformat()}
    refused = client.post("/admin/recognition/seasons", data=form)
    assert refused.status_code == 422
    assert "A season lasts a year at most." in refused.text
    form["ends_on"] = today.isoformat()
    for _ in range(2):
        assert client.post("/admin/recognition/seasons", data=form).status_code == 303
    with hearing.reading() as session:
        season_id = session.scalars(select(Season.id)).one()
    assert client.post(f"/admin/recognition/seasons/{season_id}", data=form | {"name": "Spring"}).status_code == 303
    assert "Spring" in client.get("/board").text


def test_pages_ask_as_much_with_ten_people_as_with_three_hundred(hearing: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    def prepare(session: Session) -> tuple[int, int, int]:
        badge = make_badge(session, name="First step")
        make_badge(session, rule="level", options={"level_id": list_levels(session)[3].id})
        make_badge(session, rule="streak", options={"weeks": 9})
        return make_admin(session).id, make_person(session).id, badge.id

    admin_id, person_id, badge_id = hearing.write(prepare)
    hearing.write(lambda s: do_act(s, person_id))
    totals = []
    for size in (10, 290):
        hearing.write(lambda s, size=size: [do_act(s, make_contact(s, email=None).id) for _ in range(size)])
        # Signed in anew: that a session was used is noted after a minute, and filling takes longer than that.
        client, mine = sign_in(admin_id), sign_in(person_id)
        with count_queries() as counted:
            for page in ("/badges", "/board?track=engage", "/board/companies", "/board/seasons", "/"):
                assert mine.get(page).status_code == 200
            for page in ("", f"/badges/{badge_id}", "/levels", "/seasons"):
                assert client.get(f"/admin/recognition{page}").status_code == 200
            assert client.get(f"/admin/people/{person_id}").status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]
