"""Who acts. Doors build one actor a request; every action takes it, none asks who is signed in."""

from dataclasses import dataclass, field

ADVOCATE, EMPLOYEE, ADMIN = "advocate", "employee", "admin"
REVIEWER = "reviewer"
"""Not a role but a permission that admins grant besides one: to see the approvals queue and decide on some kinds of it."""


@dataclass(frozen=True)
class Actor:
    """A person (``id``) or the portal itself (``id`` None), and where the act comes from.

    ``origin`` is an IP address for a click, ``cli``, ``job`` or ``import`` otherwise. ``reviews`` are
    the kinds of the approvals queue that somebody who is no admin may decide.
    """

    id: int | None
    roles: frozenset[str] = field(default_factory=frozenset)
    origin: str = ""
    request_id: str = ""
    reviews: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_system(self) -> bool:
        """Whether the portal itself acts. A visitor who is not signed in has no id either, and is nobody."""
        return self.id is None and not self.roles

    @property
    def is_admin(self) -> bool:
        return self.is_system or ADMIN in self.roles

    def may_decide(self, kind: str) -> bool:
        """Tell whether the actor may decide on things of ``kind`` in the approvals queue: an admin on all, a reviewer on what was granted."""
        return self.is_admin or kind in self.reviews

    @property
    def is_employee(self) -> bool:
        return EMPLOYEE in self.roles

    @property
    def is_advocate(self) -> bool:
        return ADVOCATE in self.roles


def system(origin: str = "job") -> Actor:
    """Return the portal itself as actor, for jobs, imports and commands."""
    return Actor(id=None, origin=origin)
