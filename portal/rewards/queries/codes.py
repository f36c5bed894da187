"""How the codes of redemptions stand, for pages that list them. Never a code."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from portal.rewards.rules.cards import holder_of, may_look
from portal.rewards.rules.kinds import Kind
from portal.vault.queries import looks_of
from portal.vault.rules import Look


def looks_at(session: Session, rows: Iterable[Any]) -> dict[int, Look]:
    """Return how the code of each redemption stands that its person may look at; in one statement, none where there is no gift card.

    ``rows`` begin with redemption and reward.
    """
    handed = [row[0].id for row in rows if row[1].kind == Kind.GIFT_CARD and may_look(row[0].state)]
    found = looks_of(session, map(holder_of, handed)) if handed else {}
    return {redemption_id: found[holder_of(redemption_id)] for redemption_id in handed if holder_of(redemption_id) in found}
