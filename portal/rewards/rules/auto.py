"""What is approved without a person: small things of members who are known. And the rest after a change of password or address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_
from portal.rewards.rules.refusals.deciding import AlreadyApproved

REST_HOURS = 24
"""So long after a change of password or address nothing is approved, ordered or sent: whoever took an account over changes these first."""
RULE_NAME = N_("the rule for small rewards")
"""What the rule is called where a line says who decided."""
MOST_CENTS, MOST_RECEIVED = 1_000_000, 1_000


class ApprovedByRule(AlreadyApproved):
    """The rule approved it."""

    message = N_("“%(reward)s” for %(person)s was approved by the rule, %(at)s. Nothing was done twice.")


class RestingAfterChange(Conflict):
    """The member changed password or address a moment ago; it waits until that is a day old."""

    message = N_("%(person)s changed password or e-mail address lately. To be safe nothing is approved, ordered or sent for them until %(until)s.")


class LimitUnfit(Refusal):
    """A limit in money."""

    message = N_("Please enter an amount between 1 and %(most)s US dollars, or leave it empty for none.")
    field = "most"


class CountUnfit(Refusal):
    """How many redemptions make a member known."""

    message = N_("Please enter a number from 1 to %(most)s; the first redemption of a member is always looked at.")
    field = "received"


@dataclass(frozen=True)
class AutoTerms:
    """What the rule may approve: things worth up to ``most_cents`` (None: nothing), for members with so many redemptions received."""

    most_cents: int | None = None
    received: int = 3


@dataclass(frozen=True)
class Facts:
    """What the rule looks at, counted from rows."""

    cents: int
    price: int
    received: int
    returned: int
    owed: int
    eyes_above: int | None
    is_known: bool
    is_stopped: bool
    is_resting: bool
    has_signs: bool = False
    is_gone: bool = False


class Against(StrEnum):
    """Why the rule leaves it to a person."""

    FIRST = "first"
    FEW = "few"
    RETURNED = "returned"
    OWES = "owes"
    VALUE = "value"
    EYES = "eyes"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    RESTS = "rests"
    SIGNS = "signs"
    GONE = "gone"


AGAINST_NAMES = {
    Against.FIRST: N_("It is their first redemption; a person looks at that."),
    Against.FEW: N_("They have not received enough redemptions yet."),
    Against.RETURNED: N_("Something was taken back from them before."),
    Against.OWES: N_("They owe points."),
    Against.VALUE: N_("It is worth more than the rule may approve."),
    Against.EYES: N_("It costs so many points that two people have to approve it."),
    Against.UNKNOWN: N_("It is not known whether they may accept rewards."),
    Against.STOPPED: N_("It could not be sent to them at the moment."),
    Against.RESTS: N_("They changed password or e-mail address lately."),
    Against.SIGNS: N_("Something looks odd; see the signs."),
    Against.GONE: N_("They take part no more."),
}


def against(terms: AutoTerms, facts: Facts) -> list[Against]:
    """Return every reason for which a person has to decide; empty where the rule approves. Asked only while the rule is on."""
    reasons = {
        Against.FIRST: facts.received == 0,
        Against.FEW: 0 < facts.received < terms.received,
        Against.RETURNED: facts.returned > 0,
        Against.OWES: facts.owed > 0,
        Against.VALUE: terms.most_cents is None or facts.cents > terms.most_cents,
        Against.EYES: facts.eyes_above is not None and facts.price > facts.eyes_above,
        Against.UNKNOWN: not facts.is_known,
        Against.STOPPED: facts.is_stopped,
        Against.RESTS: facts.is_resting,
        Against.SIGNS: facts.has_signs,
        Against.GONE: facts.is_gone,
    }
    return [reason for reason, holds in reasons.items() if holds]


def to_be_read(facts: Facts) -> list[Against]:
    """Return every reason for which a person has to read it before it is approved, whatever the rule may approve."""
    return [reason for reason in against(AutoTerms(facts.cents, 1), facts) if reason is not Against.EYES]


def rests_until(changed_at: datetime | None, now: datetime) -> datetime | None:
    """Return until when nothing is approved after a change at ``changed_at``, None once that is over."""
    until = changed_at + timedelta(hours=REST_HOURS) if changed_at is not None else None
    return until if until is not None and until > now else None


def require_terms(terms: AutoTerms) -> AutoTerms:
    """Return the terms. Refuses: LimitUnfit, CountUnfit."""
    if terms.most_cents is not None and not 100 <= terms.most_cents <= MOST_CENTS:
        raise LimitUnfit(most=MOST_CENTS // 100)
    if not 1 <= terms.received <= MOST_RECEIVED:
        raise CountUnfit(most=MOST_RECEIVED)
    return terms
