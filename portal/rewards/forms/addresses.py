"""The fields of a postal address: a member's own, or one that an admin enters for a parcel without."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import Field, SelectField, StringField
from wtforms.validators import Length, Optional

from portal.rewards.rules.addresses import Address
from portal.web.countries import country_choices
from portal.web.forms import Form, one_line

ADDRESS = {
    "name": (_("Name on the parcel"), 120, "name"),
    "street": (_("Street and number"), 240, "street-address"),
    "postcode": (_("Postcode"), 20, "postal-code"),
    "city": (_("Town or city"), 120, "address-level2"),
    "region": (_("Region or state"), 120, "address-level1"),
}


def address_fields(*, is_own: bool = True) -> dict[str, Any]:
    """Return the fields of a postal address; the browser fills in the reader's where it ``is_own``."""
    texts: dict[str, Any] = {
        name: StringField(label, [Optional(), Length(max=most)], filters=[one_line], render_kw={"autocomplete": hint if is_own else "off"})
        for name, (label, most, hint) in ADDRESS.items()
    }
    hint = {"autocomplete": "country" if is_own else "off"}
    country = SelectField(_("Country"), [Optional()], choices=country_choices, validate_choice=False, render_kw=hint)
    return texts | {"country": country}


class AddressForm(Form):
    """Where a parcel goes."""

    def asked(self) -> list[Field]:
        """Return its fields, in their order."""
        return [self._fields[name] for name in (*ADDRESS, "country")]

    def address(self) -> Address:
        """Return what was entered."""
        return Address(**{name: str(self._fields[name].data or "") for name in (*ADDRESS, "country")})


def address_form(*, filled: bool = False) -> AddressForm:
    """Return the form for an address, empty unless ``filled`` from the request."""
    form_class = type("AddressForm", (AddressForm,), address_fields(is_own=False))
    made: AddressForm = form_class() if filled else form_class(formdata=None)
    return made
