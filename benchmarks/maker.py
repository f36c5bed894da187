"""Makes a programme of any size: people, challenges, answers, acts, a ledger that adds up, boards, badges, rewards, notices, nominations.

    python -m benchmarks.maker DATABASE_URL --members 10000 [--check]

Nothing is drawn: every row follows from its number, so that two runs make the same programme, and a
table can be written without remembering another. ``flask ledger check`` holds on what is made; a
test proves it. Rows are written past the actions; seals and fence posts by the portal's own jobs.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from benchmarks import asks
from benchmarks.bulk import Bulk, Row
from portal.acts.jobs import run_recount as rank_asked
from portal.kernel import migrate
from portal.kernel.clock import micros, utcnow
from portal.kernel.db import Database
from portal.kernel.text import fold
from portal.kernel.tracks import Track
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.lots import NEVER, NO_GRACE, PLACES, month_of, take
from portal.ledger.queries import invariants
from portal.recognition.badges.contract import Case, Facts
from portal.recognition.badges.registry import rule_of
from portal.recognition.badges.starters import STARTERS
from portal.recognition.jobs import keep_fences
from portal.recognition.rules.boards import board_key, periods_of
from portal.recognition.rules.streaks import week_of

ZONE = "Europe/Berlin"
ADMINS, EMPLOYEES = 3, 7
STAFF = ADMINS + EMPLOYEES
ACTS = 10
CHALLENGES, CLOSED = 40, 20
THRESHOLDS = (0, 200, 600, 1_500, 3_500, 7_500, 15_000)  # the levels that the migration makes
STRIDE = 3  # has no factor in common with CHALLENGES: no member meets a challenge twice
MOST_WAITING = 100_000
WRITERS, TO_SEND = 300, 19
PROFILED = 4
WORDS = {"language": ("English", "Español", "Deutsch"), "product": ("Boards", "Rosters"), "use_case": ("Planning", "Night shifts")}
BEGUN = CHALLENGES - ACTS - TO_SEND - 1
NOTICES = 3
KINDS = ("issued", "redeemed", "expired", "adjusted")
REDEEMED = ("requested", "received", "declined", "approved")
PRICES = (5, 20, 30, 40, 50, 60, 75, 80, 90, 100, 250, 400, 600, 1_000, 1_500, 2_000, 2_500, 3_000, 5_000, 10_000)
SOLD_OUT = len(PRICES) + 1
FIRST = "Ada Ben Carla Dinesh Elena Fatima Goran Hana Ivo Jana Kofi Lena Mats Nadia Omar Petra Quentin Rosa Sven Tara Umar Vera Wim Xenia Yusuf Zoë"
LAST = "Okafor Schmidt Rossi Novak Larsen Dubois Kim Sato Haddad Moreau Silva Keller Lindqvist Petrov Weber Costa Meyer Ivanova Nguyen Brandt Çelik"
FIRST_NAMES, LAST_NAMES = FIRST.split(), LAST.split()
INDUSTRIES = ("Logistics", "Retail", "Health", "Energy", "Banking", "Education", "Manufacturing", "Software")
REGIONS = ("DACH", "Nordics", "Iberia", "Benelux", "UK and Ireland", "France", "Italy")
TEXT = "Tell us in a few sentences how it went, what changed for your team, and what you would tell somebody who is about to begin. " * 3


class Lots(NamedTuple):
    """The lots of one member: awards (transfer, month, points), ids and sums by month, and what redemption number so-and-so took of which."""

    person: int
    awards: list[tuple[int, date, int]]
    ids: dict[date, int]
    sums: dict[date, int]
    redemption: int
    held: dict[int, int]


class Programme:
    """A programme of ``members`` advocates as it might stand at ``now``.

    Members have the ids behind the staff's. Each has ``acts`` approved acts; up to 100,000 further
    answers wait. The last ``writers`` of them have ``TO_SEND`` challenges under way, for sending.
    """

    def __init__(self, members: int, now: datetime, acts: int = ACTS) -> None:
        self.members = members
        # As many challenges more as there are acts more, so that what else is made stays as it is.
        self.acts, self.challenges = acts, CHALLENGES + acts - ACTS
        self.now = now
        self.waiting = min(MOST_WAITING, members * BEGUN)
        self.writers = min(WRITERS, members // 4)
        self.companies = max(5, members // 20)
        self.redemptions = members // 5
        self.nominations = members // 20
        self.requests = members // 20
        self.awards = members * self.acts
        self.start = now - timedelta(days=365)
        self._step = timedelta(days=364) / self.awards

    # What follows from a number

    def member(self, index: int) -> int:
        return STAFF + 1 + index

    def track_of(self, challenge: int) -> str:
        return list(Track)[challenge % 3].value

    def company_of(self, person: int) -> int | None:
        return None if person <= STAFF else (person * 31) % self.companies + 1

    def award(self, index: int) -> tuple[int, int, int, int, datetime]:
        """Return (member's index, round, challenge, points, moment) of an approved answer. Round by round, so that a person's lines lie far apart."""
        turn, seat = divmod(index, self.members)
        who = (seat * 7919) % self.members if self.members % 7919 else seat
        return who, turn, self.challenge(who, turn), self.points(who, turn), self.start + index * self._step

    def index_of(self, who: int, turn: int) -> int:
        seat = (who * pow(7919, -1, self.members)) % self.members if self.members % 7919 else who
        return turn * self.members + seat

    def challenge(self, who: int, turn: int) -> int:
        return (who * 7 + turn * STRIDE) % self.challenges + 1

    def points(self, who: int, turn: int) -> int:
        return 10 + (self.challenge(who, turn) * 37) % 150 + (who * 2_654_435_761 >> (turn + 3)) % 23

    def redeemer(self, index: int) -> int:
        return index * 5

    def price(self, index: int) -> tuple[int, int]:
        """Return reward and price of a redemption; everybody has that much."""
        return index % 10 + 1, PRICES[index % 10]

    def hold_id(self, index: int) -> int:
        """Of four redemptions two are settled: six transfers."""
        return self.awards + index // 4 * 6 + (0, 1, 3, 5)[index % 4] + 1

    def account(self, person: int, kind: int) -> int:
        return len(KINDS) + (person - 1) * 3 + kind + 1

    # Tables

    def company_rows(self) -> Iterator[Row]:
        for n in range(1, self.companies + 1):
            name = f"{LAST_NAMES[n % len(LAST_NAMES)]} {INDUSTRIES[n % 8]} {n}"
            yield n, name, fold(name), INDUSTRIES[n % 8], "200-1000", REGIONS[n % 7], "Germany", f"company{n}.example", None, self.start

    def name_of(self, person: int) -> str:
        return f"{FIRST_NAMES[person % len(FIRST_NAMES)]} {LAST_NAMES[person // len(FIRST_NAMES) % len(LAST_NAMES)]}"

    def person_rows(self) -> Iterator[Row]:
        for person in range(1, STAFF + self.members + 1):
            name, email = self.name_of(person), f"person{person}@example.com"
            admin, employee = person <= ADMINS, ADMINS < person <= STAFF
            who = (person, name, fold(name), email, email, "active", self.company_of(person), "Operations lead")
            yield *who, person > STAFF, employee, admin, False, "!", self.start, self.start, self.start, self.start

    def challenge_rows(self) -> Iterator[Row]:
        tracks = list(Track)
        for n in range(1, self.challenges + CLOSED + 1):
            title, summary = f"Tell your story, part {n}", "A short account of what changed for your team, in your own words."
            state = "live" if n <= self.challenges else "closed"
            said = (n, tracks[n % 3].value, title, summary, TEXT, fold(f"{title} {summary}"), 10 + (n * 37) % 150, 5 + n % 50)
            yield *said, "once", 1, 3, state, 1, 0, False, self.start, self.start, self.start

    def version_rows(self) -> Iterator[Row]:
        for n, track, title, summary, text, _key, points, minutes, period, per_period, attempts, *_rest in self.challenge_rows():
            yield n, 1, track, title, summary, text, points, minutes, period, per_period, attempts, self.start

    def stage_rows(self) -> Iterator[Row]:
        for n in range(1, self.challenges + CLOSED + 1):
            yield n, n, 1, 0, 1, "answer", "How did it go", "", {"min_length": 20}

    def wish_rows(self) -> Iterator[Row]:
        """Everybody wishes for three things, near and far; those in reach were so when they were wished for."""
        for index in range(self.members):
            for place in range(3):
                yield self.member(index), 1 + (index * 7 + place * 5) % len(PRICES), self.start, self.start if place == 0 else None

    def wait_rows(self) -> Iterator[Row]:
        """Every tenth waits for what is sold out."""
        for number, index in enumerate(range(0, self.members, 10), start=1):
            yield number, SOLD_OUT, self.member(index), self.start, self.start

    def reward_rows(self) -> Iterator[Row]:
        for n, price in enumerate((*PRICES, PRICES[-1]), start=1):
            name, stock = f"Reward {n}", 0 if n == SOLD_OUT else None
            yield (
                n,
                name,
                "Something to look forward to.",
                TEXT,
                fold(f"{name} Something"),
                "gift_card",
                "points",
                price,
                stock,
                "live",
                self.start,
                self.start,
                {},
                "",
            )

    def conditions_rows(self) -> Iterator[Row]:
        """Yield conditions of every reward but the first, which everybody redeems: a limit by the year that nobody reaches, and days of sale."""
        for n in range(2, len(PRICES) + 1):
            yield n, self.start.date().isoformat(), None, True, "year", None, None

    def account_rows(self) -> Iterator[Row]:
        for n, kind in enumerate(KINDS, start=1):
            yield n, None, kind, "points", None, None, None
        for person in range(1, STAFF + self.members + 1):
            who = person - STAFF - 1
            earned = sum(self.points(who, turn) for turn in range(self.acts)) if who >= 0 else 0
            spent, held, moves, settled = 0, 0, 0, 0
            if who >= 0 and who % 5 == 0 and who // 5 < self.redemptions:
                state, (_reward, price) = REDEEMED[who // 5 % 4], self.price(who // 5)
                spent, held = (0, 0) if state == "declined" else (price, 0 if state == "received" else price)
                moves, settled = 2 if state == "declined" else 1, 2 if state in ("received", "declined") else 1
            version = self.acts + moves if who >= 0 else 0
            yield self.account(person, 0), person, "available", "points", earned - spent, version, earned
            yield self.account(person, 1), person, "held", "points", held, settled, None
            yield self.account(person, 2), person, "owed", "points", 0, 0, None

    def asked_at(self, index: int) -> datetime:
        return self.now - timedelta(hours=20) + index * timedelta(hours=10) / self.redemptions

    def settled_at(self, index: int) -> datetime:
        return self.asked_at(index) + timedelta(hours=2)

    def transfer_rows(self) -> Iterator[Row]:
        for index in range(self.awards):
            who, _turn, _challenge, points, at = self.award(index)
            facts = ("submission_approved", "submission", index + 1, 1, None, at, at)
            yield index + 1, f"submission:{index + 1}:decision:1", "award", self.member(who), "points", points, points, *facts
        for index in range(self.redemptions):
            person, (_reward, price), hold = self.member(self.redeemer(index)), self.price(index), self.hold_id(index)
            key, asked, settled = f"redemption:{index + 1}", self.asked_at(index), self.settled_at(index)
            facts = ("redemption", index + 1)
            yield hold, f"{key}:hold", "hold", person, "points", price, 0, "reward.redeemed", *facts, person, None, asked, asked
            if REDEEMED[index % 4] == "received":
                yield hold + 1, f"{key}:capture", "capture", person, "points", price, 0, "reward.fulfilled", *facts, 1, hold, settled, settled
            elif REDEEMED[index % 4] == "declined":
                yield hold + 1, f"{key}:release", "release", person, "points", price, 0, "reward.declined", *facts, 1, hold, settled, settled

    def entry_rows(self) -> Iterator[Row]:
        number, balances = count(1), [0] * self.members
        for index in range(self.awards):
            who, turn, _challenge, points, _at = self.award(index)
            balances[who] += points
            yield next(number), index + 1, self.account(self.member(who), 0), points, balances[who], turn + 1
            yield next(number), index + 1, 1, -points, None, None
        for index in range(self.redemptions):
            who, (_reward, price), hold = self.redeemer(index), self.price(index), self.hold_id(index)
            available, held, left = self.account(self.member(who), 0), self.account(self.member(who), 1), balances[who] - price
            yield next(number), hold, available, -price, left, self.acts + 1
            yield next(number), hold, held, price, price, 1
            if REDEEMED[index % 4] == "received":
                yield next(number), hold + 1, held, -price, 0, 2
                yield next(number), hold + 1, 2, price, None, None
            elif REDEEMED[index % 4] == "declined":
                yield next(number), hold + 1, available, price, balances[who], self.acts + 2
                yield next(number), hold + 1, held, -price, 0, 2

    def lots(self) -> Iterator[Lots]:
        """Yield the lots of each member, in the order of members; what a redemption takes is taken from the oldest."""
        number = count(1)
        for who in range(self.members):
            awards = []
            for turn in range(self.acts):
                index = self.index_of(who, turn)
                points, at = self.award(index)[3:]
                awards.append((index + 1, month_of(at, ZONE), points))
            ids = {month: next(number) for month in sorted({month for _id, month, _points in awards})}
            sums = Counter[date]()
            for _id, month, points in awards:
                sums[month] += points
            index, held = who // 5, []
            if who % 5 == 0 and index < self.redemptions:
                held = take([(ids[month], points) for month, points in sorted(sums.items())], self.price(index)[1])
            yield Lots(self.member(who), awards, ids, dict(sums), index, dict(held))

    def lot_rows(self) -> Iterator[Row]:
        for found in self.lots():
            place = {"received": "spent", "declined": "open"}.get(REDEEMED[found.redemption % 4], "held")
            for month, number in found.ids.items():
                earned, part = found.sums[month], found.held.get(number, 0)
                sums = Counter({"open": earned - part}) + Counter({place: part})
                yield (
                    number,
                    found.person,
                    "points",
                    month.isoformat(),
                    0,
                    NO_GRACE.isoformat(),
                    NEVER.isoformat(),
                    0,
                    earned,
                    *(sums[name] for name in PLACES),
                )

    def lot_line_rows(self) -> Iterator[Row]:
        for found in self.lots():
            for transfer, month, points in found.awards:
                yield transfer, found.ids[month], points, points, 0, 0, 0, 0, 0, 0
            hold, state = self.hold_id(found.redemption), REDEEMED[found.redemption % 4]
            for number, part in found.held.items():
                yield hold, number, 0, -part, part, 0, 0, 0, 0, 0
                if state == "received":
                    yield hold + 1, number, 0, 0, -part, part, 0, 0, 0, 0
                elif state == "declined":
                    yield hold + 1, number, 0, part, -part, 0, 0, 0, 0, 0

    def sent(self, index: int) -> tuple[int, int, datetime]:
        """Return (member's index, challenge, moment) of an answer that waits."""
        turn, who = divmod(index, self.members)
        moment = self.now - timedelta(days=1) + index * timedelta(hours=20) / self.waiting
        return who, self.challenge(who, self.acts + turn), moment

    def begun(self) -> Iterator[tuple[int, int]]:
        """Yield (member's index, challenge) of what the last members have under way."""
        for who in range(self.members - self.writers, self.members):
            for turn in range(TO_SEND):
                yield who, self.challenge(who, self.acts + BEGUN + turn)

    def submission_rows(self) -> Iterator[Row]:
        number = count(1)
        for index in range(self.awards):
            who, _turn, challenge, points, at = self.award(index)
            yield next(number), self.member(who), challenge, 1, "once", ZONE, False, 1, "approved", 1, 0, 1, points, at - timedelta(hours=12), at
        for index in range(self.waiting):
            who, challenge, at = self.sent(index)
            yield next(number), self.member(who), challenge, 1, "once", ZONE, False, 1, "waiting", 1, 0, 0, None, at - timedelta(hours=1), at
        for who, challenge in self.begun():
            yield next(number), self.member(who), challenge, 1, "once", ZONE, False, 1, "open", 0, 0, 0, None, self.now, self.now

    def answer_rows(self) -> Iterator[Row]:
        for number, challenge, _points, at, _state in self._attempts():
            yield number, number, challenge, {"text": "It went well. " * 8}, at
        for number, (_who, challenge) in enumerate(self.begun(), start=self.awards + self.waiting + 1):
            yield number, number, challenge, {"text": "It went"}, self.now

    def _attempts(self) -> Iterator[tuple[int, int, int, datetime, str]]:
        for index in range(self.awards):
            _who, _turn, challenge, points, at = self.award(index)
            yield index + 1, challenge, points, at - timedelta(hours=9), "approved"
        for index in range(self.waiting):
            who, challenge, at = self.sent(index)
            yield self.awards + index + 1, challenge, self.points(who, self.acts), at, "waiting"

    def attempt_rows(self) -> Iterator[Row]:
        value = {"text": "It went well. " * 8}
        for number, challenge, points, at, state in self._attempts():
            answers = [{"stage_id": challenge, "kind": "answer", "title": "How did it go", "options": {"min_length": 20}, "value": value}]
            yield number, number, 1, f"made-{number}", points, answers, state, at, at

    def verdict_rows(self) -> Iterator[Row]:
        for index in range(self.awards):
            *_who, points, at = self.award(index)
            yield index + 1, index + 1, index + 1, 1, "approved", "", points, index + 1, 1, at, at

    def act_rows(self) -> Iterator[Row]:
        tracks = list(Track)
        for index in range(self.awards):
            who, _turn, challenge, points, at = self.award(index)
            person = self.member(who)
            act = (index + 1, person, self.company_of(person), "challenge", tracks[challenge % 3].value)
            yield *act, "submission", index + 1, points, at, at

    def score_rows(self) -> Iterator[Row]:
        for who in range(self.members):
            scores: dict[str, tuple[int, int]] = {}
            for turn in range(self.acts):
                *_, challenge, points, at = self.award(self.index_of(who, turn))
                track = self.track_of(challenge)
                for period in _periods(at.replace(minute=0, second=0, microsecond=0)):
                    for board in (period, board_key(period, track)):
                        scores[board] = (scores.get(board, (0, 0))[0] + points, -micros(at))
            for period, (score, first) in scores.items():
                yield self.member(who), period, score, first, True, self.company_of(self.member(who))

    def week_rows(self) -> Iterator[Row]:
        for index in range(self.awards):
            *_who, at = self.award(index)
            yield index + 1, _week(at.replace(minute=0, second=0, microsecond=0)), ZONE

    def badge_rows(self) -> Iterator[Row]:
        for number, starter in enumerate(STARTERS, start=1):
            said = (number, starter.name, starter.how, starter.art, starter.tone, starter.rule, _options(starter.options))
            yield *said, "live", starter.key, self.start, self.start

    def holding_rows(self) -> Iterator[Row]:
        """Whoever meets a rule has its badge; streaks and the first places are left out, as nobody's acts lie close enough."""
        number, thresholds = count(1), dict(enumerate(THRESHOLDS, start=1))
        given = [
            (n, rule_of(s.rule), _options(s.options)) for n, s in enumerate(STARTERS, start=1) if s.rule in ("acts", "track", "every_track", "level")
        ]
        for who in range(self.members):
            turns = [self.challenge(who, turn) for turn in range(self.acts)]
            acts = {("challenge", track): n for track, n in Counter(self.track_of(challenge) for challenge in turns).items()}
            facts = Facts(acts=acts, lifetime=sum(self.points(who, turn) for turn in range(self.acts)), levels=thresholds)
            for badge, rule, options in given:
                progress = rule.progress(Case(badge, options, False), facts)
                if progress is not None and progress.is_met:
                    yield next(number), badge, self.member(who), "backfill", self.now, self.now, "", "", False

    def redemption_rows(self) -> Iterator[Row]:
        for index in range(self.redemptions):
            state, (reward, price), hold, asked = REDEEMED[index % 4], self.price(index), self.hold_id(index), self.asked_at(index)
            done, settled = state == "received", self.settled_at(index)
            is_approved, is_released = state in ("approved", "received"), state == "declined"
            asked_for = (index + 1, f"made-{index}", reward, self.member(self.redeemer(index)), None, price, False, state)
            texts = (hold, hold + 1 if done else None, "", "", "", asked)
            approved = (1, settled) if is_approved else (None, None)
            sent, released = (1, settled) if done else (None, None), (1, settled) if is_released else (None, None)
            yield *asked_for, *texts, *approved, *sent, *sent, *released, "", {}, "", {}

    def notice_rows(self) -> Iterator[Row]:
        number = count(1)
        for turn in range(self.acts - NOTICES, self.acts):
            for seat in range(self.members):
                index = turn * self.members + seat
                who, _turn, challenge, points, at = self.award(index)
                data = {"challenge": f"Tell your story, part {challenge}", "points": points, "reason": "", "attempts_left": None}
                link, key = f"/challenges/mine/{index + 1}", f"submission:{index + 1}:decision:1"
                yield next(number), self.member(who), "submission.approved", data, link, key, at, None if turn == self.acts - 1 else at

    def nomination_rows(self) -> Iterator[Row]:
        for n in range(1, self.nominations + 1):
            state = ("submitted", "accepted", "accepted", "accepted", "not_approved")[n % 5]
            person, company = self.member(n * 3 % self.members), n % self.companies + 1
            name, email = self.name_of(person), f"person{person}@example.com" if state == "accepted" else f"nominee{n}@example.com"
            why, at = "Knows the product well and speaks about it at every meetup.", self.start + n * timedelta(days=300) / self.nominations
            decided = (None, None) if state == "submitted" else (at + timedelta(hours=5), 1)
            nominee = (ADMINS + 1 + n % EMPLOYEES, f"made-{n}", state, name, fold(name), email, email, "Lead", f"Company {n}", company, why)
            found = (fold(f"{name} {email} Company {n} {why}"), 0, person if state == "accepted" else None, at, *decided)
            answered = (at + timedelta(hours=5), at + timedelta(days=2)) if state == "accepted" else (None, None)
            yield n, *nominee, *found, "Not this year." if state == "not_approved" else "", *answered, "", "", ""

    def request_rows(self) -> Iterator[Row]:
        for n in range(1, self.requests + 1):
            state = ("open", "matching", "expired", "cancelled", "declined")[n % 5]
            prospect, at = f"Prospect {n}", self.start + n * timedelta(days=300) / self.requests
            own = (f"made-{n}", ADMINS + 1 + n % EMPLOYEES, 1 if state == "matching" else None, n % 3 == 0, state, "call", prospect)
            deal = (f"Deal {n}", n * 1_000, "EUR", ("early", "evaluation", "proposal", "negotiation")[n % 4], f"D-{n}")
            ended = at + timedelta(days=20) if state in ("expired", "cancelled", "declined") else None
            empty = ("",) * 9
            told = (at.date() + timedelta(days=30), "", "", "nobody" if ended else "", fold(f"{prospect} Deal {n} D-{n}"), at, at, at, ended)
            yield n, *own, *empty, "They worry about the change.", {}, *deal, *told

    def activity_rows(self) -> Iterator[Row]:
        for n in range(1, self.nominations + 1):
            yield n, "call"
            yield n, ("review", "case_study", "speaking", "press")[n % 4]

    def referenced(self) -> Iterator[tuple[int, int]]:
        """Number and person of who is a reference: every fourth member, each with one thing they do."""
        return ((n, self.member((n - 1) * PROFILED)) for n in range(1, self.members // PROFILED + 1))

    def profile_rows(self) -> Iterator[Row]:
        for n, person in self.referenced():
            status, tier = "active" if n % 10 else "resting", n % 3 + 1
            at = self.now - timedelta(days=n % 200)
            story = f"Moved {n % 90 + 10} sites off {('spreadsheets', 'paper', 'tape', 'a system of our own')[n % 4]} in a quarter."
            texts = ("", story, "A third faster.", "", "")
            yield person, status, bool(n % 7), tier, *texts, at, person, at.date() + timedelta(days=180), "", fold(story), 1, person, at, at

    def proof_rows(self) -> Iterator[Row]:
        for n, person in self.referenced():
            yield n, person, True, "", person, self.start

    def consent_rows(self) -> Iterator[Row]:
        for n, person in self.referenced():
            words = "We may ask me for: Reference call."
            yield n, person, self.company_of(person), "reference", words, "", [], 1, "profile_own", person, 0, n, "", self.start, self.start, ""

    def does_rows(self) -> Iterator[Row]:
        for n, person in self.referenced():
            yield person, "call", False, n

    def word_rows(self) -> Iterator[Row]:
        for n, person in self.referenced():
            for kind, words in (
                ("language", ("English", "Español", "Deutsch")),
                ("product", ("Boards", "Rosters")),
                ("use_case", ("Planning", "Night shifts")),
            ):
                word = words[n % len(words)]
                yield person, kind, fold(word), word

    def event_rows(self) -> Iterator[Row]:
        number = count(1)
        for who in range(self.members):
            person = self.member(who)
            yield next(number), "person.joined", person, "person", person, {}, "127.0.0.1", "", self.start
        for index in range(self.awards):
            *_who, points, at = self.award(index)
            data = {"attempt_id": index + 1, "points": points, "reason": ""}
            yield next(number), "submission.approved", 1, "submission", index + 1, data, "127.0.0.1", "", at
        for index in range(self.redemptions):
            reward, price = self.price(index)
            data = {"reward_id": reward, "price": price}
            yield next(number), "reward.redeemed", self.member(self.redeemer(index)), "redemption", index + 1, data, "127.0.0.1", "", self.now
        for ask in asks.asks_of(self):
            yield next(number), "ask.logged", 1, "ask", ask.id, {}, "127.0.0.1", "", ask.asked_at


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Levels have the numbers of their places here."""
    return {"level_id" if name == "level" else name: value for name, value in options.items()}


@lru_cache(maxsize=20_000)
def _week(hour: datetime) -> date:
    return week_of(hour, ZONE)


@lru_cache(maxsize=20_000)
def _periods(hour: datetime) -> tuple[str, str, str]:
    return periods_of(hour, ZONE)


_TABLES: tuple[tuple[str, str, Any], ...] = (
    ("company", "id, name, name_key, industry, size, region, country, domain, made_by, created_at", Programme.company_rows),
    (
        "person",
        "id, name, name_key, email, email_key, state, company_id, title, is_advocate, is_employee, is_admin, is_demo, password_hash, "
        "password_changed_at, created_at, invited_at, joined_at",
        Programme.person_rows,
    ),
    (
        "challenge",
        "id, track, title, summary, text, search_key, points, minutes, period, per_period, max_attempts, state, version, taken, is_record_only, "
        "created_at, changed_at, published_at",
        Programme.challenge_rows,
    ),
    (
        "challenge_version",
        "challenge_id, number, track, title, summary, text, points, minutes, period, per_period, max_attempts, made_at",
        Programme.version_rows,
    ),
    ("stage", "id, challenge_id, version, points, position, kind, title, text, options", Programme.stage_rows),
    ("reward", "id, name, summary, text, search_key, kind, unit, price, stock, state, created_at, changed_at, options, terms", Programme.reward_rows),
    ("reward_conditions", "reward_id, sale_from, sale_to, is_shown_before, period, level_id, countries", Programme.conditions_rows),
    ("reward_wish", "person_id, reward_id, made_at, reached_at", Programme.wish_rows),
    ("reward_wait", "id, reward_id, person_id, joined_at, turn_at", Programme.wait_rows),
    ("account", "id, owner_id, kind, unit, balance, version, lifetime", Programme.account_rows),
    (
        "transfer",
        "id, key, kind, owner_id, unit, points, earned, reason, source_type, source_id, actor_id, resolves_id, effective_at, recorded_at",
        Programme.transfer_rows,
    ),
    ("entry", "id, transfer_id, account_id, amount, balance_after, version", Programme.entry_rows),
    (
        "lot",
        "id, owner_id, unit, month, policy_id, grace_until, expires_on, lapses, earned, open, held, spent, expired, reversed, corrected, paid",
        Programme.lot_rows,
    ),
    ("lot_line", f"transfer_id, lot_id, earned, {', '.join(PLACES)}", Programme.lot_line_rows),
    (
        "submission",
        "id, person_id, challenge_id, version, period_key, zone, has_place, nth, state, attempts, declines, decisions, paid, started_at, changed_at",
        Programme.submission_rows,
    ),
    ("submission_answer", "id, submission_id, stage_id, value, saved_at", Programme.answer_rows),
    ("attempt", "id, submission_id, number, key, points, answers, state, submitted_at, recorded_at", Programme.attempt_rows),
    (
        "verdict",
        "id, submission_id, attempt_id, number, outcome, reason, points, transfer_id, decided_by_id, decided_at, recorded_at",
        Programme.verdict_rows,
    ),
    ("act", "id, person_id, company_id, kind, track, source_type, source_id, points, happened_at, recorded_at", Programme.act_rows),
    ("act_week", "act_id, week, zone", Programme.week_rows),
    ("badge", "id, name, how, art, tone, rule, options, state, starter, created_at, live_at", Programme.badge_rows),
    (
        "badge_holding",
        "id, badge_id, person_id, way, awarded_at, recorded_at, reason, revoked_reason, is_barred",
        Programme.holding_rows,
    ),
    ("period_score", "member_id, period, score, first_neg, is_shown, company_id", Programme.score_rows),
    (
        "redemption",
        "id, key, reward_id, person_id, slot, price, has_stock, state, hold_id, capture_id, wish, delivery, reason, requested_at, "
        "approved_by, approved_at, sent_by, sent_at, received_by, received_at, released_by, released_at, variant, answers, terms_hash, handed",
        Programme.redemption_rows,
    ),
    ("notice", "id, person_id, kind, data, link, key, created_at, read_at", Programme.notice_rows),
    (
        "nomination",
        "id, nominator_id, key, state, name, name_key, email, email_key, title, company_name, company_id, why, search, repeats, person_id, "
        "created_at, decided_at, decided_by_id, reason, asked_at, answered_at, code, answer_code, answer",
        Programme.nomination_rows,
    ),
    ("nomination_activity", "nomination_id, activity", Programme.activity_rows),
    (
        "ask",
        "id, key, person_id, company_id, kind, channel, about, effort, asked_at, asked_by_id, recorded_at, expires_at, is_outside, overrode, "
        "override_reason, person_used, person_most, person_since, company_used, company_most, company_since",
        asks.ask_rows,
    ),
    ("ask_outcome", "id, ask_id, came, minutes, note, by_id, at", asks.outcome_rows),
    ("open_ask", "ask_id, person_id, company_id, is_accepted, expires_at", asks.open_rows),
    ("ask_load", "person_id, load, rank", asks.load_rows),
    ("company_ask_load", "company_id, load, rank", asks.company_load_rows),
    (
        "reference_profile",
        "person_id, status, is_visible, tier, time_zone, story, results, sensitivities, status_reason, verified_at, verified_by_id, verify_on, "
        "verify_why, search, edition, made_by_id, made_at, changed_at",
        Programme.profile_rows,
    ),
    ("profile_proof", "id, person_id, is_own, note, by_id, at", Programme.proof_rows),
    (
        "consent",
        "id, person_id, company_id, item, words, quote, scope, version, source_type, source_id, part, evidence_id, search, given_at, "
        "recorded_at, reason",
        Programme.consent_rows,
    ),
    ("profile_activity", "person_id, activity, is_never, consent_id", Programme.does_rows),
    ("profile_word", "person_id, kind, key, word", Programme.word_rows),
    (
        "reference_request",
        "id, key, requester_id, handler_id, is_self_serve, state, activity, prospect, prospect_domain, prospect_contact, prospect_email, industry, "
        "region, size, product, language, competitor, worry, criteria, deal_name, deal_value, currency, deal_stage, deal_ref, needed_by, "
        "end_code, end_reason, unfilled_by, search, made_at, changed_at, opened_at, ended_at",
        Programme.request_rows,
    ),
    ("audit_event", "id, name, actor_id, subject_type, subject_id, data, origin, request_id, at", Programme.event_rows),
)
_OF_PROFILES = ("reference_profile", "profile_activity", "profile_word")
_WITHOUT_ID = (
    "reward_conditions",
    "reward_wish",
    "lot_line",
    "challenge_version",
    "period_score",
    "act_week",
    "nomination_activity",
    "open_ask",
    "ask_load",
    "company_ask_load",
    *_OF_PROFILES,
)


def make(database: Database, members: int, now: datetime, *, acts: int = ACTS) -> Programme:
    """Fill a migrated, empty database, let the jobs of the worker seal it and post its fences, and return what was made."""
    programme, bulk = Programme(members, now, acts), Bulk(database)
    try:
        for table, columns, rows in _TABLES:
            bulk.fill(table, columns, rows(programme))
            if table == "stage":  # a published version takes no step any more
                bulk.run("UPDATE challenge_version SET published_at = made_at, published_by_id = 1")
        bulk.run(f"UPDATE company SET owner_id = {ADMINS + 1} + id % {EMPLOYEES}")
        bulk.follow_ids(table for table, _columns, _rows in _TABLES if table not in _WITHOUT_ID)
        bulk.settle()
    finally:
        bulk.close()
    seal_pending(database, now)
    keep_fences(database, now)
    rank_asked(database, {}, now)
    return programme


def main() -> None:
    """Make a programme in a new database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--acts", type=int, default=ACTS, help="approved acts of each member")
    parser.add_argument("--check", action="store_true", help="prove the ledger afterwards")
    options = parser.parse_args()
    database = Database(options.url)
    migrate.upgrade(database)
    make(database, options.members, utcnow().astimezone(UTC), acts=options.acts)
    if options.check:
        with database.snapshot() as session:
            problems = invariants.check(session)
        print("\n".join(map(str, problems)) or "All invariants and the seals hold.")
    database.dispose()


if __name__ == "__main__":
    main()
