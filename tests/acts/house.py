"""A house whose people are asked, and what tests of the pages say of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.settings import set_defaults
from portal.acts.models.asks import Ask
from portal.acts.rules.budget import Cap, Defaults
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.factories.asks import by_admin, by_employee, make_ask
from tests.factories.people import make_admin, make_company, make_employee, make_person


class House:
    """A bank with two of its people, an employee, two admins."""

    def __init__(self, session: Session) -> None:
        self.company_id = make_company(session, name="Harbour Bank").id
        self.amara = make_person(session, name="Amara Okafor", email="amara@harbour.example", company_id=self.company_id).id
        self.ben = make_person(session, name="Ben Duarte", email="ben@harbour.example", company_id=self.company_id).id
        self.greta = make_employee(session, name="Greta Holm").id
        self.ada, self.abel = make_admin(session, name="Ada Admin").id, make_admin(session, name="Abel Admin").id

    def ask(self, session: Session, **given: object) -> int:
        return make_ask(session, by_employee(self.greta), self.amara, **given).id


def words(page: str) -> str:
    return " ".join(page.split())


def asks(database: Database) -> list[Ask]:
    with database.reading() as session:
        return list(session.scalars(select(Ask).order_by(Ask.id)))


def caps(database: Database, house: House, person: int, company: int = 8) -> None:
    database.write(lambda s: set_defaults(s, by_admin(house.ada), defaults=Defaults(Cap(person, 90), Cap(company, 90)), now=utcnow()))
