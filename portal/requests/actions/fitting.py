"""Hard filters of a search, where somebody is proposed by name: which nobody lifts, and which an override does."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acts.actions.asking import Override
from portal.acts.models.asks import Ask
from portal.acts.rules.refusals import ApproverNeeded, ReasonNeeded, Stop
from portal.finding.queries.check import check_one
from portal.finding.rules import misfits as no
from portal.kernel.errors import Refusal
from portal.requests.models import ReferenceRequest
from portal.requests.queries.records import needs_of

NEVER_PROPOSED = (no.NoConsent, no.NeverThis, no.OwnGroup, no.CompetesWithProspect)
"""Hard filters that stand whoever proposes: who did not agree to it, and who is of the prospect's own group or a competitor of theirs."""
OF_ASKS = (no.AskedOften, no.CompanyAskedOften, no.Held, no.Escalated, no.CannotBeAskedHere, no.OnlyByAdmin)
"""Said of elsewhere: by ``propose_ask``, which locks the budget first, and by the tier."""


def require_never(against: Iterable[no.Misfit]) -> None:
    """Raise what no override lifts, if there is any of it."""
    for misfit in against:
        if isinstance(misfit, NEVER_PROPOSED):
            raise misfit


def stands_against(against: Iterable[no.Misfit]) -> list[no.Misfit]:
    """Return what an override lifts and ``propose_ask`` does not know of."""
    return [misfit for misfit in against if not isinstance(misfit, (*NEVER_PROPOSED, *OF_ASKS))]


def may_lift(refusal: Refusal) -> bool:
    """Tell whether an override with a reason and an approver would help, or the one that was given was not whole."""
    if isinstance(refusal, Stop):
        return not refusal.is_final
    return isinstance(refusal, ReasonNeeded | ApproverNeeded) or (isinstance(refusal, no.Misfit) and not isinstance(refusal, NEVER_PROPOSED))


def kept_override(session: Session, request: ReferenceRequest, ask: Ask | None, now: datetime) -> tuple[Override | None, list[no.Misfit]]:
    """Return the override of an ask for the one that takes its place, with what of the search still stands: it lifts what was approved."""
    if ask is None or not ask.overrode:
        return None, []
    one = check_one(session, ask.person_id, needs_of(request), now)
    lifts = frozenset(ask.overrode.split())
    still = [misfit for misfit in stands_against(one.failed if one is not None else []) if misfit.name in lifts]
    return Override(ask.override_reason, ask.approver_id, lifts), still
