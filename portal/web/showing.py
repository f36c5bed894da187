"""Contact details that a page of GET shows are written down before the page is sent, in a unit of work of their own.

A session of GET refuses writes, so a view says with ``tell_shown`` whose details stand in its answer; if that cannot be kept, nothing is sent.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from flask import Flask, Response, g
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.web.guards import current_actor
from portal.web.transaction import database, let_go

Note = Callable[[Session, Actor, Iterable[int], str, datetime], None]
"""Writes down that somebody saw the contact details of people at a place."""


def tell_shown(person_ids: Iterable[int], place: str) -> None:
    """Say that the answer to this request shows the contact details of these people."""
    g.setdefault("shown_contacts", []).append((list(person_ids), place))


def init(app: Flask, note: Note) -> None:
    """Let ``note`` write down what was told of, before the answer goes out. What it raises takes the answer's place."""

    def keep(response: Response) -> Response:
        told: list[tuple[list[int], str]] = g.pop("shown_contacts", [])
        if told:
            actor, now = current_actor(), utcnow()
            let_go()

            def write(session: Session) -> None:
                for person_ids, place in told:
                    note(session, actor, person_ids, place, now)

            database().write(write)
        return response

    app.after_request(keep)
