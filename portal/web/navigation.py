"""Navigation: what each role sees on top and in the dock. Rooms' pages are listed in ``app.py``; nothing is listed that does not exist."""

from dataclasses import dataclass, replace

from flask import Flask, current_app, request
from flask_login import current_user

from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, REVIEWER


@dataclass(frozen=True)
class NavItem:
    """One entry. ``label`` is marked with ``N_``; ``within`` are endpoint prefixes under which it is the current one.

    An entry that is not ``in_dock`` stands under "More". The bar of a wide window shows all the others, the dock of a phone the
    first five; where more than one is left over, a phone has a menu for them.
    """

    label: str
    endpoint: str
    icon: str
    role: str
    within: tuple[str, ...] = ()
    in_dock: bool = True

    @property
    def is_current(self) -> bool:
        here = request.endpoint or ""
        return here == self.endpoint or any(here.startswith(prefix) for prefix in self.within)


def navigation() -> list[NavItem]:
    """Return the entries of the signed-in person, in the order of ``app.py``. What a reviewer works on stands
    second; entries of a second role come last, behind "More".
    """
    if not current_user.is_authenticated:
        return []
    items: list[NavItem] = current_app.extensions["navigation"]
    role = next((r for r in (ADMIN, ADVOCATE, EMPLOYEE) if r in current_user.roles), None)
    shown = [item for item in items if item.role == role]
    if role != ADMIN and REVIEWER in current_user.roles:
        shown[1:1] = [item for item in items if item.role == REVIEWER]
    if role != EMPLOYEE and EMPLOYEE in current_user.roles:
        known = {item.endpoint for item in shown}
        shown += [replace(item, in_dock=False) for item in items if item.role == EMPLOYEE and item.endpoint not in known]
    return shown


def init(app: Flask, items: list[NavItem]) -> None:
    """Offer ``navigation()`` to the templates."""
    app.extensions["navigation"] = items
    app.jinja_env.globals["navigation"] = navigation
