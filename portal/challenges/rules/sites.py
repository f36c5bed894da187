"""Review sites: what each allows, what follows for points and proof, and what is refused about it.

What the product knows of a site stands in ``sites.json``; an organisation's own words take its place. A profile
says what its source said on the day it was checked, and is no legal advice.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from portal.challenges.rules.refusals import OutOfRange, TitleMissing
from portal.challenges.rules.states import MAX_POINTS
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import ChangedMeanwhile
from portal.kernel.text import N_, clean, clean_line

BUILT_IN = Path(__file__).resolve().parents[1] / "sites.json"
FRESH_FOR = timedelta(days=180)
NAME_LENGTH, NOTE_LENGTH, SOURCE_LENGTH, DISCLOSURE_LENGTH, MOST_HOSTS = 80, 1_000, 300, 600, 20
MOST_CENTS = 1_000_000
MOST_SITES = 100
_HOST = re.compile(r"(?=.{4,120}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z0-9]{2,8})?")


ANY_PROOF = "any"


class Proof(StrEnum):
    """How somebody shows that a review was posted."""

    LINK = "link"
    SCREENSHOT = "screenshot"
    NONE = "none"


PROOF_NAMES = {
    Proof.LINK: N_("A link to the review"),
    Proof.SCREENSHOT: N_("A screenshot of the site’s thank-you page"),
    Proof.NONE: N_("Their word that it is posted"),
}
REWARDED = {
    "en": "My review says, or I tell the site where it asks, that I was given points by the company I review. They are the same whatever I write.",
    "de": "Meine Bewertung sagt, oder ich gebe es an, wo die Seite danach fragt: Ich erhalte dafür Punkte von dem Unternehmen, das ich bewerte. "
    "Sie sind dieselben, was immer ich schreibe.",
    "fr": "Mon avis précise, ou je l’indique là où le site le demande, que l’entreprise évaluée m’a attribué des points. "
    "Ils sont les mêmes quel que soit mon avis.",
    "es": "Mi reseña dice, o lo indico donde el sitio lo pregunta, que la empresa reseñada me ha dado puntos. Son los mismos escriba lo que escriba.",
}
UNREWARDED = {
    "en": "I get nothing for this review, no points either. I am a customer and take part in the company’s customer programme.",
    "de": "Ich bekomme für diese Bewertung nichts, auch keine Punkte. Ich bin Kunde und nehme am Kundenprogramm des Unternehmens teil.",
    "fr": "Je ne reçois rien pour cet avis, pas même des points. Je suis client et je participe au programme clients de l’entreprise.",
    "es": "No recibo nada por esta reseña, tampoco puntos. Soy cliente y participo en el programa de clientes de la empresa.",
}


class SiteUnknown(NotFound):
    """No such site, or it was removed."""

    message = N_("This review site is not in the list any more. Choose another.")
    field = "option_site"


class SiteRemoved(NotFound):
    """Somebody removed a site while it was being changed."""

    message = N_("This review site is not in the list any more, so nothing was saved. What you typed is still here. Add it again if you need it.")


class SiteNameMissing(TitleMissing):
    """A site without a name."""

    message = N_("Please give the site its name.")
    field = "name"


class HostsWrong(Refusal):
    """No host, or what is none."""

    message = N_("Please enter the site’s address without https:// and slashes, such as g2.com, one a line.")
    field = "hosts"


class ProofMissing(Refusal):
    """Nothing that could be asked for."""

    message = N_("Please allow at least one kind of proof.")
    field = "proofs"


class DisclosureMissing(Refusal):
    """No text, or none in English, which is what a reader falls back to."""

    message = N_("Please write the disclosure in English at least: it is what people read whose language is missing.")
    field = "disclosure_en"


class CapOutOfRange(OutOfRange):
    """A limit nobody meant."""

    field = "cap_points"


class CapWithoutReward(Refusal):
    """A limit for what is not allowed at all."""

    message = N_("This site allows no reward, so it has no limit either. Leave the limits empty.")
    field = "is_incentive_allowed"


class TooManySites(Refusal):
    """More sites than anybody keeps up to date."""

    message = N_("There can be %(most)s sites. Remove one first.")
    field = "name"


class SiteChanged(ChangedMeanwhile):
    """Somebody saved it in the meantime."""


class NoRewardAllowed(Refusal):
    """Points for a review where a site allows none."""

    message = N_("%(site)s allows no reward for a review, so this challenge and its steps carry 0 points.")
    field = "points"


class RewardOverCap(Refusal):
    """More points than a site allows."""

    message = N_("%(site)s allows a reward of at most %(cap)s points for a review. This challenge is worth %(points)s.")
    field = "points"


class ProofNotAllowed(Refusal):
    """A site does not want to be tracked in this way."""

    message = N_("%(site)s does not allow this proof. Choose another.")
    field = "option_proof"


@dataclass(frozen=True)
class SiteFacts:
    """What a site allows. ``cap_cents`` (US cents) and ``cap_points`` bound a reward, where one is allowed; empty is without limit."""

    name: str
    hosts: tuple[str, ...] = ()
    is_incentive_allowed: bool = False
    cap_cents: int | None = None
    cap_points: int | None = None
    disclosures: Mapping[str, str] = field(default_factory=dict)
    proofs: tuple[str, ...] = (Proof.NONE,)
    note: str = ""
    source: str = ""

    def stored(self) -> dict[str, Any]:
        """Return the facts as JSON."""
        return asdict(self) | {"hosts": list(self.hosts), "proofs": list(self.proofs), "disclosures": dict(self.disclosures)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "SiteFacts":
        """Return facts as they were stored."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        return cls(**known | {"hosts": tuple(known["hosts"]), "proofs": tuple(known["proofs"])})


@dataclass(frozen=True)
class Site:
    """A site as this organisation knows it. ``version`` counts its edits; 1 is what the product says. ``is_built_in``: the product knows it."""

    key: str
    facts: SiteFacts
    version: int = 1
    checked_on: date | None = None
    is_built_in: bool = True
    is_edited: bool = False

    def is_stale(self, today: date) -> bool:
        """Tell whether nobody looked at the site's own rules for 180 days, or ever."""
        return self.checked_on is None or today - self.checked_on > FRESH_FOR

    def cap(self, point_value: Decimal) -> int | None:
        """Return how many points a review may be rewarded with: 0 where nothing is allowed, None without limit.

        ``point_value`` is what a point is worth in US dollars; a cap in money is rounded down to whole points.
        """
        if not self.facts.is_incentive_allowed:
            return 0
        caps = [] if self.facts.cap_points is None else [self.facts.cap_points]
        if self.facts.cap_cents is not None:
            caps.append(int(Decimal(self.facts.cap_cents) / 100 / point_value))
        return min(caps, default=None)

    def stamp(self, point_value: Decimal, *, points: int) -> dict[str, Any]:
        """Return what a step keeps of the site, so that it freezes with the challenge's version.

        What is disclosed is true of the whole challenge: where it carries no ``points``, nobody confirms that they were given some.
        """
        facts = self.facts
        cap = self.cap(point_value)
        texts = facts.disclosures if points or cap == 0 else UNREWARDED
        kept = {"site_name": facts.name, "site_version": self.version, "hosts": list(facts.hosts), "allowed": list(facts.proofs)}
        return kept | {"disclosures": dict(texts), "cap": cap}


@lru_cache(maxsize=1)
def built_in() -> Mapping[str, Site]:
    """Return the sites the product knows, by key."""
    found = {}
    for row in json.loads(BUILT_IN.read_text(encoding="utf-8")):
        texts = REWARDED if row["is_incentive_allowed"] else UNREWARDED
        checked_on = date.fromisoformat(row["checked_on"]) if row["checked_on"] else None
        found[row["key"]] = Site(row["key"], SiteFacts.of({"disclosures": texts} | row), checked_on=checked_on)
    return found


def require_site(facts: SiteFacts) -> SiteFacts:
    """Return the facts cleaned. Refuses no name, what is no host, no proof, no disclosure in English and limits out of range."""
    name = clean_line(facts.name)[:NAME_LENGTH]
    if not name:
        raise SiteNameMissing()
    hosts = tuple(dict.fromkeys(clean_line(host).casefold().removeprefix("www.").rstrip(".") for host in facts.hosts if clean_line(host)))
    if not hosts or len(hosts) > MOST_HOSTS or not all(_HOST.fullmatch(host) for host in hosts):
        raise HostsWrong()
    proofs = tuple(proof.value for proof in Proof if proof.value in facts.proofs)
    if not proofs:
        raise ProofMissing()
    texts = {language: clean(text)[:DISCLOSURE_LENGTH] for language, text in facts.disclosures.items() if _LANGUAGE.fullmatch(language)}
    texts = {language: text for language, text in texts.items() if text}
    if "en" not in texts:
        raise DisclosureMissing()
    if not facts.is_incentive_allowed and (facts.cap_cents is not None or facts.cap_points is not None):
        raise CapWithoutReward()
    for cap, most in ((facts.cap_points, MAX_POINTS), (facts.cap_cents, MOST_CENTS)):
        if cap is not None and not 1 <= cap <= most:
            raise CapOutOfRange(least=1, most=MAX_POINTS)
    note, source = clean(facts.note)[:NOTE_LENGTH], clean_line(facts.source)[:SOURCE_LENGTH]
    return replace(facts, name=name, hosts=hosts, proofs=proofs, disclosures=texts, note=note, source=source)


def require_proof(site: Site, proof: str) -> None:
    """Refuse a proof that a site does not allow. Any, or none chosen, asks for whichever it does."""
    if proof and proof != ANY_PROOF and proof not in site.facts.proofs:
        raise ProofNotAllowed(site=site.facts.name)


def require_reward(steps: Iterable[Mapping[str, Any]], whole: int, parts: Sequence[int] = ()) -> None:
    """Refuse points that a site does not allow, or more than it does. ``steps`` are the options of reviews, ``whole`` and ``parts`` points."""
    for options in steps:
        cap = options.get("cap")
        if cap == 0 and (whole or any(parts)):
            raise NoRewardAllowed(site=options.get("site_name", ""))
        if cap and whole > cap:
            raise RewardOverCap(site=options.get("site_name", ""), cap=cap, points=whole)


def is_unrewarded(steps: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of the steps is a review on a site that allows no reward of any kind."""
    return any(options.get("cap") == 0 for options in steps)


def disclosure_in(disclosures: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return language and text that somebody reads: their own language's, else that of its root (``de`` for ``de_AT``), else English."""
    for wanted in (language, language.partition("_")[0], "en"):
        if wanted in disclosures:
            return wanted, disclosures[wanted]
    return next(iter(disclosures.items()), ("", ""))
