"""Kinds of stage, as tables: what is stored, what completes a step, what is refused by name."""

from dataclasses import replace
from typing import Any

import pytest

from config import ROOT
from portal.challenges.forms.answering import StepForm
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.addresses import StepLinkInvalid
from portal.challenges.stages.answer import MAX_LENGTH, AnswerTooLong, AnswerTooShort
from portal.challenges.stages.contract import ANSWER, Step, Stored, file_control
from portal.challenges.stages.link import LinkElsewhere, LinkInvalid
from portal.challenges.stages.nps import ScoreMissing, score_of
from portal.challenges.stages.registry import KINDS, stage_kind
from portal.challenges.stages.upload import VideoExpected
from portal.challenges.stages.visit import StepLinkMissing
from portal.files.receiving import Received
from portal.kernel.errors import NotFound, Refusal

TEMPLATES = ROOT / "templates"
RECEIVED = Received(storage_name="a" * 32, filename="proof.png", media_type="image/png", purpose="document", size=123, sha256="b" * 64)


class Kept:
    """A file that was accepted."""

    id, filename, size, is_image = 7, "proof.png", 123, True


def keep(received: Received) -> Stored:
    assert received == RECEIVED
    return Kept()


def refuse(_received: Received) -> Stored:
    raise AssertionError("nothing to keep")


@pytest.mark.parametrize(
    ("kind", "options", "given", "problem"),
    [
        ("confirm", {}, True, None),
        ("confirm", {}, False, StepMissing),
        ("visit", {}, True, None),
        ("visit", {}, False, StepMissing),
        ("answer", {}, "Fine", None),
        ("answer", {}, " \n ", StepMissing),
        ("answer", {"min_length": 5}, "Four", AnswerTooShort),
        ("answer", {"min_length": 4}, "Four", None),
        ("answer", {}, "x" * MAX_LENGTH, None),
        ("answer", {}, "x" * (MAX_LENGTH + 1), AnswerTooLong),
        ("link", {}, "https://g2.com/r/1", None),
        ("link", {}, "g2.com/r/1", None),
        ("link", {}, "", StepMissing),
        ("link", {}, "https://localhost/r/1", LinkInvalid),
        ("link", {}, "javascript:alert(1)", LinkInvalid),
        ("link", {}, "ftp://g2.com/r/1", LinkInvalid),
        ("link", {}, "https://user@g2.com/r/1", LinkInvalid),
        ("link", {}, "https://[broken/", LinkInvalid),
        ("link", {}, "https://g2.com:99999/", LinkInvalid),
        ("link", {"host": "g2.com"}, "https://www.g2.com/r/1", None),
        ("link", {"host": "www.g2.com"}, "https://g2.com/r/1", None),
        ("link", {"host": "g2.com"}, "https://notg2.com/r/1", LinkElsewhere),
        ("link", {"host": "g2.com"}, "https://g2.com.evil.example/", LinkElsewhere),
        ("upload", {}, None, StepMissing),
    ],
)
def test_what_completes_a_step(kind: str, options: dict[str, Any], given: Any, problem: type[Refusal] | None) -> None:
    step = Step("Step", options)
    value = stage_kind(kind).read(step, {ANSWER: given}, {}, refuse)
    told = stage_kind(kind).problem(step, value)
    assert type(told) is (problem or type(None))


@pytest.mark.parametrize(
    ("typed", "score"),
    [
        ("0", 0),
        ("10", 10),
        ("7", 7),
        ("", None),
        ("11", None),
        ("-1", None),
        ("7.5", None),
        ("seven", None),
        ("٧", None),
        ("007", None),
        (None, None),
    ],
)
def test_an_nps_answer_is_a_whole_number_from_0_to_10_or_none(typed: str | None, score: int | None) -> None:
    kind, step = stage_kind("nps"), Step("Step")
    value = kind.read(step, {"score": typed, "why": " Fast\r\nhelp "}, {}, refuse)
    assert (score_of(value), value["why"]) == (score, "Fast\nhelp")
    assert type(kind.problem(step, value)) is (ScoreMissing if score is None else type(None))


@pytest.mark.parametrize("stored", [True, "8", 8.0, 12, None])
def test_only_a_whole_number_on_the_scale_counts_as_a_score(stored: Any) -> None:
    assert score_of({"score": stored}) is None
    assert type(stage_kind("nps").problem(Step("Step"), {"score": stored})) is ScoreMissing


def test_an_nps_step_pays_for_the_answer_and_needs_nobody_who_looks() -> None:
    assert not stage_kind("nps").needs_check
    assert not any("points" in name for name in stage_kind("nps").options)


def test_what_the_team_confirms_is_done_when_the_member_says_so_and_not_by_saving() -> None:
    kind, step = stage_kind("checked"), Step("Step")
    saved = kind.read(step, {"note": "I was there"}, {}, refuse)
    assert type(kind.problem(step, saved)) is StepMissing
    said = kind.finish(step, saved, {})
    assert (kind.problem(step, said), said) == (None, {"note": "I was there", "is_said": True})
    assert kind.read(step, {"note": ""}, said, refuse) == {"note": "", "is_said": True}
    assert kind.needs_check


def test_a_link_without_a_scheme_gets_one() -> None:
    assert stage_kind("link").read(Step("Step"), {ANSWER: " g2.com/r/1 "}, {}, refuse) == {"url": "https://g2.com/r/1"}


def test_an_upload_keeps_the_former_file_until_a_new_one_comes() -> None:
    kind, step = stage_kind("upload"), Step("Step", {"purpose": "document"})
    first = kind.read(step, {ANSWER: RECEIVED}, {}, keep)
    assert first == {"file_id": 7, "name": "proof.png", "size": 123, "is_image": True}
    assert kind.problem(step, first) is None
    assert kind.read(step, {}, first, refuse) == first
    assert kind.read(step, {ANSWER: RECEIVED}, first, keep) == first


@pytest.mark.parametrize(
    ("options", "flaw"),
    [
        ({}, StepLinkMissing),
        ({"link": "https://events.example/summit?from=us"}, None),
        ({"link": "events.example"}, StepLinkInvalid),
        ({"link": "javascript:alert(1)//a.example"}, StepLinkInvalid),
        ({"link": "https://user:pass@events.example/"}, StepLinkInvalid),
        ({"link": "https://localhost/"}, StepLinkInvalid),
        ({"link": "https://events.example:99999/"}, StepLinkInvalid),
        ({"link": "data:text/html,x"}, StepLinkInvalid),
    ],
)
def test_a_button_leads_to_a_page(options: dict[str, Any], flaw: type[Refusal] | None) -> None:
    assert type(stage_kind("visit").flaw(Step("Step", options))) is (flaw or type(None))


def test_where_a_video_is_asked_for_nothing_else_is_taken() -> None:
    kind, step = stage_kind("upload"), Step("Step", {"purpose": "video"})
    with pytest.raises(VideoExpected):
        kind.read(step, {ANSWER: RECEIVED}, {}, refuse)
    clip = replace(RECEIVED, media_type="video/webm", filename="clip.webm")
    value = kind.read(step, {ANSWER: clip}, {}, lambda _received: Kept())
    assert (value["is_video"], kind.problem(step, value)) == (True, None)


@pytest.mark.parametrize(
    ("options", "purpose"),
    [({}, "image"), ({"purpose": "document"}, "document"), ({"purpose": "video"}, "document"), ({"purpose": "weapon"}, "image")],
)
def test_an_upload_says_what_its_file_is_for_before_it_is_received(options: dict[str, Any], purpose: str) -> None:
    name, control = file_control(stage_kind("upload"), Step("Step", options)) or ("", None)
    assert (name, control and control.purpose) == (ANSWER, purpose)


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound):
        stage_kind("poem")


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_keeps_the_contract(key: str) -> None:
    kind = stage_kind(key)
    assert kind.key == key
    controls = kind.controls(Step("Step"))
    assert all(control.label for control in controls.values())
    assert not set(controls) & set(dir(StepForm))
    assert set(kind.shown({})) <= set(controls)
    assert kind.problem(Step("Step"), {}) is not None
    assert [bool(control.purpose) for control in controls.values()] == [control.kind == "file" for control in controls.values()]
    assert sum(control.kind == "file" for control in controls.values()) <= 1
    for template in filter(None, (kind.shown_by, kind.asked_by, kind.waits_by)):
        assert (TEMPLATES / template).is_file()
