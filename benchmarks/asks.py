"""What people of a made programme were asked: a few times each, of some companies thousands of times; and the caps under which more can be asked.

All of it was written down as asked outside, as an import brings it, so that no cap had to let it through.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from portal.acts.rules.asks import EFFORTS, AskKind, AskState
from portal.acts.rules.loads import NEVER_ASKED, kept_of

if TYPE_CHECKING:
    from benchmarks.bulk import Row
    from benchmarks.maker import Programme

EACH, GIANTS, MOST_OF_A_GIANT = 3, 3, 3_000
KINDS = (AskKind.SURVEY, AskKind.CALL, AskKind.REVIEW, AskKind.SURVEY, AskKind.QUOTE)
ENDS = (AskState.COMPLETED, AskState.DECLINED, AskState.COMPLETED, AskState.MISSED, AskState.COMPLETED, AskState.EXPIRED)
ANSWER_DAYS = 14


class Made(NamedTuple):
    """One ask, of whom, and how it stands."""

    id: int
    person: int
    kind: AskKind
    asked_at: datetime
    state: AskState

    @property
    def effort(self) -> int:
        return EFFORTS[self.kind]


def asks_of(programme: "Programme") -> Iterator[Made]:
    """Yield all asks, oldest first within a company's and within the others'; the latest of each are still open or accepted."""
    number = 0
    for turn in range(EACH):
        for who in range(programme.members):
            number += 1
            days = (EACH - turn) * 100 - who % 97
            yield _made(programme, number, programme.member(who), days, turn + who)
    for giant in range(1, GIANTS + 1):
        people = [programme.member(who) for who in range(programme.members) if programme.company_of(programme.member(who)) == giant]
        asks = min(MOST_OF_A_GIANT, programme.members // 2) if people else 0
        for turn in range(asks):
            number += 1
            yield _made(programme, number, people[turn % len(people)], 85.0 * (asks - turn) / asks + 1, turn)


def _made(programme: "Programme", number: int, person: int, days: float, seed: int) -> Made:
    state = ENDS[seed % len(ENDS)]
    if days < ANSWER_DAYS - 2:
        state = AskState.OPEN if seed % 2 else AskState.ACCEPTED
    return Made(number, person, KINDS[seed % len(KINDS)], programme.now - timedelta(days=days), state)


def ask_rows(programme: "Programme") -> "Iterator[Row]":
    """Yield the rows of ``ask``."""
    for one in asks_of(programme):
        said = (one.id, f"import:bench:{one.id}", one.person, programme.company_of(one.person), one.kind.value, "email", "", one.effort)
        moments = (one.asked_at, None, one.asked_at, one.asked_at + timedelta(days=ANSWER_DAYS))
        yield *said, *moments, True, "", "", 0, 4, one.asked_at - timedelta(days=90), 0, 8, one.asked_at - timedelta(days=90)


def outcome_rows(programme: "Programme") -> "Iterator[Row]":
    """Yield the rows of ``ask_outcome``."""
    number = 0
    for one in asks_of(programme):
        if one.state is not AskState.OPEN:
            number += 1
            yield number, one.id, one.state.value, None, "", None, one.asked_at


def open_rows(programme: "Programme") -> "Iterator[Row]":
    """Yield the rows of ``open_ask``."""
    for one in asks_of(programme):
        if one.state in (AskState.OPEN, AskState.ACCEPTED):
            ends = one.asked_at + timedelta(days=ANSWER_DAYS)
            yield one.id, one.person, programme.company_of(one.person), one.state is AskState.ACCEPTED, ends


def load_rows(programme: "Programme") -> "Iterator[Row]":
    """Yield the rows of ``ask_load``; what follows from caps is reckoned by the portal's own job."""
    return _loads({one.person: 0.0 for one in asks_of(programme)}, ((one.person, one) for one in asks_of(programme)))


def company_load_rows(programme: "Programme") -> "Iterator[Row]":
    """Yield the rows of ``company_ask_load``."""
    of = programme.company_of
    return _loads({}, ((company, one) for one in asks_of(programme) if (company := of(one.person)) is not None))


def _loads(sums: dict[int, float], asks: Iterator[tuple[int, Made]]) -> "Iterator[Row]":
    for its_id, one in asks:
        sums[its_id] = sums.get(its_id, 0.0) + kept_of(one.effort, one.state, one.asked_at)
    for its_id, load in sorted(sums.items()):
        yield its_id, load, NEVER_ASKED
