"""Panels of rooms above accounts on the page of a company for staff. Handed over in ``app.py``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.rules.knowing import may_hand_over
from portal.acts.queries.budget import budgets_of
from portal.acts.views.names import BARRED_NAMES
from portal.acts.views.staff import company_panel
from portal.dashboard.queries.company import SOME, nominations_there, profiles_there, requests_there
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.people.models import Company
from portal.profiles.queries.leaving import left_there
from portal.profiles.queries.profiles import agree_to_nothing
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.profiles.rules.states import STATUS_NAMES
from portal.references.rules.states import STANDING_NAMES
from portal.requests.rules.states import CandidateState, DealOutcome

CAME = {
    CandidateState.PROPOSED: N_("Proposed"),
    CandidateState.OWNER_AGREED: N_("Account owner agreed"),
    CandidateState.ASKED: N_("Asked"),
    CandidateState.ACCEPTED: N_("Said yes"),
    CandidateState.SCHEDULED: N_("A time is set"),
    CandidateState.COMPLETED: N_("Done"),
    CandidateState.MISSED: N_("Missed"),
    CandidateState.OWNER_DECLINED: N_("Account owner declined"),
    CandidateState.DECLINED: N_("Said no"),
    CandidateState.NO_ANSWER: N_("No answer"),
    CandidateState.WITHDRAWN: N_("Withdrawn"),
}
OUTCOMES = {DealOutcome.WON: N_("Deal won"), DealOutcome.LOST: N_("Deal lost")}


def nominations_panel(session: Session, actor: Actor, company: Company, now: datetime) -> Mapping[str, Any]:
    """Who of the company was nominated, and how that stands."""
    found = nominations_there(session, actor, company)
    return {"rows": found[:SOME], "is_more": len(found) > SOME, "standings": STANDING_NAMES, "company": company}


def profiles_panel(session: Session, actor: Actor, company: Company, now: datetime) -> Mapping[str, Any]:
    """Who of the company is a reference, and for what."""
    rows, does = profiles_there(session, actor, company, local_date(now, programme_zone(session)))
    names = {"activities": ACTIVITY_NAMES, "statuses": STATUS_NAMES, "barred_names": BARRED_NAMES, "actor": actor}
    names["budgets"] = budgets_of(session, [row.ReferenceProfile.person_id for row in rows[:SOME]], now)
    left = left_there(session, actor, company.id, SOME)
    nothing = agree_to_nothing(session, [row.ReferenceProfile.person_id for row in rows[:SOME]], now)
    facts = {"rows": rows[:SOME], "is_more": len(rows) > SOME, "does": does, "left": left, "nothing": nothing}
    return {**facts, "company": company, "is_wide": True, **names}


def requests_panel(session: Session, actor: Actor, company: Company, now: datetime) -> Mapping[str, Any]:
    """For which deals people of the company were asked, and what came of it."""
    sees_all = may_hand_over(actor, company.owner_id)
    rows = requests_there(session, actor, company, sees_all=sees_all)
    names = {"came": CAME, "outcomes": OUTCOMES, "activities": ACTIVITY_NAMES}
    return {"rows": rows[:SOME], "is_more": len(rows) > SOME, "sees_all": sees_all, "is_wide": True, **names}


def goodwill_panel(session: Session, actor: Actor, company: Company, now: datetime) -> Mapping[str, Any]:
    """How much its people may still be asked; what stands against asking them is told above the page."""
    return {**company_panel(session, company.id, now, actor), "notice": "acts/_company_notice.html"}
