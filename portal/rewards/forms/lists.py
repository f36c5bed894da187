"""What the lists can be asked for in their addresses, and the choices they share."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import AnyOf, Length, Optional

from portal.kernel.ids import read_id
from portal.kernel.text import N_
from portal.rewards.rules.conditions import SHELF_NAMES, Shelf
from portal.rewards.rules.kinds import KIND_NAMES, Kind
from portal.rewards.rules.states import CALLED_OFF, CALLED_OFF_NAME, STATE_NAMES, State
from portal.web.forms import FilterForm, one_line


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of rewards, for a form."""
    return [(kind.value, gettext(KIND_NAMES[kind])) for kind in Kind]


def any_of(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return ``choices`` with "Any" before them, for a filter."""
    return [("", gettext("Any")), *choices]


def state_choices() -> list[tuple[str, str]]:
    """Return where redemptions stand, for a filter."""
    return [(state.value, gettext(STATE_NAMES[state])) for state in State]


REACH_NAMES = {"can": N_("What I can have now"), "on": N_("On sale"), "soon": N_("Soon"), "out": N_("Out of stock")}
"""What the catalogue can be narrowed to, for the chips above it."""


class CatalogueFilter(FilterForm):
    """Search among what is offered."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = HiddenField(validators=[Optional(), AnyOf([kind.value for kind in Kind])])
    reach = HiddenField(validators=[Optional(), AnyOf(list(REACH_NAMES))])
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
    state = SelectField(_("State"), [Optional()], choices=lambda: any_of([(shelf.value, gettext(SHELF_NAMES[shelf])) for shelf in Shelf]))
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: any_of(kind_choices()))
    sort = SelectField(_("Order"), [Optional()], choices=lambda: [sort_choices()[2], *sort_choices()[:2], sort_choices()[3]])


class RedemptionsFilter(FilterForm):
    """Search among all redemptions, for admins."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: any_of([*state_choices(), (CALLED_OFF, gettext(CALLED_OFF_NAME))]))
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: any_of(kind_choices()))
    sort = SelectField(_("Order"), [Optional()], choices=lambda: [("newest", gettext("Newest first")), ("oldest", gettext("Oldest first"))])
    reward_id = HiddenField(validators=[Optional()], filters=[read_id])
