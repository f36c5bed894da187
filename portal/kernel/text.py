"""Text: the marker for translatable sentences, and canonical forms of what people type."""

import re
import unicodedata
from functools import lru_cache


def N_(message: str) -> str:
    """Mark ``message`` for translation where it is written; it is translated where it is shown."""
    return message


def clean(text: str | None) -> str:
    """Return ``text`` in NFC with control characters out and white space at the ends gone."""
    text = unicodedata.normalize("NFC", text or "")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C").strip()


def clean_line(text: str | None) -> str:
    """Return ``text`` cleaned and on one line, runs of white space folded."""
    return re.sub(r"\s+", " ", clean(text))


def normal_email(address: str | None) -> str | None:
    """Return the form in which two spellings of one address are equal, or None for none."""
    return clean_line(unicodedata.normalize("NFKC", address or "")).casefold() or None


def fold(text: str) -> str:
    """Return ``text`` for searching: no accents, no case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=10_000)
def initials(name: str) -> str:
    """Return up to two initials for an avatar; "?" where there is no letter or digit."""
    words = [w for w in (re.sub(r"[^\w]", "", part) for part in name.split()) if w]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]] if words else ["?"]
    return "".join(letters).upper()


def like_pattern(term: str) -> str:
    """Return a LIKE pattern that finds ``term`` anywhere; use it with ``escape="\\\\"``."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
