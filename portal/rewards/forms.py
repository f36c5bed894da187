"""What people type about rewards, and what the lists can be asked for in their addresses. Shape only."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from portal.rewards.rules.kinds import KIND_NAMES, REWARD_STATE_NAMES, Kind, RewardState
from portal.rewards.rules.states import CALLED_OFF, CALLED_OFF_NAME, STATE_NAMES, State
from portal.web.forms import FilterForm, Form, KeyField, SeenField, one_line, plain_text


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of rewards, for a form."""
    return [(kind.value, gettext(KIND_NAMES[kind])) for kind in Kind]


def any_of(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return ``choices`` with "Any" before them, for a filter."""
    return [("", gettext("Any")), *choices]


def state_choices() -> list[tuple[str, str]]:
    """Return where redemptions stand, for a filter."""
    return [(state.value, gettext(STATE_NAMES[state])) for state in State]


class CatalogueFilter(FilterForm):
    """Search among what is offered."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = HiddenField(validators=[Optional(), AnyOf([kind.value for kind in Kind])])
    reach = SelectField(_("Show"), [Optional()], choices=lambda: [("", gettext("Everything")), ("can", gettext("What I can have now"))])
    sort = SelectField(_("Order"), [Optional()], choices=lambda: sort_choices())


def sort_choices() -> list[tuple[str, str]]:
    """Return the orders of the catalogue."""
    return [("price", gettext("Lowest price")), ("dearest", gettext("Highest price")), ("newest", gettext("Newest")), ("name", gettext("Name"))]


class MineFilter(FilterForm):
    """Search among one's own redemptions."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: any_of(state_choices()))


class RewardsFilter(FilterForm):
    """Search among all rewards, for admins."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(
        _("State"), [Optional()], choices=lambda: any_of([(state.value, gettext(REWARD_STATE_NAMES[state])) for state in RewardState])
    )
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: any_of(kind_choices()))
    sort = SelectField(_("Order"), [Optional()], choices=lambda: [sort_choices()[2], *sort_choices()[:2], sort_choices()[3]])


class RedemptionsFilter(FilterForm):
    """Search among all redemptions, for admins."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: any_of([*state_choices(), (CALLED_OFF, gettext(CALLED_OFF_NAME))]))
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: any_of(kind_choices()))
    sort = SelectField(_("Order"), [Optional()], choices=lambda: [("newest", gettext("Newest first")), ("oldest", gettext("Oldest first"))])
    reward_id = HiddenField(validators=[Optional()], filters=[lambda value: int(value) if value and str(value).isdecimal() else None])


class RedeemForm(Form):
    """Asking for a reward."""

    key = KeyField()
    shown_price = HiddenField(validators=[InputRequired()], filters=[lambda value: int(value) if value and str(value).isdecimal() else None])
    wish = TextAreaField(_("Anything we should know"), [Optional(), Length(max=500)], filters=[plain_text])


class PlainForm(Form):
    """A button that asks for nothing more."""


class ReasonForm(Form):
    """A decision that needs a reason."""

    reason = TextAreaField(_("Reason"), [Optional(), Length(max=500)], filters=[plain_text])


class FulfilForm(Form):
    """Handing a reward over."""

    delivery = TextAreaField(_("Message to the person"), [Optional(), Length(max=1000)], filters=[plain_text])


class RewardForm(Form):
    """What a reward says and costs."""

    name = StringField(_("Name"), [InputRequired(), Length(max=120)], filters=[one_line])
    summary = StringField(_("Summary"), [Optional(), Length(max=240)], filters=[one_line])
    text = TextAreaField(_("Description"), [Optional(), Length(max=10_000)], filters=[plain_text])
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


class StockForm(Form):
    """Adding to a count, or taking from it."""

    change = IntegerField(_("Change"), [InputRequired()])


class CountForm(Form):
    """Beginning to count."""

    stock = IntegerField(_("Pieces on the shelf"), [InputRequired()])
