"""The fifteen things that must always hold of points, of what is done with them, and of what people are asked, with what every room brings to them.

``flask ledger check`` and ``flask restore --verify`` run them, and every test is followed by them. The numbers are fixed: books, logs and
``docs/operating.md`` name them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.orm import Session

from portal.accounts.queries.invariants import INVARIANTS as ACCOUNTS
from portal.acts.queries.invariants import INVARIANTS as ASKS
from portal.bank.queries.invariants import INVARIANTS as FINANCE
from portal.finding.queries.invariants import INVARIANTS as SEARCH
from portal.ledger.heads import NotedHead
from portal.ledger.queries import proof
from portal.ledger.queries.invariants import INVARIANTS as SAFE
from portal.ledger.queries.invariants import Invariant
from portal.ledger.rules import Problem
from portal.profiles.queries.invariants import INVARIANTS as PROFILES
from portal.receiving.queries.invariants import INVARIANTS as RECEIVED
from portal.recognition.queries.invariants import INVARIANTS as BOARDS
from portal.references.queries.invariants import INVARIANTS as NOMINATIONS
from portal.requests.queries.invariants import INVARIANTS as REQUESTS
from portal.rewards.queries.invariants import INVARIANTS as REDEMPTIONS

FIFTEEN = {
    "I1": "Each transfer sums to zero in its unit, and moves what it says.",
    "I2": "Every balance and total is the sum of its entries.",
    "I3": "What is available or held is never below zero, and nobody who owes has points to spend.",
    "I4": "The versions of an account run from 1 without a gap.",
    "I5": "A balance after an entry is the balance before it and the amount.",
    "I6": "Lots: earned is what is open, held, spent, expired, reversed, corrected and paid; what is open and held is what the owner has.",
    "I7": "A hold ends at most once, and what is held is the sum of the open holds.",
    "I8": "A redemption has one hold, which ended as its state says.",
    "I9": "A reversal undoes exactly its original, at most once.",
    "I10": "The chain of seals is whole, and the heads noted elsewhere are in it.",
    "I11": "No entry without a transfer and an account, no transfer without two sides.",
    "I12": "No more pieces of a reward go out than there are.",
    "I13": "Nobody decides about their own points, nor about whom they nominated.",
    "I14": "What was committed stands in record and outbox, and each job ends once.",
    "I15": "Nobody is asked beyond a cap of goodwill without an approver, and each ask ends once, as its outcomes say.",
}
# Stands here because the outbox lies beside the safe and knows nothing of it.
OUTBOX = (
    Invariant(
        "I14", "A job ends once, and nobody is at it then.", "outbox_job",
        "SELECT id, 'has ended and is still open' AS text FROM outbox_job WHERE (done_at IS NOT NULL AND dead_at IS NOT NULL) "
        "OR (COALESCE(done_at, dead_at) IS NOT NULL AND (lease_until IS NOT NULL OR leased_by IS NOT NULL))",
    ),
    Invariant(
        "I14", "What was sent is forgotten: a job that is done keeps nothing of what it sent.", "outbox_job",
        "SELECT id, 'is done and still knows what it sent' AS text FROM outbox_job WHERE done_at IS NOT NULL AND CAST(payload AS VARCHAR(9)) <> '{}'",
    ),
)  # fmt: skip
ABOVE = (*REDEMPTIONS, *RECEIVED, *NOMINATIONS, *PROFILES, *REQUESTS, *FINANCE, *BOARDS, *ASKS, *ACCOUNTS, *SEARCH, *OUTBOX)
"""What rooms beside and above the safe bring."""
ALL = (*SAFE, *ABOVE)


@dataclass(frozen=True)
class Found:
    """What was found of one of the fifteen: how many statements asked, and the rows that break it."""

    name: str
    sentence: str
    asked: int
    problems: list[Problem]

    def __str__(self) -> str:
        return f"{self.name:<4}{f'{len(self.problems)} broken' if self.problems else 'holds':<10} {self.sentence}"


def findings(session: Session, *, noted: Sequence[NotedHead] = ()) -> Iterator[Found]:
    """Look for breaches of each of the fifteen, in order. ``noted`` are heads kept outside the database (I10)."""
    with_heads = partial(proof.verify, noted=noted)
    for name, sentence in FIFTEEN.items():
        parts = [replace(part, find=with_heads) if part.find is proof.verify else part for part in ALL if part.name == name]
        yield Found(name, sentence, len(parts), [problem for part in parts for problem in part.breaches(session)])


def problems(session: Session) -> list[Problem]:
    """Return every breach of the fifteen; nothing if all hold."""
    return [problem for part in ALL for problem in part.breaches(session)]
