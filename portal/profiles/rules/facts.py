"""What is written down about a reference: texts, words, how it is searched. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from portal.kernel.errors import Refusal, refuse_all
from portal.kernel.text import N_, clean, clean_line, fold
from portal.profiles.rules.refusals import DaysOver, DaysReversed, EvidenceMissing, TooManyDays, TooManyWords, YesOver
from portal.profiles.rules.states import WordKind

TEXT_LENGTH, WORD_LENGTH, REASON_LENGTH, NOTE_LENGTH = 4_000, 120, 500, 500
MOST_WORDS, MOST_BLACKOUTS = 30, 20
DEFAULT_TIER = 2
TIER_NAMES = {
    1: N_("1: every employee finds them by name"),
    2: N_("2: employees see what they do, and ask an admin who it is"),
    3: N_("3: admins and the owner of the account only"),
}
OWN_WORDS = (WordKind.LANGUAGE, WordKind.USE_CASE)
"""What a customer writes about themself on their own page."""


@dataclass(frozen=True)
class Facts:
    """What a profile says besides what its person does. ``words`` are by kind, as they were typed."""

    tier: int = DEFAULT_TIER
    time_zone: str = ""
    story: str = ""
    results: str = ""
    sensitivities: str = ""
    words: Mapping[WordKind, tuple[str, ...]] = field(default_factory=dict)


def tidy(facts: Facts) -> Facts:
    """Return the facts cleaned, cut to what columns hold. Refuses ``TooManyWords``."""
    story, results, careful = (clean(text).replace("\r\n", "\n")[:TEXT_LENGTH] for text in (facts.story, facts.results, facts.sensitivities))
    words = {kind: require_words(facts.words.get(kind, ()), kind) for kind in WordKind}
    return replace(facts, story=story, results=results, sensitivities=careful, words=words)


def split_words(typed: str) -> tuple[str, ...]:
    """Return the words of a line: between commas, semicolons or line breaks."""
    return tuple(one for part in clean(typed).replace(";", ",").replace("\n", ",").split(",") if (one := clean_line(part)))


def require_words(words: Iterable[str], kind: WordKind | None = None) -> tuple[str, ...]:
    """Return words without repetitions, in the order in which they were typed. Refuses too many and too long ones (``TooManyWords``)."""
    found: dict[str, str] = {}
    for word in (clean_line(one) for one in words):
        if word:
            found.setdefault(fold(word), word)
    if len(found) > MOST_WORDS or any(len(word) > WORD_LENGTH for word in found.values()):
        refusal = TooManyWords(most=MOST_WORDS, length=WORD_LENGTH)
        refusal.field = kind.value if kind else None
        raise refusal
    return tuple(found.values())


def search_text(facts: Facts) -> str:
    """Return what a plain search looks through, folded: story, results and words; never what to be careful about, nor whom they never meet."""
    told = [word for kind in WordKind if kind is not WordKind.NOT_FOR for word in facts.words.get(kind, ())]
    return fold("\n".join([facts.story, facts.results, *told]))


def require_days(first_on: date, last_on: date, today: date, there: int) -> None:
    """Refuse days off that end before they begin (``DaysReversed``), that are over (``DaysOver``), and too many (``TooManyDays``)."""
    if last_on < first_on:
        raise DaysReversed()
    if last_on < today:
        raise DaysOver()
    if there >= MOST_BLACKOUTS:
        raise TooManyDays(most=MOST_BLACKOUTS)


def require_shown(*, has_evidence: bool, until: date | None, today: date) -> None:
    """Refuse what staff write down of a consent where nothing shows it (``EvidenceMissing``), or where it is over (``YesOver``); both at once."""
    wrong: list[Refusal] = [] if has_evidence else [EvidenceMissing()]
    wrong += [YesOver("until")] if until is not None and until < today else []
    refuse_all(wrong)
