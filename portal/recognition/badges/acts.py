"""N acts of advocacy, of any kind or of one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.kernel.text import N_
from portal.recognition.badges.contract import ACTS, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, nth_act, stream
from portal.recognition.rules.badges import Progress


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
        """So many acts."""
        if options.get("act_kind"):
            return N_("Approved acts of the kind “%(act_kind)s”: %(number)s"), dict(options)
        return N_("Approved acts: %(number)s"), dict(options)
