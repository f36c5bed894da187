"""What profiles are called in addresses, forms and cursors: by number for who may know the person, else by their veiled name."""

from sqlalchemy.orm import Session

from portal.finding.rules.veil import opened, sealed
from portal.kernel.actor import Actor
from portal.kernel.ids import MOST_ID
from portal.people.queries.knowing import knows

VEIL = "veil_key"
"""Under this name sessions have the key of the installation."""


def veiled_name(session: Session, person_id: int) -> str:
    """Return what somebody's profile is called where they are not to be known."""
    return sealed(person_id, session.info.get(VEIL, b""))


def called(session: Session, person_id: int, *, is_veiled: bool) -> str:
    """Return what stands for somebody in an address or a form."""
    return veiled_name(session, person_id) if is_veiled else str(person_id)


def under(session: Session, name: str) -> int | None:
    """Return whose profile has this veiled name."""
    return opened(name, session.info.get(VEIL, b""))


def meant(session: Session, actor: Actor, text: str) -> int | None:
    """Return who is meant in an address or a form: a veiled name leads to whoever has it, a number only to whom ``actor`` may know of."""
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MOST_ID:
        return next(iter(knows(session, actor, [int(text)])), None)
    return under(session, text)
