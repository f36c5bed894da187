"""Many at once: one nomination stands, one decision counts, one click is one nomination, one draft, one comment, and limits hold."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.references.actions.commenting import comment
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.actions.drafting import save_draft
from portal.references.actions.nominate import nominate
from portal.references.actions.terms import add_rule
from portal.references.models.nominating import Nomination, NominationComment, NominationDraft
from portal.references.models.terms import NominationRule
from portal.references.rules.nominating import MOST_DRAFTS
from portal.references.rules.states import State
from portal.references.rules.terms import MOST_RULES
from tests.factories.people import make_admin, make_employee
from tests.factories.references import acting, make_nomination
from tests.rewards.racing import all_at_once, one_during_another
from tests.support.application import PortalClient, SignIn

MANY = 8


def at_once(works: list[Callable[[], object]]) -> Counter[str]:
    """Run all works at the same moment and count the answers; a refusal answers with its name."""
    barrier, answers = Barrier(len(works)), Counter[str]()

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            answers[str(work())] += 1
        except Refusal as refusal:
            answers[refusal.name] += 1

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_eight_employees_nominate_one_person_at_once_and_one_is_first(database: Database) -> None:
    actors = database.write(lambda s: [acting(make_employee(s)) for _ in range(MANY)])

    def sending(number: int) -> Callable[[], str]:
        email = "Ada@works.example" if number % 2 else "ada@WORKS.example"
        given = {"key": f"k{number}", "name": "Ada", "email": email, "company": "Works", "why": "Good."}
        return lambda: database.write(lambda s: nominate(s, actors[number], **given, now=utcnow()).state)

    assert at_once([sending(number) for number in range(MANY)]) == {State.SUBMITTED: 1, State.DUPLICATE: MANY - 1}
    with database.reading() as session:
        first = session.scalars(select(Nomination).where(Nomination.state == State.SUBMITTED)).one()
        pointing = session.scalar(select(func.count()).where(Nomination.duplicate_of_id == first.id))
    assert (pointing, first.repeats) == (MANY - 1, MANY - 1)


def test_one_form_sent_eight_times_at_once_is_one_nomination(database: Database, sign_in: SignIn) -> None:
    employee = database.write(make_employee)
    clients = [sign_in(employee) for _ in range(MANY)]
    data = {"key": "one-click", "name": "Ada", "email": "ada@works.example", "company": "Works", "why": "Good."}

    def sending(client: PortalClient) -> Callable[[], int]:
        return lambda: client.post("/nominate", data=data).status_code

    assert at_once([sending(client) for client in clients]) == {"303": MANY}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Nomination)) == 1


def test_one_key_on_an_already_nominated_person_adds_one_voice(database: Database) -> None:
    first_id = database.write(lambda s: make_nomination(s, email="ada@works.example").id)
    actor = database.write(lambda s: acting(make_employee(s)))
    given = {"key": "one-click", "name": "Ada", "email": "ada@works.example", "company": "Works", "why": "Good."}
    sending = [lambda: database.write(lambda s: nominate(s, actor, **given, now=utcnow()).state)] * MANY
    assert at_once(sending) == {State.DUPLICATE: MANY}
    with database.reading() as session:
        assert session.get_one(Nomination, first_id).repeats == 1


def test_accepting_and_declining_at_once_is_one_decision(database: Database) -> None:
    def start(session):
        return acting(make_admin(session)), make_nomination(session, email="ada@works.example").id

    actor, made = database.write(start)

    def deciding(number: int) -> Callable[[], str]:
        if number % 2:
            return lambda: database.write(lambda s: accept_nomination(s, actor, nomination_id=made, now=utcnow()).state)
        return lambda: database.write(lambda s: decline_nomination(s, actor, nomination_id=made, reason="No.", now=utcnow()).state)

    answers = at_once([deciding(number) for number in range(MANY)])
    decided = answers[State.INVITED] + answers[State.NOT_APPROVED]
    assert (decided, answers["AlreadyDecided"]) == (1, MANY - 1)
    with database.reading() as session:
        invited = session.scalar(select(func.count()).where(Person.email_key == "ada@works.example"))
        assert invited == answers[State.INVITED]
        assert session.scalar(select(func.count()).select_from(Notice)) == 1


def test_two_nominations_cannot_become_duplicates_of_each_other(database: Database) -> None:
    def start(session):
        return acting(make_admin(session)), make_nomination(session).id, make_nomination(session).id

    actor, one, two = database.write(start)

    def marking(made: int, first: int) -> Callable[[], str]:
        return lambda: database.write(lambda s: mark_duplicate(s, actor, nomination_id=made, first_id=first, now=utcnow()).state)

    answers = at_once([marking(one, two), marking(two, one)] * 4)
    assert answers[State.DUPLICATE] == 1
    assert set(answers) <= {State.DUPLICATE, "AlreadyDecided", "NotAnOriginal"}
    with database.reading() as session:
        assert sorted(session.scalars(select(Nomination.state))) == [State.DUPLICATE, State.SUBMITTED]


def test_a_draft_that_is_saved_while_it_is_saved_is_one_draft(database: Database) -> None:
    actor = database.write(lambda s: acting(make_employee(s)))

    def saving(name: str) -> Callable[[Session], str]:
        return lambda s: save_draft(s, actor, key="one-form", fields={"name": [name]}, now=utcnow()).key

    assert one_during_another(database, saving("Ad"), lambda: database.write(saving("Ada"))) == ["one-form", "one-form"]
    with database.reading() as session:
        assert [draft.fields for draft in session.scalars(select(NominationDraft))] == [{"name": ["Ada"]}]


def test_eight_new_drafts_at_once_for_the_last_place_are_one_more_draft(database: Database) -> None:
    def start(session):
        actor = acting(make_employee(session))
        for number in range(MOST_DRAFTS - 1):
            session.add(NominationDraft(person_id=actor.id, key=f"kept-{number}", fields={}, saved_at=utcnow()))
        return actor

    actor = database.write(start)
    saving = [lambda s, number=number: save_draft(s, actor, key=f"new-{number}", fields={"name": "Ada"}, now=utcnow()) for number in range(MANY)]
    assert all_at_once(database, saving) == {"done": 1, "TooManyDrafts": MANY - 1}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(NominationDraft)) == MOST_DRAFTS


def test_one_comment_sent_eight_times_at_once_is_said_and_told_once(database: Database) -> None:
    def start(session):
        return acting(make_admin(session)), make_nomination(session).id

    actor, made = database.write(start)
    saying = [lambda s: comment(s, actor, nomination_id=made, text="May they speak in public?", key="one-click", now=utcnow())] * MANY
    assert all_at_once(database, saying) == {"done": MANY}
    with database.reading() as session:
        told = session.scalar(select(func.count()).where(Notice.kind == "nomination_comment"))
        assert (session.scalar(select(func.count()).select_from(NominationComment)), told) == (1, 1)


def test_two_rules_at_once_for_the_last_place_are_one_more_rule(database: Database) -> None:
    def start(session):
        actor = acting(make_admin(session))
        for number in range(MOST_RULES - 1):
            add_rule(session, actor, name=f"Rule {number}", needs_company=True, now=utcnow())
        return actor

    actor = database.write(start)

    def adding(session: Session) -> str:
        return add_rule(session, actor, name="One more", needs_company=True, now=utcnow()).name

    assert one_during_another(database, adding, lambda: database.write(adding)) == ["One more", "TooManyRules"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(NominationRule)) == MOST_RULES
