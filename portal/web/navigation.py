"""Navigation: what each role sees on top and in the dock. Rooms' pages are listed in ``app.py``; nothing is listed that does not exist."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_login import current_user

from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, REVIEWER


@dataclass(frozen=True)
class NavItem:
    """One entry. ``label`` is marked with ``N_``; ``within`` are endpoint prefixes under which it is the current one, unless another
    entry names a longer one.

    ``shown_if`` is asked with every page and hides the entry where there is nothing behind it yet.
    ``short`` is what the dock of a phone calls it, where the label would take two lines.
    An entry that is not ``in_dock`` stands under "More". The bar of a wide window shows all the others, the dock of a phone the
    first five; where more than one is left over, a phone has a menu for them, and one alone stands on top as a picture.
    """

    label: str
    endpoint: str
    icon: str
    role: str
    within: tuple[str, ...] = ()
    in_dock: bool = True
    short: str = ""
    shown_if: Callable[[], bool] | None = None

    def nearness(self, here: str) -> int:
        """Return how much of an endpoint's name the entry names, 0 if it does not stand for it."""
        named = (self.endpoint,) * (here == self.endpoint) + tuple(name for name in self.within if here.startswith(name))
        return max(map(len, named), default=0)

    def link(self, *, in_dock: bool, nearest: int) -> "NavLink":
        """Return the entry as the page that is being shown has it; ``nearest`` is the nearness of the entries that are current there."""
        is_current = 0 < self.nearness(request.endpoint or "") == nearest
        return NavLink(self.label, url_for(self.endpoint), self.icon, in_dock, is_current, self.short or self.label)


@dataclass(frozen=True)
class NavLink:
    """One entry on a page."""

    label: str
    address: str
    icon: str
    in_dock: bool
    is_current: bool
    short: str


def navigation() -> list[NavLink]:
    """Return the entries of the signed-in person, in the order of ``app.py``. What a reviewer works on stands
    second; entries of a second role come last, behind "More".
    """
    if not current_user.is_authenticated:
        return []
    items: list[NavItem] = current_app.extensions["navigation"]
    roles = current_user.roles
    asked: dict[Callable[[], bool], bool] = {}
    listed = [item for item in items if item.role in roles and _is_shown(item, asked)]
    role = next((r for r in (ADMIN, ADVOCATE, EMPLOYEE) if r in roles), None)
    shown = [item for item in listed if item.role == role]
    if role != ADMIN and REVIEWER in roles:
        shown[1:1] = [item for item in listed if item.role == REVIEWER]
    nearest = max((item.nearness(request.endpoint or "") for item in listed), default=0)
    links = [item.link(in_dock=item.in_dock, nearest=nearest) for item in shown]
    if role != EMPLOYEE and EMPLOYEE in roles:
        known = {item.endpoint for item in shown}
        links += [item.link(in_dock=False, nearest=nearest) for item in listed if item.role == EMPLOYEE and item.endpoint not in known]
    return links


def _is_shown(item: NavItem, asked: dict[Callable[[], bool], bool]) -> bool:
    """Tell whether an entry has something behind it. Roles share entries, so each question is asked once a page."""
    if item.shown_if is None:
        return True
    if item.shown_if not in asked:
        asked[item.shown_if] = item.shown_if()
    return asked[item.shown_if]


def init(app: Flask, items: list[NavItem]) -> None:
    """Offer ``navigation()`` to the templates."""
    app.extensions["navigation"] = items
    app.jinja_env.globals["navigation"] = navigation
