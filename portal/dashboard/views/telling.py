"""Events of the audit log as people read them: one sentence each, and repeats of the same as one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from flask_babel import gettext as _

from portal.bank.rules.adjusting import CATEGORY_NAMES as CORRECTIONS
from portal.bank.rules.adjusting import Category
from portal.dashboard.queries.audit import Line
from portal.dashboard.sentences import NUMBERED, PORTAL, facts_of, sentence_for


@dataclass(frozen=True)
class Told:
    """A sentence, when it was true last, and how often in a row."""

    text: str
    at: datetime
    times: int


def told_as(line: Line) -> str:
    """Return an event as a sentence in the reader's language."""
    event = line.event
    numbered = _(NUMBERED[event.subject_type], number=event.subject_id) if event.subject_type in NUMBERED else f"#{event.subject_id}"
    what = f"“{line.what}” ({numbered})" if line.what and event.subject_type in ("submission", "redemption") else line.what or numbered
    who = line.who or (_(PORTAL) if event.actor_id is None else f"#{event.actor_id}")
    facts = facts_of(who, what, event.name, event.data)
    if facts.get("category") in CORRECTIONS:
        facts["category"] = _(CORRECTIONS[Category(facts["category"])])
    return str(_(sentence_for(event.name, event.origin)) % facts)


def told_once(lines: Iterable[Line], number: int) -> list[Told]:
    """Return the first ``number`` sentences; the same act of the same person on the same thing, several times in a row, is one."""
    found = []
    for (text, *_key), group in islice(groupby(lines, key=_same), number):
        events = [line.event for line in group]
        found.append(Told(text, events[0].at, len(events)))
    return found


def _same(line: Line) -> tuple[Any, ...]:
    event = line.event
    return told_as(line), event.name, event.actor_id, event.subject_type, event.subject_id
