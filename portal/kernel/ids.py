"""Identifiers and secrets that are made, never guessed."""

import hashlib
import secrets
import time
import uuid

MOST_ID = 2**63 - 1
"""The largest id that both engines can hold."""


def read_id(value: object) -> int | None:
    """Return the id, or another whole number from zero on, that was typed, chosen or stands in an address; None for anything else.

    Only what both engines can hold is a number here, and only the ten digits: "²" is a digit to Python, and no number.
    """
    said = str(value or "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= len(str(MOST_ID)) and int(said) <= MOST_ID else None


def new_key() -> str:
    """Return a fresh idempotency key: a UUID version 7, so that keys grow with time and an index on them stays narrow."""
    stamp = time.time_ns() // 1_000_000
    value = (stamp & ((1 << 48) - 1)) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def new_token() -> str:
    """Return 256 random bits for a link or a session. Only its hash may be stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the hash under which a token is stored. The token has full entropy, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
