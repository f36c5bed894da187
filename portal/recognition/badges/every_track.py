"""N acts in each of the tracks."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.text import N_
from portal.kernel.tracks import Track
from portal.recognition.badges.contract import ACTS, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, nth_act, stream
from portal.recognition.rules.badges import Progress


class EveryTrack(Rule):
    """So many approved acts in each track; progress counts each track only as far as it helps."""

    kind, title = "every_track", N_("Acts in every track")
    asks, needs = ("number",), (ACTS,)

    def progress(self, case: Case, facts: Facts) -> Progress:
        """Count each track up to the number."""
        number = case.options["number"]
        return Progress(sum(min(number, facts.count(track=track)) for track in Track), number * len(Track))

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody with that many in each track, since the last track was full."""
        full = nth_act(options["number"], each=(Act.track,)).subquery()
        of_all = select(full.c.person_id, func.max(full.c.at).label("at")).group_by(full.c.person_id).having(func.count() == len(Track))
        return stream(session, eligible(of_all))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """So many in each."""
        return N_("Approved acts in each of the three tracks: %(number)s"), dict(options)
