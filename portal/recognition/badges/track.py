"""N acts in one track."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.text import N_
from portal.recognition.badges.contract import ACTS, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, nth_act, stream
from portal.recognition.rules.badges import Progress


class ActsInTrack(Rule):
    """So many approved acts in a track."""

    kind, title = "track", N_("A number of acts in a track")
    asks, needs = ("number", "track"), (ACTS,)

    def progress(self, case: Case, facts: Facts) -> Progress:
        """Count the acts of the track."""
        return Progress(facts.count(track=case.options["track"]), case.options["number"])

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody with that many, since the last of them."""
        return stream(session, eligible(nth_act(options["number"], Act.track == options["track"])))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """So many in the track."""
        return N_("Approved acts in the track %(track)s: %(number)s"), dict(options)
