"""What a member fills in to redeem a reward: what its kind asks, which variant, where to, and yes to the terms."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.kernel.ids import read_id
from portal.rewards.actions.redeeming import Asked
from portal.rewards.forms.addresses import ADDRESS, address_fields
from portal.rewards.forms.controls import field_for
from portal.rewards.kinds.contract import Control
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.terms import version_of
from portal.web.forms import Form, KeyField, plain_text
from portal.web.language import day


class RedeemForm(Form):
    """Asking for a reward."""

    key = KeyField()
    shown_price = HiddenField(validators=[InputRequired()], filters=[read_id])
    wish = TextAreaField(_("Anything we should know"), [Optional(), Length(max=500)], filters=[plain_text])
    controls: ClassVar[Mapping[str, Control]] = {}

    def asked_of_kind(self) -> list[Field]:
        """Return the fields of the kind, in their order."""
        return [self._fields[f"ask_{name}"] for name in self.controls]

    def asked(self) -> Asked:
        """Return what was filled in besides the wish."""
        answers = {name: self._fields[f"ask_{name}"].data for name in self.controls}
        variant, address = self._said("variant_id"), None
        if "city" in self:
            address = Address(**{name: self._said(name) for name in ADDRESS}, country=self._said("country"))
        return Asked(
            variant_id=read_id(variant),
            answers=answers,
            address=address,
            remembers=bool("remembers" in self and self["remembers"].data),
            agrees=bool("agrees" in self and self["agrees"].data),
            terms=self._said("terms"),
        )

    def is_like(self, other: "RedeemForm") -> bool:
        """Tell whether people would see the same in it as in another one for the same reward."""
        seen = [name for name, field in self._fields.items() if not isinstance(field, HiddenField) and name != "csrf_token"]
        return all((self[name].data or "") == (other[name].data or "") for name in seen)

    def _said(self, name: str) -> str:
        return str(self[name].data or "") if name in self else ""


def _variant_label(variant: RewardVariant) -> str:
    name = f"{variant.name}, {day(variant.happens_on)}" if variant.happens_on else variant.name
    return gettext("%(name)s (none left)", name=name) if variant.stock == 0 else name


def redeem_form(reward: Reward, variants: Sequence[RewardVariant], kept: Address | None, *, filled: bool = False) -> RedeemForm:
    """Return the form for this reward, with the kept address filled in unless ``filled`` from the request."""
    kind = kind_of(reward.kind)
    controls = kind.asks(reward.options)
    fields: dict[str, Any] = {f"ask_{name}": field_for(control) for name, control in controls.items()}
    if variants:
        choices = [SelectChoice(str(variant.id), _variant_label(variant)) for variant in variants]
        label = _("Which one?") if all(variant.happens_on is None for variant in variants) else _("Which date?")
        fields["variant_id"] = RadioField(label, [Optional()], choices=choices, validate_choice=False)
    if kind.needs_address:
        fields |= address_fields() | {"remembers": BooleanField(_("Remember this address for the next parcel"))}
    if reward.terms.strip():
        fields |= {"agrees": BooleanField(_("I have read the terms and agree to them")), "terms": HiddenField()}
    form_class = type("RedeemForm", (RedeemForm,), fields | {"controls": controls})
    before = (kept.values if kept else {}) | {"remembers": kept is not None}
    made: RedeemForm = form_class() if filled else form_class(formdata=None, data=before)
    return made


def show_terms(form: RedeemForm, reward: Reward) -> None:
    """Let the form carry the version of the terms that the page shows; what was agreed to before them counts no more."""
    if "terms" in form:
        shown = version_of(reward.terms)
        if form["terms"].data not in (None, "", shown):
            form["agrees"].data = False
        form["terms"].data = shown
