"""The hard filters that the database can tell, as one condition. ``rules.filters`` has the last word on whoever passes.

The condition is made once for each ``Shape`` and asked with values: to put it together takes longer than to ask it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount
from portal.acts.models.asks import AskBlock
from portal.consents.models import Consent
from portal.finding.rules.filters import LEAST_NPS, RENEWAL_DAYS, verified_since
from portal.finding.rules.needs import Needs, key_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.models import Company
from portal.profiles.models import ProfileActivity, ProfileWord, ReferenceProfile
from portal.profiles.rules.seeing import OPEN_TIER
from portal.profiles.rules.states import WordKind


@dataclass(frozen=True)
class Shape:
    """Which filters there are, whatever their values: those of the needs, and that of the tier for whoever is no admin."""

    has_product: bool
    has_language: bool
    has_prospect: bool
    is_admin: bool


def shape_of(actor: Actor, needs: Needs) -> Shape:
    """Return which filters a search has."""
    return Shape(bool(needs.product), bool(needs.language), bool(needs.prospect_key), actor.is_admin)


def values_of(session: Session, actor: Actor, needs: Needs, now: datetime) -> dict[str, Any]:
    """Return the values of ``passes``, and of everything else that a search asks for by name."""
    today = local_date(now, programme_zone(session))
    return {
        "activity": needs.activity, "today": today, "since": verified_since(now), "renewal_until": today + timedelta(days=RENEWAL_DAYS),
        "product": key_of(needs.product), "language": key_of(needs.language), "prospect_key": needs.prospect_key, "actor_id": actor.id,
        "industry": needs.industry, "region": needs.region, "size": needs.size,
    }  # fmt: skip


def passes(row: Any, shape: Shape) -> ColumnElement[bool]:
    """Return the condition over the columns of a ``FindingRow``, or of a select of some. What few pass comes first."""
    found = [row.verified_at >= bindparam("since")]
    words = {WordKind.LANGUAGE: shape.has_language, WordKind.PRODUCT: shape.has_product}
    for kind in (kind for kind, is_asked in words.items() if is_asked):
        of = and_(ProfileWord.person_id == row.person_id, ProfileWord.kind == kind, ProfileWord.key == bindparam(kind.value))
        found.append(exists().where(of))
    agreed = (
        select(1)
        .select_from(ProfileActivity)
        .join(Consent, Consent.id == ProfileActivity.consent_id)
        .where(ProfileActivity.person_id == row.person_id, ProfileActivity.activity == bindparam("activity"), ProfileActivity.is_never.is_(False))
        .where(Consent.ended_at.is_(None), or_(Consent.expires_on.is_(None), Consent.expires_on >= bindparam("today")))
    )
    near = CompanyAccount.renewal_on.between(bindparam("today"), bindparam("renewal_until"))
    stands = AskBlock.lifted_at.is_(None)
    found += [
        agreed.exists(),
        ~exists().where(ReferenceProfile.person_id == row.person_id, ReferenceProfile.nps < LEAST_NPS),
        ~exists().where(CompanyAccount.company_id == row.company_id, near),
        ~exists().where(AskBlock.person_id == row.person_id, stands),
        ~exists().where(AskBlock.company_id == row.company_id, stands),
    ]
    if not shape.is_admin:
        found.append(or_(row.tier <= 2, exists().where(Company.id == row.company_id, Company.owner_id == bindparam("actor_id"))))
    if shape.has_prospect:
        other = ~exists().where(Company.id == row.company_id, Company.name_key == bindparam("prospect_key"))
        found.append(other if shape.is_admin else or_(row.tier > OPEN_TIER, other))  # see rules.filters: of who is veiled it tells nothing
    return and_(*found)
