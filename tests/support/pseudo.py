"""A language of brackets: every translated message stands in ⟦…⟧, every value put into one in ⟪…⟫. What is left bare was never translated."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import _lru_cache_wrapper, cache
from html.parser import HTMLParser
from typing import Any
from zoneinfo import available_timezones

import babel.dates
import pytest
from babel import Locale
from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Session

from config import Settings
from portal.kernel.schema import Base
from portal.kernel.text import initials
from portal.people.models import Person
from portal.web import language
from portal.web.markdown import markdown
from tests.support.markup import SILENT, has_letters, words

OPEN, CLOSE = "⟦", "⟧"
FILL, END = "⟪", "⟫"
BRACKETS = re.compile(f"([{OPEN}{CLOSE}{FILL}{END}])")
PLACE = re.compile(r"%\(\w+\)[sd]")
# Attributes that are seen or heard, and those of our own that a script shows.
SPOKEN = {"aria-label", "aria-description", "aria-valuetext", "aria-roledescription", "title", "placeholder", "alt", "data-offline", "label"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "path", "use"}
BUTTONS = {"submit", "button", "reset"}
# What a row calls its own state, kind or action: a word for the programme, never for a reader.
NAMES = {"filename", "domain", "source", "code", "given_id"}
CODE = re.compile(r"[a-z0-9_.:*/-]*")
# E-mail and web addresses; the number of a page that could not be shown.
ADDRESS = re.compile(r"<?[^\s@]+@[^\s@]+\.[^\s@]+|https?://\S+|\b[0-9a-f]{16}\b")
SHORTEST = 3


def translated(message: str) -> str:
    """Return a message as the pseudo language has it: in brackets, and with brackets around what is put in."""
    return OPEN + PLACE.sub(lambda place: f"{FILL}{place.group()}{END}", message) + CLOSE


class PseudoTranslations:
    """Stands in for a catalogue, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def ugettext(self, text: str) -> str:
        self.asked.add(text)
        return translated(text)

    def ungettext(self, one: str, many: str, count: int) -> str:
        self.asked.add(one)
        return translated(one if count == 1 else many)

    gettext, ngettext = ugettext, ungettext


def speak_pseudo(monkeypatch: pytest.MonkeyPatch) -> PseudoTranslations:
    """Translate everything into the pseudo language, dates and spans of time with it; return what stands for the catalogue."""
    catalogue = PseudoTranslations()
    monkeypatch.setattr("flask_babel.Domain.get_translations", lambda _self: catalogue)

    def bracketed(form: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **kwargs: f"{OPEN}{form(*args, **kwargs)}{CLOSE}"

    # What other tests had written in another language is not looked up.
    for name, remembered in list(vars(language).items()):
        if type(remembered) is _lru_cache_wrapper:
            monkeypatch.setattr(language, name, remembered.__wrapped__)
    for name in ("_dated", "_length"):
        monkeypatch.setattr(language, name, bracketed(getattr(language, name)))
    for name in ("format_date", "format_datetime", "format_time", "format_timedelta"):
        form = bracketed(getattr(babel.dates, name))
        monkeypatch.setattr(babel.dates, name, form)
        monkeypatch.setattr(language, name, form)
    return catalogue


class _Page(HTMLParser):
    """Collects what is seen or heard of a page: texts in order, and attributes. What says ``translate="no"`` is left out, as are codes and keys."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.attributes: list[str] = []
        self._open: list[tuple[str, bool]] = [("", False)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_silent = self._open[-1][1] or tag in SILENT or ("translate", "no") in attrs
        if tag not in VOID:
            self._open.append((tag, is_silent))
        if not is_silent:
            self.attributes += _spoken(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        depth = max((at for at, (name, _) in enumerate(self._open) if name == tag), default=len(self._open))
        del self._open[depth:]

    def handle_data(self, data: str) -> None:
        if not self._open[-1][1]:
            self.texts.append(data)


def _spoken(tag: str, attributes: dict[str, str | None]) -> list[str]:
    """Return the attributes of an element that are seen, heard, or shown by a script."""
    spoken = set(SPOKEN)
    if tag == "input" and attributes.get("type") in BUTTONS:
        spoken.add("value")
    if tag == "meta" and attributes.get("name") == "description":
        spoken.add("content")
    return [value for name, value in attributes.items() if name in spoken and value]


def bare(pieces: Iterable[str]) -> Iterator[str]:
    """Yield what stands outside brackets, or was put into a message. A message may reach over several pieces, with tags between."""
    around: list[str] = []
    for piece in pieces:
        for part in BRACKETS.split(piece):
            if part in (OPEN, FILL):
                around.append(part)
            elif part in (CLOSE, END):
                del around[-1:]
            elif not around or around[-1] == FILL:
                yield part


class Known:
    """What a page may say without translation: what people wrote, the settings, names of time zones, addresses."""

    def __init__(self, session: Session, settings: Settings) -> None:
        points = settings.brand_points
        self.values: set[str] = {
            settings.brand_name,
            settings.brand_company,
            points,
            points.capitalize(),
            settings.mail_from,
        } | available_timezones()
        self.values |= {name.split()[0] for name in session.scalars(select(Person.name))}
        self.values |= {locale.get_display_name(locale) or "" for locale in [Locale.parse(settings.language)]}
        self._explained: set[str] = set()
        for value in _written(session):
            self.add(value)

    def add(self, *values: str) -> None:
        """Take what somebody wrote, in every shape in which a page shows it."""
        for value in values:
            self.values |= _shapes(value)

    def strangers(self, html: str) -> list[str]:
        """Return what a page says that was neither translated nor written by anybody."""
        page = _Page()
        page.feed(html)
        said = [*bare(page.texts), *(piece for value in page.attributes for piece in bare([value]))]
        return [text for piece in said if has_letters(piece) and (text := " ".join(piece.split())) and not self.explains(text)]

    def explains(self, text: str) -> bool:
        """Tell whether a piece of text is made of what is known. What is known grows only, so what it explained once it explains again."""
        if text not in self._explained and self._is_made_of_known(text):
            self._explained.add(text)
        return text in self._explained

    def _is_made_of_known(self, text: str) -> bool:
        if text in self.values or (text.endswith("…") and any(value.startswith(text[:-1]) for value in self.values)):
            return True
        rest = ADDRESS.sub("", text)
        for value in self._parts(text):
            rest = rest.replace(value, "")
        return not has_letters(rest)

    def _parts(self, text: str) -> list[str]:
        return sorted((value for value in self.values if len(value) >= SHORTEST and value in text), key=len, reverse=True)


@cache
def _shapes(value: str) -> frozenset[str]:
    """Return a text whole, line by line, as Markdown shows it, and as the initials of a name."""
    shown = [value, *value.splitlines(), *words(str(markdown(value))), initials(value), " ".join(value.split())]
    return frozenset(found for piece in shown if has_letters(found := piece.strip()))


def _written(session: Session) -> Iterator[str]:
    """Yield every text in every row, those inside JSON with them."""
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, String | JSON)]
        for row in session.execute(select(*columns)) if columns else ():
            for column, value in zip(columns, row, strict=True):
                yield from (text for text in texts(value) if column.name in NAMES or not CODE.fullmatch(text))


def texts(value: Any) -> Iterator[str]:
    """Yield every text inside a value that JSON could hold."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)
