"""Words of a search: what of a typed text is looked for. Operators and quotes mean nothing, so that nothing that is typed can break a search."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from portal.kernel.text import fold

MOST_WORDS, LONGEST = 8, 40
_WORD = re.compile(r"[^\W_]+")
# Words that say nothing of a worry, in English and German; a text of nothing else is looked for as it is.
_ENGLISH = """a about an and any are as at be by can do does for from has have how i if in into is it its me my no not of off on or our out so than
that the their them they this to up us was we what when where which who why will with without you your"""
_GERMAN = """aber als am an auf aus bei das dass dem den der des die ein eine einen einer es fur im in ist mit nicht oder ohne sich und uns unser
von vor was wie wir zu zum zur"""
_EMPTY = frozenset(f"{_ENGLISH} {_GERMAN}".split())


@dataclass(frozen=True)
class Asked:
    """Folded words that are looked for; the last may be only begun. ``typed`` are the same as they were typed, in small letters.

    For an engine that folds accents of Latin letters alone: there a Greek or Cyrillic word is found as it is written.
    """

    words: tuple[str, ...]
    typed: tuple[str, ...] = ()

    @property
    def whole(self) -> tuple[str, ...]:
        return self.words[:-1]

    @property
    def begun(self) -> str:
        return self.words[-1] if self.words else ""

    def __bool__(self) -> bool:
        return bool(self.words)

    def found_in(self, there: frozenset[str]) -> tuple[str, ...]:
        """Return which of the words a text of these words holds."""
        found = [word for word in self.whole if word in there]
        begun = self.begun
        if begun and (begun in there or any(word.startswith(begun) for word in there)):
            found.append(self.begun)
        return tuple(found)


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded: letters and digits, all else parts them."""
    return _WORD.findall(text.lower() if text.isascii() else fold(text))


def asked_for(text: str) -> Asked:
    """Return what a typed text looks for: its first words that say something, each once."""
    typed: dict[str, str] = {}
    for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold()):
        for folded in words_of(word):
            typed.setdefault(folded[:LONGEST], word[:LONGEST])
    telling = [word for word in typed if word not in _EMPTY]
    chosen = tuple((telling or list(typed))[:MOST_WORDS])
    return Asked(chosen, tuple(typed[word] for word in chosen))


def telling_words(*texts: str) -> frozenset[str]:
    """Return the words of texts that say something."""
    return frozenset(words_of(" ".join(texts))) - _EMPTY


def jaccard(one: Iterable[str], other: Iterable[str]) -> float:
    """Return what two sets have in common, of what they have together: 0 to 1. Two empty ones have nothing in common."""
    these, those = frozenset(one), frozenset(other)
    return len(these & those) / len(these | those) if these or those else 0.0
