"""What the templates of the room call things."""

from typing import Any

from flask_babel import gettext, ngettext

from portal.acts.rules.budget import BAND_NAMES
from portal.acts.rules.terms import BLOCK_NAMES
from portal.finding.queries.calling import called as called_in
from portal.finding.queries.candidates import Candidate
from portal.finding.rules.fit import Told
from portal.finding.rules.library import KIND_NAMES
from portal.profiles.rules.activity import ACTIVITY_NAMES, ASK_OF, Activity
from portal.web.errors import sentence, shown_fact
from portal.web.transaction import db

NAMES: dict[str, Any] = {"activities": ACTIVITY_NAMES, "kinds": KIND_NAMES, "bands": BAND_NAMES, "block_names": BLOCK_NAMES, "refused": sentence}


def spoken(told: Told) -> str:
    """Return a sentence of a search in the reader's language."""
    facts = {name: shown_fact(fact) for name, fact in told.facts}
    if told.plural:
        number = int(dict(told.facts)["num"])
        return str(ngettext(told.text, told.plural, number, **{name: fact for name, fact in facts.items() if name != "num"}))
    return str(gettext(told.text, **facts))


def described(one: Candidate) -> str:
    """Return whom a card is about: the company, or what may be said of one that is not named."""
    facts = one.facts
    if not one.is_veiled:
        return facts.company or facts.name
    if facts.industry and facts.region:
        return str(gettext("A company of %(industry)s in %(region)s", industry=facts.industry, region=facts.region))
    return str(gettext("A company that is not named here"))


def does(one: Candidate) -> list[str]:
    """Return what they do, by name, in the order of pages."""
    return [str(gettext(ACTIVITY_NAMES[activity])) for activity in Activity if activity in one.facts.activities]


def asked_for(one: Candidate) -> list[str]:
    """Return what they may be asked for: what they do, but for kinds of asks that they ruled out since."""
    unwanted = one.facts.standing.person.terms.unwanted if one.facts.standing else ()
    return [str(gettext(ACTIVITY_NAMES[what])) for what in Activity if what in one.facts.activities and ASK_OF[what].value not in unwanted]


def called(one: Candidate) -> str:
    """Return what stands for them in addresses and forms."""
    return called_in(db(), one.person_id, is_veiled=one.is_veiled)


NAMES |= {"called": called, "spoken": spoken, "described": described, "does": does, "asked_for": asked_for}
