"""The life of a person's record: contact → invited → active → deactivated, and the roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, Actor
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_

ROLES = (ADVOCATE, EMPLOYEE, ADMIN)
ROLE_NAMES = {ADVOCATE: N_("Advocate"), EMPLOYEE: N_("Employee"), ADMIN: N_("Admin")}
NAME_LENGTH, TITLE_LENGTH, EMAIL_LENGTH, REASON_LENGTH, NICKNAME_LENGTH = 120, 120, 254, 500, 40


class PersonState(StrEnum):
    """Known only; asked to join; joined; shut out."""

    CONTACT = "contact"
    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


STATE_NAMES = {
    PersonState.CONTACT: N_("Contact"),
    PersonState.INVITED: N_("Invited"),
    PersonState.ACTIVE: N_("Active"),
    PersonState.DEACTIVATED: N_("Deactivated"),
}


class NameMissing(Refusal):
    """A person without a name."""

    message = N_("Please give a name.")
    field = "name"


class EmailInvalid(Refusal):
    """Not the shape of an e-mail address."""

    message = N_("This does not look like an e-mail address.")
    field = "email"


class EmailTaken(Conflict):
    """Another person has this address, in this or another spelling."""

    message = N_("Somebody with the address %(email)s is already here.")
    field = "email"


class EmailMissing(Refusal):
    """Without an address nobody can be invited or sign in."""

    message = N_("%(name)s has no e-mail address yet. Add one first, then invite.")
    field = "email"


class ActiveNeedsEmail(Refusal):
    """The address is what somebody signs in with, so it can be changed but not taken away."""

    message = N_("%(name)s signs in with this address. Change it instead of removing it.")
    field = "email"


class RoleMissing(Refusal):
    """A person without any role could do nothing here."""

    message = N_("Choose at least one role.")
    field = "roles"


class RoleUnknown(Refusal):
    """A role that does not exist."""

    message = N_("There is no role named %(role)s.")
    field = "roles"


class OwnAdminRole(NotAllowed):
    """Nobody takes the admin role from themselves, so that the last admin cannot lock everybody out."""

    message = N_("You cannot take the admin role from yourself. Ask another admin.")
    field = "roles"


class OwnDeactivation(NotAllowed):
    """Nobody deactivates their own account."""

    message = N_("You cannot deactivate your own account. Ask another admin.")


class AlreadyJoined(Conflict):
    """An invitation for somebody who is in already."""

    message = N_("%(name)s has joined already.")


class PersonDeactivated(Conflict):
    """Nothing is offered to a deactivated person before they are reactivated."""

    message = N_("%(name)s is deactivated. Reactivate first.")


class NotDeactivated(Conflict):
    """Only a deactivated person can be reactivated."""

    message = N_("%(name)s is not deactivated.")


class ReasonMissing(Refusal):
    """Shutting somebody out needs a reason that others can read."""

    message = N_("Please say why. Other admins will read it.")
    field = "reason"


class ZoneUnknown(Refusal):
    """A time zone that does not exist."""

    message = N_("We do not know this time zone.")
    field = "time_zone"


class NicknameIsAName(Refusal):
    """Nobody stands on boards under another member's name."""

    message = N_("“%(nickname)s” is the name of somebody here. Please choose another nickname.")
    field = "nickname"


class NicknameTaken(Refusal):
    """A nickname stands for one person."""

    message = N_("Somebody here stands under “%(nickname)s” already. Please choose another nickname.")
    field = "nickname"


class DemoInProduction(NotAllowed):
    """Demo people have published passwords, so a production portal neither makes them nor lets them in."""

    message = N_("Demo people cannot exist in production. Start with an empty database instead.")


@dataclass(frozen=True)
class Roles:
    """Which of the three roles a person holds."""

    is_advocate: bool
    is_employee: bool
    is_admin: bool


def require_roles(roles: Iterable[str]) -> Roles:
    """Return ``roles`` as flags. Refuses none at all (``RoleMissing``) and unknown ones (``RoleUnknown``)."""
    held = set(roles)
    for role in sorted(held - set(ROLES)):
        raise RoleUnknown(role=role)
    if not held:
        raise RoleMissing()
    return Roles(ADVOCATE in held, EMPLOYEE in held, ADMIN in held)


def require_role_change(actor: Actor, person_id: int, roles: Roles) -> None:
    """Refuse to take the admin role from oneself (``OwnAdminRole``)."""
    if actor.id == person_id and not roles.is_admin:
        raise OwnAdminRole()


def role_set(is_advocate: bool, is_employee: bool, is_admin: bool) -> frozenset[str]:
    """Return the names of the roles held."""
    return frozenset(name for name, held in zip(ROLES, (is_advocate, is_employee, is_admin), strict=True) if held)


def require_email_shape(email: str) -> None:
    """Refuse what no mail could be sent to: one @, no white space or control characters, a domain with a dot in it, 254 characters."""
    local, at, domain = email.rpartition("@")
    whole = bool(local and at and domain) and "@" not in local and len(email) <= EMAIL_LENGTH
    if not whole or any(c.isspace() or not c.isprintable() or c in '<>(),;:"\\[]' for c in email):
        raise EmailInvalid()
    if "." not in domain or any(not part or part.startswith("-") or part.endswith("-") for part in domain.split(".")):
        raise EmailInvalid()


def require_time_zone(zone: str | None) -> None:
    """Refuse a zone that the time zone database does not know."""
    if zone and zone not in available_timezones():
        raise ZoneUnknown()


@cache
def time_zones() -> tuple[str, ...]:
    """Return the zones offered to people: those named after a place."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(areas)))


def require_demo_allowed(is_production: bool) -> None:
    """Refuse demo people in production."""
    if is_production:
        raise DemoInProduction()
