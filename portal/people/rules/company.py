"""What a company's record must hold."""

import hashlib
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line, fold

NAME_LENGTH, FIELD_LENGTH, SIZE_LENGTH, DOMAIN_LENGTH = 160, 120, 40, 253


class CompanySize(StrEnum):
    """Sizes offered in forms. Imports may bring others: the column is free text."""

    SMALL = "1–49"
    MEDIUM = "50–249"
    LARGE = "250–999"
    VERY_LARGE = "1,000–4,999"
    HUGE = "5,000+"


class CompanyNameMissing(Refusal):
    """A company without a name."""

    message = N_("Please give the company's name.")
    field = "name"


class DomainInvalid(Refusal):
    """Not the shape of a domain."""

    message = N_("Please give the domain alone, such as example.com.")
    field = "domain"


class OwnerNotEmployee(Refusal):
    """A company is looked after by an employee or an admin who is not deactivated."""

    message = N_("The owner must be an employee who is not deactivated.")
    field = "owner_id"


def shown_name(name: str | None) -> str:
    """Return the name as it is kept: on one line, not too long."""
    return clean_line(name)[:NAME_LENGTH].rstrip()


def name_key(name: str | None) -> str:
    """Return the form in which two spellings of one name are equal: whatever case and accents."""
    return fold(shown_name(name))[: 2 * NAME_LENGTH]


def claim_of(name: str | None) -> str:
    """Return the key under which a company that is made because somebody named it is made once, however many name it at once."""
    return f"name:{hashlib.sha256(name_key(name).encode()).hexdigest()[:48]}"


def looks_after(actor: Actor, owner_id: int | None) -> bool:
    """Tell whether ``actor`` runs the programme, or is the employee who looks after the company: how a customer stands with us is theirs to know."""
    return actor.is_admin or (actor.is_employee and actor.id is not None and actor.id == owner_id)


def normal_domain(text: str) -> str:
    """Return ``https://www.Example.com/about`` as ``example.com``; refuses what is no domain."""
    domain = text.strip().casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").split("/")[0].rstrip(".")
    labels = domain.split(".")
    if domain and (len(labels) < 2 or any(not label or not all(c.isalnum() or c == "-" for c in label) for label in labels)):
        raise DomainInvalid()
    return domain
