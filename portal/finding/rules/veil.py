"""What a profile is called in addresses, forms and files where its person is not to be known: the number under a key of the installation. Pure.

A Feistel network over 64 bits, so that the same profile always has the same name (a search can be shared), nobody comes from a name to a number
or to the next name, and whoever has the key comes back without a table. A name that was made up leads to a number that nobody has.
"""

import hmac
from base64 import b32decode, b32encode

from portal.kernel.ids import MOST_ID

MARK, LENGTH, ROUNDS, HALF = "v", 13, 8, 2**32


def veil_key(secret: str) -> bytes:
    """Return the key of an installation's names. With another secret old names lead nowhere."""
    return hmac.digest(secret.encode(), b"laurel veiled references", "sha256")


def sealed(person_id: int, key: bytes) -> str:
    """Return the name of somebody's profile, such as ``v7mbqk3tn2xwfa``."""
    left, right = divmod(person_id, HALF)
    for turn in range(ROUNDS):
        left, right = right, left ^ _mixed(right, turn, key)
    return MARK + b32encode((left * HALF + right).to_bytes(8, "big")).decode().rstrip("=").lower()


def opened(name: str, key: bytes) -> int | None:
    """Return whose profile has this name; None for what is none."""
    if not (name.isascii() and name.startswith(MARK) and len(name) == LENGTH + 1):
        return None
    try:
        left, right = divmod(int.from_bytes(b32decode(name[1:].upper() + "==="), "big"), HALF)
    except ValueError:
        return None
    for turn in reversed(range(ROUNDS)):
        left, right = right ^ _mixed(left, turn, key), left
    person_id = left * HALF + right
    return person_id if 0 < person_id <= MOST_ID and sealed(person_id, key) == name else None


def _mixed(half: int, turn: int, key: bytes) -> int:
    return int.from_bytes(hmac.digest(key, bytes([turn]) + half.to_bytes(4, "big"), "sha256")[:4], "big")
