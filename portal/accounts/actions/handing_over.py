"""Writing down what sales knows of a customer, so that nobody there has to say it again."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount, Stakeholder
from portal.accounts.queries.knowing import hand_over_of
from portal.accounts.rules.knowing import HandOver, may_hand_over, tidied
from portal.accounts.rules.refusals import NotYoursToHandOver
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.seen import require_seen
from portal.people.queries.companies import get_company


def hand_over(session: Session, actor: Actor, *, company_id: int, given: HandOver, seen: str | None = None, now: datetime) -> bool:
    """Keep what is known of a company, and return whether anything differed. What stood there before is kept in the company's history.

    Refuses NotFound, NotYoursToHandOver, what ``rules.knowing.tidied`` refuses, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    company = get_company(session, company_id)
    if not may_hand_over(actor, company.owner_id):
        raise NotYoursToHandOver()
    wanted = tidied(given)
    _locked(session, company_id, now)
    account, stands = hand_over_of(session, company_id)
    require_seen(seen_values(stands), seen)
    if account is not None and wanted == stands:
        return False
    before, after = seen_values(stands), seen_values(wanted)
    changes = {field: [_plain(before[field]), _plain(after[field])] for field in after if before[field] != after[field]}
    row = session.get_one(CompanyAccount, company_id)
    row.renewal_on, row.goals, row.notes, row.competitors = wanted.renewal_on, wanted.goals, wanted.notes, "\n".join(wanted.competitors)
    row.changed_at, row.changed_by_id = now, actor.id
    if row.handed_over_at is None:
        row.handed_over_at, row.handed_over_by_id = now, actor.id
    if wanted.stakeholders != stands.stakeholders:
        session.execute(delete(Stakeholder).where(Stakeholder.company_id == company_id))
        session.add_all(Stakeholder(company_id=company_id, position=place, **asdict(one)) for place, one in enumerate(wanted.stakeholders))
    session.flush()
    record(session, actor, "company.handed_over", "company", company_id, now=now, changes=changes)
    return True


def seen_values(given: HandOver) -> dict[str, Any]:
    """Return what the editor shows."""
    people = [[one.name, one.role, one.cares_about] for one in given.stakeholders]
    return {
        "renewal_on": given.renewal_on,
        "goals": given.goals,
        "notes": given.notes,
        "competitors": list(given.competitors),
        "stakeholders": people,
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | list) else value.isoformat()


def _locked(session: Session, company_id: int, now: datetime) -> None:
    """Make the company's row, where there is none, and take it: of two who write at once the second sees what the first wrote."""
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    empty = {"company_id": company_id, "goals": "", "notes": "", "competitors": "", "changed_at": now}
    session.execute(maker.insert(CompanyAccount).values(**empty).on_conflict_do_nothing(index_elements=["company_id"]))
    session.refresh(session.get_one(CompanyAccount, company_id), with_for_update=True)
