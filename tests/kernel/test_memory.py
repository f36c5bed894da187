"""What is shared by all threads of a process that serves."""

from sqlalchemy import inspect
from sqlalchemy.orm import aliased

from portal.kernel.memory import make_whole
from portal.people.models import Person


def test_the_columns_of_an_alias_are_made_before_threads_meet_in_it() -> None:
    shared = inspect(aliased(Person)).selectable
    assert "_columns" not in vars(shared), "SQLAlchemy makes them with the alias now: what this asks for is not needed any more"
    make_whole()
    made = shared.c.id
    assert "_columns" in vars(shared)
    assert shared.c.id is made
