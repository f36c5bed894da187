"""Who gave the first of two approvals of a redemption, and when. The case of the review keeps it, also once both are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.people.queries.persons import names
from portal.review.queries.cases import cases_of

KIND = "redemption"


@dataclass(frozen=True)
class First:
    """The first of two approvals."""

    by_id: int
    by: str
    at: datetime


def firsts_of(session: Session, redemption_ids: Sequence[int]) -> dict[int, First]:
    """Return the first approval of each redemption that has one, in two statements at most."""
    cases = cases_of(session, [(KIND, redemption_id) for redemption_id in redemption_ids])
    given = {item: (case.first_by_id, case.first_at) for (_, item), case in cases.items()}
    known = names(session, {by for by, _ in given.values() if by is not None})
    return {item: First(by, known.get(by, "–"), at) for item, (by, at) in given.items() if by is not None and at is not None}
