"""Every kind of reward there is."""

from portal.rewards.kinds.contract import RewardKind
from portal.rewards.kinds.digital import InstantDigital
from portal.rewards.kinds.donation import Donation
from portal.rewards.kinds.event import EventTicket
from portal.rewards.kinds.experience import Experience
from portal.rewards.kinds.gift_card import GiftCard
from portal.rewards.kinds.merchandise import Merchandise
from portal.rewards.kinds.perk import Perk
from portal.rewards.kinds.voucher import Voucher
from portal.rewards.rules.kinds import Kind

_EVERY: tuple[RewardKind, ...] = (
    GiftCard(),
    Merchandise(),
    EventTicket(),
    Experience(),
    Donation(),
    Voucher(),
    InstantDigital(),
    Perk(),
)
KINDS: dict[Kind, RewardKind] = {kind.key: kind for kind in _EVERY}
ORDERED = tuple(kind.key.value for kind in _EVERY if kind.is_ordered)
"""The kinds that are ordered before they are sent."""
POSTED = tuple(kind.key.value for kind in _EVERY if kind.needs_address)
"""The kinds that go to an address."""
SHOWN = tuple(kind.key.value for kind in _EVERY if kind.is_shown)
"""The kinds that are shown at a door, and used there."""


def kind_of(key: str) -> RewardKind:
    """Return the kind named ``key``, one of ``Kind``."""
    return KINDS[Kind(key)]
