"""What a row of a file of references changes in a profile, and what it leaves as somebody said or wrote it here. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from portal.imports.rules.records import Record
from portal.kernel.clock import local_date
from portal.kernel.text import clean
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts, split_words, tidy
from portal.profiles.rules.states import Status, WordKind

TEXTS = ("tier", "story", "results", "sensitivities", "time_zone")
WORDS = {"languages": WordKind.LANGUAGE, "products": WordKind.PRODUCT, "use_cases": WordKind.USE_CASE, "replaced": WordKind.REPLACED}
WORDS |= {"not_for": WordKind.NOT_FOR}
DOES, VERIFIED, CONSENT = "activities", "verified_on", "consent"
CLOSED = (Status.RETIRED, Status.LEGAL_HOLD)
"""Of these a file says neither what they do nor that it is true: somebody said that they are asked for nothing."""


class Stands(StrEnum):
    """How a thing that somebody does stands: it holds; it is theirs to say (they gave it, took it back, or it is ruled out); staff ended it."""

    HOLDS = "holds"
    THEIRS = "theirs"
    ENDED = "ended"


@dataclass(frozen=True)
class Here:
    """What is known of a reference before a row is written.

    ``does`` lacks what nobody ever agreed to, and what ran out. ``edits`` are the fields that somebody wrote here by hand, and whether it was
    the person. ``doubted_at`` is when something last happened that casts doubt on the profile.
    """

    facts: Facts = field(default_factory=Facts)
    status: Status = Status.CANDIDATE
    verified_at: datetime | None = None
    doubted_at: datetime | None = None
    does: Mapping[Activity, Stands] = field(default_factory=dict)
    edits: Mapping[str, bool] = field(default_factory=dict)
    agreed: Mapping[Activity, str] = field(default_factory=dict)
    """The words of what staff or a file wrote down and that holds."""


Pairs = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Change:
    """What a row comes to. ``written`` and ``kept`` hold what was and what the file says, by the names that fields have in the file; of what
    they do the part that is new, since a file takes nothing away.
    """

    facts: Facts
    written: Pairs
    kept: Pairs
    given: tuple[Activity, ...]
    """What the person agrees to by the file."""
    verified_at: datetime | None
    """When all was last confirmed, where that is later than what is known."""
    is_doubted: bool
    """Something happened after that day, or nobody finds the profile until somebody answers: it is asked all the same."""
    overwritten: Mapping[str, bool]
    """Fields that somebody had written by hand and that the file writes over; whether it was the person."""


def change_of(record: Record, here: Here, *, is_overwriting: bool, today: date, zone: str) -> Change:
    """Return what ``record`` changes of what is ``here``. An empty cell changes nothing; nor does a day of confirmation before the one known.

    Told to overwrite, by the import or by the row, it writes over what somebody wrote by hand, and gives back what staff had ended; what the
    person said of what they do is theirs alone, and a retired or held profile is neither confirmed nor asked for anything more.
    """
    is_overwriting = is_overwriting or record["overwrite"] == "yes"
    wanted, written, kept = tidy(wanted_of(record, here.facts)), Pairs(), Pairs()
    for name in (*TEXTS, *WORDS):
        old, new = value_of(here.facts, name), value_of(wanted, name)
        if old != new:
            (kept if edit_name(name) in here.edits and not is_overwriting else written)[name] = (old, new)
    facts = with_values(here.facts, {name: new for name, (_old, new) in written.items()})
    overwritten = {edit_name(name): here.edits[edit_name(name)] for name in written if edit_name(name) in here.edits}
    given, left = _kinds(record, here, is_overwriting=is_overwriting, today=today, zone=zone)
    for pairs, kinds in ((written, given), (kept, left)):
        if kinds:
            pairs[DOES] = ([], [kind.value for kind in Activity if kind in kinds])
    if stay := _words_that_stay(record, here):
        kept[CONSENT] = (stay, clean(record[CONSENT]))
    at = record[VERIFIED]
    if at is not None and (here.verified_at is None or at > here.verified_at):
        days = (local_date(here.verified_at, zone).isoformat() if here.verified_at else "", local_date(at, zone).isoformat())
        (kept if here.status in CLOSED else written)[VERIFIED] = days
    is_doubted = at is not None and here.doubted_at is not None and here.doubted_at > at
    # Who is not found until somebody answers stays so: a file answers nothing that was asked here.
    is_doubted = is_doubted or here.status is Status.NEEDS_VERIFICATION
    return Change(facts, written, kept, tuple(given), at if VERIFIED in written else None, is_doubted, overwritten)


def wanted_of(record: Record, here: Facts) -> Facts:
    """Return what the profile would say: what the record fills, and the rest as it is."""
    texts = {name: record[name] for name in TEXTS if record[name] is not None}
    if "tier" in texts:
        texts["tier"] = int(texts["tier"])
    words = {kind: split_words(record[name]) for name, kind in WORDS.items() if record[name]}
    return replace(here, **texts, words={**here.words, **words})


def value_of(facts: Facts, name: str) -> Any:
    """Return a fact as JSON, by the name that it has in a file; words in order."""
    return sorted(facts.words.get(WORDS[name], ())) if name in WORDS else getattr(facts, name)


def with_values(facts: Facts, values: Mapping[str, Any]) -> Facts:
    """Return the facts with other values, by the names that they have in a file."""
    words = {WORDS[name]: tuple(value) for name, value in values.items() if name in WORDS}
    return replace(facts, **{name: value for name, value in values.items() if name in TEXTS}, words={**facts.words, **words})


def edit_name(name: str) -> str:
    """Return under which name it is kept who wrote a field."""
    return WORDS[name].value if name in WORDS else name


def kinds_of(record: Record) -> list[Activity]:
    """Return what a row says that somebody does, each once."""
    return [Activity(kind) for kind in dict.fromkeys(split_words(record[DOES] or ""))]


def is_over(record: Record, today: date, zone: str) -> bool:
    """Tell whether the consent of a row has run out already: nothing is written down of it."""
    until = record["consent_until"]
    return until is not None and local_date(until, zone) < today


def _words_that_stay(record: Record, here: Here) -> str:
    """Return the words that somebody agreed to and that a row says otherwise: what was agreed to is kept as it was said."""
    said = clean(record[CONSENT])
    return next((here.agreed[kind] for kind in kinds_of(record) if said and here.agreed.get(kind, said) != said), "")


def _kinds(record: Record, here: Here, *, is_overwriting: bool, today: date, zone: str) -> tuple[list[Activity], list[Activity]]:
    """Return what is agreed to by the file, and what it says and is left as it is."""
    if is_over(record, today, zone):
        return [], []
    given, left = list[Activity](), list[Activity]()
    for kind in kinds_of(record):
        stands = here.does.get(kind)
        if stands is Stands.HOLDS:
            continue
        is_free = stands is None or (stands is Stands.ENDED and is_overwriting)
        (given if is_free and here.status not in CLOSED else left).append(kind)
    return given, left
