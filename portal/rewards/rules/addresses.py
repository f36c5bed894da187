"""A postal address: what it needs. Every country writes it otherwise, so only the least is asked for."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

# ISO 3166-1, the codes that a parcel can go to.
_CODES = """
AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK
CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR
GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK
PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())
KEPT_DAYS = 90
"""So many days after a parcel arrived, or came to nothing, its address is erased."""
NEEDED = ("name", "street", "city")


class AddressIncomplete(Refusal):
    """Something of the address is missing; the field says what."""

    message = N_("Please fill this in, so that the parcel finds you.")


class AddressMissing(Conflict):
    """Nobody knows where the parcel goes: it was asked for when no address was asked for."""

    message = N_("There is no address for this parcel. Ask the member for one, and enter it on the page of the redemption.")


class AddressThere(Conflict):
    """The parcel has an address already."""

    message = N_("This parcel has an address already.")


class NoParcel(Conflict):
    """It does not go by post, or not any more."""

    message = N_("Nothing of this redemption is to be sent to an address.")


class CountryUnknown(Refusal):
    """No country of that code."""

    message = N_("Please choose a country.")
    field = "country"


@dataclass(frozen=True)
class Address:
    """Where a parcel goes. ``street`` may have several lines; ``country`` is a code of ISO 3166-1."""

    name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str

    @classmethod
    def of(cls, row: Any) -> "Address":
        """Return the address that stands in ``row``."""
        return cls(**{field.name: getattr(row, field.name) or "" for field in fields(cls)})

    @property
    def values(self) -> dict[str, str]:
        return asdict(self)


def require_address(address: Address | None) -> Address:
    """Return the address. Refuses: AddressIncomplete on the field that is empty, CountryUnknown."""
    for name in NEEDED:
        if address is None or not getattr(address, name).strip():
            refusal = AddressIncomplete()
            refusal.field = name
            raise refusal
    assert address is not None
    if address.country not in COUNTRIES:
        raise CountryUnknown()
    return address
