"""Reading ``programme.toml``, and addresses made of names."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from portal.kernel.text import fold

FILE = Path(__file__).parent / "programme.toml"
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "’": "", ".": ""})
TITLES = {"dr"}


@cache
def programme() -> dict[str, Any]:
    """Return the content of the demo programme."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Return ``text`` in the letters of an address."""
    return fold(text).translate(LETTERS)


def email_of(name: str, domain: str) -> str:
    """Return the address that somebody of this name has at ``domain``."""
    words = [word for word in plain(name).split() if word not in TITLES]
    return f"{'.'.join(words)}@{domain}"


def domain_of(company: str) -> str:
    """Return a domain for a company; ``.example`` belongs to nobody."""
    return f"{'-'.join(word for word in plain(company).replace('&', ' ').split())}.example"
