"""Rows by many numbers, in one statement whatever their number."""

from sqlalchemy import select

from portal.kernel.among import Among
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Company

NAMED = select(Company.name).where(Among(Company.id, "ids"), Company.industry == "").order_by(Company.id)


def test_a_list_of_any_length_finds_the_rows_it_names(database: Database) -> None:
    empty = dict.fromkeys(("industry", "size", "region", "country", "domain"), "")
    rows = [Company(id=n, name=name, name_key=name.lower(), created_at=utcnow(), **empty) for n, name in enumerate("ABC", 1)]
    database.write(lambda session: session.add_all(rows))
    with database.reading() as session:
        found = [list(session.scalars(NAMED, {"ids": list(ids)})) for ids in ([], [2], [3, 1, 3, 99], range(40_000))]
    assert found == [[], ["B"], ["A", "C"], ["A", "B", "C"]]


def test_it_stands_as_a_condition_that_an_index_serves(database: Database) -> None:
    told = str(NAMED.compile(database.engine))
    assert ("= ANY" if database.engine.dialect.name == "postgresql" else "IN (SELECT") in told
    assert ") = 1" not in told
