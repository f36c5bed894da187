"""One challenge done."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.text import N_
from portal.recognition.badges.contract import CHALLENGES, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, stream
from portal.recognition.queries.facts import challenge_facts
from portal.recognition.rules.badges import Progress


class ChallengeDone(Rule):
    """A challenge with an approved submission."""

    kind, title = "challenge", N_("A challenge done")
    asks, needs = ("challenge_id",), (CHALLENGES,)

    def progress(self, case: Case, facts: Facts) -> Progress:
        """Done or not."""
        return Progress(int(case.options["challenge_id"] in facts.challenges), 1)

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody who did it, since the first time."""
        return stream(session, eligible(challenge_facts(session).done(options["challenge_id"])))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """The challenge."""
        return N_("The challenge “%(challenge)s” done"), {"challenge": options["challenge_id"]}
