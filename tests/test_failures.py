"""The index of what failed elsewhere: every number has a sentence, and tests that exist and say something."""

import ast
import tomllib
from pathlib import Path

import pytest

from config import ROOT

INDEX = tomllib.loads(Path(__file__).with_name("failures.toml").read_text())["failure"]
NUMBERS = range(17, 50)


def test_every_failure_is_there_once_in_order_and_in_words() -> None:
    assert [one["number"] for one in INDEX] == list(NUMBERS)
    for one in INDEX:
        assert one["failed"].endswith("."), one["number"]
        assert len(set(one["held_by"])) == len(one["held_by"]) > 0, one["number"]


@pytest.mark.parametrize("one", INDEX, ids=lambda one: str(one["number"]))
def test_each_test_that_holds_a_failure_is_there_runs_and_asserts(one: dict[str, object]) -> None:
    for name in one["held_by"]:  # type: ignore[attr-defined]
        path, _, wanted = name.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == wanted]
        assert len(found) == 1, name
        marks = {part.attr for mark in found[0].decorator_list for part in ast.walk(mark) if isinstance(part, ast.Attribute)}
        assert not marks & {"skip", "skipif", "xfail"}, name
        says = (isinstance(node, ast.Assert) or getattr(node, "attr", "") == "raises" for node in ast.walk(found[0]))
        assert any(says), name
