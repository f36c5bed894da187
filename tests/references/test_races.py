"""Many at once: one nomination stands, one decision counts, one click is one nomination."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread

from sqlalchemy import func, select

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.actions.nominate import nominate
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State
from tests.factories.people import make_admin, make_employee
from tests.factories.references import acting, make_nomination
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
