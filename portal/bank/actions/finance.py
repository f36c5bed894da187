"""Saying what a point costs and which share will be redeemed, planning budgets, and telling admins that one is near."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.models import Assumption, Budget, BudgetAlarm, BudgetTerms
from portal.bank.queries.budgets import budget_history, standing_budgets
from portal.bank.queries.finance import currency_of, history
from portal.bank.rules.budgets import NEAR, CostUnknown, Counts, Measure, Period, Planned, Reached, require_budget
from portal.bank.rules.finance import Assumed, Standing, require_assumption, standing_on
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.notifications.actions import notify
from portal.people.queries.persons import admins


def assume(
    session: Session,
    actor: Actor,
    *,
    kind: Assumed,
    value: Decimal | None,
    reason: str,
    from_on: date | None = None,
    seen: str | None = None,
    now: datetime,
) -> Assumption:
    """Assume ``value`` from the beginning of ``from_on`` (today without it): an amount a point in the programme's currency, or a percentage.

    It is added to the history; of days gone by nothing changes, but for days before the first of its kind. What stands on that day
    already is not set once more. Refuses: NotAllowed, CostOutOfRange, ShareOutOfRange, AssumedInThePast, ReasonNeeded, and where something
    of its kind was set since it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, f"finance:{kind.value}")
    told = history(session)
    is_first = not any(line.kind is kind for line in told)
    kept, begins = require_assumption(kind, value, reason, from_on, local_date(now, programme_zone(session)), is_first=is_first)
    currency = currency_of(session) if kind is Assumed.COST else ""
    stands = standing_on(told, kind, begins, currency)
    if stands is not None and stands.value == kept:
        return session.get_one(Assumption, stands.id)
    require_seen(seen_assumed(told, kind), seen)
    made = Assumption(kind=kind.value, value=kept, currency=currency, from_on=begins, reason=reason.strip(), set_by_id=actor.id, set_at=now)
    session.add(made)
    session.flush()
    facts = {"value": str(value), "currency": currency, "from": begins.isoformat(), "reason": made.reason}
    audit.record(session, actor, f"finance.{kind.value}_set", "bank", None, now=now, **facts)
    return made


def seen_assumed(told: Sequence[Standing], kind: Assumed) -> dict[str, int | None]:
    """Return what the editor shows of its kind: which line was set last; ``told`` has the last first."""
    return {"last": next((line.id for line in told if line.kind is kind), None)}


def seen_planned(planned: Sequence[Planned]) -> dict[str, int | None]:
    """Return what the editor of budgets shows: which was set last; ``planned`` has the last first."""
    return {"last": planned[0].id if planned else None}


def plan(
    session: Session,
    actor: Actor,
    *,
    counts: Counts,
    period: Period,
    amount: Decimal | int | None,
    reason: str,
    measure: Measure = Measure.POINTS,
    near: int = NEAR,
    seen: str | None = None,
    now: datetime,
) -> Planned:
    """Set the budget of its kind and measure for this period and all to come; without ``amount`` end it. What is set anew warns anew.

    What stands already is not set once more: a form sent twice counts once.
    ``amount`` is in points, or in the programme's currency; ``near`` the percentage at which admins are told before it is used up.
    Refuses: NotAllowed, BudgetOutOfRange, MoneyOutOfRange, NearOutOfRange, NoBudgetToEnd, CostUnknown, ReasonNeeded, and where a budget
    was set since they were ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, "finance:budget")
    planned = budget_history(session)
    standing = standing_budgets(planned)
    before = next((b for b in standing if (b.counts, b.period, b.measure) == (counts, period, measure)), None)
    kept = require_budget(measure, amount, reason, near=near, stands=before is not None)
    is_money, currency = measure is Measure.MONEY, currency_of(session)
    if is_money and kept is not None and standing_on(history(session), Assumed.COST, local_date(now, programme_zone(session)), currency) is None:
        raise CostUnknown()
    if before is not None and kept is not None and (before.amount, before.currency, before.near) == (kept, currency if is_money else "", near):
        return before
    require_seen(seen_planned(planned), seen)
    points = None if is_money else kept
    made = Budget(counts=counts.value, period=period.value, points=points, reason=reason.strip(), set_by_id=actor.id, set_at=now)
    session.add(made)
    session.flush()
    terms = {"cents": kept if is_money else None, "currency": currency if is_money else "", "near": near}
    session.add(BudgetTerms(id=made.id, **terms))
    facts = {"counts": counts.value, "period": period.value, "before": before.amount if before else None, "reason": made.reason}
    facts |= {"points": points} | terms
    audit.record(session, actor, "finance.budget_set", "bank", None, now=now, **facts)
    return Planned(made.id, counts, period, points, made.reason, actor.id, now, **terms)  # type: ignore[arg-type]


def tell_of_budget(session: Session, *, reached: Reached, now: datetime) -> bool:
    """Tell all admins, once for ever, that a budget reached its level in its period; tells whether this call did.

    Who passes two levels at once is told of the higher one alone: the lower is noted with it.
    """
    level = reached.level
    if level is None:
        return False
    budget, maker = reached.budget, postgresql if session.connection().dialect.name == "postgresql" else sqlite
    told = {}
    for step in (step for step in reached.levels if step <= level):
        row = {"budget_id": budget.id, "period_on": reached.first, "level": step, "points": reached.points, "told_at": now}
        claimed = maker.insert(BudgetAlarm).values(**row).on_conflict_do_nothing().returning(BudgetAlarm.level)
        told[step] = session.execute(claimed).first() is not None
    if not told[level]:
        return False
    data = {
        "counts": budget.counts.value, "period": budget.period.value, "budget": budget.amount, "points": reached.used, "level": level,
        "currency": budget.currency,
        "first": reached.first.isoformat(), "until": reached.until.isoformat(),
    }  # fmt: skip
    key = f"budget:{budget.id}:{reached.first}:{level}"
    for to in admins(session):
        notify(session, to=to, kind="budget_near", data=data, key=key, now=now, link="/admin/bank/finance/budgets")
    return True
