"""What a good password is, and how one is kept: argon2id, verified at a known cost.

Length is what counts (NIST SP 800-63B-4): no demand for digits or symbols, no expiry. Refused is
what a guesser tries first: common passwords, the same unit again and again, sequences, and one's
own name, company or the portal's name.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from portal.kernel.errors import Refusal
from portal.kernel.text import N_, fold

MAX_LENGTH, MAX_BYTES, OWN_PART = 128, 1024, 8
UNITS = 6
AT_ONCE = 4
BLOCKLIST = Path(__file__).resolve().parents[1] / "blocklist.txt"
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)
LOOKALIKES = str.maketrans("@4301!|5$7+89", "aaeoiiisst" + "tbg")


class PasswordTooShort(Refusal):
    """Fewer characters than the installation asks for."""

    message = N_("Please use at least %(needed)s characters. Four or five words that only you would put together are easy to remember.")
    field = "password"


class PasswordTooLong(Refusal):
    """More than is hashed."""

    message = N_("Please use at most %(most)s characters.")
    field = "password"


class PasswordCommon(Refusal):
    """On the list of what guessers try first, or close to it."""

    message = N_("This password is among the first that somebody would guess. Please choose another.")
    field = "password"


class PasswordRepetitive(Refusal):
    """The same few characters again and again, or a row of the keyboard."""

    message = N_("This password repeats itself or follows a row of keys. Please choose another.")
    field = "password"


class PasswordPersonal(Refusal):
    """Little more than a name that everybody here can read."""

    message = N_("This password is little more than your name, your company or the name of this portal. Please choose another.")
    field = "password"


class PasswordsDiffer(Refusal):
    """The second entry is not the first."""

    message = N_("The two passwords are not the same.")
    field = "again"


class PasswordWrong(Refusal):
    """The current password, asked for before a change, is not right."""

    message = N_("This is not your current password.")
    field = "current"


@dataclass(frozen=True)
class Policy:
    """What this installation asks of a password: its shortest length, and the names everybody knows here."""

    min_length: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewPassword:
    """A password that was found good for its person, as it is kept. ``Hasher.accept`` makes it, before the unit of work that keeps it."""

    hashed: str


def normal(password: str) -> str:
    """Return the form that is hashed, so that two keyboards give one password."""
    return unicodedata.normalize("NFKC", password)


def require_good(password: str, policy: Policy, own: Iterable[str | None] = ()) -> None:
    """Refuse a password that is short, long, common, repetitive, or made of ``own`` names and addresses."""
    text = normal(password)
    if len(text) > MAX_LENGTH or len(text.encode()) > MAX_BYTES:
        raise PasswordTooLong(most=MAX_LENGTH)
    if len(text) < policy.min_length:
        raise PasswordTooShort(needed=policy.min_length)
    if is_repetitive(text):
        raise PasswordRepetitive()
    if is_common(text):
        raise PasswordCommon()
    if is_personal(text, [*policy.names, *own]):
        raise PasswordPersonal()


def is_repetitive(text: str) -> bool:
    """Tell whether ``text`` is a unit repeated, few different characters, or runs along rows of keys."""
    folded = fold(text)
    if len(set(folded)) < 5:
        return True
    if folded in (folded * 2)[1:-1] or any(folded == (folded[:size] * len(folded))[: len(folded)] for size in range(1, UNITS + 1)):
        return True
    return _run_length(folded) * 4 >= len(folded) * 3


def _run_length(text: str) -> int:
    """Return how many characters of ``text`` stand in runs of four or more along a row, forwards or backwards."""
    covered = 0
    start = 0
    while start < len(text):
        longest = max(_run_at(text, start, row) for base in ROWS for row in (base * 2, base[::-1] * 2))
        covered += longest if longest >= 4 else 0
        start += longest if longest >= 4 else 1
    return covered


def _run_at(text: str, start: int, row: str) -> int:
    length = 0
    while start + length < len(text) and text[start : start + length + 1] in row:
        length += 1
    return length


def is_common(text: str) -> bool:
    """Tell whether ``text`` is on the bundled list: as it is, with look-alike characters read as letters, or without what stands around it."""
    folded = fold(text)
    forms = {folded, re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)}
    forms |= {form.translate(LOOKALIKES) for form in forms}
    forms |= {re.sub(r"[\W_]+", "", form) for form in forms}
    forms |= {re.sub(r"^\d+|\d+$", "", form) for form in forms}
    return not forms.isdisjoint(_blocklist())


@cache
def _blocklist() -> frozenset[str]:
    return frozenset(BLOCKLIST.read_text(encoding="utf-8").split())


def is_personal(text: str, names: Iterable[str | None]) -> bool:
    """Tell whether fewer than eight letters or digits are left when every name, and every part of an address, is taken out."""
    rest = fold(text)
    words = {word for name in names for word in re.split(r"[\W_]+", fold(name or "")) if len(word) >= 3}
    found = [word for word in sorted(words, key=lambda w: (-len(w), w)) if word in rest]
    for word in found:
        rest = rest.replace(word, "")
    return bool(found) and len(re.sub(r"[\W_]+", "", rest)) < OWN_PART


@dataclass
class Hasher:
    """Argon2id with the parameters of OWASP's minimum; tests take cheaper ones. At most four hashes at once in a process."""

    memory_kib: int = 19_456
    time_cost: int = 2
    parallelism: int = 1
    _gate: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE), repr=False)

    def __post_init__(self) -> None:
        self._argon2 = _argon2(self.memory_kib, self.time_cost, self.parallelism)
        self.nobody = _hash_of_nobody(self.memory_kib, self.time_cost, self.parallelism)

    def accept(self, password: str, policy: Policy, own: Iterable[str | None] = ()) -> NewPassword:
        """Return a password that was chosen, hashed; refuses one that is not good, as ``require_good`` does. Takes its time on purpose."""
        require_good(password, policy, own)
        return NewPassword(self.hash(password))

    def hash(self, password: str) -> str:
        """Return the hash under which ``password`` is kept."""
        with self._gate:
            return self._argon2.hash(normal(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether ``password`` belongs to ``kept``. Without ``kept`` the answer is no, at the same cost: one verification."""
        with self._gate:
            try:
                # What is longer than any password kept is cut: wrong all the same, and a megabyte costs nothing.
                return self._argon2.verify(kept or self.nobody, normal(password[: MAX_BYTES + 1])) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_weaker(self, kept: str) -> bool:
        """Tell whether ``kept`` was made at a lower cost than now asked for. A stronger one is left alone."""
        made = extract_parameters(kept)
        return made.memory_cost < self.memory_kib or made.time_cost < self.time_cost


def _argon2(memory_kib: int, time_cost: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID)


@cache
def _hash_of_nobody(memory_kib: int, time_cost: int, parallelism: int) -> str:
    """Return what an unknown address is verified against, made once a process for each cost."""
    return _argon2(memory_kib, time_cost, parallelism).hash("nobody has this password")


def require_same(password: str, again: str) -> None:
    """Refuse a second entry that is not the first."""
    if normal(password) != normal(again):
        raise PasswordsDiffer()
