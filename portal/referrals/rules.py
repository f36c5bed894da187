"""Referrals: states, what a peer is, who may be referred, how long details are kept. Pure decisions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_, clean, clean_line, fold, normal_email
from portal.people.rules.person import EMAIL_LENGTH, NAME_LENGTH, EmailInvalid, require_email_shape

COMPANY_LENGTH, WORDS_LENGTH = 160, 1_000
REFERRED_WITHIN = timedelta(days=365)
"""For how long nobody else may refer an address that somebody has referred."""
KEPT_AFTER_DECLINE = timedelta(days=30)
"""For how long the details of a peer are kept after a referral was declined; an appeal may need them."""
KEPT_UNDECIDED = timedelta(days=365)
"""For how long the details of a peer are kept on whom nobody decides, since the member never answered a question, say."""
KEPT_UNSENT = timedelta(days=30)
"""For how long the details of a peer are kept that somebody entered and never sent."""
AGREEMENT = N_("They know and agree that I pass on their name and address.")
AGREEMENT_VERSION = 1
"""Goes up by one whenever ``AGREEMENT`` says something else; both are kept with each referral."""
# Everybody may have an address here, so it says nothing about where somebody works.
ANYBODYS = frozenset(
    (
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "t-online.de",
        "proton.me",
        "protonmail.com",
        "mail.com",
        "zoho.com",
        "yandex.com",
        "fastmail.com",
        "hey.com",
        "qq.com",
        "163.com",
        "orange.fr",
        "free.fr",
    )
)


class State(StrEnum):
    """What became of a referral."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


STATE_NAMES = {
    State.SENT: N_("Sent"),
    State.CONFIRMED: N_("Confirmed"),
    State.DECLINED: N_("Declined"),
    State.WITHDRAWN: N_("Withdrawn"),
}


CHOSEN_BY = {**STATE_NAMES, State.DECLINED: N_("Declined, or approval taken back")}
"""The same to choose by: what is kept of a referral does not tell these two apart."""


class Ending(StrEnum):
    """How a referral of which nothing came ended: who said no to it."""

    DECLINED = "declined"
    REVERSED = "reversed"
    BY_MEMBER = "by_member"
    BY_US = "by_us"


ENDING_NAMES = {
    Ending.DECLINED: N_("Declined"),
    Ending.REVERSED: N_("Approval taken back"),
    Ending.BY_MEMBER: N_("Withdrawn by the member"),
    Ending.BY_US: N_("Withdrawn by the team"),
}


def ending_of(state: str, *, is_members: bool, is_reversed: bool) -> Ending | None:
    """Return how a referral in ``state`` ended, None while it stands. ``is_members`` tells whether its last change was its own member's."""
    if state == State.DECLINED:
        return Ending.REVERSED if is_reversed else Ending.DECLINED
    if state == State.WITHDRAWN:
        return Ending.BY_MEMBER if is_members else Ending.BY_US
    return None


class AgreementMissing(Refusal):
    """Nobody's name is passed on behind their back."""

    message = N_("Please ask them first, and tick that they agree. Without that we may not take their name.")
    field = "agreed"


class PeerNameMissing(Refusal):
    """A peer without a name."""

    message = N_("Please give their name.")
    field = "peer_name"


class PeerEmailInvalid(Refusal):
    """An address that nobody could write to."""

    message = N_("This does not look like an e-mail address.")
    field = "peer_email"


class PeerCompanyMissing(Refusal):
    """Where they work tells whom it concerns."""

    message = N_("Please say where they work.")
    field = "peer_company"


class PeerIsSelf(Refusal):
    """Members do not refer themselves."""

    message = N_("This is your own address. Please refer somebody else.")
    field = "peer_email"


class PeerIsOurs(Refusal):
    """Staff of the company that runs the programme are no referral."""

    message = N_("This is somebody of our own company. Please refer somebody who works elsewhere.")
    field = "peer_email"


class PeerKnown(Refusal):
    """The address is a person's here, or was referred lately. One sentence for all of it, since it is nobody's business who is a member."""

    message = N_("Thank you for thinking of them. This address has reached us already, so there is nothing to pass on. Is there somebody else?")
    field = "peer_email"


class AlreadyErased(Conflict):
    """There is nothing left to remove."""

    message = N_("Their details are removed already.")


@dataclass(frozen=True)
class Peer:
    """Somebody who is passed on, with a few words to them or about them."""

    name: str
    email: str
    company: str
    words: str = ""


def cleaned(peer: Peer) -> Peer:
    """Return the peer as it is stored: on one line, no longer than the columns by more than one character."""
    facts = {"name": clean_line(peer.name)[:NAME_LENGTH], "company": clean_line(peer.company)[:COMPANY_LENGTH]}
    return replace(peer, **facts, email=clean_line(peer.email)[: EMAIL_LENGTH + 1], words=clean(peer.words)[:WORDS_LENGTH])


def why_not_complete(peer: Peer, *, is_agreed: bool) -> Refusal | None:
    """Return what is missing about a peer, or None. The agreement is asked for last, so that the name is typed once."""
    if not peer.name:
        return PeerNameMissing()
    try:
        require_email_shape(peer.email)
    except EmailInvalid:
        return PeerEmailInvalid()
    if not peer.company:
        return PeerCompanyMissing()
    return None if is_agreed else AgreementMissing()


def domain_of(email: str) -> str:
    """Return the domain of an address in its normal form."""
    return (normal_email(email) or "").rpartition("@")[2]


def is_own_company(name: str, own: str) -> bool:
    """Tell whether a company's name is that of the company that runs the programme, in whatever case and accents."""
    return bool(own) and fold(clean_line(name)) == fold(clean_line(own))


def is_free_again(sent_at: datetime, now: datetime) -> bool:
    """Tell whether an address that was referred at ``sent_at`` may be referred by somebody else."""
    return now - sent_at >= REFERRED_WITHIN
