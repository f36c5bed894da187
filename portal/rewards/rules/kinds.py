"""What a reward can be, and whether it is offered."""

from enum import StrEnum

from portal.kernel.text import N_

UNIT = "points"


class Kind(StrEnum):
    """What a reward is."""

    GIFT_CARD = "gift_card"
    MERCHANDISE = "merchandise"
    EVENT = "event"
    EXPERIENCE = "experience"
    DONATION = "donation"
    VOUCHER = "voucher"
    DIGITAL = "digital"
    PERK = "perk"


KIND_NAMES = {
    Kind.GIFT_CARD: N_("Gift card"),
    Kind.MERCHANDISE: N_("Merchandise"),
    Kind.EVENT: N_("Event"),
    Kind.EXPERIENCE: N_("Experience"),
    Kind.DONATION: N_("Giving"),
    Kind.VOUCHER: N_("Voucher"),
    Kind.DIGITAL: N_("Digital"),
    Kind.PERK: N_("Perk"),
}


class RewardState(StrEnum):
    """A reward is written, then offered, then taken off the shelf. A retired one may be offered again."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"
