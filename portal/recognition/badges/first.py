"""The first N people to do something."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.text import N_
from portal.recognition.badges.contract import ACTS, CHALLENGES, TAKEN, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, nth_act, stream
from portal.recognition.queries.facts import challenge_facts
from portal.recognition.rules.badges import Progress


class FirstToDo(Rule):
    """A number of acts, perhaps in a track, or a challenge, for the first so many people. A place that is taken back is free again."""

    kind, title = "first", N_("The first people to do something")
    asks, needs = ("places", "number", "any_track", "any_challenge_id"), (ACTS, CHALLENGES, TAKEN)
    is_limited = True

    def progress(self, case: Case, facts: Facts) -> Progress:
        """Count what is to be done; it is open while a place is."""
        options = case.options
        is_open = case.is_held or facts.taken.get(case.badge_id, 0) < options["places"]
        if options.get("any_challenge_id"):
            return Progress(int(options["any_challenge_id"] in facts.challenges), 1, is_open)
        return Progress(facts.count(track=options.get("any_track") or ""), options["number"], is_open)

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """The first so many, by when they did it."""
        track = options.get("any_track")
        if options.get("any_challenge_id"):
            done = challenge_facts(session).done(options["any_challenge_id"])
        else:
            done = nth_act(options["number"], *([Act.track == track] if track else []))
        return stream(session, eligible(done, limit=options["places"]))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """Who is first."""
        if options.get("any_challenge_id"):
            return N_("For the first %(places)s to do the challenge “%(challenge)s”"), dict(options) | {"challenge": options["any_challenge_id"]}
        if options.get("any_track"):
            return N_("For the first %(places)s. Approved acts in the track %(track)s: %(number)s"), dict(options) | {"track": options["any_track"]}
        return N_("For the first %(places)s. Approved acts: %(number)s"), dict(options)
