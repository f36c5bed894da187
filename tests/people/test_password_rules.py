"""What a good password is, as a table; what a hash costs; what is on the list."""

import pytest

from portal.people.rules.password import (
    MAX_LENGTH,
    Hasher,
    PasswordCommon,
    PasswordPersonal,
    PasswordRepetitive,
    PasswordsDiffer,
    PasswordTooLong,
    PasswordTooShort,
    Policy,
    _blocklist,
    require_good,
    require_same,
)
from scripts.make_blocklist import made

POLICY = Policy(15, ("Laurel", "Meridian Works"))
OWN = ["Ada Moreau", "ada.moreau@kestrel.example", "Kestrel Logistics"]


@pytest.mark.parametrize(
    "password",
    [
        "maple ladder quiet seven",
        "Äpfel und Birnen im Korb",
        "мой очень длинный пароль",
        "blue kettle, nine owls",
        "I met Ada on a wet Tuesday",
        "laurel trees by the old canal",
        "x9!kQ2#mV7$pL4z",
        "a" * 8 + "bcdefgh, quite a sentence follows here " * 2,
    ],
)
def test_a_password_that_nobody_would_try_first_is_taken(password: str) -> None:
    require_good(password, POLICY, OWN)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("", PasswordTooShort),
        ("fourteen chars", PasswordTooShort),
        ("x1!" * 50, PasswordTooLong),
        ("\ufdfa" * 100, PasswordTooLong),
        ("aaaaaaaaaaaaaaa", PasswordRepetitive),
        ("abcabcabcabcabca", PasswordRepetitive),
        ("maple7ladder!maple7ladder!", PasswordRepetitive),
        ("123456789012345", PasswordRepetitive),
        ("98765432109876543", PasswordRepetitive),
        ("qwertyuiopasdfgh", PasswordRepetitive),
        ("abcdefghijklmnop", PasswordRepetitive),
        ("P@ssw0rd!P@ssw0rd!", PasswordRepetitive),
        ("password1234567", PasswordCommon),
        ("Welcome-Password-2026", PasswordCommon),
        ("!!!Administrator123456", PasswordCommon),
        ("Correct-Horse-Battery-Staple!", PasswordCommon),
        ("The Quick Brown Fox Jumps", PasswordCommon),
        ("LaurelMeridian2026!", PasswordPersonal),
        ("Ada Moreau 19841", PasswordPersonal),
        ("ada.moreau@kestrel.example", PasswordPersonal),
        ("Kestrel!Logistics!1", PasswordPersonal),
    ],
)
def test_what_a_guesser_tries_first_is_refused(password: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_good(password, POLICY, OWN)


def test_the_length_is_a_setting() -> None:
    require_good("owls at noon!", Policy(12))
    with pytest.raises(PasswordTooShort):
        require_good("owls at noon!", Policy(15))


def test_the_longest_password_is_taken() -> None:
    text = "Some words, then some more; "
    require_good((text * 5)[: MAX_LENGTH - 5] + "Krähe", POLICY)


def test_the_list_is_long_and_made_by_its_script() -> None:
    assert len(_blocklist()) >= 10_000
    assert all(len(word) >= 12 for word in _blocklist())
    assert _blocklist() == set(made())


def test_two_keyboards_give_one_password() -> None:
    hasher = Hasher(memory_kib=8, time_cost=1)
    assert hasher.verify(hasher.hash("Stra\u00dfe mit \u00c4pfeln"), "Stra\u00dfe mit A\u0308pfeln")
    require_same("\u00c4", "A\u0308")
    with pytest.raises(PasswordsDiffer):
        require_same("one", "two")


def test_a_hash_has_the_promised_cost() -> None:
    assert Hasher().hash("some password").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_weaker_hashes_are_made_anew() -> None:
    now = Hasher(memory_kib=64, time_cost=2)
    assert now.is_weaker(Hasher(memory_kib=32, time_cost=2).hash("x"))
    assert now.is_weaker(Hasher(memory_kib=64, time_cost=1).hash("x"))
    assert not now.is_weaker(Hasher(memory_kib=64, time_cost=2).hash("x"))
    assert not now.is_weaker(Hasher(memory_kib=128, time_cost=3).hash("x"))


def test_nobody_has_a_password() -> None:
    hasher = Hasher(memory_kib=8, time_cost=1)
    assert not hasher.verify(None, "nobody has this password")
    assert not hasher.verify("not a hash", "x")
