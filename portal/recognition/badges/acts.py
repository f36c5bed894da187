"""N acts of advocacy, of any kind or of one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import ActKind
from portal.kernel.text import N_
from portal.recognition.badges.contract import ACTS, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, nth_act, stream
from portal.recognition.rules.badges import Progress

COUNTED = {
    ActKind.REFERENCE: N_("Completed references for other customers: %(number)s"),
    ActKind.REVIEW: N_("Approved online reviews: %(number)s"),
    ActKind.REFERRAL: N_("Approved referrals: %(number)s"),
    ActKind.CONSENT: N_("Approved consents to a quote, logo or story: %(number)s"),
    ActKind.EVENT: N_("Approved events: %(number)s"),
    ActKind.UPLOAD: N_("Approved uploads: %(number)s"),
    ActKind.SHARE: N_("Approved shared links: %(number)s"),
    ActKind.SURVEY: N_("Approved surveys: %(number)s"),
    ActKind.QUIZ: N_("Approved quizzes: %(number)s"),
    ActKind.CHALLENGE: N_("Approved other challenges: %(number)s"),
}
"""The kinds of acts that a badge can ask for, in the order in which they are offered, each with its rule as a sentence."""


class NumberOfActs(Rule):
    """So many approved acts."""

    kind, title = "acts", N_("A number of acts")
    asks, needs = ("number", "act_kind"), (ACTS,)

    def progress(self, case: Case, facts: Facts) -> Progress:
        """Count the acts, or those of the kind."""
        return Progress(facts.count(kind=case.options.get("act_kind") or ""), case.options["number"])

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody with that many, since the last of them."""
        kind = options.get("act_kind")
        return stream(session, eligible(nth_act(options["number"], *([Act.kind == kind] if kind else []))))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """So many acts, or reviews, or surveys; of a kind that no room knows any more by its key."""
        if options.get("act_kind"):
            return COUNTED.get(options["act_kind"], N_("Approved acts of the kind “%(act_kind)s”: %(number)s")), dict(options)
        return N_("Approved acts: %(number)s"), dict(options)
