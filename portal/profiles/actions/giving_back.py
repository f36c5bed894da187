"""Giving a profile back what an import changed of it, where nobody changed it since."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.profiles.actions.consenting import end_consent
from portal.profiles.actions.editing import edit_facts
from portal.profiles.actions.rows import locked, mark_own, mark_staffs, touch
from portal.profiles.models import ProfileActivity, ReferenceProfile
from portal.profiles.queries.profiles import does, facts_of, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.importing import TEXTS, WORDS, edit_name, value_of, with_values

BACK = "back"
"""Under which name an imported row keeps what is no pair of a field: consents given, hands overwritten, when it was verified."""
_NAMES = {kind.value: name for name, kind in WORDS.items()}
"""Rows of releases before 0068 keep words by kind, and their consents beside the fields."""


def verification(row: ReferenceProfile) -> list[Any]:
    """Return when a profile was verified and by whom, when and why that is asked again, as JSON."""
    at, on = row.verified_at, row.verify_on
    return [at.astimezone(UTC).isoformat() if at else None, row.verified_by_id, on.isoformat() if on else None, row.verify_why]


def consents_before(session: Session, person_id: int, kinds: Iterable[Activity]) -> dict[str, int | None]:
    """Return, for each kind, the consent that it had until now, whatever became of that."""
    found = {kind: session.get(ProfileActivity, (person_id, kind.value)) for kind in kinds}
    return {kind.value: row.consent_id if row else None for kind, row in found.items()}


def give_back(session: Session, actor: Actor, person_id: int, before: dict[str, Any], now: datetime) -> bool:
    """Put back what ``before`` keeps of a profile, and tell whether there still is one. What somebody changed since stays."""
    if profile_of(session, person_id) is None:
        return False
    row = locked(session, person_id)
    back = before.pop(BACK, {"consents": before.pop("consents", ())})
    given = back.get("consents", ())
    for kind, consent_id in (given if isinstance(given, dict) else dict.fromkeys(given)).items():
        if any(one.activity == kind and one.holds and not one.is_own for one in does(session, person_id, now)):
            end_consent(session, actor, person_id=person_id, activity=Activity(kind), now=now)
            _point(session, person_id, kind, consent_id)
    is_now = verification(row)
    here = facts_of(session, row)
    pairs = {_NAMES.get(name, name): pair for name, pair in before.items()}
    known = {name: pair for name, pair in pairs.items() if name in (*TEXTS, *WORDS)}
    values = {name: old for name, (old, new) in known.items() if value_of(here, name) == new}
    edit_facts(session, actor, person_id=person_id, facts=with_values(here, values), is_import=True, now=now)
    hands = {field: is_own for field, is_own in back.get("edits", {}).items() if field in map(edit_name, values)}
    mark_own(session, person_id, (field for field, is_own in hands.items() if is_own), now)
    mark_staffs(session, person_id, (field for field, is_own in hands.items() if not is_own), now)
    if "verified" in back:
        was, became = back["verified"]
        _unverify(session, person_id, was, became, is_now, now)
    return True


def _point(session: Session, person_id: int, kind: str, consent_id: int | None) -> None:
    """Let a kind stand by the consent of before again: who had ended that is known by it."""
    row = session.get(ProfileActivity, (person_id, kind))
    if row is not None and consent_id is not None:
        row.consent_id = consent_id
        session.flush()


def _unverify(session: Session, person_id: int, was: list[Any], became: list[Any], is_now: list[Any], now: datetime) -> None:
    """Put back when the profile was verified, unless somebody did since; and when it is asked again, unless something happened since."""
    row = locked(session, person_id)
    if is_now[:2] == became[:2]:
        row.verified_at, row.verified_by_id = datetime.fromisoformat(was[0]) if was[0] else None, was[1]
    if is_now == became:
        row.verify_on, row.verify_why = date.fromisoformat(was[2]) if was[2] else None, was[3]
    touch(row, now)
    session.flush()
