"""What a member did: acts of advocacy, in a track or of a kind, how many, within how many days."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, func, not_, select, true
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import ACT_KIND_NAMES, OF_STEPS, UNREWARDED
from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test, Word
from portal.audience.kinds.numbers import AT_LEAST, COMPARISONS, comparison, days_or_none, whole
from portal.audience.rules import MAX_NUMBER, ChoiceUnknown
from portal.kernel.text import N_
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.people.models import Person

TRACKS = (("", N_("Any track")), *((track.value, name) for track, name in TRACK_NAMES.items()))
REWARDABLE = "rewardable"
"""Stands for every kind but reviews without a reward."""
# The kinds of acts that rooms record; one that is not listed is called by its key.
ACT_KINDS: dict[str, str] = {kind.value: name for kind, name in ACT_KIND_NAMES.items()}
Times = dict[str, list[datetime]]


def load_acts(session: Session, person_id: int) -> dict[tuple[str, str], list[datetime]]:
    """Return when a person's live acts happened, oldest first, by track and kind.

    The empty track or kind stands for all, ``REWARDABLE`` for all kinds but reviews without a reward.
    """
    mine = select(Act.track, Act.kind, Act.happened_at).where(Act.person_id == person_id, Act.reversed_at.is_(None)).order_by(Act.happened_at)
    found: dict[tuple[str, str], list[datetime]] = {}
    for track, kind, at in session.execute(mine):
        kinds = (kind, "") if kind == UNREWARDED else (kind, REWARDABLE, "")
        for key in product((track, ""), kinds):
            found.setdefault(key, []).append(at)
    return found


class Acts:
    """The member did at least, or at most, so many acts. Acts taken back do not count."""

    key = "acts"
    name = N_("Acts of advocacy")
    hint = N_("How much somebody did, in a track, lately or ever.")
    icon = "list-checks"
    group = N_("What they did")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return track, kind, comparison, number and days."""
        kinds = [kind for kind in session.scalars(select(Act.kind).distinct().order_by(Act.kind)) if kind not in ACT_KINDS]
        listed = (
            ("", N_("Any kind")),
            (REWARDABLE, N_("Any kind, but no reviews without a reward")),
            *ACT_KINDS.items(),
            *((kind, kind) for kind in kinds),
        )
        return {
            "track": Control("choice", N_("Track"), choices=TRACKS, is_ours=True, default=""),
            "kind": Control("choice", N_("Kind"), OF_STEPS, choices=listed, is_ours=True, default=""),
            "choice": Control("choice", N_("How many"), choices=COMPARISONS, is_ours=True, default=AT_LEAST),
            "number": Control("number", N_("Number of acts")),
            "days": Control("number", N_("Within how many days"), N_("Empty counts from the beginning.")),
        }

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return all five. Refuses unknown tracks and kinds, numbers and days out of range; “at least 0” says nothing and is refused too."""
        how = comparison(given.get("choice"))
        track, kind = str(given.get("track") or ""), str(given.get("kind") or "")
        if track not in {"", *Track} or len(kind) > 40:
            raise ChoiceUnknown()
        number = whole(given.get("number"), 1 if how == AT_LEAST else 0, MAX_NUMBER)
        return {"track": track, "kind": kind, "choice": how, "number": number, "days": days_or_none(given.get("days"))}

    def shown(self, session: Session, options: Options) -> Options:
        """Return all five."""
        return options

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Tracks and kinds are named here."""
        return {}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Acts in Endorse: at least 3 within the last 90 days”."""
        facts = {"what": self._what(options), "number": options["number"], "days": options["days"]}
        if options["choice"] == AT_LEAST:
            lately = N_("%(what)s: at least %(number)s within the last %(days)s days")
            return Phrase(lately if options["days"] else N_("%(what)s: at least %(number)s"), facts)
        lately = N_("%(what)s: at most %(number)s within the last %(days)s days")
        return Phrase(lately if options["days"] else N_("%(what)s: at most %(number)s"), facts)

    def _what(self, options: Options) -> Phrase:
        track, kind = options["track"], options["kind"]
        named: dict[str, Any] = {"track": Word(TRACK_NAMES[Track(track)])} if track else {}
        if kind == REWARDABLE:
            return Phrase(N_("Acts in %(track)s, but no reviews without a reward") if track else N_("Acts, but no reviews without a reward"), named)
        if kind:
            named["kind"] = Word(ACT_KINDS[kind]) if kind in ACT_KINDS else kind
            return Phrase(N_("Acts in %(track)s of the kind %(kind)s") if track else N_("Acts of the kind %(kind)s"), named)
        return Phrase(N_("Acts in %(track)s") if track else N_("Acts of advocacy"), named)

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Thank who did much; ask kindly who did little."""
        track = {"track": Word(TRACK_NAMES[Track(options["track"])])} if options["track"] else {}
        if options["choice"] == AT_LEAST:
            return Phrase(N_("of what you did in %(track)s") if track else N_("of what you did so far"), track)
        return Phrase(N_("you have not done much in %(track)s yet") if track else N_("you have not done much lately"), track)

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the number of acts; “at most n” is “not at least n + 1”, so that who did nothing counts."""
        least = options["number"] + (options["choice"] != AT_LEAST)
        did = select(Act.person_id).where(Act.reversed_at.is_(None))
        if options["track"]:
            did = did.where(Act.track == options["track"])
        if options["kind"] == REWARDABLE:
            did = did.where(Act.kind != UNREWARDED)
        elif options["kind"]:
            did = did.where(Act.kind == options["kind"])
        if options["days"]:
            did = did.where(Act.happened_at >= moment.now - timedelta(days=options["days"]))
        if least > 1:
            did = did.group_by(Act.person_id).having(func.count() >= least)
        reached = Person.id.in_(did) if least > 0 else true()
        return reached if options["choice"] == AT_LEAST else not_(reached)

    def test(self, options: Options) -> Test:
        """Count the member's own."""
        key, number = (options["track"], options["kind"]), options["number"]
        length = timedelta(days=options["days"]) if options["days"] else None

        def count(facts: Facts) -> int:
            times = facts.of(load_acts).get(key, ())
            return len(times) - bisect_left(times, facts.now - length) if length and times else len(times)

        return (lambda facts: count(facts) >= number) if options["choice"] == AT_LEAST else (lambda facts: count(facts) <= number)
