"""Text: the marker for translatable sentences, and canonical forms of what people type."""

import re
import unicodedata
from functools import lru_cache

JOINERS = "\u200c\u200d"


def N_(message: str) -> str:
    """Mark ``message`` for translation where it is written; it is translated where it is shown."""
    return message


def clean(text: str | None) -> str:
    """Return ``text`` in NFC with control characters out and white space at the ends gone.

    Joiners stay where they spell something, as in Persian, Hindi and emoji of several parts: between two
    characters beyond ASCII. Elsewhere an invisible character only makes two names look like one.
    """
    text = unicodedata.normalize("NFC", text or "")
    return "".join(c for at, c in enumerate(text) if c in "\n\t" or unicodedata.category(c)[0] != "C" or _joins(text, at)).strip()


def _joins(text: str, at: int) -> bool:
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return text[at] in JOINERS and len(around) == 2 and not any(c.isascii() or c.isspace() or c in JOINERS for c in around)


def clean_line(text: str | None) -> str:
    """Return ``text`` cleaned and on one line, runs of white space folded."""
    return re.sub(r"\s+", " ", clean(text))


def normal_email(address: str | None) -> str | None:
    """Return the form in which two spellings of one address are equal, or None for none."""
    return clean_line(unicodedata.normalize("NFKC", address or "")).casefold() or None


def fold(text: str) -> str:
    """Return ``text`` for searching: no accents, no case, no joiners."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c) and c not in JOINERS).casefold()


@lru_cache(maxsize=10_000)
def initials(name: str) -> str:
    """Return up to two initials for an avatar, both of one script; "?" where there is no letter or digit."""
    words = [w for w in (re.sub(r"[^\w]", "", part) for part in name.split()) if w]
    if not words:
        return "?"
    first, alike = words[0][0], [word[0] for word in words[1:] if _script(word[0]) == _script(words[0][0])]
    return (first + "".join(alike[-1:])).upper()


def _script(letter: str) -> str:
    """Return the first word of a character's name, which is its script: LATIN, ARABIC, CJK."""
    return unicodedata.name(letter, "").split(" ")[0]


def like_pattern(term: str) -> str:
    """Return a LIKE pattern that finds ``term`` anywhere; use it with ``escape="\\\\"``."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
