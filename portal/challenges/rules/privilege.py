"""The import's privilege."""

from portal.kernel.actor import Actor

IMPORTED = "import:"
"""With this the keys of answers begin that an import sent."""


def is_import(actor: Actor) -> bool:
    """Tell whether ``actor`` records what happened elsewhere: the portal itself, or an admin's import.

    Only then past dates, other points than offered, and answers in another person's name are taken.
    """
    return actor.is_system or (actor.is_admin and actor.origin == "import")
