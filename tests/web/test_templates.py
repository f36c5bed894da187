"""Every template, read as text: layouts, language, policy, direction, icons."""

import json
import re
from collections.abc import Callable, Iterable, Iterator

from jinja2 import Environment, nodes

from config import ROOT
from portal.menu import NAVIGATION
from tests.support.markup import HOLE, TEMPLATES, bare_literals, has_letters, pages, without_expressions, words

PAGES = pages()
ICONS = set(json.loads((ROOT / "static" / "src" / "icons.json").read_text()))
PHYSICAL = re.compile(
    r"^(?:[a-z-]+:)*-?(?:m[lr]|p[lr]|left|right|border-[lr]|rounded-(?:[lr]|[tb][lr])|scroll-m[lr]|scroll-p[lr])-|^(?:[a-z-]+:)*(?:text|float|clear)-(?:left|right)$"
)


def _found_in_pages(look: Callable[[str], Iterable[str]]) -> dict[str, list[str]]:
    """Return what ``look`` finds wrong in the text of each template: all of them in one test, since two thousand tests of a line cost more."""
    found = {str(path.relative_to(TEMPLATES)): sorted(look(path.read_text())) for path in PAGES}
    return {name: wrong for name, wrong in found.items() if wrong}


def test_a_template_extends_a_layout_or_is_a_part() -> None:
    whole = [path for path in PAGES if not path.name.startswith("_")]
    assert [str(path) for path in whole if not re.match(r"\s*(?:\{#.*?#\}\s*)?\{% extends ", path.read_text(), re.DOTALL)] == []


def test_all_visible_text_is_translated() -> None:
    def bare(source: str) -> Iterator[str]:
        yield from (text.replace(HOLE, "…").strip() for text in words(without_expressions(source)) if has_letters(text.replace(HOLE, "")))
        yield from bare_literals(source)

    assert _found_in_pages(bare) == {}


def test_no_style_or_script_stands_inline() -> None:
    def inline(source: str) -> Iterator[str]:
        markup = without_expressions(source)
        yield from re.findall(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", markup)
        yield from (tag for tag in re.findall(r"<script[^>]*>", markup) if "src=" not in tag)

    assert _found_in_pages(inline) == {}


def test_only_logical_classes_are_used() -> None:
    assert _found_in_pages(lambda source: [token for token in re.split(r"[\s\"'{}()]+", source) if PHYSICAL.match(token)]) == {}


def test_every_icon_is_in_the_sprite() -> None:
    assert _found_in_pages(lambda source: _icons(source) - ICONS) == {}


def test_icons_of_the_navigation_are_in_the_sprite() -> None:
    assert {item.icon for item in NAVIGATION} <= ICONS


def _icons(source: str) -> set[str]:
    """Return the names of icons in a template: literals in the first argument of icon() and ui.empty(), and in ``symbol=``."""
    found: set[str] = set()
    for call in Environment(extensions=["jinja2.ext.do"]).parse(source).find_all(nodes.Call):
        called = call.node.name if isinstance(call.node, nodes.Name) else getattr(call.node, "attr", "")
        arguments = list(call.args[:1]) if called in ("icon", "_icon", "empty") else []
        arguments += [kwarg.value for kwarg in call.kwargs if kwarg.key == "symbol" or (kwarg.key == "icon" and called in ("field", "empty"))]
        for argument in arguments:
            found |= set(_names(argument))
    return found


def _names(argument: nodes.Node) -> list[str]:
    """Return the strings an argument may become: a literal, a branch of a choice, a value of a dictionary."""
    if isinstance(argument, nodes.Const):
        return [argument.value] if isinstance(argument.value, str) else []
    if isinstance(argument, nodes.CondExpr):
        return _names(argument.expr1) + (_names(argument.expr2) if argument.expr2 else [])
    if isinstance(argument, nodes.Getitem):
        return _names(argument.node)
    if isinstance(argument, nodes.Dict):
        return [name for pair in argument.items for name in _names(pair.value)]
    if isinstance(argument, nodes.Call) and isinstance(argument.node, nodes.Getattr):
        return _names(argument.node.node) + [name for default in argument.args[1:] for name in _names(default)]
    return []
