"""What customers' people were asked over the year, by whom, and what came of it: through the same verbs as real asks."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.acts.actions.answering import answer_ask, expire_due, finish_ask
from portal.acts.actions.asking import Override, propose_ask
from portal.acts.actions.blocking import set_block
from portal.acts.actions.outside import log_outside_ask
from portal.acts.actions.saying import set_company_terms, set_own_terms
from portal.acts.models.asks import Ask
from portal.acts.rules.asks import AskKind, Came, Channel
from portal.acts.rules.refusals import AlreadyAnswered, AskLapsed, Stop
from portal.acts.rules.terms import BlockKind, Terms
from portal.commands.demo.cast import Cast, Member
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story

FIRST_DAYS, APART = 14, 47
KINDS = (AskKind.SURVEY, AskKind.CALL, AskKind.REVIEW, AskKind.SURVEY, AskKind.QUOTE, AskKind.CALL, AskKind.CASE_STUDY)


class Asking:
    """Asks members every six weeks or so, has a chance of its own, and tells today's open asks last."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast, self.chance = story, cast, Random(57)
        self.words = programme()["asks"]

    def begin(self) -> None:
        """Put it all on the agenda. Whoever comes by a nomination is not known yet, and is asked by nobody in this year."""
        for member in self.cast.members:
            days = member.days - FIRST_DAYS
            while days > 3 and member.level > 0:
                self.story.plan(self._at(days), self._ask, member)
                days -= int(APART * self.chance.uniform(0.6, 1.6))
        for entry in self.words["outside"]:
            self.story.plan(self._at(entry["days"]), self._log, entry)
        self.story.plan(self.story.end - timedelta(minutes=25), self._today)

    def _at(self, days: float) -> datetime:
        day = (self.story.end - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        return min(day.replace(hour=self.chance.randrange(7, 17)), self.story.end - timedelta(hours=2))

    def _ask(self, member: Member, at: datetime) -> None:
        if member.name not in self.story.people or member.name == self.words["today"][0]["person"]:
            return
        kind, session = self.chance.choice(KINDS), self.story.session
        by = self.story.acting(self.chance.choice(self.cast.employees))
        key = f"demo-ask-{self.story.people[member.name].id}-{at:%Y%m%d}"
        expire_due(session, self.story.portal, now=at)
        try:
            ask = propose_ask(session, by, person_id=self.story.people[member.name].id, kind=kind, key=key, channel=Channel.EMAIL, now=at)
        except Stop:
            return
        if self.chance.random() < 0.85:
            self.story.plan(at + timedelta(days=self.chance.randrange(1, 9), hours=1), self._answer, member, ask.id, self.chance.random() < 0.72)

    def _answer(self, member: Member, ask_id: int, is_yes: bool, at: datetime) -> None:
        reason = "" if is_yes else self.chance.choice(self.words["reasons"])
        try:
            answer_ask(self.story.session, self.story.acting(member.name), ask_id=ask_id, is_yes=is_yes, reason=reason, now=at)
        except (AskLapsed, AlreadyAnswered):
            return
        if is_yes and self.chance.random() < 0.9:
            self.story.plan(at + timedelta(days=self.chance.randrange(2, 15)), self._finish, ask_id, self.chance.random() < 0.93)

    def _finish(self, ask_id: int, was_done: bool, at: datetime) -> None:
        by = self.story.acting(self.cast.employees[0])
        effort = self.story.session.get_one(Ask, ask_id).effort
        minutes = self.chance.randrange(3, 9) + 4 * effort if was_done else None
        finish_ask(self.story.session, by, ask_id=ask_id, was_done=was_done, minutes=minutes, now=at)

    def _log(self, entry: dict[str, object], at: datetime) -> None:
        by, person = self.story.acting(self.cast.employees[1]), self.story.people[str(entry["person"])]
        given: dict[str, Any] = {"kind": str(entry["kind"]), "came": Came(str(entry["came"])), "note": str(entry["note"]), "channel": Channel.PHONE}
        given |= {"key": f"demo-log-{person.id}", "happened_at": at - timedelta(days=1), "asked_by_id": by.id}
        log_outside_ask(self.story.session, by, person_id=person.id, **given, now=at)

    def _today(self, at: datetime) -> None:
        """Let lapse what is due, ask what is open now, beyond a rule once, and set what two customers' people want."""
        session, admins = self.story.session, [self.story.acting(name) for name in self.cast.reviewers[:2]]
        expire_due(session, self.story.portal, now=at)
        first = self.story.people[self.words["today"][0]["person"]]
        done = propose_ask(session, self.story.acting(self.cast.employees[0]), person_id=first.id, kind=AskKind.SURVEY, key="demo-ask-done", now=at)
        finish_ask(session, admins[0], ask_id=done.id, was_done=True, minutes=4, now=at)
        said = Terms(unwanted=(AskKind.VIDEO.value, AskKind.PRESS.value), months_off=(at.month % 12 + 1,))
        set_own_terms(session, self.story.acting(first.name), terms=said, now=at)
        for number, entry in enumerate(self.words["today"]):
            if "never" in entry:
                set_own_terms(session, self.story.acting(entry["person"]), terms=Terms(unwanted=tuple(entry["never"])), now=at)
            override = Override(entry["override"], admins[1].id) if "override" in entry else None
            by = admins[0] if override else self.story.acting(self.cast.employees[0])
            given = {"kind": entry["kind"], "about": entry["about"], "key": f"demo-today-{number}", "override": override, "now": at}
            try:
                propose_ask(session, by, person_id=self.story.people[entry["person"]].id, **given)
            except Stop:
                continue
        why = self.words["company"]
        company_id = self.story.companies[why["paused"]]
        pause = Terms(paused_until=(at + timedelta(days=35)).date())
        set_company_terms(session, admins[0], company_id=company_id, terms=pause, reason=why["pause"], now=at)
        set_block(session, admins[0], kind=BlockKind.ESCALATION, reason=why["block"], company_id=self.story.companies[why["blocked"]], now=at)
