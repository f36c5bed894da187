"""Who is a reference: profiles over the year, what their people agreed to, one who rests, one who left, some that are due."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.profiles.actions.asking import ask_owner
from portal.profiles.actions.checking import answer_check
from portal.profiles.actions.consenting import give_own, record_consent, take_back_own
from portal.profiles.actions.editing import add_days, set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.actions.own import pause, remove_me
from portal.profiles.queries.profiles import owner_of, profile_of
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.fresh import Answer
from portal.profiles.rules.states import Move, Retired, Status, WordKind
from portal.references.rules.joining import CONSENT_WORDS

WORDS = {"languages": WordKind.LANGUAGE, "products": WordKind.PRODUCT, "uses": WordKind.USE_CASE, "replaced": WordKind.REPLACED}


class Profiles:
    """Opens a profile for each entry of the programme, and lets happen what the entry says."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast, self.chance = story, cast, Random(62)

    def begin(self) -> None:
        """Put it all on the agenda."""
        for entry in programme()["profile"]:
            self.story.plan(self._at(entry["days"]), self._open, entry)
            for name in ("verified", "rests", "leaves", "asked", "left"):
                if name in entry:
                    self.story.plan(self._at(entry[name]), getattr(self, f"_{name}"), entry)

    def _at(self, days: float) -> datetime:
        day = (self.story.end - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        return min(day.replace(hour=self.chance.randrange(8, 17)), self.story.end - timedelta(hours=1))

    def _open(self, entry: dict[str, Any], at: datetime) -> None:
        session, boss = self.story.session, self.story.acting(self.cast.reviewers[0])
        own, person_id = self.story.acting(entry["person"]), self.story.people[entry["person"]].id
        if profile_of(session, person_id) is not None:
            return  # A nomination came first, and the customer's own yes opened it.
        words = {kind: tuple(entry.get(name, ())) for name, kind in WORDS.items()}
        texts = {name: entry.get(name, "") for name in ("story", "results", "sensitivities")}
        given: dict[str, Any] = {"person_id": person_id, "now": at}
        open_by_staff(session, boss, facts=Facts(tier=entry["tier"], words=words, **texts), is_true=True, **given)
        for kind in map(Activity, entry.get("does", ())):
            give_own(session, own, activity=kind, words=self._words(kind), **given)
        for kind in map(Activity, entry.get("recorded", ())):
            record_consent(session, boss, activity=kind, words=self._words(kind), note=entry["evidence"], **given)
        for kind in map(Activity, entry.get("never", ())):
            take_back_own(session, own, activity=kind, never=True, **given)
        if "away" in entry:
            first = self.story.end.date() + timedelta(days=entry["away"])
            add_days(session, own, first_on=first, last_on=first + timedelta(days=11), reason=entry["away_why"], **given)
        if not entry.get("candidate"):
            move_profile(session, boss, way=Move.ACTIVATE, **given)
            set_visible(session, boss, is_visible=True, **given)

    def _words(self, kind: Activity) -> str:
        return CONSENT_WORDS % {"company": programme()["company"]["name"], "activity": ACTIVITY_NAMES[kind]}

    def _verified(self, entry: dict[str, Any], at: datetime) -> None:
        person_id = self.story.people[entry["person"]].id
        owner_id = owner_of(self.story.session, person_id)
        owner = next(name for name, person in self.story.people.items() if person.id == owner_id)
        answer_check(self.story.session, self.story.acting(owner), person_id=person_id, answer=Answer.TRUE, now=at)

    def _rests(self, entry: dict[str, Any], at: datetime) -> None:
        person_id = self.story.people[entry["person"]].id
        row = profile_of(self.story.session, person_id)
        if row is not None and row.status == Status.ACTIVE:
            pause(self.story.session, self.story.acting(entry["person"]), person_id=person_id, now=at)

    def _asked(self, entry: dict[str, Any], at: datetime) -> None:
        person_id = self.story.people[entry["person"]].id
        ask_owner(self.story.session, self.story.portal, owner_id=owner_of(self.story.session, person_id), person_ids=[person_id], now=at)

    def _leaves(self, entry: dict[str, Any], at: datetime) -> None:
        remove_me(self.story.session, self.story.acting(entry["person"]), person_id=self.story.people[entry["person"]].id, now=at)

    def _left(self, entry: dict[str, Any], at: datetime) -> None:
        boss, person_id = self.story.acting(self.cast.reviewers[0]), self.story.people[entry["person"]].id
        given: dict[str, Any] = {"way": Move.RETIRE, "retired_as": Retired.PRODUCT, "reason": entry["why"], "now": at}
        move_profile(self.story.session, boss, person_id=person_id, **given)
