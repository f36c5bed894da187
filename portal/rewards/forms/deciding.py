"""What admins fill in when they decide about a redemption, and hand it over."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from wtforms import Field, TextAreaField
from wtforms.validators import Length, Optional

from portal.rewards.forms.controls import field_for
from portal.rewards.kinds.contract import Control, RewardKind
from portal.web.forms import Form, PressField, plain_text


class PlainForm(Form):
    """A button that asks for nothing more."""


class PressForm(Form):
    """A button that may hand something over at once, so that pressed twice it has to count once."""

    press = PressField()


class ReasonForm(Form):
    """A decision that needs a reason."""

    reason = TextAreaField(_("Reason"), [Optional(), Length(max=500)], filters=[plain_text])


class SendForm(Form):
    """Sending it, or handing it over: what its kind gives with it, and a message."""

    delivery = TextAreaField(_("Message to the person"), [Optional(), Length(max=1000)], filters=[plain_text])
    controls: ClassVar[Mapping[str, Control]] = {}

    def asked(self) -> list[Field]:
        """Return the fields of the kind, in their order."""
        return [self._fields[f"give_{name}"] for name in self.controls]

    def given(self) -> dict[str, Any]:
        """Return what was entered, by name of the control."""
        return {name: self._fields[f"give_{name}"].data for name in self.controls}


def send_form(kind: RewardKind, *, filled: bool = False) -> SendForm:
    """Return the form with which something of this kind is handed over."""
    fields = {f"give_{name}": field_for(control) for name, control in kind.gives.items()}
    form_class = type("SendForm", (SendForm,), fields | {"controls": kind.gives})
    made: SendForm = form_class() if filled else form_class(formdata=None)
    return made
