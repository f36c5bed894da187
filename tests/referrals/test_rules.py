"""What a peer is, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.kernel.errors import Refusal
from portal.referrals.rules import (
    AgreementMissing,
    Ending,
    Peer,
    PeerCompanyMissing,
    PeerEmailInvalid,
    PeerNameMissing,
    State,
    cleaned,
    domain_of,
    ending_of,
    is_free_again,
    is_own_company,
    why_not_complete,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "email", "company", "is_agreed", "refusal"),
    [
        ("Pat Peer", "pat@peer.example", "Peer & Co", True, None),
        ("", "pat@peer.example", "Peer & Co", True, PeerNameMissing),
        (" \n ", "pat@peer.example", "Peer & Co", True, PeerNameMissing),
        ("Pat Peer", "", "Peer & Co", True, PeerEmailInvalid),
        ("Pat Peer", "pat@peer", "Peer & Co", True, PeerEmailInvalid),
        ("Pat Peer", "pat peer@peer.example", "Peer & Co", True, PeerEmailInvalid),
        ("Pat Peer", f"{'p' * 250}@peer.example", "Peer & Co", True, PeerEmailInvalid),
        ("Pat Peer", "pat@peer.example", "", True, PeerCompanyMissing),
        ("Pat Peer", "pat@peer.example", "Peer & Co", False, AgreementMissing),
    ],
)
def test_what_is_missing_about_a_peer(name: str, email: str, company: str, is_agreed: bool, refusal: type[Refusal] | None) -> None:
    assert type(why_not_complete(cleaned(Peer(name, email, company)), is_agreed=is_agreed)) is (refusal or type(None))


@pytest.mark.parametrize(
    ("name", "own", "is_own"),
    [("Laurel GmbH", "laurel gmbh", True), ("Läurel  GmbH", "Laurel GmbH", True), ("Other", "Laurel GmbH", False), ("", "", False)],
)
def test_the_own_company_is_known_in_any_spelling(name: str, own: str, is_own: bool) -> None:
    assert is_own_company(name, own) is is_own


def test_an_address_is_free_again_after_a_year() -> None:
    assert not is_free_again(NOW - timedelta(days=364, hours=23), NOW)
    assert is_free_again(NOW - timedelta(days=365), NOW)


def test_the_domain_of_an_address() -> None:
    assert domain_of(" Pat@Peer.EXAMPLE ") == "peer.example"


@pytest.mark.parametrize(
    ("state", "is_members", "is_reversed", "ending"),
    [
        (State.SENT, False, False, None),
        (State.CONFIRMED, False, False, None),
        (State.DECLINED, False, False, Ending.DECLINED),
        (State.DECLINED, False, True, Ending.REVERSED),
        (State.WITHDRAWN, True, False, Ending.BY_MEMBER),
        (State.WITHDRAWN, False, False, Ending.BY_US),
    ],
)
def test_who_said_no_to_a_referral(state: State, is_members: bool, is_reversed: bool, ending: Ending | None) -> None:
    assert ending_of(state, is_members=is_members, is_reversed=is_reversed) is ending
