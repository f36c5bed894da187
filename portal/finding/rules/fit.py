"""How well one profile fits what is needed: a share of what was asked for, with a reason for each part. Specification A6; changes say why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from portal.finding.rules import bands
from portal.finding.rules.facts import Facts, Record
from portal.finding.rules.needs import Needs, key_of
from portal.finding.rules.words import jaccard, telling_words
from portal.finding.rules.zones import lies_in
from portal.kernel.text import N_

WEIGHTS = {"industry": 30, "size": 15, "worry": 15, "region": 10, "role": 10, "competitor": 10, "quality": 10, "rest": 10, "fresh_voice": 2}
"""Weights of the specification; ``competitor`` is ours: that they came from whom the buyer considers answers a worry no industry does.
``fresh_voice`` is its ε: small, so that somebody never asked comes before an equal, and never before a better one."""
ALWAYS = ("quality", "rest", "fresh_voice")
GOOD = 50
"""From this share on somebody counts as fitting. Below it what was asked for is mostly missing, and the reasons would be about nothing."""
MIDDLE, SHRINK, LOWEST, HIGHEST = 3.5, 3, 1, 5
ALIKE = 0.25


@dataclass(frozen=True)
class Told:
    """A sentence with its facts, translated where it is shown. ``plural`` is the other form, by ``facts["num"]``. ``speaks_for`` tells that it is
    a reason to ask them, where a page marks that.
    """

    text: str
    facts: tuple[tuple[str, Any], ...] = ()
    plural: str = ""
    speaks_for: bool = field(default=True, compare=False)

    def to_json(self) -> list[Any]:
        """Return the sentence for a column."""
        plain = [[name, value.isoformat() if isinstance(value, date) else value] for name, value in self.facts]
        return [self.text, plain, self.plural]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> "Told":
        """Return the sentence that ``to_json`` kept."""
        text, plain, plural = kept
        return cls(text, tuple((name, _fact(value)) for name, value in plain), plural)


def _fact(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-01-31") else value
    except ValueError:
        return value


def told(text: str, plural: str = "", **facts: Any) -> Told:
    """Return a sentence with its facts."""
    return Told(text, tuple(facts.items()), plural)


def _but(text: str, plural: str = "", **facts: Any) -> Told:
    """Return a sentence that is told, and speaks for nobody."""
    return Told(text, tuple(facts.items()), plural, speaks_for=False)


def shrunk_grade(record: Record) -> float:
    """Return the mean grade (1 to 5) drawn towards a fixed middle: (Σ grade + 3·3.5)/(n+3), so that one bad call sinks nobody.

    The specification draws it towards the mean of all grades. That moves with every grade of others: somebody's fit then changed from one day
    to the next, and nothing on the page could say why. The middle is the same whoever is graded how, and is also that of whom nobody has
    graded: a fit changes only for what concerns the person.
    """
    return (sum(record.grades) + SHRINK * MIDDLE) / (len(record.grades) + SHRINK)


def outcome_quality(record: Record) -> float:
    """Return the shrunk grade as 0 to 1; the middle, of whom nobody has graded."""
    return (shrunk_grade(record) - LOWEST) / (HIGHEST - LOWEST)


def use_case_overlap(facts: Facts, needs: Needs, *, with_names: bool = True) -> float:
    """Return how far the worry and what they tell are about the same, 0 to 1.

    The specification's Jaccard over words would punish whoever tells a long story: five words against two hundred have little in common
    together even where all five are there. So it is the greater of two: the share of the asked words that are found (the story may be as
    long as it likes), and the Jaccard with the use case that is nearest (short texts against each other, whose other words count).
    """
    asked = needs.asked
    if not asked:
        return 0.0
    there = facts.words | facts.names if with_names else facts.words
    share = len(asked.found_in(there)) / len(asked.words)
    nearest = max((jaccard(asked.words, _words_in(told)) for told in facts.use_cases.values()), default=0.0)
    return max(share, nearest)


@lru_cache(maxsize=10_000)
def _words_in(told: str) -> frozenset[str]:
    return telling_words(told)


def parts(facts: Facts, needs: Needs, *, with_names: bool = True) -> dict[str, float]:
    """Return how well each criterion that was asked for is met, 0 to 1, and those that always count.

    What was not asked for is left out, so that it harms nobody; what was asked for and is not known of somebody is not met.
    """
    found: dict[str, float] = {}
    if needs.industry:
        found["industry"] = float(key_of(needs.industry) == key_of(facts.industry))
    if needs.size:
        found["size"] = bands.likeness(needs.band, bands.band_of(facts.size))
    if needs.asked:
        found["worry"] = use_case_overlap(facts, needs, with_names=with_names)
    if needs.region:
        found["region"] = _region_likeness(facts, needs.region)
    if needs.role:
        found["role"] = _role_likeness(needs.role, facts.title)
    if needs.competitor:
        found["competitor"] = float(key_of(needs.competitor) in facts.replaced)
    return found | {"quality": outcome_quality(facts.record)} | spoken_for(facts)


def spoken_for(facts: Facts) -> dict[str, float]:
    """Return those parts that change with every ask: whoever reads budgets last works out no other part again."""
    return {"rest": max(0.0, 1.0 - facts.load.strain), "fresh_voice": float(facts.last_asked_on is None and not facts.record.completed)}


def fit_of(met: dict[str, float]) -> int:
    """Return the share of what was asked for, in whole per cent: Σ weight·met over Σ weight of what counts.

    The specification's sum has 100 points only where everything is asked for. As a share, 30 of 30 asked is a whole fit. The ε of somebody
    never asked comes on top of it, up to 100.
    """
    points, whole = 0.0, 0
    for name, value in met.items():
        if name != "fresh_voice":
            points, whole = points + WEIGHTS[name] * value, whole + WEIGHTS[name]
    return min(100, round(100 * points / whole + WEIGHTS["fresh_voice"] * met.get("fresh_voice", 0.0)))


def least_of(needs: Needs) -> int:
    """Return from which share on somebody counts as fitting: whoever is asked for nothing in particular hides nobody by rest and grades alone."""
    return GOOD if needs.is_weighed else 0


def _region_likeness(facts: Facts, region: str) -> float:
    """Return 1 for a company of the region, ½ for a person whose time zone lies in it though the company is elsewhere, or nobody knows where.

    The specification counts region or time zone. Half, since a zone says that they can talk at the same hours, not that they sell there.
    """
    if key_of(region) == key_of(facts.region):
        return 1.0
    return 0.5 if lies_in(facts.time_zone, region) else 0.0


def _role_likeness(asked: str, title: str) -> float:
    """Return how alike two job titles are: whole where all words of the shorter stand in the other, in any order."""
    one, other = telling_words(asked), telling_words(title)
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def reasons(facts: Facts, needs: Needs, met: dict[str, float], today: date, *, with_names: bool = True) -> list[Told]:
    """Return why, and why not, as sentences: what was asked for first, then how they are spoken for."""
    found: list[Told] = []
    if "industry" in met:
        other = _but(N_("Another industry: %(industry)s"), industry=facts.industry) if facts.industry else _but(N_("Another industry"))
        found.append(told(N_("Same industry")) if met["industry"] else other)
    if met.get("size"):
        found.append(told(N_("Same size band") if met["size"] == 1 else N_("A size band away")))
    if met.get("region"):
        found.append(told(N_("Same region")) if met["region"] == 1 else _by_zone(facts))
    elif "region" in met:
        found.append(_but(N_("Another region: %(region)s"), region=facts.region) if facts.region else _but(N_("Another region")))
    if met.get("worry"):
        words = needs.asked.found_in(facts.words | facts.names if with_names else facts.words)
        found.append(told(N_("Speaks of %(words)s"), words=", ".join(words)) if words else told(N_("A use case that is close")))
    elif "worry" in met:
        found.append(_but(N_("Tells of nothing like your worry")))
    if met.get("role", 0) > ALIKE:
        found.append(told(N_("A role like the buyer’s")))
    if met.get("competitor"):
        found.append(told(N_("Came to us from %(competitor)s"), competitor=needs.competitor))
    if len(facts.record.grades) >= SHRINK and met["quality"] >= 0.75:
        found.append(told(N_("Their calls are graded well")))
    found.append(_last_used(facts, today))
    # Where the company is full, whatever they have left themself, that is told as what stands in the way.
    if facts.load.cap.most and (facts.load.is_person_full or not facts.load.is_company_full):
        left = facts.load.left
        say = told if left else _but
        one, more = N_("One of %(most)s slots free"), N_("%(num)s of %(most)s slots free")
        if left < facts.load.cap.most - facts.load.used:
            one, more = N_("One of %(most)s slots free, because of their company"), N_("%(num)s of %(most)s slots free, because of their company")
        found.append(say(one, more, num=left, most=facts.load.cap.most))
    return found


def _by_zone(facts: Facts) -> Told:
    if facts.region:
        return told(N_("Another region: %(region)s, but their time zone is in the one you asked for"), region=facts.region)
    return told(N_("Their time zone is in that region"))


def _last_used(facts: Facts, today: date) -> Told:
    if facts.last_asked_on is None:
        return told(N_("Never asked before"))
    days = max((today - facts.last_asked_on).days, 0)
    if days == 0:
        return _but(N_("Last asked today"))
    return _but(N_("Last asked yesterday"), N_("Last asked %(num)s days ago"), num=days)
