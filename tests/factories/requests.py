"""Reference requests for tests, through the real actions."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.notifications.models import OutboxJob
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.references.actions.decide import accept_nomination
from portal.requests.actions.begin import keep_request, send_request
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.links import candidate_behind
from portal.requests.rules.links import LinkKind
from portal.requests.rules.need import Need
from tests.factories.finding import make_profile_row
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.factories.references import acting, make_nomination

_numbers = count(1)
CANARY = "Nightingale"
"""Stands in everything of a deal: it may never reach a customer, a prospect or another employee."""


def make_askable(session: Session, person: Person, tier: int = 1, now: datetime | None = None) -> ReferenceProfile:
    """Let somebody be asked for what requests in tests are about: a profile row of theirs, with those consents."""
    return make_profile_row(session, person, does=(Activity.CALL, Activity.VISIT, Activity.QUOTE, Activity.REVIEW), tier=tier, now=now)


def make_request(session: Session, requester: Person | None = None, *, is_sent: bool = True, **overrides: Any) -> ReferenceRequest:
    """Let an employee (a fresh one if not given) send a request with a deal in it."""
    number, now = next(_numbers), overrides.pop("now", utcnow())
    actor = acting(requester or make_employee(session))
    is_self_serve = overrides.pop("is_self_serve", True)
    deal = {"deal_name": f"{CANARY} deal", "deal_ref": f"{CANARY}-{number}", "deal_value": 987_654, "currency": "EUR", "deal_stage": "proposal"}
    day = local_date(now + timedelta(days=30), programme_zone(session))
    given: dict[str, Any] = {"activity": Activity.CALL, "prospect": f"Prospect {number}", "needed_by": day}
    given |= {"prospect_contact": "Paul Prospect", "prospect_email": "paul@prospect.example", "worry": f"{CANARY} worry"}
    need = Need(**given | deal | overrides)
    request = keep_request(session, actor, key=f"request-{number}", need=need, is_self_serve=is_self_serve, now=now)
    return send_request(session, actor, request_id=request.id, now=now) if is_sent else request


def token_in(session: Session, kind: str) -> str:
    """Return the token in the newest mail of a kind."""
    payloads = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id.desc()))
    return str(next(p["link"] for p in payloads if p.get("kind") == kind).partition("=")[2])


class Cast:
    """Greta asks, Olaf looks after Works, Ada is theirs; Imani is an admin. ``at`` is when it begins."""

    def __init__(self, session: Session, *, tier: int = 1, has_owner: bool = True, at: datetime | None = None) -> None:
        self.at = at or utcnow()
        self.greta_row, self.owner_row = make_employee(session, name="Greta"), make_employee(session, name="Olaf")
        self.admin_row = make_admin(session, name="Imani")
        self.company = make_company(session, name="Works", owner_id=self.owner_row.id if has_owner else None)
        self.ada_row = make_person(session, name="Ada", email="ada@works.example", company_id=self.company.id)
        make_askable(session, self.ada_row, tier, self.at)
        self.greta, self.owner, self.admin = acting(self.greta_row), acting(self.owner_row), acting(self.admin_row)
        self.ada_id = self.ada_row.id

    def request(self, session: Session, **overrides: Any) -> ReferenceRequest:
        return make_request(session, self.greta_row, **{"now": self.at, **overrides})

    def nominate_ada(self, session: Session) -> int:
        """Let Ada have been found by an employee's nomination, before she joined; return the employee."""
        finder, ada = make_employee(session, name="Karim"), session.get_one(Person, self.ada_id)
        ada.state = PersonState.CONTACT
        session.flush()
        nomination = make_nomination(session, finder, name="Ada", email=ada.email, company="Works", now=self.at)
        accept_nomination(session, self.admin, nomination_id=nomination.id, now=self.at)
        ada.state = PersonState.ACTIVE
        return finder.id


def behind(session: Session, kind: LinkKind, mail: str, now: datetime) -> RequestCandidate:
    """Return the candidate behind the link in the newest mail of a kind."""
    return candidate_behind(session, token_in(session, mail), kind, now)
