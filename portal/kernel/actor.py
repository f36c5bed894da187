"""Who acts. Doors build one actor a request; every action takes it, none asks who is signed in."""

from dataclasses import dataclass, field

ADVOCATE, EMPLOYEE, ADMIN = "advocate", "employee", "admin"


@dataclass(frozen=True)
class Actor:
    """A person (``id``) or the portal itself (``id`` None), and where the act comes from.

    ``origin`` is an IP address for a click, ``cli``, ``job`` or ``import`` otherwise.
    """

    id: int | None
    roles: frozenset[str] = field(default_factory=frozenset)
    origin: str = ""
    request_id: str = ""

    @property
    def is_system(self) -> bool:
        """Whether the portal itself acts. A visitor who is not signed in has no id either, and is nobody."""
        return self.id is None and not self.roles

    @property
    def is_admin(self) -> bool:
        return self.is_system or ADMIN in self.roles

    @property
    def is_employee(self) -> bool:
        return EMPLOYEE in self.roles

    @property
    def is_advocate(self) -> bool:
        return ADVOCATE in self.roles


def system(origin: str = "job") -> Actor:
    """Return the portal itself as actor, for jobs, imports and commands."""
    return Actor(id=None, origin=origin)
