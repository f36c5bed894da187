"""How templates become text: compiled once for each language, with whatever never changes in it written down already.

A page says a hundred texts, icons and addresses that its template alone decides. They are worked out when the template is compiled for a
language, and become part of what stands around them; drawing a page then only fills in what differs. A test compares every page of a
programme with what Jinja draws by itself.
"""

import re
from collections.abc import Callable, MutableMapping
from gettext import NullTranslations
from keyword import iskeyword
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from werkzeug.routing import BuildError

try:
    from markupsafe._speedups import _escape_inner as _escaped
except ImportError:  # pragma: no cover, a machine for which there is no compiled one
    from markupsafe._native import _escape_inner as _escaped

SAY, SAY_NUMBER = "_", "ngettext"
PLACE = re.compile(r"%\((\w+)\)s")
# Functions of ours that want nothing of the template they are called from, so that they may be called straight away.
DIRECT = {
    "asset",
    "badges_near",
    "brand_version",
    "celebrations",
    "chosen_theme",
    "csrf_token",
    "direction",
    "fill",
    "here",
    "icon",
    "_icon",
    "language_tag",
    "navigation",
    "own_balance",
    "say_number",
    "theme_attribute",
    "unread_notices",
    "url_for",
}


def drawn(value: Any) -> str:
    """Return a value as it stands in a page. What ``markupsafe.escape`` gives, without the class around it, which nothing asks for any more."""
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    return str(value) if kind is int else escape(value)


class PageContext(Context):
    """Jinja's context, which looks less long at what it calls: macros are most of it."""

    def call(self, called: Any, /, *args: Any, **values: Any) -> Any:
        """Call something from within a template."""
        if type(called) is not Macro:
            return super().call(called, *args, **values)
        values.pop("_block_vars", None)
        values.pop("_loop_vars", None)
        return called(self.eval_ctx, *args, **values)


class _Known(NodeTransformer):
    """Replaces calls that the template and the language alone decide by what they come to."""

    def __init__(self, environment: "PageEnvironment", texts: NullTranslations, taken: set[str]) -> None:
        self.environment, self.texts, self.taken = environment, texts, taken
        found: dict[str, Any] = dict(environment.globals)
        self.fixed: dict[str, Callable[..., Any]] = {name: found[name] for name in ("asset", "icon", "_icon")} | {"url_for": environment.address}

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        parts: list[nodes.Expr] = []
        for child in node.nodes:
            parts += self._said_around(child) or [self.visit(child)]
        return nodes.Output(parts, lineno=node.lineno)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        name = self._name(node)
        if name == SAY and (text := self._text(node)) is not None:
            if not node.kwargs:
                return nodes.Const(Markup(text) % {}, lineno=node.lineno)  # noqa: S704, ours
            node = nodes.Call(node.node, [nodes.Const(text, lineno=node.lineno)], node.kwargs, None, None, lineno=node.lineno)
            node.node = nodes.Name("fill", "load", lineno=node.lineno)
        elif name == SAY_NUMBER:
            node.node = nodes.Name("say_number", "load", lineno=node.lineno)
        elif name in self.fixed and not (node.dyn_args or node.dyn_kwargs):
            try:
                given = [self._constant(part) for part in node.args]
                named = {part.key: self._constant(part.value) for part in node.kwargs}
                return nodes.Const(self.fixed[name](*given, **named), lineno=node.lineno)
            except (nodes.Impossible, BuildError):
                pass
        return self.generic_visit(node)

    def _name(self, node: nodes.Node) -> str:
        """Return which of the functions that every template has is called, or nothing."""
        named = node.node.name if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) else ""
        return "" if named in self.taken else named

    def _text(self, node: nodes.Call) -> str | None:
        """Return the text of ``_("…")`` in this language."""
        plain = len(node.args) == 1 and isinstance(node.args[0], nodes.Const) and not (node.dyn_args or node.dyn_kwargs)
        return self.texts.gettext(node.args[0].value) if plain else None  # type: ignore[attr-defined]

    def _said_around(self, child: nodes.Node) -> list[nodes.Expr]:
        """Return the parts of a text and what is put in between, each to be drawn by itself; nothing where that is not what ``child`` is."""
        if self._name(child) != SAY or not isinstance(child, nodes.Call) or not child.kwargs or (text := self._text(child)) is None:
            return []
        values = {part.key: part.value for part in child.kwargs}
        pieces = PLACE.split(text)
        if "%" in "".join(pieces[::2]) or not set(pieces[1::2]) <= set(values):
            return []
        parts: list[nodes.Expr] = []
        for number, piece in enumerate(pieces):
            parts.append(self.visit(values[piece]) if number % 2 else nodes.Const(Markup(piece), lineno=child.lineno))  # noqa: S704, ours
        return parts

    def _constant(self, node: nodes.Expr) -> Any:
        if not isinstance(node, nodes.Const):
            raise nodes.Impossible()
        return node.value


class PageGenerator(CodeGenerator):
    """Jinja's generator, which writes calls of what is known to be a plain function as they are."""

    taken: set[str] = set()

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.taken = _taken(node)
        super().visit_Template(node, frame)
        self.writeline("from portal.web.drawing import drawn as escape")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if (
            name not in DIRECT
            or name in self.taken
            or forward_caller
            or node.dyn_args
            or node.dyn_kwargs
            or any(iskeyword(p.key) for p in node.kwargs)
        ):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        for number, part in enumerate([*node.args, *node.kwargs]):
            self.write(", " if number else "(")
            self.visit(part, frame)
        self.write(")" if node.args or node.kwargs else "()")


class PageEnvironment(Environment):
    """The templates of the portal. ``for_texts`` gives them as compiled for one language; mails use them as they are."""

    context_class = PageContext
    code_generator_class = PageGenerator
    texts: NullTranslations | None = None

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._spoken: dict[NullTranslations, PageEnvironment] = {}
        self._ready: dict[str, Template] = {}
        self.globals.update(fill=_fill)

    def for_texts(self, texts: NullTranslations) -> "PageEnvironment":
        """Return the templates in the language of ``texts``."""
        found = self._spoken.get(texts)
        if found is None:
            found = self.overlay()
            found.texts, found._ready = texts, {}
            found = self._spoken.setdefault(texts, found)
        return found

    def address(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page that needs nothing else to be known. Raises ``BuildError`` where that is not so."""
        if endpoint.startswith(".") or not isinstance(self.app, Flask) or any(name.startswith("_") for name in values):
            raise nodes.Impossible()
        return self.app.url_map.bind("").build(endpoint, values)

    def make_globals(self, own: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Give templates the globals themselves. Jinja would put them in a chain, which is slow to copy for each page."""
        return {**self.globals, **own} if own else self.globals

    def get_template(self, name: Any, parent: str | None = None, globals: MutableMapping[str, Any] | None = None) -> Template:
        """Return a template; one that was read before at once, unless it may have changed."""
        if globals or self.auto_reload or type(name) is not str:
            return super().get_template(name, parent, globals)
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = super().get_template(name, parent)
        return found

    def _generate(self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False) -> str:
        is_escaped = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        if self.texts is not None and is_escaped:
            source = _Known(self, self.texts, _taken(source)).visit(source)
        return super()._generate(source, name, filename, defer_init)


def _taken(source: nodes.Template) -> set[str]:
    """Return the names that a template gives to things of its own, which may be those of functions that every template has."""
    names = {node.name for node in source.find_all(nodes.Name) if node.ctx != "load"}
    names |= {node.name for node in source.find_all(nodes.Macro)} | {node.target for node in source.find_all(nodes.Import)}
    return names | {name if isinstance(name, str) else name[1] for node in source.find_all(nodes.FromImport) for name in node.names}


def _fill(text: str, /, **values: Any) -> Markup:
    return Markup(text) % values  # noqa: S704, a text of ours, and what is put in is escaped


def init(app: Flask) -> None:
    """Let the application draw its pages so. Before anything asks for its templates."""
    app.jinja_environment = PageEnvironment  # type: ignore[assignment]
