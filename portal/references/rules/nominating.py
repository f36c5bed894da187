"""Nominating: who may, whom, what the form holds, several at once, and who may be the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal, refuse_all
from portal.kernel.text import N_, clean_line, fold
from portal.people.rules.person import PersonState, require_email_shape

WHY_LENGTH, WORDS_LENGTH, LINK_LENGTH = 2_000, 200, 500
MOST_LINES, MOST_DRAFTS, MOST_COUNT = 50, 100, 50
DRAFTS_KEPT = timedelta(days=90)
"""A draft that nobody touched for so long is thrown away."""
PHONE_LENGTH, _PHONE = 40, re.compile(r"\+?(?:[ ()./-]*\d){5,}[ ()./-]*(?:(?:x|ext\.?) ?\d+)?")
TIERS = (1, 2, 3)
PERIODS = {30: N_("a month"), 90: N_("a quarter"), 180: N_("half a year"), 365: N_("a year")}


class Way(StrEnum):
    """How somebody likes to be reached."""

    MAIL = "mail"
    PHONE = "phone"
    VIDEO = "video"
    CHAT = "chat"


WAY_NAMES = {Way.MAIL: N_("E-mail"), Way.PHONE: N_("Telephone"), Way.VIDEO: N_("Video call"), Way.CHAT: N_("Chat")}


class KnownAs(StrEnum):
    """What we know of an address before somebody nominates it."""

    MEMBER = "member"
    TEAM = "team"
    INVITED = "invited"
    NOMINATED = "nominated"
    OWN = "own"
    SAID_NO = "said_no"


@dataclass(frozen=True)
class Known:
    """Somebody who is about to be nominated and is known already. ``at`` is when they were nominated or invited, or said no.

    ``is_listed``: the reader finds them in the registry.
    """

    as_what: KnownAs
    name: str
    nominator: str = ""
    at: datetime | None = None
    is_listed: bool = True


@dataclass(frozen=True)
class Details:
    """What a nominator may add; nothing of it is asked for.

    ``industry``, ``region`` and ``size`` are for a company of which we lack them. ``tier`` proposes who may find the person. ``usage_count``
    in ``usage_days`` is how often they may be asked, as the nominator thinks. ``ways`` are those of ``Way`` in which they like to be reached.
    ``words`` are for the nominee to read; nothing else here is, ``phone`` and ``notes`` neither.
    """

    products: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    owner_id: int | None = None
    languages: str = ""
    tier: int | None = None
    usage_count: int | None = None
    usage_days: int | None = None
    sensitivities: str = ""
    words: str = ""
    evidence_url: str = ""
    evidence_id: int | None = None
    phone: str = ""
    ways: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class Line:
    """One person of several that are nominated at once: ``name, e-mail, company, title``."""

    number: int
    text: str
    parts: tuple[str, ...] = field(default=())


class AlreadyMember(Refusal):
    """The nominee takes part already."""

    message = N_("%(name)s is a member already, so there is nothing left to do.")
    field = "email"


class NotACustomer(Refusal):
    """The nominee works on our side: employee, reviewer or admin, and no advocate."""

    message = N_("%(name)s is one of our own team. Nominations are for people at our customers.")
    field = "email"


class NominatedBySelf(Refusal):
    """The same employee named the same person before, and that nomination still stands."""

    message = N_("You nominated %(name)s already. See how it stands under “My nominations”.")
    field = "email"


class SaidNo(Refusal):
    """The customer was asked and said no. They are never asked again unless they say so themselves."""

    message = N_("%(name)s was asked and said no, so we do not ask again. If they change their mind, the link they have lets them say so.")
    field = "email"


class ColleagueNotEmployee(Refusal):
    """On behalf of somebody who is no employee, or of oneself."""

    message = N_("Choose a colleague who works here; for yourself leave this empty.")
    field = "colleague"


class ColleagueUnknown(Refusal):
    """A name or address that no colleague has, or the sender's own."""

    message = N_("No colleague of yours is called “%(text)s”. Choose one of those that are offered as you type, or give their e-mail address.")
    field = "colleague"


class ColleagueUnclear(Refusal):
    """A name that several colleagues have."""

    message = N_("Several people here are called “%(text)s”. Choose one of those that are offered as you type, or give their e-mail address.")
    field = "colleague"


class OwnerUnknown(Refusal):
    """A name or address of nobody who may look after an account."""

    message = ColleagueUnknown.message
    field = "owner"


class OwnerUnclear(Refusal):
    """A name that several have who may look after an account."""

    message = ColleagueUnclear.message
    field = "owner"


class NotAPhone(Refusal):
    """A number with something in it that no telephone has, or too short."""

    message = N_("Please give a telephone number, such as +49 30 901820.")
    field = "phone"


class NotALink(Refusal):
    """Evidence that is no address of a page."""

    message = N_("Please give the whole address, beginning with https://.")
    field = "evidence_url"


class UsageHalf(Refusal):
    """How often without a period, or the other way round."""

    message = N_("Please say both: how often, and in which period.")
    field = "usage_count"


class TooManyLines(Refusal):
    """More lines at once than one page takes."""

    message = N_("That is more than %(most)s lines. Please send them in parts.")
    field = "lines"


class LineUnreadable(Refusal):
    """A line without name, address and company."""

    message = N_("Give name, e-mail and company, with commas or tabs between them.")
    field = "lines"


class DraftEmpty(Refusal):
    """Nothing typed yet: there is nothing to keep."""

    message = N_("There is nothing to keep yet. Write a name, an address or a reason first.")


class TooManyDrafts(Refusal):
    """More drafts than are kept of one person."""

    message = N_("You have %(most)s drafts already. Send or delete some of them first.")


def require_employee(actor: Actor) -> None:
    """Refuse unless ``actor`` is an employee: nominations come from people who know the customer."""
    if actor.id is None or not actor.is_employee:
        raise NotAllowed()


def is_team(person_state: str | None, *, is_advocate: bool) -> bool:
    """Tell whether somebody works on our side: they may sign in, or soon, and are no advocate. The registry does not list them."""
    return not is_advocate and person_state in (PersonState.ACTIVE, PersonState.INVITED)


def require_nominee(email: str, person_name: str | None, person_state: str | None, *, is_advocate: bool = True) -> None:
    """Refuse an address without the shape of one, one of our own team (``NotACustomer``), and a person who takes part already.

    A contact or an invited advocate is fine.
    """
    require_email_shape(email)
    if is_team(person_state, is_advocate=is_advocate):
        raise NotACustomer(name=person_name)
    if person_state == PersonState.ACTIVE:
        raise AlreadyMember(name=person_name)


def require_details(details: Details) -> Details:
    """Return what was added. Refuses evidence that is no link (``NotALink``), half of a frequency (``UsageHalf``), and what is no telephone
    number (``NotAPhone``); all at once.
    """
    wrong: list[Refusal] = []
    if details.phone and not _PHONE.fullmatch(details.phone):
        wrong.append(NotAPhone())
    if (details.usage_count is None) != (details.usage_days is None):
        wrong.append(UsageHalf())
    if details.evidence_url:
        found = urlsplit(details.evidence_url)
        if found.scheme not in ("http", "https") or not found.netloc or any(sign.isspace() for sign in details.evidence_url):
            wrong.append(NotALink())
    refuse_all(wrong)
    return details


def read_lines(text: str) -> list[Line]:
    """Return the lines that are not empty, split at tabs, semicolons or commas. Refuses more than fifty (``TooManyLines``)."""
    found = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(found) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    return [Line(number, line, _split(line)) for number, line in found]


def _split(line: str) -> tuple[str, ...]:
    sign = next((sign for sign in ("\t", ";") if sign in line), ",")
    return tuple(clean_line(part) for part in line.split(sign))


def require_line(line: Line) -> tuple[str, str, str, str]:
    """Return name, e-mail, company and title of a line; refuses one that lacks the first three (``LineUnreadable``)."""
    name, email, company, title = (*line.parts, "", "", "", "")[:4]
    if not (name and email and company):
        raise LineUnreadable()
    return name, email, company, title


def twin_key(company: str, name: str) -> tuple[str, str, str]:
    """Return (company, last name, first initial), folded: two people who share it may be the same. A name of one word has no last name."""
    words = fold(clean_line(name)).split()
    first, last = (words[0][:1], words[-1]) if len(words) > 1 else ("", "".join(words))
    return fold(clean_line(company)), last, first


def are_twins(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether two of (company, name) may be one person."""
    return twin_key(*one) == twin_key(*other)


def domain_of(email: str) -> str:
    """Return where an address is, without whose it is: what reviewers read of it."""
    return email.rpartition("@")[2].strip().casefold()


def search_text(*parts: str | None) -> str:
    """Return what a search looks through: the parts without accents and case."""
    return fold(" ".join(clean_line(part) for part in parts if part))


def credited(pairs: Iterable[tuple[int, int | None]]) -> set[int]:
    """Return everybody who has a part in nominations of (nominator, colleague): both read what becomes of it, and neither decides on it."""
    return {who for pair in pairs for who in pair if who is not None}
