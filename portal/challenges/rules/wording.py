"""Words that ask for a good review instead of an honest one. None may stand in a challenge, whatever it is worth.

A reward for praise is forbidden by law (16 CFR 465.4 in the United States, the DMCC Act in the United Kingdom), and the
sites refuse reviews that were asked for so, rewarded or not. Read in English and German, and five stars in French and Spanish
too, sentence by sentence; what offers both ways ("good or bad"), tells of the past ("we were given five stars") or says no ("we
do not ask for five stars") is left alone. It stops what somebody would write in good faith, not who is out to get around it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line


class UnfairWording(Refusal):
    """A phrase asks for praise. ``field`` is the form field it stands in."""

    message = N_(
        "“%(phrase)s” asks for a good review. Points may never depend on praise, and review sites refuse such reviews: ask for an honest one."
    )

    def __init__(self, *, field: str | None, phrase: str) -> None:
        super().__init__(phrase=phrase)
        self.field = field  # type: ignore[misc]


class AsksForRating(UnfairWording):
    """It asks for stars or marks."""

    message = N_("“%(phrase)s” asks for a certain rating. What somebody is given may never depend on how they rate: ask for an honest review.")


class AsksForPraise(UnfairWording):
    """It asks for kind words."""


class AsksTheHappyOnly(UnfairWording):
    """It asks only those who are content."""

    message = N_("“%(phrase)s” asks only those who are happy. Review sites and the law want everybody asked alike: leave the condition out.")


class PaysForRating(UnfairWording):
    """It lets a reward depend on the rating."""

    message = N_("“%(phrase)s” lets a reward depend on the rating. The same points go to everybody who reviews, however they rate.")


class HidesCriticism(UnfairWording):
    """It asks to leave out what is bad."""

    message = N_("“%(phrase)s” asks to leave criticism out. A review says what is good and what is not: ask for an honest one.")


@dataclass(frozen=True)
class Found:
    """A phrase that may not stand, as it was written, and what it is refused as."""

    phrase: str
    refusal: type[UnfairWording]


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_BEST = _any("5", "five", "fünf", "fuenf", r"4[.,]5", "4", "four", "vier")
_STARS = _any(
    rf"(?<![\d.,])(?<!\bup to )(?<!\bbis zu ){_BEST}\s?\+?[ -]?(?:(?:shiny|full|whole|volle|ganze|goldene|golden)\s)?"
    r"(?:stars?|\*|sternen?)(?!\w)(?![ -](?:hotel|resort|restaurant|general|venue|lunch|dinner|menu|chef|event|partner|programm?e?\b|haus|küche))",
    "(?<![★⭐️])[★⭐]️?(?:[★⭐]️?){2,9}",
    r"\*{5}",
    r"(?<![\d/.])5\s?/\s?5(?![\d/]|\.\d)",
    r"(?<![\d/.])10\s?/\s?10(?![\d/]|\.\d)",
    rf"\b{_any('5', 'five')} out of {_any('5', 'five')}\b",
    rf"\b{_any('10', 'ten')} out of {_any('10', 'ten')}\b",
    r"\b(?:full|top|highest|maximum|perfect)(?: possible)? (?:marks|score|rating|stars)\b",
    r"\bhighest(?: possible)? (?:number of )?stars\b",
    r"\ball (?:the )?(?:5|five) stars\b",
    r"\b(?:bestnote|höchstwertung|höchstnote|bestbewertung|volle punktzahl|volle sternezahl|alle sterne|höchste bewertung|beste bewertung)\b",
)
_NOUN = _any(
    r"reviews?\b",
    r"ratings?\b",
    r"testimonials?\b",
    r"feedback\b",
    r"scores?\b",
    r"evaluations?\b",
    r"recommendations?\b",
    r"marks\b",
    r"quotes?\b",
    r"words\b",
    r"write-ups?\b",
)
_NOUN_DE = _any(
    r"bewertung(?:en)?\b",
    r"rezension(?:en)?\b",
    r"kritik(?:en)?\b",
    r"rückmeldung(?:en)?\b",
    r"feedback\b",
    r"reviews?\b",
    r"kundenstimmen?\b",
    r"beurteilung(?:en)?\b",
    r"empfehlung(?:en)?\b",
    r"kommentare?\b",
    r"worte\b",
    r"noten?\b",
)
_GOOD = _any(
    *("great", "good", "positive", "glowing", "excellent", "amazing", "awesome", "stellar", "rave", "raving", "fantastic", "nice", "kind"),
    *("favou?rable", "flattering", "perfect", "outstanding", "wonderful", "brilliant", "best", "super", "superb", "lovely", "shining", "warm"),
    *("enthusiastic", "high", "top", "terrific", "sparkling", "happy", "complimentary"),
)
_GOOD_DE = (
    _any(
        *("gut", "toll", "positiv", "hervorragend", "sehr gut", "best", "großartig", "grossartig", "schön", "nett", "lobend", "begeistert"),
        *("ausgezeichnet", "perfekt", "exzellent", "super", "klasse", "fantastisch", "freundlich", "wohlwollend", "glänzend", "spitzen"),
    )
    + "(?:en|er|es|em|e)?"
)
_ASK = r"\b" + _any(
    *("give", "giving", "leave", "leaving", "write", "writing", "post", "posting", "rate", "rating", "award us", "drop", "submit", "submitting"),
    *("we need", "we want", "we(?:'d| would) (?:love|like|appreciate)", "we love", "deserves?", "earn us", "help us (?:get|reach|earn|keep|win)"),
    *("looking for", "ask(?:ing)? (?:you )?for", "hop(?:e|ing) for", "click", "choose", "select", "tap", "press", "pick", "vote", "send us", "share"),
    *("make (?:it|yours)", "record", "publish", "provide", "add", "get your", "score us", "grant"),
)
_ASK_DE = r"\b" + _any(
    *("gib", "gebt", "geben", "bewerte\\w*", "hinterlass\\w*", "hinterlässt", "schreib\\w*", "verfass\\w*", "vergib", "vergebt", "vergeben"),
    *(
        "wünschen uns",
        "freuen uns",
        "bitten",
        "brauchen",
        "verdien\\w+",
        "klick\\w*",
        "wähl\\w*",
        "poste\\w*",
        "schenk\\w*",
        "teile\\w*",
        "hilf\\w* uns",
    ),
    *("sende\\w*", "schick\\w*", "abgeben", "veröffentlich\\w*"),
)
_EARNS = _any("earns?", "gets?", "wins?", "pays?", "is worth", "bringt", "erhält", "bekommt", "bekommst")
_UP = r"(?:or|and|oder|und) (?:more|higher|above|better|up|10|ten|mehr|besser|höher)\b"
_NOT_OURS = r"(?<!\bour )(?<!\bour many )(?<!\bunsere )(?<!\bunserer )(?<!\bthe )(?<!\bof )(?<!\ban average )"
_DONE_DE = _any("abgeben", "schreiben", "hinterlassen", "geben", "vergeben", "verfassen", "teilen", "posten", "veröffentlichen", "erbeten")
_GAP = r"[^.!?;:\n]{0,60}?"
_REWARD = _any("points?", "bonus", "rewards?", "gift cards?", "vouchers?", "badge", "prize", "punkte?", "prämien?", "gutscheine?", "geschenk\\w*")
_LIKING = _any(
    r"(?:love|like|enjoy|adore)(?:s|d)? (?:our|us|the|working|using|it|what|laurel)",
    r"(?:are|'re|is) (?:a )?(?:happy|satisfied|pleased|delighted|fan|thrilled|content)",
    r"(?:zufrieden|begeistert|glücklich) (?:bist|sind|seid)",
    r"(?:gefällt|gefallen|überzeugt)",
)
_REVIEW = _any(r"review\b", r"rate\b", r"rating\b", r"stars?\b", r"testimonial\b", r"bewert\w*", r"rezension\w*", r"rezensier\w*", r"sterne?n?\b")

_RULES: tuple[tuple[type[UnfairWording], str], ...] = (
    (PaysForRating, rf"\b{_REWARD}\b{_GAP}\b(?:for|if|when|once|für|wenn|bei|ab|falls)\b{_GAP}{_STARS}"),
    (PaysForRating, rf"\b{_REWARD}\b{_GAP}\b(?:for|if|when|once|für|wenn|bei|falls)\b{_GAP}\b(?:{_GOOD}\s+{_NOUN}|{_GOOD_DE}\s+{_NOUN_DE})"),
    (
        PaysForRating,
        rf"(?:{_STARS}|\b(?:{_GOOD}\s+{_NOUN}|{_GOOD_DE}\s+{_NOUN_DE})){_GAP}\b{_EARNS}\b",
    ),
    (PaysForRating, rf"\b(?:at least|minimum(?: of)?|min\.|no less than|mindestens|ab)\s+(?:{_BEST}|\d)\s+(?:stars|sternen?)\b"),
    (PaysForRating, rf"(?<![\d.,])(?:{_BEST}|\d) (?:stars|sternen?) {_UP}"),
    (
        PaysForRating,
        r"\b(?:rate|rating|score|bewertung|note)\b[^.!?\n]{0,20}\b(?:4|8|9|four|eight|nine|acht|neun) " + _UP,
    ),
    (AsksTheHappyOnly, rf"\b(?:if|when|since|as) you{_GAP}\b{_LIKING}{_GAP}\b{_REVIEW}"),
    (AsksTheHappyOnly, rf"\b(?:wenn|falls|sofern)\b{_GAP}\b{_LIKING}[^.!?;:\n]{{0,60}}?{_REVIEW}"),
    (AsksTheHappyOnly, rf"\b(?:only|just|nur)\b[^.!?\n]{{0,20}}\b(?:happy|satisfied|delighted|zufriedene|begeisterte)\b{_GAP}\b{_REVIEW}"),
    (AsksForRating, rf"(?:{_ASK}|{_ASK_DE})\b{_GAP}{_STARS}"),
    (
        AsksForRating,
        rf"{_NOT_OURS}\b(?:5|five|fünf)[ -](?:star|stars|sterne)[ -](?:{_NOUN}|{_NOUN_DE})",
    ),
    (AsksForRating, rf"{_STARS}{_GAP}\b(?:please|would be|would make|would help|would mean|bitte|wären|würden|{_DONE_DE})\b"),
    (AsksForRating, rf"\b(?:bitte|please)\b[^.!?;:\n]{{0,12}}{_STARS}"),
    (AsksForRating, rf"\b(?:review|rate|bewerte\w*)\b{_GAP}{_STARS}"),
    (
        AsksForRating,
        rf"(?<!\w)(?:laissez|donnez|mettez|écrivez|danos|deja\w*|escribe|pon\w*)\b{_GAP}(?:5|cinq|cinco)\s?(?:étoiles|estrellas)",
    ),
    (AsksForPraise, rf"\b(?:let us have|treat us to)\b{_GAP}\b{_GOOD}\s+{_NOUN}"),
    (AsksForPraise, rf"\b{_GOOD}\s+{_NOUN}\s+(?:wanted|needed|please)\b"),
    (AsksForPraise, rf"{_ASK}\b{_GAP}\b{_GOOD}(?:,? (?:and |und )?\w+)?\s+{_NOUN}"),
    (AsksForPraise, rf"{_ASK_DE}\b{_GAP}\b{_GOOD_DE}\s+(?:und \w+ )?{_NOUN_DE}"),
    (AsksForPraise, rf"\b{_GOOD_DE}\s+{_NOUN_DE}{_GAP}\b{_DONE_DE}\b"),
    (AsksForPraise, rf"\bbitte\b{_GAP}\b(?:positiv|gut|wohlwollend)\s+bewerten\b"),
    (AsksForPraise, rf"\bbewerte(?:n sie|t)? uns\b{_GAP}\b(?:positiv|gut|sehr gut|wohlwollend)\b"),
    (AsksForPraise, r"\b(?:rate|review) (?:us|our \w+|it|the \w+|this \w+|laurel) (?:highly|well|positively|favou?rably|great)\b"),
    (
        AsksForPraise,
        r"\b(?:say|write|post|share|tell \w+|mention)\b[^.!?;:\n]{0,20}\b(?:something|some|only|a few|the|just|anything|things)\s+"
        r"(?:nice|good|positive|great|kind)\b(?![ -](?:and|or|ideas?|questions?))",
    ),
    (AsksForPraise, r"\b(?:say|write|post|share|mention)\s+(?:nice|good|positive|great|kind)\s+things\b"),
    (AsksForPraise, r"\b(?:sing our praises|praise (?:us|our|laurel)|speak (?:highly|well) of (?:us|our)|rave about|brag about us|talk us up)\b"),
    (
        AsksForPraise,
        r"\b(?:lob(?:e|t|en sie) (?:uns|unser\w*)|schwärm\w* von uns|"
        r"etwas (?:nettes|gutes|positives|schönes) (?:über|zu) (?:uns|unser\w*))\b|\bnur (?:positives|gutes)\b",
    ),
    (HidesCriticism, r"\b(?:leave out|skip|do not mention|don't mention|avoid) (?:the |any |anything )?(?:bad|negative|critical|criticism)\b"),
    (HidesCriticism, r"\b(?:nichts|keine) (?:negatives|schlechtes|kritik)\b[^.!?\n]{0,30}\b(?:schreiben|erwähnen|sagen)\b"),
)
_COMPILED = tuple((refusal, re.compile(pattern, re.IGNORECASE)) for refusal, pattern in _RULES)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?\n]?")
# Not to forget is to do. Whoever is told so is asked.
_DO_IT = re.compile(
    r"\b(?:do not|don't|never|not|nicht)\s+(?:forget|hesitate|miss|be shy|vergessen|zögern)\b"
    r"|\b(?:vergiss|vergesst|vergessen sie) (?:bitte )?nicht\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:do not|does not|don't|doesn't|not|never|no|without|instead of|rather than|whatever|regardless|no matter|whether|nor|cannot|can't)\b"
    r"|\b(?:nicht|kein\w*|nie|niemals|statt|egal|ob|weder|ohne|gleich ob|unabhängig)\b",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\b(?:good|great|positive|best|glowing|nice|happy) (?:or|and|as well as|to) (?:\w+ )?"
    r"(?:bad|not|negative|poor|critical|worst|terrible|less|mixed|unhappy)"
    r"|\b(?:negative|bad|critical|poor|worst) (?:or|and|to) (?:\w+ )?(?:good|positive|great|best|glowing)"
    r"|\b(?:gut|gute\w*|positiv\w*|lob\w*) (?:oder|und|wie|als auch|sowie) (?:\w+ )?(?:schlecht\w*|negativ\w*|kritisch\w*|tadel|kritik)"
    r"|\b(?:schlecht\w*|negativ\w*|kritisch\w*|kritik) (?:oder|und|wie|als auch) (?:gut\w*|positiv\w*|lob)"
    r"|\b(?:1|one|zero|0|ein\w*|null)(?: stars?| stern)?\s?(?:to|-|or|and|through|bis|oder|und|à|a)\s?(?:5|five|fünf)\b"
    r"|\b(?:5|five|fünf)(?: stars?| sterne)? (?:or|to|oder|bis) (?:1|one|just one|einen|einem)\b",
    re.IGNORECASE,
)
# Markdown that a reader does not see: emphasis around words, and a line that goes on in the next one.
_EMPHASIS = tuple(re.compile(rf"(?<![*_`])({mark}{{1,3}})(?=[\w*_`])([^\n{mark}]{{1,200}}?)(?<=[\w.,!?*_`])\1") for mark in (r"\*", "_", "`"))
_SAME_LINE = re.compile(r"(?<=[^\s.!?:;])[ \t]*\\?\n[ \t]*(?=[^\s>#|*+-])(?!\d+[.)]\s)")
_ALIKE = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", "‑": "-", "‐": "-", "\u00a0": " ", "\u202f": " "})


def find_unfair(text: str) -> Found | None:
    """Return the first phrase of ``text`` that asks for praise or a rating, or None."""
    text = _SAME_LINE.sub(" ", _without_emphasis(unescape(text)))
    read = text.translate(_ALIKE)
    for sentence in _SENTENCE.finditer(read):
        said = sentence.group()
        if not said.strip() or _BOTH.search(said):
            continue
        for refusal, pattern in _COMPILED:
            match = pattern.search(said)
            if match and (refusal is HidesCriticism or not _denied(said[: match.start()], match.group())):
                start = sentence.start()
                return Found(clean_line(text[start + match.start() : start + match.end()]), refusal)
    return None


def _without_emphasis(text: str) -> str:
    """Return the text without the marks of emphasis, one within another too."""
    for _turn in range(2):
        for pattern in _EMPHASIS:
            text = pattern.sub(r"\2", text)
    return text


def _denied(before: str, phrase: str) -> bool:
    """Tell whether what stands before a phrase, or between its words, says no to it."""
    return bool(_NO.search(_DO_IT.sub("", before + phrase)))


def require_fair(texts: Mapping[str, str]) -> None:
    """Refuse the first of ``texts`` (by form field) that asks for praise or a rating."""
    for field, text in texts.items():
        if found := find_unfair(text):
            raise found.refusal(field=field, phrase=found.phrase)


def words_in(value: Any) -> Iterator[str]:
    """Yield every text in the options of a step, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from words_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from words_in(inner)
