"""What admins type about a reward: what it says and costs, what its kind needs, what it comes in."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.kernel.errors import Refusal
from portal.kernel.ids import new_key
from portal.kernel.seen import seen_of
from portal.rewards.forms.controls import field_for
from portal.rewards.forms.lists import kind_choices
from portal.rewards.kinds.contract import Control, RewardKind, read
from portal.rewards.rules.refusals.stock import OtherChange
from portal.web.forms import DayField, Form, KeyField, PressField, SeenField, one_line, plain_text


class RewardForm(Form):
    """What a reward says and costs."""

    name = StringField(_("Name"), [InputRequired(), Length(max=120)], filters=[one_line])
    summary = StringField(_("Summary"), [Optional(), Length(max=240)], filters=[one_line])
    text = TextAreaField(_("Description"), [Optional(), Length(max=10_000)], filters=[plain_text])
    terms = TextAreaField(_("Terms"), [Optional(), Length(max=10_000)], filters=[plain_text])
    kind = SelectField(_("Kind"), choices=kind_choices)
    price = IntegerField(_("Price in points"), [InputRequired()])
    limit_per_person = IntegerField(_("Limit for one person"), [Optional()])
    picture = FileField(_("Picture"), [Optional()])


class NewRewardForm(RewardForm):
    """A new reward, with what is on the shelf to begin with."""

    key = KeyField()
    stock = IntegerField(_("Stock"), [Optional()])


class EditRewardForm(RewardForm):
    """A reward that is there; its stock is changed beside it."""

    drop_picture = BooleanField(_("Remove the picture"))
    seen = SeenField()


class Once(Form):
    """A form that changes a stock once. Where another number was typed into it by then, it may change that too, pressed again."""

    key = PressField()

    def refuse(self, refusal: Refusal, stored: Callable[[], Form] | None = None) -> None:
        super().refuse(refusal, stored)
        if isinstance(refusal, OtherChange):
            self.key.data = new_key()


class StockForm(Once):
    """Adding to a count, or taking from it."""

    change = IntegerField(_("Change"), [InputRequired()])


class CountForm(Form):
    """Beginning to count."""

    stock = IntegerField(_("Pieces on the shelf"), [InputRequired()])


class OptionsForm(Form):
    """What a kind needs to know besides."""

    controls: ClassVar[Mapping[str, Control]] = {}
    is_marked: ClassVar[bool] = False
    """Whether it holds what is saved, and only shows what is wrong with that: nothing in it was typed."""
    seen = SeenField()

    def asked(self) -> list[Field]:
        """Return the fields of the kind, in their order."""
        return [self._fields[f"option_{name}"] for name in self.controls]

    def given(self) -> dict[str, Any]:
        """Return what was entered, by name of the control."""
        return {name: self._fields[f"option_{name}"].data for name in self.controls}


def options_form(kind: RewardKind, options: Mapping[str, Any], *, filled: bool = False, is_marked: bool = False) -> OptionsForm:
    """Return the form for what a kind needs, with what was saved unless ``filled`` from the request.

    ``is_marked``: to show what is wrong with what was saved.
    """
    fields = {f"option_{name}": field_for(control) for name, control in kind.options.items()}
    form_class = type("OptionsForm", (OptionsForm,), fields | {"controls": kind.options, "is_marked": is_marked})
    shown = {"data": {f"option_{name}": said for name, said in options.items()}, "seen": seen_of(read(kind.options, options))}
    made: OptionsForm = form_class() if filled else form_class(formdata=None, **shown)
    return made


class VariantForm(Form):
    """One of what a reward comes in."""

    name = StringField(_("Name"), [InputRequired(), Length(max=80)], filters=[one_line])
    happens_on = DayField(_("Day"), [Optional()])


class NewVariantForm(VariantForm):
    """A new one, with what there is of it."""

    stock = IntegerField(_("Stock"), [Optional()])


class EditVariantForm(Once, VariantForm):
    """One that is there; its stock is not set but changed, so that nobody overwrites what was redeemed meanwhile."""

    seen = SeenField()
    change = IntegerField(_("Add or take away"), [Optional()])
    position = IntegerField(_("Place"), [InputRequired(), NumberRange(1, 1000)])
    is_active = BooleanField(_("Offered"))
