"""Asking several people at once: first a look at who can be asked and who cannot and why, then the asks, each for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import lapse
from portal.acts.actions.asking import ask_all, not_here
from portal.acts.actions.keeping import known_kind, require_staff
from portal.acts.actions.locking import lock_budgets
from portal.acts.models.asks import Ask
from portal.acts.queries.budget import Budget, budgets_of
from portal.acts.queries.people import find_all_asked
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.asks import KEY_LENGTH, AskKind, Channel
from portal.acts.rules.refusals import KeyUsed, TooManyPeople
from portal.kernel.actor import Actor, system
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


def foresee_several(
    session: Session, actor: Actor, *, lines: Sequence[str], kind: AskKind | str, now: datetime, channel: str = Channel.EMAIL
) -> list[Line]:
    """Return who of ``lines`` could be asked now, in their order: who comes first takes the slot. Nothing is reserved.

    Refuses KindUnknown and TooManyPeople.
    """
    wanted, found = known_kind(kind), _found(session, actor, lines)
    budgets = budgets_of(session, [line.person_id for line in found if line.person_id], now)
    return [line for line, _budget in _judged(session, actor, found, budgets, wanted, channel, now)]


def ask_several(
    session: Session, actor: Actor, *, lines: Sequence[str], kind: AskKind | str, about: str, channel: str, key: str, now: datetime
) -> list[Line]:
    """Ask everybody of ``lines`` who can be asked, and return what became of each. One that is refused leaves the others alone.

    Budgets are locked and read once for all of them, and what each ask takes is carried forward. ``key`` names the form: sent twice, it asks
    nobody twice. Refuses NotAllowed, KindUnknown and TooManyPeople.
    """
    require_staff(actor)
    wanted, found = known_kind(kind), _found(session, actor, lines)
    ids = [line.person_id for line in found if line.person_id]
    lock_budgets(session, ids)
    before = _made_before(session, [f"{key}:{person_id}" for person_id in ids])
    people = session.scalars(select(Person).where(Person.id.in_(ids)).execution_options(populate_existing=True)).all()
    lapsed = lapse(session, system("job"), people=ids, companies=sorted({one.company_id for one in people if one.company_id}), now=now) if ids else []
    budgets = budgets_of(session, ids, now)
    again = [_again(line, before.get(line.person_id or 0), wanted) for line in found]
    judged = _judged(session, actor, again, budgets, wanted, channel, now)
    able = [budget for line, budget in judged if budget is not None and line.refusal is None]
    made = ask_all(session, actor, able, kind=wanted, channel=Channel(channel), about=about, key=key, lapsed=lapsed, now=now)
    return [replace(line, ask=made.get(line.person_id or 0, line.ask)) for line, _budget in judged]


def _judged(
    session: Session, actor: Actor, found: Sequence[Line], budgets: Mapping[int, Budget], kind: AskKind, channel: str, now: datetime
) -> list[tuple[Line, Budget | None]]:
    """Return each line with what stands against it, and the budget that it was judged by: what those before take is taken."""
    leaves_at = now + timedelta(days=defaults_of(session).answer_days)
    firms = {one.company_id: one.standing.company for one in budgets.values() if one.company_id and one.standing.company}
    looked: list[tuple[Line, Budget | None]] = []
    for line in found:
        budget = budgets.get(line.person_id or 0)
        if budget is None or line.ask is not None or line.refusal is not None:
            looked.append((line, None))
            continue
        firm = firms.get(budget.company_id or 0)
        budget = replace(budget, standing=replace(budget.standing, company=firm))
        refusal = next(iter(budget.against(actor, kind)), None) or not_here(budget, channel)
        if firm is not None and budget.company_id and refusal is None:
            ends = min(leaves_at, now + timedelta(days=firm.cap.days))
            firms[budget.company_id] = replace(firm, taken=firm.taken.with_one(ends))
        looked.append((replace(line, company=firm.name if firm else None, refusal=refusal), budget))
    return looked


def _made_before(session: Session, keys: Sequence[str]) -> dict[int, Ask]:
    """Return the asks that this form made already, by person."""
    cut = [key[:KEY_LENGTH] for key in keys]
    return {ask.person_id: ask for ask in session.scalars(select(Ask).where(Ask.key.in_(cut)))} if cut else {}


def _found(session: Session, actor: Actor, lines: Sequence[str]) -> list[Line]:
    """Return who is meant by each line of the actor's, everybody once."""
    typed = [line.strip() for line in lines if line.strip()]
    if len(typed) > MOST_PEOPLE:
        raise TooManyPeople(most=MOST_PEOPLE)
    found, seen = list[Line](), set[int]()
    for text, person in zip(typed, find_all_asked(session, actor, typed), strict=True):
        if isinstance(person, Refusal):
            found.append(Line(text, refusal=person))
        elif person.id not in seen:
            seen.add(person.id)
            found.append(Line(text, person.id, person.name))
    return found


def _again(line: Line, ask: Ask | None, kind: AskKind) -> Line:
    """Return the line with the ask that this form made of it before, which was for the same thing."""
    is_other = ask is not None and ask.kind != kind.value
    return replace(line, ask=None if is_other else ask, refusal=KeyUsed() if is_other else line.refusal)
