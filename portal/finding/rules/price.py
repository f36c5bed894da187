"""The ask price: what one more ask takes of somebody, told before it is made. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from portal.finding.rules.facts import Load
from portal.finding.rules.fit import Told, told
from portal.kernel.text import N_


@dataclass(frozen=True)
class OtherNeed:
    """Another live request that may need the same person: by when. Whose it is and for what deal stays with it."""

    needed_by: date | None


@dataclass(frozen=True)
class Price:
    """What an ask costs: how many slots are left before it, until when the slot is gone, the effort, and who else may need them."""

    left: int
    most: int
    days: int
    until: date | None
    effort: int
    others: tuple[OtherNeed, ...] = ()
    sentences: tuple[Told, ...] = field(default=())


def price_of(load: Load, *, effort: int, until: date | None, others: Sequence[OtherNeed] = ()) -> Price:
    """Return the price with its sentences. ``until`` is the day on which the slot that is taken now frees again."""
    left, found = load.left, []
    if left <= 0:
        free = max(filter(None, (load.free_on, load.company_free_on)), default=None)
        found.append(told(N_("Takes nothing now: no ask is free until %(day)s."), day=free) if free else told(N_("Takes no asks at present.")))
    elif left == 1:
        found.append(told(N_("Takes the last free ask until %(day)s."), day=until) if until else told(N_("Takes the last free ask.")))
    else:
        one = told(N_("Takes one of %(left)s free asks until %(day)s."), left=left, day=until)
        found.append(one if until else told(N_("Takes one of %(left)s free asks."), left=left))
    own = max(load.cap.most - load.used, 0)
    if 0 < left < own:
        found.append(told(N_("They would take more, but their company is asked for no more than that.")))
    dated = sorted(other.needed_by for other in others if other.needed_by)
    if dated:
        text = N_("Another open deal may need them by %(day)s.")
        found.append(told(text, N_("%(num)s other open deals may need them, the first by %(day)s."), num=len(others), day=dated[0]))
    elif others:
        found.append(told(N_("Another open deal may need them."), N_("%(num)s other open deals may need them."), num=len(others)))
    return Price(left, load.cap.most, load.cap.days, until, effort, tuple(others), tuple(found))
