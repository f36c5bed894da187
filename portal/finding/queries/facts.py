"""What is known of some people, read for all of them with as many statements as for one."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount
from portal.acts.models.asks import Ask
from portal.acts.queries.budget import Budget, budgets_of
from portal.acts.rules.budget import Cap
from portal.consents.models import Consent
from portal.finding.models.rows import FindingRow
from portal.finding.records import records_of
from portal.finding.rules.facts import Facts, Load, Record
from portal.finding.rules.words import telling_words
from portal.kernel.among import Among
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.profiles.models import ProfileActivity, ProfileBlackout, ProfileWord, ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status, WordKind

AT_ONCE = 500
_NOTHING = Record()
_COLUMNS = (
    ReferenceProfile.person_id, ReferenceProfile.tier, ReferenceProfile.status, ReferenceProfile.is_visible, ReferenceProfile.verified_at,
    ReferenceProfile.nps, ReferenceProfile.rests_until, ReferenceProfile.time_zone,
    Person.name, Person.title, Person.company_id, Company.name.label("company"),
    Company.name_key.label("company_key"), Company.domain, Company.industry, Company.region, Company.size, Company.owner_id,
    CompanyAccount.renewal_on, CompanyAccount.competitors, FindingRow.names, FindingRow.words,
)  # fmt: skip
_WORD_MAPS = {WordKind.LANGUAGE: "languages", WordKind.PRODUCT: "products", WordKind.USE_CASE: "use_cases", WordKind.REPLACED: "replaced"}
_KINDS = {kind.value: name for kind, name in _WORD_MAPS.items()}
_ACTIVITIES = {activity.value: activity for activity in Activity}
# Made once: to put a statement together takes longer than to ask it.
_holds = Consent.ended_at.is_(None) & or_(Consent.expires_on.is_(None), Consent.expires_on >= bindparam("today"))
_ROWS = (
    select(*_COLUMNS)
    .join(Person, Person.id == ReferenceProfile.person_id)
    .outerjoin(Company, Company.id == Person.company_id)
    .outerjoin(CompanyAccount, CompanyAccount.company_id == Company.id)
    .outerjoin(FindingRow, FindingRow.person_id == ReferenceProfile.person_id)
    .where(Among(ReferenceProfile.person_id, "ids"))
)
_WORDS = select(ProfileWord.person_id, ProfileWord.kind, ProfileWord.key, ProfileWord.word).where(Among(ProfileWord.person_id, "ids"))
_DOES = (
    select(ProfileActivity.person_id, ProfileActivity.activity, ProfileActivity.is_never, _holds.label("holds"))
    .outerjoin(Consent, Consent.id == ProfileActivity.consent_id)
    .where(Among(ProfileActivity.person_id, "ids"))
)
_SPENT = (
    select(ProfileBlackout.person_id, ProfileBlackout.first_on, ProfileBlackout.last_on)
    .where(Among(ProfileBlackout.person_id, "ids"), ProfileBlackout.last_on >= bindparam("today"))
    .order_by(ProfileBlackout.first_on)
)
_LAST_ASKED = select(Ask.person_id, func.max(Ask.asked_at)).where(Among(Ask.person_id, "ids")).group_by(Ask.person_id)
Keeps = Callable[[list[Facts]], Iterable[int]]


def facts_of(session: Session, person_ids: Iterable[int], now: datetime, keeps: Keeps | None = None) -> dict[int, Facts]:
    """Return the facts of those who have a profile, in the order of ``person_ids``.

    ``keeps`` looks at all of them before consents and budgets are read, which takes longest, and returns the numbers of those who matter.
    """
    ids, found = list(dict.fromkeys(person_ids)), {}
    for start in range(0, len(ids), AT_ONCE):
        found.update(_some(session, ids[start : start + AT_ONCE], now, keeps))
    return {its_id: found[its_id] for its_id in ids if its_id in found}


def load_of(budget: Budget) -> Load:
    """Return what is taken of a budget, as the rules of the room count."""
    own, firm = budget.person, budget.company
    strain = max(own.strain, firm.strain) if firm else own.strain
    if firm is None:
        return Load(own.used, Cap(own.most, own.days), own.free_on, strain=strain)
    return Load(own.used, Cap(own.most, own.days), own.free_on, firm.used, Cap(firm.most, firm.days), firm.free_on, strain)


def _some(session: Session, ids: list[int], now: datetime, keeps: Keeps | None) -> dict[int, Facts]:
    zone = programme_zone(session)
    rows, words, records = session.execute(_ROWS, {"ids": ids}).all(), _words_of(session, ids), records_of(session, ids)
    found = {row.person_id: _plain(row, words.get(row.person_id, {}), records.get(row.person_id, _NOTHING)) for row in rows}
    if keeps is not None:
        found = {its_id: found[its_id] for its_id in keeps(list(found.values()))}
    ids, asked = list(found), {"ids": list(found), "today": local_date(now, zone)}
    told: dict[int, dict[str, Any]] = {its_id: {} for its_id in ids}
    for person_id, activity, is_never, holds in session.execute(_DOES, asked):
        name = "never" if is_never else "activities" if holds else ""
        if name:
            told[person_id][name] = told[person_id].get(name, frozenset()) | {_ACTIVITIES[activity]}
    for person_id, first_on, last_on in session.execute(_SPENT, asked):
        told[person_id]["blackouts"] = (*told[person_id].get("blackouts", ()), (first_on, last_on))
    for person_id, at in session.execute(_LAST_ASKED, asked):
        told[person_id]["last_asked_on"] = local_date(at, zone)
    budgets = budgets_of(session, ids, now)
    for its_id, facts in found.items():
        budget = budgets[its_id]
        # Nobody has them yet, and a copy of so many fields takes longer than to read them.
        vars(facts).update(told[its_id], load=load_of(budget), standing=budget.standing)
    return found


def _plain(row: Any, words: Mapping[str, Any], record: Record) -> Facts:
    texts: dict[str, Any] = {name: getattr(row, name) or "" for name in ("company", "company_key", "domain", "industry", "region", "size")}
    return Facts(
        row.person_id, row.name, row.title, row.company_id, **texts, owner_id=row.owner_id, tier=row.tier, status=Status(row.status),
        is_visible=row.is_visible, verified_at=row.verified_at, nps=row.nps, rests_until=row.rests_until, time_zone=row.time_zone,
        renewal_on=row.renewal_on,
        competitors=frozenset(filter(None, map(str.strip, (row.competitors or "").splitlines()))),
        words=telling_words(row.words or ""), names=telling_words(row.names or ""), record=record, **words,
    )  # fmt: skip


def _words_of(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for person_id, kind, key, word in session.execute(_WORDS, {"ids": ids}):
        of = found.setdefault(person_id, {})
        if kind == WordKind.NOT_FOR:
            of["not_for"] = of.get("not_for", frozenset()) | {key}
        else:
            of.setdefault(_KINDS[kind], {})[key] = word
    return found
