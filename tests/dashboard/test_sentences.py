"""Every event that a room records can be read as a sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config import ROOT
from portal.acts.rules.asks import Came
from portal.challenges.rules.states import Outcome
from portal.dashboard.sentences import EVENTS, IMPORTED, NUMBERED, SUBJECTS, facts_of, sentence_for
from portal.references.rules.states import State as NominationState
from portal.rewards.rules.states import State as RedemptionState

# Names that are put together where they are recorded.
MADE = {f"submission.{outcome}" for outcome in Outcome} | {f"redemption.{state}" for state in RedemptionState if state != "requested"}
MADE |= {f"ask.{came}" for came in Came} | {f"{of}.{what}" for of in ("person", "company") for what in ("ask_blocked", "ask_block_lifted")}
MADE |= {"person.ask_block_kept"}
BEGINNINGS = {name.split(".")[0] for name in EVENTS}
NAME = re.compile(r"[a-z_]+\.[a-z_]+")


def _recorded(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (event, subject type) of what a file records; reasons of the ledger and pages of the menu look alike and are left out."""
    source = path.read_text()
    if "audit" not in source and "record_audit" not in source:
        return
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    addresses = {id(given) for call in calls if getattr(call.func, "id", "") == "NavItem" for given in call.args}
    reasons = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "reason"} | addresses
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in reasons
            and NAME.fullmatch(str(node.value))
            and str(node.value).split(".")[0] in BEGINNINGS
        ):
            yield str(node.value), ""
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "record" and len(node.args) > 3:
            yield "", node.args[3].value if isinstance(node.args[3], ast.Constant) else ""
        if isinstance(node, ast.keyword) and node.arg == "subject" and isinstance(node.value, ast.Constant):
            yield "", node.value.value


def _all_recorded() -> set[tuple[str, str]]:
    return {found for path in (ROOT / "portal").rglob("*.py") for found in _recorded(path)}


def test_every_recorded_event_has_a_sentence() -> None:
    assert {event for event, _subject in _all_recorded() if event} - set(EVENTS) == set()
    assert MADE - set(EVENTS) == set()


def test_every_subject_can_be_filtered_by() -> None:
    assert {subject for _event, subject in _all_recorded() if subject} - set(SUBJECTS) == set()


def test_what_has_no_name_has_a_number() -> None:
    assert set(NUMBERED) <= set(SUBJECTS)
    assert NominationState.ACCEPTED in {name.split(".")[1] for name in EVENTS}


def test_an_import_does_not_claim_that_its_admin_took_part() -> None:
    assert set(IMPORTED) <= set(EVENTS)
    facts = facts_of("Katja Brandt", "“Walking Boy” (submission 7)", "submission.sent", {})
    assert sentence_for("submission.sent", "import") % facts == "Katja Brandt imported an answer to “Walking Boy” (submission 7)"
    assert sentence_for("submission.sent", "127.0.0.1") % facts == "Katja Brandt sent “Walking Boy” (submission 7) for approval"


def test_an_event_that_recorded_nothing_can_still_be_read() -> None:
    assert {event: said for event, sentence in EVENTS.items() if "%(" in (said := sentence % facts_of("Katja", "this", event, {}))} == {}


def test_what_was_recorded_never_stands_in_for_who_acted() -> None:
    assert EVENTS["person.added"] % facts_of("Katja", "Dev", "person.added", {"who": "somebody else"}) == "Katja added Dev"
