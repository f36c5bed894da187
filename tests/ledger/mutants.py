"""Mistakes somebody could make in the safe, each as the change of one place: our tests must notice every one.

``pytest --nightly tests/ledger/test_mutants.py`` makes each in a copy of the source and runs the tests named beside it.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One mistake: what it would do, where, which text becomes which, and the tests that must fail."""

    harm: str
    file: str
    old: str
    new: str
    tests: str


RULES, LOT_RULES, VERBS, LOTS, SEALING, PROOF, SEALS = (
    f"tests/ledger/test_{name}.py" for name in ("rules", "lots_rules", "verbs", "lots", "sealing", "proof", "seals")
)

MUTANTS = (
    Mutant("debts are never paid", "rules.py", "paid = min(points, -owed)", "paid = 0", RULES),
    Mutant("more is taken than is there", "rules.py", "taken = min(points, available)", "taken = points", RULES),
    Mutant("any number of points is moved", "rules.py", "or abs(points) > MOST_POINTS ", "", RULES),
    Mutant("a key stands for two decisions", "rules.py", "if getattr(first, name) != value:", "if False:", VERBS),
    Mutant("versions have gaps", "actions/posting.py", '"version": account.c.version + 1}', '"version": account.c.version + 2}', VERBS),
    Mutant("an award leaves a debt beside points", "actions/posting.py", "_AVAILABLE.where(account.c.balance > 0)", "_AVAILABLE", VERBS),
    Mutant(
        "what pays a debt is not counted as earned",
        "actions/posting.py",
        "if written.earned and AccountKind.AVAILABLE not in moves:",
        "if False:",
        VERBS,
    ),
    Mutant(
        "an award is not counted as earned",
        "actions/posting.py",
        ".values(**_MOVED, lifetime=account.c.lifetime + _EARNED)\n    .returning(*_AFTER, _OTHER_ID",
        ".values(**_MOVED)\n    .returning(*_AFTER, _OTHER_ID",
        VERBS,
    ),
    Mutant("the other side of an award is lost", "actions/posting.py", "-written.points)]", "written.points)]", VERBS),
    Mutant("what has expired is charged again", "actions/earning.py", "moves = change(back + settled,", "moves = change(back,", LOTS),
    Mutant("a reversal leaves the lifetime total", "actions/earning.py", "earned=-original.earned", "earned=0", VERBS),
    Mutant(
        "a returned reward is charged twice",
        "actions/earning.py",
        "back = original.points if original.kind is TransferKind.CAPTURE else -original.points",
        "back = -original.points",
        VERBS,
    ),
    Mutant("points that wait can be spent", "actions/earning.py", "if policy.pending_days and opened:", "if False:", LOTS),
    Mutant("the last points cannot be spent", "actions/holding.py", "if available < points:", "if available <= points:", VERBS),
    Mutant(
        "what is spent is booked as expired",
        "actions/holding.py",
        "{AccountKind.HELD: -written.points}, AccountKind.REDEEMED)",
        "{AccountKind.HELD: -written.points}, AccountKind.EXPIRED)",
        VERBS,
    ),
    Mutant(
        "a release pays out beside a debt",
        "actions/holding.py",
        "moves = gain(written.points, owed=owed)",
        "moves = {AccountKind.AVAILABLE: written.points}",
        VERBS,
    ),
    Mutant("anything is settled as a hold", "actions/holding.py", "if held.kind is not TransferKind.HOLD:", "if False:", VERBS),
    Mutant("a hold is no activity", "actions/holding.py", "if of is None and policy_at(session, now, unit=unit).pushes:", "if False:", LOTS),
    Mutant("a correction is always counted as earned", "actions/adjusting.py", "earned=points if counts_as_earned else 0", "earned=points", VERBS),
    Mutant("points lapse on their last day", "actions/expiring.py", "found.expires_on >= day or", "found.expires_on > day or", LOTS),
    Mutant(
        "what is spent of a lot is called expired",
        "actions/lots.py",
        "held=-row.held, spent=row.held",
        "held=-row.held, expired=row.held",
        VERBS,
    ),
    Mutant(
        "what lapses last is spent first",
        "actions/lots.py",
        ".order_by(lot.c.expires_on, lot.c.id)\n    .limit(",
        ".order_by(lot.c.expires_on.desc(), lot.c.id)\n    .limit(",
        LOTS,
    ),
    Mutant("what comes back late has no week", "actions/lots.py", "if not move.open or whence.expires_on >= day:", "if True:", LOTS),
    Mutant("a lot forgets that it lapsed", "actions/lots.py", "expired=written.points)], lapses=1)", "expired=written.points)], lapses=0)", LOTS),
    Mutant("an activity brings lapsed points back", "actions/lots.py", "*counts, lot.c.expires_on >= _DAY, ", "*counts, ", LOTS),
    Mutant(
        "a correction by hand is an activity",
        "actions/lots.py",
        "if policy.pushes and written.kind is TransferKind.AWARD:",
        "if policy.pushes:",
        LOTS,
    ),
    Mutant("a period ends a month early", "lots.py", "day.month - 1 + months + 1, 12)", "day.month - 1 + months, 12)", LOT_RULES),
    Mutant("what comes in late has lapsed", "lots.py", "return last if last >= day else day + GRACE", "return last", LOT_RULES),
    Mutant("what is open is settled as expired", "lots.py", "min(points - min(points, still_open), expired)", "min(points, expired)", LOT_RULES),
    Mutant("a block seals no contents", "seals.py", 'digest.update(b"\\n" + row.content)', "digest.update(row.name.encode())", PROOF),
    Mutant("a late commit is never sealed", "actions/sealing.py", "holes(ranges_of(new), end.upto_id + 1, upto)", "[]", SEALING),
    Mutant(
        "totals forget what was before",
        "actions/sealing.py",
        'total=programme_total.c.total + bindparam("b_total"',
        'total=bindparam("b_total"',
        SEALING,
    ),
    Mutant("an added transfer is overlooked", "queries/proof.py", "problems += _strangers(session, covered, last)", "pass", PROOF),
    Mutant("a text that was changed is overlooked", "queries/proof.py", "elif row.body is not None and", "elif False and", PROOF),
)  # fmt: skip
