"""A postal address: what it needs. Every country writes it otherwise, so only the least is asked for."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from portal.kernel.countries import COUNTRIES
from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

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


def missing_in(address: Address | None) -> Iterator[Refusal]:
    """Yield what an address lacks: AddressIncomplete on each field that is empty, CountryUnknown."""
    for name in NEEDED:
        if address is None or not getattr(address, name).strip():
            refusal = AddressIncomplete()
            refusal.field = name
            yield refusal
    if address is not None and address.country not in COUNTRIES:
        yield CountryUnknown()


def require_address(address: Address | None) -> Address:
    """Return the address. Refuses: the first that ``missing_in`` finds."""
    if refusal := next(missing_in(address), None):
        raise refusal
    assert address is not None
    return address
