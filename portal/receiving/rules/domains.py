"""What a domain suggests about gifts: public office, armed forces, public health, universities. Suggested with why, never set.

The list is data: endings of domains. ``*`` stands for a country's code of two letters. The longest ending that fits wins.
"""

from dataclasses import dataclass

from portal.kernel.text import N_
from portal.receiving.rules.accepting import Rule, Stance

FEDERAL = N_(
    "Staff of the US government may accept gifts of up to $20 each and $50 a year from one giver (5 CFR 2635.204(a)); states and cities differ."
)
OFFICE = N_("Public offices often let their people accept no gifts at all.")
FORCES = N_("Armed forces and police often let their people accept no gifts at all.")
HEALTH = N_("Public health services often let their people accept no gifts at all.")
SCHOOL = N_("Public universities and schools often have rules on gifts; gifts to a good cause are usually possible.")

_NOTHING, _CHARITY, _FEDERAL = Rule(Stance.NOTHING), Rule(Stance.CHARITY), Rule(Stance.MAY, 2_000, 5_000)
ENDINGS: dict[str, tuple[Rule, str]] = {
    "gov": (_FEDERAL, FEDERAL),
    "mil": (_FEDERAL, FEDERAL),
    "fed.us": (_FEDERAL, FEDERAL),
    "edu": (_CHARITY, SCHOOL),
    "k12.us": (_CHARITY, SCHOOL),
    **dict.fromkeys(("gov.*", "gob.*", "gouv.*", "gub.*", "go.*", "govt.*", "government.*", "gv.*"), (_NOTHING, OFFICE)),
    **dict.fromkeys(("bund.de", "admin.ch", "gc.ca", "canada.ca", "europa.eu", "overheid.nl", "parliament.uk"), (_NOTHING, OFFICE)),
    **dict.fromkeys(("mil.*", "mod.uk", "police.uk", "bundeswehr.org"), (_NOTHING, FORCES)),
    **dict.fromkeys(("nhs.uk", "nhs.net", "nhs.scot", "hscni.net", "hse.ie", "aphp.fr", "health.gov.*", "who.int"), (_NOTHING, HEALTH)),
    **dict.fromkeys(("ac.*", "edu.*", "sch.*", "school.*"), (_CHARITY, SCHOOL)),
}


@dataclass(frozen=True)
class Suggestion:
    """What a domain suggests, and why; ``why`` is marked for translation."""

    rule: Rule
    why: str
    domain: str


def suggestion_for(*domains: str | None) -> Suggestion | None:
    """Return what the first of ``domains`` that is on the list suggests, or None. An address counts as its domain."""
    for said in domains:
        domain = (said or "").rpartition("@")[2].strip(".").casefold()
        labels = domain.split(".") if domain else []
        for start in range(len(labels)):
            ending = labels[start:]
            wild = [*ending[:-1], "*"] if len(ending) > 1 and len(ending[-1]) == 2 else ending
            found = ENDINGS.get(".".join(ending)) or ENDINGS.get(".".join(wild))
            if found:
                return Suggestion(*found, domain)
    return None
