"""Blocks of goodwill and reference profiles: one rule of who is held, told at each door as its reader may know it."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.acts.actions.asking import propose_ask
from portal.acts.actions.blocking import lift_block, set_block
from portal.acts.actions.saying import set_own_terms
from portal.acts.models.asks import AskBlock
from portal.acts.queries.blocks import standing_blocks
from portal.acts.rules.asks import AskKind
from portal.acts.rules.refusals import EndsWithProfile, LegalHold
from portal.acts.rules.terms import Terms
from portal.audit.models import AuditEvent
from portal.kernel import migrate
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.ledger.queries.invariants import check
from portal.people.models import Person
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.own import remove_me
from portal.profiles.queries.invariants import INVARIANTS
from portal.profiles.queries.lists import Filters, list_profiles, totals
from portal.profiles.rules.states import Move, Retired, Status
from tests.factories.people import make_employee
from tests.factories.profiles import Scene, make_profile
from tests.factories.references import acting
from tests.support.application import SignIn

DAY = timedelta(days=1)
ASKS = "> ?(Ask|Propose|Ask on their page)</a>"


class Known(Scene):
    """A scene whose profile every employee may read, and Nia, an employee who looks after nobody."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        greta = session.get_one(Person, self.greta_id)
        self.id = make_profile(session, owner=greta, boss=self.boss, now=self.at, tier=1, name="Ada Known").person_id
        self.company_id = session.get_one(Person, self.id).company_id or 0
        self.nia_id = make_employee(session, name="Nia").id
        self.nia = acting(session.get_one(Person, self.nia_id))
        self.ada = acting(session.get_one(Person, self.id))

    def move(self, session: Session, way: Move, reason: str, **given: Any) -> None:
        move_profile(session, self.boss, person_id=self.id, way=way, reason=reason, now=self.at, **given)

    def standing(self, session: Session) -> list[tuple[str, bool]]:
        """Return the reasons of the blocks that stand on Ada, and whether each comes with her profile."""
        rows = standing_blocks(session, person_id=self.id, company_id=self.company_id)
        return [(row.block.reason, row.block.comes_with_profile) for row in rows]


@pytest.fixture
def known(session: Session) -> Known:
    return Known(session)


def refused(session: Session, known: Known, kind: str) -> bool:
    """Tell whether an ask is refused by the legal hold; one that goes through is undone."""
    with session.begin_nested() as trial:
        try:
            propose_ask(session, known.greta, person_id=known.id, kind=kind, key=f"trial:{kind}", now=known.at)
        except LegalHold:
            return True
        trial.rollback()
    return False


def test_a_legal_hold_of_the_profile_stands_in_goodwill_and_is_lifted_nowhere_else(session: Session, known: Known) -> None:
    known.move(session, Move.HOLD, "Lawsuit.")
    assert all(refused(session, known, kind) for kind in AskKind)
    (mine,) = standing_blocks(session, person_id=known.id)
    with pytest.raises(EndsWithProfile), session.begin_nested():
        lift_block(session, known.boss, block_id=mine.block.id, reason="Over.", now=known.at)
    assert refused(session, known, "survey")
    with session.begin_nested() as trial:
        session.execute(text("UPDATE ask_block SET lifted_at = set_at"))
        assert [(one.rule, one.row_id) for one in check(session, also=INVARIANTS)] == [("I15", known.id)], "the list of invariants finds it"
        trial.rollback()
    known.move(session, Move.RELEASE, "Settled.")
    assert check(session, also=INVARIANTS) == []
    assert known.standing(session) == []
    assert not refused(session, known, "survey")


def test_of_two_legal_holds_each_is_lifted_at_its_own_door_and_the_other_stands_on(session: Session, known: Known) -> None:
    set_block(session, known.boss, kind="legal", reason="Lawsuit.", person_id=known.id, now=known.at)
    known.move(session, Move.HOLD, "Lawsuit.")
    assert known.standing(session) == [("Lawsuit.", False), ("Lawsuit.", True)]
    known.move(session, Move.RELEASE, "Settled.")
    assert known.standing(session) == [("Lawsuit.", False)]
    assert refused(session, known, "call")
    known.move(session, Move.HOLD, "Another one.")
    own = next(row.block for row in standing_blocks(session, person_id=known.id) if not row.block.comes_with_profile)
    lift_block(session, known.boss, block_id=own.id, reason="Over.", now=known.at)
    assert known.standing(session) == [("Another one.", True)]
    known.move(session, Move.RETIRE, "Left.", retired_as=Retired.LEFT)
    assert known.standing(session) == [("Another one.", False)], "retiring ends no hold: admins lift it in goodwill"
    kept = session.scalars(select(AuditEvent).where(AuditEvent.name == "person.ask_block_kept")).all()
    assert [(one.subject_id, one.data["reason"]) for one in kept] == [(known.id, "Left.")], "and the record tells that it stands on"


def test_who_removes_themself_under_two_legal_holds_leaves_one_and_the_other_has_a_reason(session: Session, known: Known) -> None:
    set_block(session, known.boss, kind="legal", reason="Lawsuit.", person_id=known.id, now=known.at)
    known.move(session, Move.HOLD, "Another one.")
    remove_me(session, known.ada, person_id=known.id, now=known.at)
    assert known.standing(session) == [("Lawsuit.", False)]
    lifted = session.scalars(select(AskBlock.lifted_reason).where(AskBlock.person_id == known.id, AskBlock.lifted_at.is_not(None))).all()
    assert lifted == ["Another legal hold stands."]


def test_a_legal_hold_of_goodwill_holds_the_profile_in_lists_and_figures(session: Session, known: Known) -> None:
    def listed(actor: Any, status: str) -> list[tuple[str, str]]:
        return [(row.name, row.status) for row in list_profiles(session, actor, Filters(status=status), known.at)]

    other = ("Ada", "active")
    assert listed(known.boss, "active") == [other, ("Ada Known", "active")]
    set_block(session, known.boss, kind="legal", reason="Lawsuit.", company_id=known.company_id, now=known.at)
    for actor in (known.boss, known.greta):
        assert (listed(actor, "active"), listed(actor, "legal_hold")) == ([other], [("Ada Known", "legal_hold")])
        assert totals(session, actor) == {Status.ACTIVE: 1, Status.LEGAL_HOLD: 1}
    assert (listed(known.nia, "legal_hold"), listed(known.nia, "active")) == ([], [("Ada Known", "active")]), "which block stands is not theirs"
    known.move(session, Move.RETIRE, "Left.", retired_as=Retired.LEFT)
    assert listed(known.boss, "retired") == [("Ada Known", "retired")]


def words(page: str) -> str:
    return " ".join(html.unescape(page).split())


def test_every_page_with_goodwill_names_the_block_to_whom_it_may_and_offers_no_ask(database: Database, sign_in: SignIn) -> None:
    known = database.write(Known)

    def hold(session: Session) -> None:
        set_block(session, known.boss, kind="legal", reason="Lawsuit 12", company_id=known.company_id, now=known.at)
        set_block(session, known.boss, kind="escalation", reason="Rosters", person_id=known.id, now=known.at)

    assert all(re.search(ASKS, words(sign_in(known.nia_id).get(page).text)) for page in (f"/find/{known.id}", f"/find/compare?who={known.id}"))
    database.write(hold)
    pages = (f"/profiles/{known.id}", f"/companies/{known.company_id}", "/profiles", f"/find/{known.id}", f"/find/compare?who={known.id}")
    pages += (f"/registry/people/{known.id}", "/registry")
    for who, knows in ((known.nia_id, False), (known.greta_id, True), (known.admin_id, True)):
        client = sign_in(who)
        profile, company, listed, found, compared, entry, registry = shown = [words(client.get(page).text) for page in pages]
        assert [page.count("It stands until it is lifted") for page in shown] == [2 * knows, knows, 0, 2 * knows, 0, 2 * knows, 0], who
        assert ["Lawsuit 12" in page for page in shown] == [knows, knows, False, knows, False, knows, False]
        for page in (profile, company, listed, entry, registry):
            assert ("Not to be asked now" in page) is not knows
            assert ("Open escalation" in page) is knows
            assert ("Legal hold" in page.replace("Legal hold</option>", "")) is knows
            assert "Little asked" not in page
        assert all(("Since" in page) is not knows for page in (profile, entry))
        assert all(("Something stands against it" in page) is not knows for page in (found, compared))
        assert not re.search(ASKS, found + compared)


def test_each_legal_hold_links_to_the_other_and_lifting_says_what_still_stands(database: Database, sign_in: SignIn) -> None:
    known = database.write(Known)
    admin = sign_in(known.admin_id)
    profile, goodwill = f"/profiles/{known.id}", f"/admin/goodwill/people/{known.id}"
    database.write(lambda s: set_block(s, known.boss, kind="legal", reason="Case 1", person_id=known.id, now=known.at))
    assert f'href="{goodwill}#blocks"' in admin.get(profile).text
    assert "Put under legal hold" not in admin.get(profile).text
    database.write(lambda s: known.move(s, Move.HOLD, "Case 2"))
    assert f'href="{profile}#status"' in admin.get(goodwill).text
    page = words(admin.post(f"{profile}/move/release", data={"reason": "Over"}, follow_redirects=True).text)
    assert "Legal hold still stands, since" in page
    assert "It is still to be verified, and it stays hidden until an admin or its account owner shows it." in page, "what is left to do is said"
    assert all(one in page for one in ("Needs verification", "Hidden", "Show it")), "and that is how it stands"
    database.write(lambda s: known.move(s, Move.HOLD, "Case 3"))
    database.write(lambda s: set_block(s, known.boss, kind="escalation", reason="Rosters", company_id=known.company_id, now=known.at))
    rows = database.write(lambda s: {row.block.reason: row.block.id for row in standing_blocks(s, person_id=known.id)})
    refused = admin.post(f"/admin/goodwill/blocks/{rows['Case 3']}/lift", data={"reason": "Over"})
    assert refused.status_code == 409
    assert "End it there" in refused.text
    page = words(admin.post(f"/admin/goodwill/blocks/{rows['Case 1']}/lift", data={"reason": "Over"}, follow_redirects=True).text)
    assert "The legal hold of the reference profile still stands, since" in page
    assert "The open escalation with the company still stands, since" in page


def test_a_pause_is_told_with_its_days_wherever_goodwill_is_shown(database: Database, sign_in: SignIn) -> None:
    known = database.write(Known)
    admin, today = sign_in(known.admin_id), local_date(utcnow(), "UTC")

    def pause(session: Session) -> None:
        terms = Terms(paused_until=today + 400 * DAY)
        for now, said in ((known.at - 9 * DAY, terms), (known.at - 2 * DAY, replace(terms, months_off=(12,)))):
            set_own_terms(session, known.ada, terms=said, now=now)

    database.write(pause)
    for address in (
        f"/goodwill/people/{known.id}",
        f"/profiles/{known.id}",
        f"/find/{known.id}",
        f"/admin/people/{known.id}",
        f"/registry/people/{known.id}",
    ):
        told = re.search(r"Ada Known is paused until [^<]+ They said so on ([^<]+)", words(admin.get(address).text))
        assert told is not None, address
        assert re.search(rf"\b{(today - 9 * DAY).day}\b", told[1]), "since the pause was said, not since something else was"
    assert all("Paused until" in words(admin.get(address).text) for address in ("/profiles", "/registry"))


def test_profiles_held_before_keep_their_hold_when_the_two_become_one_rule(database: Database) -> None:
    def write(session: Session) -> list[Known]:
        scenes = [Known(session) for _number in range(3)]
        for scene in scenes:
            scene.move(session, Move.HOLD, "Lawsuit.")
        set_block(session, scenes[2].boss, kind="legal", reason="Another.", person_id=scenes[2].id, now=scenes[2].at)
        return scenes

    kept, lifted, both = database.write(write)
    migrate.downgrade(database, "0071")
    with database.engine.begin() as connection:
        lift = text("UPDATE ask_block SET lifted_at = set_at, lifted_reason = 'Over.' WHERE person_id = :one")
        connection.execute(lift, {"one": lifted.id})
        # Of two holds of one person, which there was no place for before, that of the profile went.
        standing = connection.execute(text("SELECT reason FROM ask_block WHERE person_id = :one AND lifted_at IS NULL"), {"one": both.id})
        assert standing.scalars().all() == ["Another."]
    migrate.upgrade(database, "0073")
    with database.reading() as session:
        assert [scene.standing(session) for scene in (kept, lifted)] == [[("Lawsuit.", True)]] * 2
        assert sorted(both.standing(session)) == [("Another.", False), ("Lawsuit.", True)]
