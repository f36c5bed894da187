"""Audiences for tests, through the real actions."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.audience.actions.editing import add_rule, make_audience, set_mode
from portal.audience.models import Audience, AudienceRule
from portal.audience.rules import Mode, Side
from portal.challenges.actions.editing import open_audience
from portal.challenges.models.offering import Challenge
from portal.kernel.actor import system
from portal.kernel.clock import utcnow

_numbers = count(1)
Rule = tuple[str, dict[str, Any]]


def make_rule(session: Session, audience_id: int, kind: str, given: dict[str, Any], *, side: str = "include", at_once: bool = True) -> AudienceRule:
    """Add a rule, live unless ``at_once`` says otherwise."""
    facts: dict[str, Any] = {"side": Side(side), "kind": kind, "given": given, "key": f"rule-{next(_numbers)}", "at_once": at_once}
    return add_rule(session, system("test"), audience_id=audience_id, **facts, now=utcnow())


def make_rules(session: Session, *include: Rule, exclude: tuple[Rule, ...] = (), include_mode: str = "any", exclude_mode: str = "any") -> Audience:
    """Make an audience with these rules, live."""
    made = make_audience(session, system("test"), now=utcnow())
    return fill_audience(session, made, *include, exclude=exclude, include_mode=include_mode, exclude_mode=exclude_mode)


def fill_audience(
    session: Session, made: Audience, *include: Rule, exclude: tuple[Rule, ...] = (), include_mode: str = "any", exclude_mode: str = "any"
) -> Audience:
    """Give an audience these rules, live."""
    for side, rules, mode in (("include", include, include_mode), ("exclude", exclude, exclude_mode)):
        for kind, given in rules:
            make_rule(session, made.id, kind, given, side=side)
        set_mode(session, system("test"), audience_id=made.id, side=Side(side), mode=Mode(mode), at_once=True, now=utcnow())
    return made


def show_only_to(session: Session, challenge: Challenge, *include: Rule, **options: Any) -> Audience:
    """Give a challenge an audience with these rules, live."""
    audience_id = open_audience(session, system("test"), challenge_id=challenge.id, now=utcnow())
    return fill_audience(session, session.get_one(Audience, audience_id), *include, **options)


def in_industry(*names: str) -> Rule:
    """Return the rule that the company's industry is one of these."""
    return "industry", {"values": list(names), "kept": list(names)}
