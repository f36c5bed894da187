"""Who may nominate and decide, and how a nomination stands: tables without fixtures."""

from datetime import UTC, date, datetime

import pytest

from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed, Refusal, Sentences
from portal.people.rules.person import EmailInvalid
from portal.profiles.rules.activity import Activity
from portal.references.actions.undoing import STOOD
from portal.references.rules.deciding import OwnNomination, ReasonMissing, late_since, require_decidable, require_reason
from portal.references.rules.joining import ChosenAndNever, Due, NotAgreed, NothingChosen, due, require_offer
from portal.references.rules.nominating import (
    AlreadyMember,
    Details,
    LineUnreadable,
    NotACustomer,
    NotALink,
    TooManyLines,
    UsageHalf,
    are_twins,
    read_lines,
    require_details,
    require_employee,
    require_line,
    require_nominee,
    search_text,
)
from portal.references.rules.states import SUMS, WAYS, Moments, Move, Standing, State, standing, timeline
from portal.references.rules.terms import Facts, Rule, RuleBlank, approving, require_rule

ADMIN = Actor(id=1, roles=frozenset({"admin"}))
EMPLOYED_ADMIN = Actor(id=2, roles=frozenset({"admin", "employee"}))
EMPLOYEE = Actor(id=3, roles=frozenset({"employee"}))
ADVOCATE = Actor(id=4, roles=frozenset({"advocate"}))


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "person", "in_review", "again", "expected"),
    [
        (State.SUBMITTED, None, False, None, Standing.WAITING),
        (State.SUBMITTED, "active", False, None, Standing.WAITING),
        (State.SUBMITTED, None, True, None, Standing.IN_REVIEW),
        (State.NOT_APPROVED, None, True, None, Standing.NOT_APPROVED),
        (State.NOT_APPROVED, "active", False, None, Standing.NOT_APPROVED),
        (State.INVITED, None, False, None, Standing.INVITED),
        (State.INVITED, "contact", False, None, Standing.INVITED),
        (State.INVITED, "invited", True, None, Standing.INVITED),
        (State.INVITED, "invited", False, date(2026, 9, 1), Standing.NOT_NOW),
        (State.INVITED, "active", False, None, Standing.JOINED),
        (State.INVITED, "deactivated", False, None, Standing.LEFT),
        (State.ACCEPTED, "invited", False, None, Standing.ACCEPTED),
        (State.ACCEPTED, "active", False, None, Standing.JOINED),
        (State.CUSTOMER_DECLINED, "contact", False, None, Standing.CUSTOMER_DECLINED),
        (State.NO_ANSWER, "invited", False, None, Standing.NO_ANSWER),
    ],
)
def test_a_nomination_stands_by_its_decision_and_by_what_the_person_made_of_it(
    state: State, person: str | None, in_review: bool, again: date | None, expected: Standing
) -> None:
    assert standing(state, person, is_in_review=in_review, ask_again_on=again) is expected


@pytest.mark.parametrize(("person", "expected"), [("invited", Standing.TAKEN_BACK), ("active", Standing.TAKEN_BACK), ("deactivated", Standing.LEFT)])
def test_a_yes_that_was_taken_back_is_told_of_members_too(person: str, expected: Standing) -> None:
    assert standing(State.ACCEPTED, person, is_taken_back=True) is expected
    assert standing(State.INVITED, "active", is_taken_back=True) is Standing.JOINED, "who never answered took nothing back"


LEGAL = {
    (State.SUBMITTED, Move.TAKE_UP): State.SUBMITTED,
    (State.SUBMITTED, Move.APPROVE): State.INVITED,
    (State.SUBMITTED, Move.REFUSE): State.NOT_APPROVED,
    (State.SUBMITTED, Move.MARK): State.DUPLICATE,
    (State.INVITED, Move.AGREE): State.ACCEPTED,
    (State.INVITED, Move.SAY_NO): State.CUSTOMER_DECLINED,
    (State.INVITED, Move.PUT_OFF): State.INVITED,
    (State.INVITED, Move.REMIND): State.INVITED,
    (State.INVITED, Move.GIVE_UP): State.NO_ANSWER,
    (State.INVITED, Move.RECALL): State.SUBMITTED,
    (State.NO_ANSWER, Move.AGREE): State.ACCEPTED,
    (State.NO_ANSWER, Move.SAY_NO): State.CUSTOMER_DECLINED,
    (State.CUSTOMER_DECLINED, Move.TURN_ROUND): State.INVITED,
    (State.NOT_APPROVED, Move.RECALL): State.SUBMITTED,
    (State.DUPLICATE, Move.RECALL): State.SUBMITTED,
}


def test_every_move_leads_where_the_table_says_and_no_other_is_made() -> None:
    assert {(start, move): way.end for move, way in WAYS.items() for start in way.start} == LEGAL
    assert set(STOOD.values()) == set(WAYS[Move.RECALL].start)


@pytest.mark.parametrize(
    ("asked", "reminded", "again", "today", "expected"),
    [
        (1, None, None, 7, Due.NOTHING),
        (1, None, None, 8, Due.REMIND),
        (1, None, None, 28, Due.REMIND),
        (1, 8, None, 21, Due.NOTHING),
        (1, 8, None, 22, Due.GIVE_UP),
        (1, 20, None, 28, Due.NOTHING),
        (1, None, date(2026, 3, 20), 19, Due.NOTHING),
        (1, 8, date(2026, 3, 20), 20, Due.REMIND),
        (1, 20, None, 22, Due.NOTHING),
    ],
)
def test_who_is_silent_is_reminded_once_and_then_given_up(asked: int, reminded: int | None, again: date | None, today: int, expected: Due) -> None:
    found = due(day(asked), day(reminded) if reminded else None, again, day(today), remind_days=7, silent_days=21, zone="Europe/Madrid")
    assert found is expected


def test_a_day_of_the_clock_is_one_of_the_programmes_calendar() -> None:
    made = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert made >= late_since(datetime(2026, 3, 8, 23, 30, tzinfo=UTC), days=7, zone="UTC")
    assert made < late_since(datetime(2026, 3, 9, 0, 30, tzinfo=UTC), days=7, zone="UTC")
    assert made >= late_since(datetime(2026, 3, 9, 0, 30, tzinfo=UTC), days=7, zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("Älv Rail", "Ada Lovelace"), ("alv rail", "A. Lovelace"), True),
        (("Works", "Ada Byron Lovelace"), ("Works", "Anna Lovelace"), True),
        (("Works", "Ada Lovelace"), ("Works", "Bo Lovelace"), False),
        (("Works", "Ada Lovelace"), ("Other", "Ada Lovelace"), False),
        (("Works", "Cher"), ("Works", "Cher"), True),
        (("Works", "Cher"), ("Works", "Chris Cher"), False),
    ],
)
def test_two_of_one_company_last_name_and_first_letter_may_be_the_same(one: tuple[str, str], other: tuple[str, str], expected: bool) -> None:
    assert are_twins(one, other) is expected


RULES = [Rule(1, "Proven", least_agreed=3), Rule(2, "Known", needs_company=True, tiers=(2, 3), made_by=7)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(frozenset({1}), 3, False, None, False), 1),
        (Facts(frozenset({1}), 2, False, None, False), None),
        (Facts(frozenset({1}), 2, True, 2, False), 2),
        (Facts(frozenset({1}), 2, True, 1, False), None),
        (Facts(frozenset({1}), 2, True, None, False), None),
        (Facts(frozenset({1, 7}), 2, True, 2, False), None),
        (Facts(frozenset({7}), 3, True, 2, False), 1),
        (Facts(frozenset({1}), 9, True, 2, True), None),
    ],
)
def test_the_first_rule_that_meets_all_its_conditions_approves_and_never_for_its_own_maker(facts: Facts, expected: int | None) -> None:
    found = approving(RULES, facts)
    assert (found.id if found else None) == expected


def test_every_way_to_stand_is_in_one_of_the_sums_at_home() -> None:
    assert sorted(one for some in SUMS.values() for one in some) == sorted(Standing)


def test_a_rule_without_a_condition_is_refused() -> None:
    with pytest.raises(RuleBlank):
        require_rule(0, False)


@pytest.mark.parametrize(
    ("activities", "never", "agreed", "refusal"),
    [
        ([], [], True, NothingChosen),
        ([Activity.CALL], [Activity.CALL], True, ChosenAndNever),
        ([Activity.CALL], [], False, NotAgreed),
        ([], [], False, NothingChosen),
    ],
)
def test_an_offer_has_something_in_it_and_consent(activities: list[Activity], never: list[Activity], agreed: bool, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        require_offer(activities, 2, never, is_agreed=agreed)


def test_an_offer_stands_in_the_order_of_the_form() -> None:
    offer = require_offer([Activity.VIDEO, Activity.CALL], 99, [Activity.PRESS], is_agreed=True)
    assert (offer.activities, offer.never, offer.per_quarter) == ((Activity.CALL, Activity.VIDEO), (Activity.PRESS,), 12)


def test_lines_are_split_at_tabs_semicolons_or_commas() -> None:
    text = "Ada, ada@w.example, Works, Lead\n\nBo\tbo@w.example\tWorks, Ltd\nCy; cy@w.example; W"
    assert [require_line(line) for line in read_lines(text)] == [
        ("Ada", "ada@w.example", "Works", "Lead"), ("Bo", "bo@w.example", "Works, Ltd", ""), ("Cy", "cy@w.example", "W", "")
    ]  # fmt: skip
    with pytest.raises(LineUnreadable):
        require_line(read_lines("Ada, ada@w.example")[0])
    with pytest.raises(TooManyLines):
        read_lines("x\n" * 51)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "www.example.com", "https://", "https://a b"])
def test_evidence_is_a_whole_link(url: str) -> None:
    with pytest.raises(NotALink):
        require_details(Details(evidence_url=url))


def test_how_often_needs_a_period() -> None:
    with pytest.raises(UsageHalf):
        require_details(Details(usage_count=2))


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
    ("kind", "at", "expected"),
    [
        (Standing.WAITING, {}, ["Nominated"]),
        (Standing.IN_REVIEW, {"review_began_at": day(2)}, ["Nominated", "Taken up by a reviewer"]),
        (Standing.NOT_APPROVED, {"decided_at": day(2)}, ["Nominated", "Not approved"]),
        (Standing.INVITED, {"decided_at": day(2)}, ["Nominated", "Approved and invited"]),
        (Standing.ACCEPTED, {"decided_at": day(2), "answered_at": day(3)}, ["Nominated", "Approved and invited", "Said yes"]),
        (Standing.CUSTOMER_DECLINED, {"decided_at": day(2), "answered_at": day(3)}, ["Nominated", "Approved and invited", "Said no"]),
        (Standing.NO_ANSWER, {"decided_at": day(2), "given_up_at": day(23)}, ["Nominated", "Approved and invited", "No answer"]),
        (Standing.JOINED, {"decided_at": day(2), "joined_at": day(3)}, ["Nominated", "Approved and invited", "Joined"]),
        (Standing.LEFT, {"decided_at": day(2), "joined_at": day(3)}, ["Nominated", "Approved and invited", "Joined"]),
    ],
)
def test_the_timeline_tells_the_steps_in_order(kind: Standing, at: dict[str, datetime], expected: list[str]) -> None:
    assert [text for _, text in timeline(kind, Moments(day(1), **at))] == expected


def test_a_later_voice_sees_the_acceptance_before_their_own_nomination() -> None:
    assert [text for _, text in timeline(Standing.INVITED, Moments(day(5), decided_at=day(2)))] == ["Approved and invited", "Nominated"]


def test_search_ignores_case_and_accents() -> None:
    assert search_text("Aïssatou  Diallo", None, "", "Baobab TÉLÉCOM") == "aissatou diallo baobab telecom"


def test_the_kind_that_is_ticked_twice_is_named_in_the_readers_language() -> None:
    with pytest.raises(ChosenAndNever) as refused:
        require_offer([Activity.CALL], 1, [Activity.CALL], is_agreed=True)
    assert refused.value.facts == {"activity": Sentences(("Reference call",))}
    assert isinstance(refused.value.facts["activity"], Sentences)
