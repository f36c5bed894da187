"""What people type is kept as they wrote it, without what nobody can see."""

import pytest

from portal.kernel.text import clean, clean_line, fold, initials

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
TYPED = {
    "  a line\x00 with a bell\x07 ": "a line with a bell",
    "two\nlines\tand a tab": "two\nlines\tand a tab",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937": "\u0915\u094d\u200d\u0937",
    f"us: {FAMILY}": f"us: {FAMILY}",
    "an\u200dna": "anna",
    "\u200dAnna\u200c": "Anna",
    "\u0645\u200d\u200d\u0645": "\u0645\u0645",
    "turned \u202eround": "turned round",
    "e\u0301": "\u00e9",
}


@pytest.mark.parametrize(("typed", "kept"), TYPED.items())
def test_text_is_kept_without_what_nobody_sees(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_a_line_holds_no_line_break() -> None:
    assert clean_line("one \n  two\t three") == "one two three"


def test_a_word_is_found_with_and_without_its_joiner() -> None:
    assert fold("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") == fold("\u0645\u06cc\u062e\u0648\u0627\u0647\u0645")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Ada Moreau", "AM"), ("Ada", "A"), ("ليلى Lefèvre", "ل"), ("Zoë زهراء Zimmer", "ZZ"), ("Éva 王", "É"), ("", "?"), ("---", "?")],
)
def test_initials_are_of_one_script(name: str, shown: str) -> None:
    assert initials(name) == shown
