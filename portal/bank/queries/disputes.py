"""Reads of disputes: those at the lines of a statement, what waits, and one with all that helps to answer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from portal.bank.models import Adjustment, Dispute
from portal.bank.queries.statement import Sources, StatementLine, find_line
from portal.bank.rules.disputes import KIND, DisputeState
from portal.kernel.errors import NotFound
from portal.ledger.models import transfer
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.statement import owner_values, select_statement
from portal.people.models import Company, Person
from portal.people.queries.persons import names
from portal.web.paging import AnySelect

LineDeciders = Callable[[Session, int, frozenset[int]], Collection[int]]
"""Who decided about a source, by its id and the transfers of the line. The rooms stand beside this one, so ``app.py`` hands it in."""


@dataclass(frozen=True)
class DisputeReview:
    """A dispute with what helps to answer. ``line`` as the member reads it, ``earlier`` disputes of it, ``names`` of admins by id.

    ``deciders`` may not answer: who decided the line, or asked for it.
    """

    dispute: Dispute
    person: Person
    company: str
    line: StatementLine
    balance: Balance
    earlier: Sequence[Dispute]
    deciders: frozenset[int]
    names: Mapping[int, str]


def find_transfer(session: Session, person_id: int, transfer_id: int) -> Any:
    """Return points, actor and what was earned of one line of a person's statement, or None where it is no line of theirs."""
    found = select_statement().where(transfer.c.id == transfer_id).add_columns(transfer.c.earned)
    return session.execute(found, owner_values(person_id)).first()


def deciders_of(session: Session, made: Dispute) -> frozenset[int]:
    """Return who decided the disputed line, first or second, or asked for it; rooms say it of what they moved (``line_deciders``)."""
    asked = select(Adjustment.asked_by_id, Adjustment.decided_by_id).join(transfer, transfer.c.source_id == Adjustment.id)
    row = session.execute(asked.where(transfer.c.id == made.transfer_id, transfer.c.source_type == "adjustment")).first()
    asked_rooms: Mapping[str, LineDeciders] = session.info.get("line_deciders", {})
    line = session.execute(
        select(transfer.c.source_type, transfer.c.source_id, transfer.c.reverses_id).where(transfer.c.id == made.transfer_id)
    ).one()
    told = asked_rooms.get(line.source_type or "")
    more = told(session, line.source_id, frozenset({made.transfer_id, line.reverses_id} - {None})) if told and line.source_id is not None else set()
    return frozenset(one for one in (made.decided_by_id, *(row or ()), *more) if one is not None)


def disputes_at(session: Session, transfer_ids: Collection[int]) -> dict[int, Dispute]:
    """Return the last dispute of each of these lines that has one, those taken back left out."""
    if not transfer_ids:
        return {}
    found = select(Dispute).where(Dispute.transfer_id.in_(transfer_ids), Dispute.state != DisputeState.WITHDRAWN).order_by(Dispute.id)
    return {made.transfer_id: made for made in session.scalars(found)}


def waiting_disputes() -> AnySelect:
    """Return what waits, for the approvals queue; not while the correction of it waits there itself."""
    found: AnySelect = (
        select(
            literal(KIND).label("kind"),
            Dispute.id.label("id"),
            Dispute.made_at.label("waiting_since"),
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            Dispute.words.label("title"),
            transfer.c.points.label("points"),
        )
        .join(transfer, transfer.c.id == Dispute.transfer_id)
        .join(Person, Person.id == Dispute.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Dispute.state == DisputeState.WAITING)
    )
    return found


def dispute_for_review(session: Session, dispute_id: int, sources: Sources) -> DisputeReview:
    """Return one with what helps to answer. Raises ``NotFound``."""
    found = select(Dispute, Person, Company.name.label("company")).join(Person, Person.id == Dispute.person_id)
    row = session.execute(found.outerjoin(Company, Company.id == Person.company_id).where(Dispute.id == dispute_id)).first()
    line = find_line(session, row.Person.id, row.Dispute.transfer_id, sources) if row else None
    if row is None or line is None:
        raise NotFound()
    made = row.Dispute
    before = select(Dispute).where(Dispute.transfer_id == made.transfer_id, Dispute.id < made.id).order_by(Dispute.id.desc()).limit(10)
    earlier = session.scalars(before).all()
    people = {one.answered_by_id for one in (made, *earlier) if one.answered_by_id is not None}
    known = names(session, people) if people else {}
    return DisputeReview(made, row.Person, row.company or "", line, balance_of(session, row.Person.id), earlier, deciders_of(session, made), known)
