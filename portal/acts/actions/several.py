"""Asking several people at once: first a look at who can be asked and who cannot and why, then the asks, each for itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acts.actions.asking import known_kind, propose_ask, require_staff
from portal.acts.actions.locking import lock_budgets
from portal.acts.models.asks import Ask
from portal.acts.queries.budget import budgets_of
from portal.acts.queries.people import find_asked
from portal.acts.queries.settings import efforts_at
from portal.acts.rules.asks import AskKind, AskState, Channel, Past
from portal.acts.rules.refusals import TooManyPeople
from portal.acts.rules.terms import Side
from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.people.models import Person

MOST_PEOPLE = 200


@dataclass(frozen=True)
class Line:
    """One line of a bulk ask: what was typed, who that is, and why not, or the ask. Without either, they can be asked."""

    text: str
    person_id: int | None = None
    name: str = ""
    company: str | None = None
    refusal: Refusal | None = None
    ask: Ask | None = None


def foresee_several(session: Session, *, lines: Sequence[str], kind: AskKind | str, now: datetime) -> list[Line]:
    """Return who of ``lines`` could be asked now, in their order: who comes first takes the slot. Nothing is reserved.

    Refuses KindUnknown and TooManyPeople.
    """
    wanted = known_kind(kind)
    found = _found(session, lines)
    budgets = budgets_of(session, [line.person_id for line in found if line.person_id], now)
    one = Past(now, efforts_at(session, now)[wanted], AskState.OPEN)
    firms: dict[int, Side] = {}
    for budget in budgets.values():
        if budget.company_id and budget.standing.company:
            firms[budget.company_id] = budget.standing.company
    looked: list[Line] = []
    for line in found:
        if line.person_id is None:
            looked.append(line)
            continue
        budget = budgets[line.person_id]
        firm = firms.get(budget.company_id or 0)
        stops = replace(budget.standing, company=firm).against(wanted)
        if firm is not None and not stops:
            firms[budget.company_id or 0] = replace(firm, past=(*firm.past, one))
        looked.append(replace(line, company=firm.name if firm else None, refusal=stops[0] if stops else None))
    return looked


def ask_several(
    session: Session, actor: Actor, *, lines: Sequence[str], kind: AskKind | str, about: str, channel: str, key: str, now: datetime
) -> list[Line]:
    """Ask everybody of ``lines`` who can be asked, and return what became of each. One that is refused leaves the others alone.

    ``key`` names the form: sent twice, it asks nobody twice. Refuses NotAllowed, KindUnknown and TooManyPeople.
    """
    require_staff(actor)
    wanted = known_kind(kind)
    found = _found(session, lines)
    lock_budgets(session, [line.person_id for line in found if line.person_id], now)
    done: list[Line] = []
    for line in found:
        if line.person_id is None:
            done.append(line)
            continue
        given = {"person_id": line.person_id, "kind": wanted, "key": f"{key}:{line.person_id}", "about": about, "channel": channel}
        given["is_told"] = channel == Channel.PORTAL
        try:
            with session.begin_nested():
                done.append(replace(line, ask=propose_ask(session, actor, **given, now=now)))  # type: ignore[arg-type]
        except Refusal as refusal:
            done.append(replace(line, refusal=refusal))
    return done


def _found(session: Session, lines: Sequence[str]) -> list[Line]:
    """Return who is meant by each line, everybody once."""
    typed = [line.strip() for line in lines if line.strip()]
    if len(typed) > MOST_PEOPLE:
        raise TooManyPeople(most=MOST_PEOPLE)
    found, seen = list[Line](), set[int]()
    for text in typed:
        try:
            person: Person = find_asked(session, text)
        except Refusal as refusal:
            found.append(Line(text, refusal=refusal))
            continue
        if person.id not in seen:
            seen.add(person.id)
            found.append(Line(text, person.id, person.name))
    return found
