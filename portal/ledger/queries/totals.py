"""What the programme has issued, redeemed, expired and adjusted: rolled up by the sealer, and the lines since."""

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.ledger.models import account, entry, programme_total
from portal.ledger.queries.sealed import head, within
from portal.ledger.rules import POINTS, PROGRAMME_KINDS, AccountKind

_PROGRAMME = account.c.owner_id.is_(None), account.c.unit == bindparam("b_unit")
_ROLLED = select(account.c.kind, programme_total.c.total).join(programme_total).where(*_PROGRAMME)
_LINES = select(account.c.kind, func.sum(entry.c.amount).label("total")).join(entry).where(*_PROGRAMME).group_by(account.c.kind)


def programme_totals(session: Session, *, unit: str = POINTS) -> dict[AccountKind, int]:
    """Return the balance of each of the programme's accounts. Points given out stand below zero on ``issued``, as in the journal."""
    end = head(session)
    found = dict.fromkeys(PROGRAMME_KINDS, 0)
    tail = or_(entry.c.transfer_id > end.upto_id, *within(entry.c.transfer_id, end.gaps))
    for statement in (_ROLLED, _LINES.where(tail)):
        for row in session.connection().execute(statement, {"b_unit": unit}):
            found[AccountKind(row.kind)] += int(row.total)
    return found
