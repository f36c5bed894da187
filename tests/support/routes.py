"""Every route of the portal as an address one can open, so that a new page joins the tests by itself."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def sample_values(rule: Rule, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every part of a rule: ``known`` by name, otherwise one that the converter takes."""

    def value(name: str, converter: Any) -> Any:
        if name in known:
            return known[name]
        if isinstance(converter, AnyConverter):
            return sorted(converter.items)[0]
        return 1 if isinstance(converter, NumberConverter) else "x"

    return {name: value(name, converter) for name, converter in rule._converters.items()}


def routes(app: Flask, methods: frozenset[str], known: Mapping[str, Any] | None = None) -> list[tuple[str, str, str]]:
    """Return (endpoint, method, path) for every route that answers one of ``methods``."""
    # A list, not a generator: an open request context would lend its ``g`` to every request made meanwhile.
    with app.test_request_context():
        router = app.url_map.bind("localhost")
        return [
            (rule.endpoint, method, router.build(rule.endpoint, sample_values(rule, known or {}), method=method))
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) & methods)
        ]
