"""Rules that approve by themselves: what they cover, what they never touch, that each use is once, shown and reversible."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.bank.queries.statement import Wanted, iter_lines
from portal.challenges.actions.auto import approve_by_rule, make_rule, remove_rule, switch_rule
from portal.challenges.actions.review import ask_for_more, give_feedback, reverse_approval
from portal.challenges.jobs import approve_by_rules
from portal.challenges.models.deciding import AutoRule, Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.auto import covered
from portal.challenges.rules.auto import (
    AfterOutOfRange,
    ApprovalsOutOfRange,
    KindNeedsPerson,
    LimitOutOfRange,
    RuleNameMissing,
    RuleTerms,
    WithinOutOfRange,
    covers,
    highest,
    require_rule,
)
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.review.actions.cases import change_case
from portal.review.actions.terms import set_terms
from portal.review.models import ReviewCase
from portal.review.rules.terms import Terms
from portal.wiring import STATEMENT_SOURCES
from tests.challenges.test_races import at_once
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LOOSE = RuleTerms("Small ones", points_limit=100, approvals=0)
Change = Callable[[Session, "Scene"], Any]


class Scene:
    """An admin, a member with an answer worth 100 that waits for two days, and a rule that covers it."""

    def __init__(self, session: Session, terms: RuleTerms = LOOSE) -> None:
        self.admin: Person = make_admin(session)
        self.person: Person = make_person(session)
        self.challenge = make_challenge(session, now=NOW, per_period=50)
        self.attempt: Attempt = make_attempt(session, self.person, self.challenge, now=NOW - timedelta(days=2))
        self.rule: AutoRule = make_rule(session, as_admin(self.admin), terms=terms, now=NOW)
        switch_rule(session, as_admin(self.admin), rule_id=self.rule.id, is_on=True, now=NOW)


def run(session: Session, scene: Scene) -> Verdict | None:
    return approve_by_rule(session, rule_id=scene.rule.id, attempt_id=scene.attempt.id, now=NOW)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"name": " "}, RuleNameMissing),
        ({"points_limit": -1}, LimitOutOfRange),
        ({"approvals": -1}, ApprovalsOutOfRange),
        ({"within_days": 0}, WithinOutOfRange),
        ({"after_days": 61}, AfterOutOfRange),
    ],
)
def test_a_rule_nobody_meant_is_refused(changed: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_rule(RuleTerms(**({"name": "x", "points_limit": 10} | changed)), {"answer"})


@pytest.mark.parametrize(
    ("kinds", "answered", "is_covered"),
    [
        ((), ["link"], True),
        (("link",), ["link", "link"], True),
        (("link",), ["link", "answer"], False),
        (("link", "answer"), ["answer"], True),
        ((), [], False),
    ],
)
def test_all_steps_must_be_of_the_kinds(kinds: tuple[str, ...], answered: list[str], is_covered: bool) -> None:
    assert covers(kinds, answered) is is_covered


@pytest.mark.parametrize("kinds", [(), ("link", "refer"), ("refer",)])
@pytest.mark.parametrize("answered", [["refer"], ["link", "refer"]])
def test_what_a_person_always_decides_is_covered_by_no_rule(kinds: tuple[str, ...], answered: list[str]) -> None:
    assert not covers(kinds, answered, never=("refer",))
    assert covers(kinds, ["link"], never=("refer",)) is (kinds != ("refer",))


@pytest.mark.parametrize(
    ("kinds", "is_covered"),
    [(("refer",), False), (("checked",), False), (("link", "checked"), False), (("link",), True), (("answer", "confirm"), True)],
)
def test_a_rule_for_any_kind_leaves_alone_what_a_person_always_decides(session: Session, kinds: tuple[str, ...], is_covered: bool) -> None:
    """Neither the queue of the rule holds it, nor is it approved."""
    scene = Scene(session)
    scene.person = make_person(session)
    scene.attempt = make_attempt(session, scene.person, make_challenge(session, stages=kinds, now=NOW), now=NOW)
    assert (scene.attempt.id in session.scalars(covered(session, scene.rule, NOW)).all()) is is_covered
    assert (run(session, scene) is not None) is is_covered
    assert balance_of(session, scene.person.id).available == (100 if is_covered else 0)


def test_no_rule_is_made_for_what_a_person_always_decides_and_the_page_says_so(database: Database, sign_in: SignIn) -> None:
    admin = database.write(make_admin)
    with pytest.raises(KindNeedsPerson):
        database.write(lambda s: make_rule(s, as_admin(admin), terms=RuleTerms("r", 100, kinds=("link", "refer")), now=NOW))
    page = sign_in(admin).get("/admin/challenges/rules").text
    assert "always decided by a person: Refer a peer, The team confirms." in page
    assert 'value="refer"' not in page


@pytest.mark.parametrize(("limit", "four_eyes", "most"), [(100, None, 100), (100, 50, 50), (100, 500, 100)])
def test_no_rule_approves_what_needs_two_people(limit: int, four_eyes: int | None, most: int) -> None:
    assert highest(limit, four_eyes) == most


def test_a_rule_is_off_until_it_is_switched_on_and_only_admins_do(session: Session) -> None:
    admin = make_admin(session)
    rule = make_rule(session, as_admin(admin), terms=LOOSE, now=NOW)
    assert not rule.is_on
    with pytest.raises(NotAllowed):
        switch_rule(session, as_advocate(make_person(session)), rule_id=rule.id, is_on=True, now=NOW)
    with pytest.raises(NotAllowed):
        make_rule(session, as_advocate(make_person(session)), terms=LOOSE, now=NOW)


def test_what_it_covers_is_paid_by_its_name(session: Session) -> None:
    scene = Scene(session)
    verdict = run(session, scene)
    assert verdict is not None
    assert (verdict.rule_id, verdict.decided_by_id) == (scene.rule.id, None)
    assert balance_of(session, scene.person.id).available == 100
    assert run(session, scene) is None
    line = next(iter_lines(session, scene.person.id, Wanted(), STATEMENT_SOURCES))
    assert (line.rule and line.rule.facts["rule"], line.by, line.is_own, line.source and line.source.version) == (scene.rule.name, "", False, 1), (
        "the statement says so"
    )
    reverse_approval(session, as_admin(scene.admin), submission_id=scene.attempt.submission_id, reason="Not public", now=NOW)
    assert balance_of(session, scene.person.id).available == 0
    assert run(session, scene) is None


def _switch_off(session: Session, scene: Scene) -> None:
    switch_rule(session, as_admin(scene.admin), rule_id=scene.rule.id, is_on=False, now=NOW)


def _remove(session: Session, scene: Scene) -> None:
    remove_rule(session, as_admin(scene.admin), rule_id=scene.rule.id, now=NOW)


def _lower_four_eyes(session: Session, scene: Scene) -> None:
    set_terms(session, as_admin(scene.admin), terms=Terms(four_eyes_above=99), now=NOW)


def _take(session: Session, scene: Scene) -> None:
    change_case(session, "attempt", scene.attempt.id, {"owner_id": scene.admin.id}, ReviewCase.owner_id.is_(None))


def _feedback(session: Session, scene: Scene) -> None:
    give_feedback(session, as_admin(scene.admin), attempt_id=scene.attempt.id, reason="Hm", now=NOW)


def _ask(session: Session, scene: Scene) -> None:
    ask_for_more(session, as_admin(scene.admin), attempt_id=scene.attempt.id, reason="More", now=NOW)


def _make_reviewer(session: Session, scene: Scene) -> None:
    grant_reviewing(session, as_admin(scene.admin), person_id=scene.person.id, grants={"nominations"}, now=NOW)


def test_what_an_import_left_waiting_keeps_no_real_answer_from_its_rule(session: Session) -> None:
    scene = Scene(session)
    imported = make_attempt(session, make_person(session), make_challenge(session), now=NOW - timedelta(days=9))
    session.execute(update(Attempt).where(Attempt.id == imported.id).values(answers=[]))
    assert session.scalars(covered(session, scene.rule, NOW)).all() == [scene.attempt.id]


@pytest.mark.parametrize("change", [_switch_off, _remove, _lower_four_eyes, _take, _feedback, _ask, _make_reviewer])
def test_it_keeps_its_hands_off(session: Session, change: Change) -> None:
    scene = Scene(session)
    assert session.scalars(covered(session, scene.rule, NOW)).all() == [scene.attempt.id]
    change(session, scene)
    assert run(session, scene) is None
    assert balance_of(session, scene.person.id).available == 0


@pytest.mark.parametrize(
    ("terms", "approves"),
    [
        (RuleTerms("r", points_limit=99, approvals=0), False),
        (RuleTerms("r", points_limit=100, approvals=0, after_days=2), True),
        (RuleTerms("r", points_limit=100, approvals=0, after_days=3), False),
        (RuleTerms("r", points_limit=100, approvals=0, kinds=("answer",)), True),
        (RuleTerms("r", points_limit=100, approvals=0, kinds=("link",)), False),
        (RuleTerms("r", points_limit=100, approvals=1), False),
    ],
)
def test_points_wait_kinds_and_trust_all_have_to_fit(session: Session, terms: RuleTerms, approves: bool) -> None:
    scene = Scene(session, terms)
    assert (run(session, scene) is not None) is approves


def _approved(session: Session, scene: Scene, number: int, at: datetime) -> list[Verdict]:
    from portal.challenges.actions.review import approve_attempt

    challenges = [make_challenge(session, now=NOW) for _ in range(number)]
    attempts = [make_attempt(session, scene.person, challenge, now=NOW - timedelta(days=2)) for challenge in challenges]
    return [approve_attempt(session, as_admin(scene.admin), attempt_id=attempt.id, now=at) for attempt in attempts]


def test_trust_is_earned_lately_and_lost_by_a_reversal(session: Session) -> None:
    scene = Scene(session, RuleTerms("r", points_limit=100, approvals=2, within_days=30))
    _approved(session, scene, 2, NOW - timedelta(days=31))
    assert run(session, scene) is None
    verdicts = _approved(session, scene, 3, NOW - timedelta(days=1))
    assert session.scalars(covered(session, scene.rule, NOW)).all() == [scene.attempt.id]
    reverse_approval(session, as_admin(scene.admin), submission_id=verdicts[0].submission_id, reason="Untrue", now=NOW)
    assert run(session, scene) is None


def test_one_challenge_only(session: Session) -> None:
    other = make_challenge(session, now=NOW)
    scene = Scene(session, RuleTerms("r", points_limit=100, approvals=0, challenge_id=other.id))
    assert run(session, scene) is None


def test_workers_at_once_approve_once(database: Database) -> None:
    scene = database.write(Scene)
    works = [lambda s: approve_by_rule(s, rule_id=scene.rule.id, attempt_id=scene.attempt.id, now=NOW) is not None] * 16
    assert Counter(at_once(database, works)) == {True: 1, False: 15}
    assert approve_by_rules(database, NOW) == 0
    with database.reading() as session:
        assert balance_of(session, scene.person.id).available == 100


def test_the_worker_approves_and_the_page_shows_it(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)
    assert approve_by_rules(database, NOW) == 1
    desk = sign_in(scene.admin)
    page = desk.get("/admin/challenges/rules").text
    assert "approved 1 answer" in page
    assert "approved by the rule “Small ones”" in page
    assert "by the rule “Small ones”" in desk.get(f"/admin/challenges/submissions/{scene.attempt.submission_id}").text
    statement, named = desk.get(f"/admin/statement/{scene.person.id}").text, "the rule “Small ones”, up to 100 points</a>"
    assert f'by <a class="link" href="/admin/challenges/rules#rule-{scene.rule.id}">{named}' in statement
    assert f'id="rule-{scene.rule.id}"' in page
    assert "by the rule “Small ones”, up to 100 points" in sign_in(scene.person).get("/statement").text


def test_an_admin_makes_switches_and_removes_a_rule_on_the_page(database: Database, sign_in: SignIn) -> None:
    desk = sign_in(database.write(make_admin))
    given = {"name": "Links", "kinds": ["link"], "points_limit": "50", "approvals": "3", "within_days": "90", "after_days": "1", "challenge_id": ""}
    refused = desk.post("/admin/challenges/rules", data=given | {"name": ""})
    assert refused.status_code == 422
    assert "Please give the rule a name." in refused.text
    assert desk.post("/admin/challenges/rules", data=given).status_code == 303
    with database.reading() as session:
        rule = session.scalars(select(AutoRule)).one()
        assert (rule.is_on, rule.kinds, rule.points_limit) == (False, ["link"], 50)
    desk.post(f"/admin/challenges/rules/{rule.id}/switch", data={"on": "yes"})
    assert "1 rule is on." in desk.get("/admin/challenges/rules").text
    desk.post(f"/admin/challenges/rules/{rule.id}/remove", data={})
    assert "No rules yet" in desk.get("/admin/challenges/rules").text


def test_nothing_is_approved_while_no_rule_is_on(database: Database) -> None:
    database.write(lambda s: make_attempt(s, make_person(s), make_challenge(s)))
    database.write(lambda s: make_rule(s, system("test"), terms=LOOSE, now=utcnow()))
    assert approve_by_rules(database, utcnow() + timedelta(days=30)) == 0
