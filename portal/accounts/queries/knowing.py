"""What is known of companies: renewal, goals, competitors, stakeholders."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount, Stakeholder
from portal.accounts.rules.knowing import HandOver, Someone

AT_ONCE = 500


@dataclass(frozen=True)
class Account:
    """What matching reads of a company: when its contract ends, and with whom its people are never put in touch."""

    company_id: int
    renewal_on: date | None
    competitors: tuple[str, ...]


def account_of(session: Session, company_ids: Collection[int]) -> dict[int, Account]:
    """Return what is known of those companies of which anything is, by company."""
    wanted, found = sorted(set(company_ids)), dict[int, Account]()
    for start in range(0, len(wanted), AT_ONCE):
        rows = session.execute(
            select(CompanyAccount.company_id, CompanyAccount.renewal_on, CompanyAccount.competitors).where(
                CompanyAccount.company_id.in_(wanted[start : start + AT_ONCE])
            )
        )
        found.update((row.company_id, Account(row.company_id, row.renewal_on, tuple(row.competitors.splitlines()))) for row in rows)
    return found


def hand_over_of(session: Session, company_id: int) -> tuple[CompanyAccount | None, HandOver]:
    """Return what was handed over about a company, with its row; an empty one where nobody wrote anything yet."""
    account = session.get(CompanyAccount, company_id)
    if account is None or account.handed_over_at is None:
        return None, HandOver()
    people = session.execute(
        select(Stakeholder.name, Stakeholder.role, Stakeholder.cares_about)
        .where(Stakeholder.company_id == company_id)
        .order_by(Stakeholder.position, Stakeholder.id)
    )
    lines = tuple(account.competitors.splitlines())
    return account, HandOver(account.renewal_on, account.goals, account.notes, lines, tuple(Someone(*row) for row in people))
