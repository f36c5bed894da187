"""The keys of the vault: sealing, opening, and fingerprints by which the same code is known again without being read.

The first key seals. The others still open what was sealed before, until it is sealed anew. Codes are sealed with Fernet
(AES-128 in CBC mode with an HMAC over it); fingerprints are HMAC-SHA256 under a key derived from the sealing one.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken

from portal.vault.rules import Card, KeyMissing


def new_vault_key() -> str:
    """Return a fresh key: 32 random bytes as text."""
    return Fernet.generate_key().decode()


class Key:
    """One key. ``name`` tells keys apart in the database and gives nothing of the key away."""

    def __init__(self, text: str) -> None:
        self._fernet = Fernet(text)
        self._mark = hmac.digest(text.encode(), b"laurel vault fingerprint", "sha256")
        self.name = hmac.new(text.encode(), b"laurel vault name", hashlib.sha256).hexdigest()[:16]

    def seal(self, card: Card) -> str:
        """Return the card, sealed."""
        return self._fernet.encrypt(json.dumps([card.code, card.pin, card.link]).encode()).decode()

    def unseal(self, sealed: str) -> Card:
        """Return the card. Refuses: KeyMissing where this key did not seal it, or it was altered."""
        try:
            return Card(*json.loads(self._fernet.decrypt(sealed.encode())))
        except InvalidToken:
            raise KeyMissing() from None

    def fingerprint(self, card: Card) -> str:
        """Return by what the same card is known again. Spaces and what is written around it make no difference, small letters do."""
        plain = "".join((card.code or card.link).split())
        return hmac.new(self._mark, plain.encode(), hashlib.sha256).hexdigest()


class Keys:
    """All keys of an installation, read when first needed: whoever keeps no codes needs none."""

    def __init__(self, read: Callable[[], Sequence[str]]) -> None:
        self._read = read

    @cached_property
    def all(self) -> tuple[Key, ...]:
        """Return the keys, the one that seals first."""
        return tuple(Key(text) for text in self._read())

    @property
    def first(self) -> Key:
        """Return the key that seals."""
        return self.all[0]

    def unseal(self, sealed: str, sealed_with: str) -> Card:
        """Return a card that one of the keys sealed. Refuses: KeyMissing."""
        for key in self.all:
            if key.name == sealed_with:
                return key.unseal(sealed)
        raise KeyMissing()

    def __repr__(self) -> str:
        return "Keys(…)"
