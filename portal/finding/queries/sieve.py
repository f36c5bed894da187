"""The hard filters that the database can tell, as one condition. ``rules.filters`` has the last word on whoever passes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
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


def sieve(session: Session, actor: Actor, needs: Needs, now: datetime) -> Callable[[Any], ColumnElement[bool]]:
    """Return what makes the condition over the columns of a ``FindingRow``, or of a select of some."""
    today, since = local_date(now, programme_zone(session)), verified_since(now)

    def passes(row: Any) -> ColumnElement[bool]:
        agreed = (
            select(1)
            .select_from(ProfileActivity)
            .join(Consent, Consent.id == ProfileActivity.consent_id)
            .where(ProfileActivity.person_id == row.person_id, ProfileActivity.activity == needs.activity, ProfileActivity.is_never.is_(False))
            .where(Consent.ended_at.is_(None), or_(Consent.expires_on.is_(None), Consent.expires_on >= today))
        )
        near = CompanyAccount.renewal_on.between(today, today + timedelta(days=RENEWAL_DAYS))
        detracts = exists().where(ReferenceProfile.person_id == row.person_id, ReferenceProfile.nps < LEAST_NPS)
        stands = AskBlock.lifted_at.is_(None)
        found = [
            row.verified_at >= since,
            agreed.exists(),
            ~detracts,
            ~exists().where(CompanyAccount.company_id == row.company_id, near),
            ~exists().where(AskBlock.person_id == row.person_id, stands),
            ~exists().where(AskBlock.company_id == row.company_id, stands),
        ]
        if not actor.is_admin:
            found.append(or_(row.tier <= 2, exists().where(Company.id == row.company_id, Company.owner_id == actor.id)))
        asked = {WordKind.PRODUCT: needs.product, WordKind.LANGUAGE: needs.language}
        for kind, word in asked.items():
            if word:
                of = and_(ProfileWord.person_id == row.person_id, ProfileWord.kind == kind, ProfileWord.key == key_of(word))
                found.append(exists().where(of))
        if needs.prospect_key:
            other = ~exists().where(Company.id == row.company_id, Company.name_key == needs.prospect_key)
            found.append(other if actor.is_admin else or_(row.tier > OPEN_TIER, other))  # see rules.filters: of who is veiled it tells nothing
        return and_(*found)

    return passes
