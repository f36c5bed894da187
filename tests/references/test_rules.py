"""Who may nominate and decide, and how a nomination stands: tables without fixtures."""

from datetime import UTC, datetime

import pytest

from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed
from portal.people.rules.person import EmailInvalid
from portal.references.rules import (
    AlreadyMember,
    NotACustomer,
    OwnNomination,
    ReasonMissing,
    Standing,
    State,
    require_decidable,
    require_employee,
    require_nominee,
    require_reason,
    search_text,
    standing,
    timeline,
)

ADMIN = Actor(id=1, roles=frozenset({"admin"}))
EMPLOYED_ADMIN = Actor(id=2, roles=frozenset({"admin", "employee"}))
EMPLOYEE = Actor(id=3, roles=frozenset({"employee"}))
ADVOCATE = Actor(id=4, roles=frozenset({"advocate"}))


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "person", "expected"),
    [
        (State.SUBMITTED, None, Standing.WAITING),
        (State.SUBMITTED, "active", Standing.WAITING),
        (State.DECLINED, None, Standing.DECLINED),
        (State.DECLINED, "active", Standing.DECLINED),
        (State.ACCEPTED, None, Standing.INVITED),
        (State.ACCEPTED, "contact", Standing.INVITED),
        (State.ACCEPTED, "invited", Standing.INVITED),
        (State.ACCEPTED, "active", Standing.JOINED),
        (State.ACCEPTED, "deactivated", Standing.LEFT),
    ],
)
def test_a_nomination_stands_by_its_decision_and_by_what_the_person_made_of_it(state: State, person: str | None, expected: Standing) -> None:
    assert standing(state, person) is expected


@pytest.mark.parametrize(("actor", "allowed"), [(EMPLOYEE, True), (EMPLOYED_ADMIN, True), (ADMIN, False), (ADVOCATE, False), (system(), False)])
def test_only_employees_nominate(actor: Actor, allowed: bool) -> None:
    if allowed:
        require_employee(actor)
        return
    with pytest.raises(NotAllowed):
        require_employee(actor)


@pytest.mark.parametrize(
    ("actor", "nominator", "refusal"),
    [
        (ADMIN, 3, None),
        (EMPLOYED_ADMIN, 3, None),
        (system(), 3, None),
        (EMPLOYED_ADMIN, 2, OwnNomination),
        (EMPLOYEE, 3, NotAllowed),
        (ADVOCATE, 3, NotAllowed),
    ],
)
def test_admins_decide_but_nobody_on_their_own(actor: Actor, nominator: int, refusal: type[NotAllowed] | None) -> None:
    if refusal is None:
        require_decidable(actor, [7, nominator])
        return
    with pytest.raises(refusal) as refused:
        require_decidable(actor, [7, nominator])
    assert type(refused.value) is refusal


@pytest.mark.parametrize("state", [None, "contact", "invited", "deactivated"])
def test_who_has_not_joined_may_be_nominated(state: str | None) -> None:
    require_nominee("ada@works.example", "Ada", state)


def test_a_member_is_not_nominated_again() -> None:
    with pytest.raises(AlreadyMember) as refused:
        require_nominee("ada@works.example", "Ada", "active")
    assert refused.value.facts == {"name": "Ada"}


@pytest.mark.parametrize("state", ["active", "invited"])
def test_nobody_of_our_own_team_is_nominated(state: str) -> None:
    with pytest.raises(NotACustomer) as refused:
        require_nominee("pavel@laurel.example", "Pavel", state, is_advocate=False)
    assert refused.value.facts == {"name": "Pavel"}


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@works.example", "ada@works", "a da@works.example", "a@b@works.example"])
def test_an_address_has_the_shape_of_one(email: str) -> None:
    with pytest.raises(EmailInvalid):
        require_nominee(email, None, None)


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_decline_needs_a_reason(reason: str) -> None:
    with pytest.raises(ReasonMissing):
        require_reason(reason)


def test_a_reason_loses_its_blank_ends() -> None:
    assert require_reason("  Not now. ") == "Not now."


@pytest.mark.parametrize(
    ("kind", "decided", "joined", "expected"),
    [
        (Standing.WAITING, None, None, ["Nominated"]),
        (Standing.DECLINED, day(2), None, ["Nominated", "Declined"]),
        (Standing.INVITED, day(2), None, ["Nominated", "Accepted and invited"]),
        (Standing.JOINED, day(2), day(3), ["Nominated", "Accepted and invited", "Joined"]),
        (Standing.LEFT, day(2), day(3), ["Nominated", "Accepted and invited", "Joined"]),
    ],
)
def test_the_timeline_tells_the_steps_in_order(kind: Standing, decided: datetime | None, joined: datetime | None, expected: list[str]) -> None:
    assert [text for _, text in timeline(kind, day(1), decided, joined)] == expected


def test_a_later_voice_sees_the_acceptance_before_their_own_nomination() -> None:
    assert [text for _, text in timeline(Standing.INVITED, day(5), day(2), None)] == ["Accepted and invited", "Nominated"]


def test_search_ignores_case_and_accents() -> None:
    assert search_text("Aïssatou  Diallo", None, "", "Baobab TÉLÉCOM") == "aissatou diallo baobab telecom"
