"""Phrases of rules in the reader's language."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from portal.audience.kinds.contract import Phrase, Word
from portal.web.language import day, number

MOST_NAMED = 8


def say(phrase: Phrase) -> str:
    """Return a phrase as a sentence."""
    return str(_(phrase.text, **{name: _shown(fact) for name, fact in phrase.facts.items()}))


def either(words: Sequence[str]) -> str:
    """Return “a, b or c”; of a long list the first eight and how many more."""
    if len(words) > MOST_NAMED:
        return str(_("%(some)s or one of %(more)s more", some=", ".join(words[:MOST_NAMED]), more=number(len(words) - MOST_NAMED)))
    if len(words) > 1:
        return str(_("%(some)s or %(last)s", some=", ".join(words[:-1]), last=words[-1]))
    return words[0] if words else "–"


def _shown(fact: Any) -> str:
    if isinstance(fact, Phrase):
        return say(fact)
    if isinstance(fact, Word):
        return str(_(fact.text))
    if isinstance(fact, date):
        return day(fact)
    if isinstance(fact, int):
        return number(fact)
    if isinstance(fact, list | tuple):
        return either([_shown(part) for part in fact])
    return "–" if fact is None else str(fact)


def init(app: Flask) -> None:
    """Offer ``|phrase`` to the templates that show a rule in words."""
    app.jinja_env.filters["phrase"] = say
