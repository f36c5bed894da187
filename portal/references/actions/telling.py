"""Telling everybody who nominated somebody what became of it: in the inbox and by mail, once each; and who said yes, to what."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.clock import micros
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import admins, get_person, recipient, recipients
from portal.profiles.actions.links import own_link
from portal.profiles.queries.kinds import meeting_minutes
from portal.profiles.queries.profiles import does, owner_of
from portal.profiles.rules.activity import ACTIVITY_NAMES, MEANINGS
from portal.references.models.nominating import Nomination
from portal.references.queries.customers import proposers
from portal.references.queries.nominations import parts_in

MINE = "/nominate/mine"


def page_of(nomination_id: int) -> str:
    """Return the path of a nomination's own page."""
    return f"{MINE}/{nomination_id}"


def told_key(nomination: Nomination, person_id: int) -> str:
    """Return the key under which a nominator is told of the decision; what is decided once more is told of again."""
    return f"nomination:{nomination.id}:{nomination.state}:{micros(nomination.decided_at or nomination.created_at)}:{person_id}"


def tell_decided(session: Session, nomination: Nomination, kind: str, now: datetime, mail_at: datetime | None) -> None:
    """Tell everybody who nominated this person what was decided."""
    data = {"nominee": nomination.name, "company": nomination.company_name, "reason": nomination.reason}
    own = parts_in(session, nomination.id)
    for person_id, to in sorted(recipients(session, set(own)).items()):
        key = told_key(nomination, person_id)
        notify(session, to=to, kind=kind, data=data, key=key, now=now, link=page_of(own[person_id]), mail_at=mail_at)


def tell_sent_for(session: Session, nominations: Sequence[Nomination], now: datetime) -> None:
    """Tell a colleague what somebody sent in their name just now, all of it at once: in whose, what they wrote, and that it is credited to them
    if they were first.
    """
    sent = [one for one in nominations if one.colleague_id is not None]
    if not sent:
        return
    first = sent[0]
    writer = get_person(session, first.nominator_id).name
    nominees = [{"nominee": one.name, "company": one.company_name} for one in sent]
    data = {"writer": writer, "nominees": nominees, "why": first.why, "firsts": sum(one.duplicate_of_id is None for one in sent)}
    link = page_of(first.id) if len(sent) == 1 else MINE
    for to in recipients(session, [first.colleague_id or 0]).values():
        notify(session, to=to, kind="nomination_sent_for", data=data, key=f"nomination:{first.id}:sent_for", now=now, link=link)


def tell_unhappy(session: Session, nomination: Nomination, person_id: int, words: str, now: datetime) -> None:
    """Tell who looks after the account that a customer said no since they are not happy, with their words; the admins, where nobody does.

    Who nominated them reads it in the mail about their nomination.
    """
    owner_id = owner_of(session, person_id)
    told = list(recipients(session, [owner_id]).values()) if owner_id else []
    data = {"nominee": nomination.name, "company": nomination.company_name, "words": words}
    own = parts_in(session, nomination.id)
    for to in told or admins(session):
        if to.person_id not in own:
            key = f"nomination:{nomination.id}:unhappy:{micros(now)}"
            notify(session, to=to, kind="nominee_unhappy", data=data, key=key, now=now, link=f"/companies/{nomination.company_id}")


def tell_step(session: Session, nomination: Nomination, step: str, now: datetime, **facts: Any) -> None:
    """Tell everybody who nominated this person of a step that is no decision: ``step`` is a word of the mail ``nomination_step``."""
    _tell(session, nomination, step, f"nomination:{nomination.id}:{step}:{micros(now)}", now, **facts)


def tell_completed(session: Session, nomination: Nomination, source: str, now: datetime) -> None:
    """Tell everybody who nominated this person that they completed something as a reference: once for each ``source``."""
    _tell(session, nomination, "completed", f"nomination:completed:{source}", now)


def tell_what_was_agreed(session: Session, nomination: Nomination, person_id: int, *, most: int, days: int, now: datetime) -> None:
    """Mail who said yes what they said it to: each kind with its words, scope and end, how often, who proposed them, whom to write to, and
    the link to their own page. Not into the inbox, where the link would stay readable.
    """
    kinds = does(session, person_id, now)
    keeper = _keeper(session, nomination, person_id)
    data: dict[str, Any] = {
        "person": nomination.name,
        "proposers": proposers(session, nomination.id),
        "agreed": [
            {
                "activity": ACTIVITY_NAMES[one.activity],
                "what": MEANINGS[one.activity].what,
                "takes": MEANINGS[one.activity].takes,
                "minutes": meeting_minutes(session, one.activity),
                "public": MEANINGS[one.activity].public,
                "words": one.consent.words,
                "scope": list(one.consent.scope),
                "until": one.consent.expires_on.isoformat() if one.consent.expires_on else "",
            }
            for one in kinds
            if one.holds and one.consent is not None
        ],
        "most": most,
        "days": days,
        "never": [ACTIVITY_NAMES[one.activity] for one in kinds if one.is_never],
        "keeper": keeper.name if keeper else "",
        "keeper_email": (keeper.email if keeper else "") or "",
    }
    to, link = replace(recipient(session, person_id), person_id=None), own_link(session, person_id=person_id, now=now)
    notify(session, to=to, kind="reference_agreed", data=data, key=f"nomination:{nomination.id}:agreed_to:{micros(now)}", now=now, link=link)


def _keeper(session: Session, nomination: Nomination, person_id: int) -> Person | None:
    """Return whom somebody writes to: who looks after their company, else who proposed them."""
    keeper_id = owner_of(session, person_id) or nomination.colleague_id or nomination.nominator_id
    return session.get(Person, keeper_id) if keeper_id else None


def _tell(session: Session, nomination: Nomination, step: str, key: str, now: datetime, **facts: Any) -> None:
    data = {"nominee": nomination.name, "company": nomination.company_name, "step": step, "reason": "", "day": ""} | facts
    own = parts_in(session, nomination.id)
    for person_id, to in sorted(recipients(session, set(own)).items()):
        notify(session, to=to, kind="nomination_step", data=data, key=f"{key}:{person_id}", now=now, link=page_of(own[person_id]))
