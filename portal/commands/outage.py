"""What every command says when the database is away: one sentence, and no traceback."""

from functools import wraps
from typing import Any

import click

from portal.kernel.errors import Busy, Unreachable


class DatabaseAway(click.ClickException):
    """The command could not be carried out: exit code 2, since 1 means that it found something."""

    exit_code = 2


def in_words(command: click.Command) -> click.Command:
    """Let a command, or every command of a group, end with a sentence where the database is away or busy. Returns the same command."""
    for under in command.commands.values() if isinstance(command, click.Group) else ():
        in_words(under)
    plain = command.callback
    if plain is None:
        return command

    @wraps(plain)
    def told(*given: Any, **options: Any) -> Any:
        try:
            return plain(*given, **options)
        except Unreachable as outage:
            raise DatabaseAway(f"{outage} See whether it runs, and what DATABASE_URL says.") from outage
        except Busy as busy:
            raise DatabaseAway(str(busy)) from busy

    command.callback = told
    return command
