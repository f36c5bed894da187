"""What lives as long as a process that serves for days: made whole before threads meet in it, and out of the garbage collector's sight."""

import gc

from sqlalchemy.sql.selectable import AliasedReturnsRows


def settle() -> None:
    """Put all that lives now, and will live as long as the process, out of the collector's sight. Called once, when everything is loaded.

    Modules, routes, mappings and statements are some hundreds of thousands of objects. None of them is ever garbage, but each full collection
    walks them all: a pause of 50 to 160 ms (measured) in the middle of somebody's page. What comes later is collected as always.
    """
    make_whole()
    gc.collect()
    gc.freeze()


def make_whole() -> None:
    """Let every alias of a table that modules share make its columns now.

    SQLAlchemy makes them when they are first asked for. Two threads that ask at the same moment make them twice, the second ones stay, and a
    statement that was put together with the first ones finds none of them any more: for the life of the process it cannot be compiled.
    """
    for one in gc.get_objects():
        if issubclass(type(one), AliasedReturnsRows):
            one.c  # noqa: B018 (asking makes them)
