"""Reading templates and pages as a judge: what text stands in them, and was it made translatable."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

from config import ROOT

TEMPLATES = ROOT / "templates"
SPOKEN = {"aria-label", "title", "placeholder", "alt"}
SILENT = {"script", "style", "kbd", "code"}
TRANSLATES = {"_", "gettext", "ngettext"}
HOLE = "\ue000"
SENTENCE = re.compile(r"[A-Z][a-z’']*([ ,.:?…]|$)")


def pages() -> list[Path]:
    """Return every template of the portal's pages; mails are read by people too, but have no tags to judge."""
    return sorted(path for path in TEMPLATES.rglob("*.html") if "emails" not in path.relative_to(TEMPLATES).parts)


def without_expressions(source: str) -> str:
    """Return a template's own markup, with a hole where an expression or a statement stands."""
    kept = []
    for _line, kind, value in Environment().lex(source):
        if kind == "data":
            kept.append(value)
        elif kind in ("variable_end", "block_end"):
            kept.append(HOLE)
    return "".join(kept)


class _Words(HTMLParser):
    """Collects text that a person would see or hear."""

    def __init__(self, silent: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.not_heard, self.silent = silent, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.not_heard
        self.found += [value for name, value in attrs if name in SPOKEN and value and not self.silent]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.not_heard

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def words(markup: str, *, silent: set[str] = SILENT) -> list[str]:
    """Return the pieces of text in ``markup``, spoken attributes with them."""
    parser = _Words(silent)
    parser.feed(markup)
    return parser.found


def has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def bare_literals(source: str) -> Iterator[str]:
    """Yield string literals in a template's expressions that look like a sentence or a title and are not translated."""
    yield from _bare(Environment(extensions=["jinja2.ext.do"]).parse(source))


def _bare(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATES:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and SENTENCE.match(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _bare(child)
