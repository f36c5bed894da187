"""The year's challenges, what the advocates did about them, and what the reviewers said."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import close_challenge, create_challenge, publish_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.audience import is_meant_for
from portal.challenges.rules.gallery import SeenBy
from portal.challenges.rules.offer import Offer
from portal.challenges.rules.states import Period
from portal.challenges.rules.verdicts import Category
from portal.challenges.stages.contract import ANSWER, Step
from portal.challenges.stages.reading import READ_BY
from portal.challenges.stages.registry import stage_kind
from portal.challenges.stages.upload import AGREED
from portal.commands.demo.cast import Cast, Member
from portal.commands.demo.content import programme
from portal.commands.demo.pictures import snapshot
from portal.commands.demo.story import Story
from portal.files.actions import store_upload
from portal.files.models import StoredFile
from portal.files.receiving import Received, receive
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.tracks import Track

# Challenges taken on in thirty days, by how active somebody is: a few do much, most do some, some are silent.
PACE = (0.0, 0.3, 0.7, 1.15, 2.0, 3.2)
REVIEW_HOURS = 7
LEFT_WAITING_HOURS = 40
TOLD = ("answer", "refer", "consent")
DECLINED_FOR = {"link": Category.NOT_FOUND, "answer": Category.INCOMPLETE, "upload": Category.OTHER_TASK}
GONE = "The page behind this review was taken down by the site a week later. We wrote to them; until it is back we have to take the points back."


@dataclass
class Live:
    """A challenge that was published: its content, its row and its steps."""

    entry: dict[str, Any]
    id: int
    stages: list[Stage]
    is_open: bool = True


class Year:
    """Publishes, takes part, reviews."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.live: list[Live] = []
        self._used: Counter[tuple[str, int, str]] = Counter()
        self._busy: set[int] = set()
        self._told: Counter[int] = Counter()
        self._is_taken_back = False
        self.addressed: set[int] = set()

    def begin(self) -> None:
        """Put the challenges on the agenda, and everybody's taking part month by month."""
        for number, entry in enumerate(programme()["challenge"]):
            opened = self.story.ago(entry.get("opened", 20))
            self.story.plan(opened, self._publish, number, entry)
        for month in range(13):
            self.story.plan(self.story.ago(372 - 30 * month), self._plan_month)
        for hours in (3, 5, 8, 13, 18, 23, 27, 32, 36, 39):
            self.story.plan(self.story.end - timedelta(hours=hours + 2), self._somebody_acts)
        self.story.plan(self.story.end - timedelta(hours=52), self._star_is_asked)
        self.story.plan(self.story.end - timedelta(hours=26), self._star_begins)

    def _publish(self, number: int, entry: dict[str, Any], at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[number % 2])
        times = entry.get("times", 0)
        offer = Offer(
            track=Track(entry["track"]),
            title=entry["title"],
            summary=entry["summary"],
            text=entry["text"],
            points=entry["points"],
            minutes=entry["minutes"],
            closes_on=self._closing_day(entry),
            period=Period.MONTH if times else Period.ONCE,
            per_period=times or 1,
            interests=tuple(entry.get("interests", ())),
        )
        made = create_challenge(session, actor, offer=offer, key=f"demo-challenge-{number}", now=at)
        stages = [
            add_stage(session, actor, challenge_id=made.id, kind=stage["kind"], title=stage["prompt"], options=_options(stage), now=at)
            for stage in entry["stage"]
        ]
        if entry.get("draft"):
            return
        publish_challenge(session, actor, challenge_id=made.id, now=at)
        live = Live(entry, made.id, stages)
        self.live.append(live)
        if "closed" in entry:
            self.story.plan(self.story.ago(entry["closed"]), self._close, live)

    def _closing_day(self, entry: dict[str, Any]) -> Any:
        if "closes_in" not in entry:
            return None
        return local_date(self.story.end, programme_zone(self.story.session)) + timedelta(days=entry["closes_in"])

    def _close(self, live: Live, at: datetime) -> None:
        close_challenge(self.story.session, self.story.acting(self.cast.reviewers[0]), challenge_id=live.id, now=at)
        live.is_open = False

    def _plan_month(self, at: datetime) -> None:
        """Plan what everybody takes on in the next thirty days; who joins within them begins then."""
        for member in list(self.cast.members):
            joined = self.story.end - timedelta(days=member.days)
            share = min(1.0, max(0.0, ((at + timedelta(days=30)) - joined) / timedelta(days=30)))
            expected = PACE[member.level] * share
            times = int(expected) + (self.story.random.random() < expected % 1)
            for _ in range(times):
                when = at + timedelta(days=30 * (1 - share * self.story.random.random()))
                self.story.plan(when, self._take_part, member)

    def _somebody_acts(self, at: datetime) -> None:
        here = [member for member in self.cast.members if member.level >= 2]
        self._take_part(self.story.random.choices(here, [member.level for member in here])[0], at)

    def _take_part(self, member: Member, at: datetime) -> None:
        person = self.story.people.get(member.name)
        if person is None or person.joined_at is None or person.joined_at >= at:
            return
        month = local_date(at, programme_zone(self.story.session)).strftime("%Y-%m")
        free = [live for live in self.live if live.is_open and self._may(member, live, month) and self._is_meant(person.id, live, at)]
        if not free:
            return
        live = self.story.random.choices(free, [live.entry["want"] for live in free])[0]
        self._used[(member.name, live.id, month if live.entry.get("times") else "")] += 1
        actor = self.story.acting(member.name)
        submission = start_submission(self.story.session, actor, challenge_id=live.id, person_id=person.id, now=at)
        if submission.id in self._busy:
            return
        if self.story.random.random() < 0.05:
            first = live.stages[:1]
            values = {stage.id: self._value(stage, live, member, at) for stage in first}
            save_answers(self.story.session, actor, submission_id=submission.id, values=values, now=at)
            return
        self._busy.add(submission.id)
        done = at + timedelta(minutes=live.entry["minutes"] * self.story.random.uniform(0.6, 1.8))
        self.story.plan(done, self._send, member, live, submission.id, True)

    def _star_begins(self, at: datetime) -> None:
        """Let the star have a challenge under way, its first step saved."""
        member, live = self._star("begun")
        actor, person = self.story.acting(member.name), self.story.people[member.name]
        submission = start_submission(self.story.session, actor, challenge_id=live.id, person_id=person.id, now=at)
        values = {live.stages[0].id: self._value(live.stages[0], live, member, at)}
        save_answers(self.story.session, actor, submission_id=submission.id, values=values, now=at)

    def _star_is_asked(self, at: datetime) -> None:
        """Let the star have an answer that a reviewer wants to know more about."""
        member, live = self._star("asked")
        actor, person = self.story.acting(member.name), self.story.people[member.name]
        submission = start_submission(self.story.session, actor, challenge_id=live.id, person_id=person.id, now=at)
        attempt = self._submit(member, live, submission.id, at)
        self.story.plan(at + timedelta(hours=6), self._ask_star, attempt.id)

    def _ask_star(self, attempt_id: int, at: datetime) -> None:
        actor = self.story.acting(self.cast.reviewers[1])
        ask_for_more(self.story.session, actor, attempt_id=attempt_id, reason=programme()["star"]["question"], now=at)

    def _star(self, what: str) -> tuple[Member, Live]:
        star = programme()["star"]
        member = next(member for member in self.cast.members if member.name == star["name"])
        return member, next(live for live in self.live if live.entry["title"] == star[what])

    def _may(self, member: Member, live: Live, month: str) -> bool:
        """Tell whether somebody may take it on in this month. What the star is to find at the end is left alone until then."""
        star, times = programme()["star"], live.entry.get("times")
        if member.name == star["name"] and live.entry["title"] in (star["begun"], star["asked"]):
            return False
        return self._used[(member.name, live.id, month if times else "")] < (times or 1)

    def _is_meant(self, person_id: int, live: Live, at: datetime) -> bool:
        """Tell whether somebody sees it; most are for everybody."""
        return live.id not in self.addressed or is_meant_for(self.story.session, person_id, live.id, at)

    def _send(self, member: Member, live: Live, submission_id: int, is_first: bool, at: datetime) -> None:
        if not live.is_open:
            return
        attempt = self._submit(member, live, submission_id, at)
        decided = self.story.after(at, hours=REVIEW_HOURS)
        if decided < self.story.end - timedelta(hours=LEFT_WAITING_HOURS):
            self.story.plan(decided, self._review, member, live, attempt, is_first)

    def _submit(self, member: Member, live: Live, submission_id: int, at: datetime) -> Attempt:
        values = {stage.id: self._value(stage, live, member, at) for stage in live.stages}
        actor, key = self.story.acting(member.name), f"demo-attempt-{self.story.number()}"
        return submit_attempt(self.story.session, actor, submission_id=submission_id, key=key, values=values, now=at)

    def _review(self, member: Member, live: Live, attempt: Attempt, is_first: bool, at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.story.random.choice(self.cast.reviewers))
        words, chance, submission_id = programme()["review"], self.story.random.random(), attempt.submission_id
        kind = live.stages[-1].kind
        again = self.story.after(at, hours=30)
        self._busy.discard(submission_id)
        if is_first and chance < 0.09:
            ask_for_more(session, actor, attempt_id=attempt.id, reason=self.story.random.choice(words["more"][kind]), now=at)
            self._maybe_again(member, live, submission_id, again, 0.8)
        elif chance < (0.17 if is_first else 0.06):
            reason = self.story.random.choice(words["decline"][kind])
            decline_attempt(session, actor, attempt_id=attempt.id, reason=reason, category=DECLINED_FOR.get(kind), now=at)
            self._maybe_again(member, live, submission_id, again, 0.4)
        else:
            approve_attempt(session, actor, attempt_id=attempt.id, note=self.story.random.choice(words["approve"]), now=at)
            if not self._is_taken_back and live.entry["title"] == "Write an honest review" and at > self.story.ago(150):
                self._is_taken_back = True
                self.story.plan(at + timedelta(days=8), self._take_back, submission_id)

    def _maybe_again(self, member: Member, live: Live, submission_id: int, at: datetime, chance: float) -> None:
        if self.story.random.random() < chance:
            self._busy.add(submission_id)
            self.story.plan(at, self._send, member, live, submission_id, False)

    def _take_back(self, submission_id: int, at: datetime) -> None:
        reverse_approval(self.story.session, self.story.acting(self.cast.reviewers[0]), submission_id=submission_id, reason=GONE, now=at)

    def _next_answer(self, stage: Stage, asked: dict[str, Any]) -> str:
        """Return the answers in turn, so that neighbours in a list never read the same."""
        if stage.kind not in TOLD:
            return ""
        self._told[stage.id] += 1
        return str(asked["answers"][self._told[stage.id] % len(asked["answers"])])

    def _value(self, stage: Stage, live: Live, member: Member, at: datetime) -> dict[str, Any]:
        """Return what somebody enters into a step, read by the step's own kind."""
        asked = next(entry for entry in live.entry["stage"] if entry["prompt"] == stage.title)
        number = self.story.number()
        given: dict[str, Any] = {
            "confirm": True,
            "answer": self._next_answer(stage, asked),
            "link": str(asked.get("links", "")).format(n=4100 + number),
            "upload": self._snapshot(asked) if stage.kind == "upload" else None,
        }
        if stage.kind == "refer":
            entered = self._peer(given["answer"], number)
        elif stage.kind == "consent":
            entered = {"quote": given["answer"], "scope": asked["scopes"][: 1 + number % len(asked["scopes"])], "agreed": True}
        else:
            asks = stage_kind(stage.kind).controls(Step.of(stage, "en"))
            agreed = {AGREED: [token for token, _text in asks[AGREED].choices]} if AGREED in asks else {}
            entered = {ANSWER: given[stage.kind], **agreed}

        def keep(received: Received) -> StoredFile:
            actor = self.story.acting(member.name)
            return store_upload(self.story.session, actor, received=received, owner_id=actor.id, now=at)

        return stage_kind(stage.kind).read(Step.of(stage, "en"), entered, {}, keep)

    def _peer(self, words: str, number: int) -> dict[str, Any]:
        """Return a peer who agreed; no two are one person."""
        told = programme()["peers"]
        first, last = told["first"][number % len(told["first"])], told["last"][number // len(told["first"]) % len(told["last"])]
        company = told["companies"][number % len(told["companies"])]
        email = f"{first}.{last}.{number}@{company.split()[0]}.example".lower()
        return {"peer_name": f"{first} {last}", "peer_email": email, "peer_company": company, "words": words, "agreed": True}

    def _snapshot(self, asked: dict[str, Any]) -> Received:
        drawn = BytesIO(snapshot(self.story.random.randrange(180, 240)))
        return receive(drawn, "photo.png", purpose=_options(asked)["purpose"], storage=self.story.storage)


def _options(stage: dict[str, Any]) -> dict[str, Any]:
    if stage["kind"] == "consent":
        return {"item": "quote", **{name: stage[name] for name in ("words", "scopes", "months")}}
    if stage["kind"] == "upload":
        return {"purpose": stage.get("purpose", "image"), "seen_by": stage.get("seen_by", SeenBy.REVIEWERS.value)}
    return {READ_BY: stage[READ_BY]} if READ_BY in stage else {}
