"""Nominating several people at once, each line for itself."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.kernel.text import normal_email
from portal.people.queries.persons import names
from portal.references.actions.nominate import nominate
from portal.references.actions.telling import tell_sent_for
from portal.references.models.nominating import Nomination
from portal.references.rules.nominating import Line, read_lines, require_line


@dataclass(frozen=True)
class Outcome:
    """What became of one line: the nomination, for a later voice who was first, or why not. ``is_again``: a line above names the same person."""

    line: Line
    nomination: Nomination | None = None
    first: str | None = None
    refusal: Refusal | None = None
    is_again: bool = False


def nominate_lines(session: Session, actor: Actor, *, key: str, text: str, why: str, colleague_id: int | None = None, now: datetime) -> list[Outcome]:
    """Nominate who stands in each line of ``text`` (name, e-mail, company, title) for one reason, and return what became of each.

    A line that is refused leaves the others alone; the same ``key`` again nominates nobody twice, and who was put into a line since is
    somebody else. Refuses more than fifty lines.
    """
    found: list[Outcome] = []
    for line in read_lines(text):
        made = _one(session, actor, line, f"{key[:40]}:{_mark(line)}", why, colleague_id, now)
        is_again = any(made.nomination is not None and made.nomination is one.nomination for one in found)
        found.append(replace(made, is_again=is_again))
    made_now = [one.nomination for one in found if one.nomination is not None and one.nomination.created_at == now and not one.is_again]
    tell_sent_for(session, made_now, now)
    return found


def _mark(line: Line) -> str:
    return hashlib.sha256((normal_email(" ".join(line.parts[1:2])) or line.text).encode()).hexdigest()[:16]


def _one(session: Session, actor: Actor, line: Line, key: str, why: str, colleague_id: int | None, now: datetime) -> Outcome:
    try:
        name, email, company, title = require_line(line)
        with session.begin_nested():
            given: dict[str, Any] = {"name": name, "email": email, "company": company, "title": title, "why": why, "colleague_id": colleague_id}
            made = nominate(session, actor, key=key, **given, is_told=False, now=now)
    except Refusal as refusal:
        return Outcome(line, refusal=refusal)
    if made.duplicate_of_id is None:
        return Outcome(line, made)
    first_id = session.get_one(Nomination, made.duplicate_of_id).nominator_id
    return Outcome(line, made, first=names(session, [first_id])[first_id])
