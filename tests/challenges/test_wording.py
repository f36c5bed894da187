"""What may not be asked for: held to a corpus of phrases, refused and honest ones."""

from pathlib import Path

import pytest

from portal.challenges.library.reading import DEFAULT, built_in
from portal.challenges.rules.wording import (
    AsksForPraise,
    AsksForRating,
    AsksTheHappyOnly,
    HidesCriticism,
    PaysForRating,
    find_unfair,
    require_fair,
    words_in,
)

CORPUS = [line.split("\t") for line in (Path(__file__).parent / "wording.tsv").read_text(encoding="utf-8").splitlines()]
NAMED = {"rating": AsksForRating, "praise": AsksForPraise, "happy": AsksTheHappyOnly, "pays": PaysForRating, "hides": HidesCriticism, "fair": None}


@pytest.mark.parametrize(("named", "phrase"), CORPUS)
def test_praise_is_refused_by_name_and_honest_words_pass(named: str, phrase: str) -> None:
    found = find_unfair(phrase)
    assert (found.refusal if found else None) is NAMED[named]
    around = find_unfair(f"Thank you for being with us.\n\n{phrase}. It takes ten minutes.")
    assert (around.refusal if around else None) is NAMED[named]


def test_the_corpus_is_large_enough_on_both_sides() -> None:
    honest = sum(named == "fair" for named, _phrase in CORPUS)
    assert len(CORPUS) - honest >= 60
    assert honest >= 40


def test_a_refusal_names_the_phrase_as_it_was_written_and_its_field() -> None:
    with pytest.raises(AsksForRating) as told:
        require_fair({"title": "Your year with us", "summary": "Please give us\u00a0FIVE stars today", "text": "Write a great review"})
    assert (told.value.field, told.value.facts) == ("summary", {"phrase": "give us FIVE stars"})
    assert "give us FIVE stars" in str(told.value)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Please leave us a **great** review.", "leave us a great review"),
        ("Please leave\nus a _glowing_\nreview.", "leave us a glowing review"),
        ("*Give us* `5` stars", "Give us 5 stars"),
        ("Rate us *****", "Rate us *****"),
        ("Give us **_5_ stars**", "Give us 5 stars"),
        ("Give us _**5**_&nbsp;stars", "Give us 5 stars"),
        ("Rate us 5\\\nstars", "Rate us 5 stars"),
        ("Steps:\n- Write\n- Good reviews name a weakness", None),
        ("1. Write a review\n2. Great feedback names a weakness", None),
    ],
)
def test_emphasis_and_broken_lines_hide_nothing_and_a_list_is_no_sentence(text: str, phrase: str | None) -> None:
    found = find_unfair(text)
    assert (found.phrase if found else None) == phrase


def test_twenty_thousand_stars_are_read_like_five() -> None:
    assert find_unfair("Rate us " + "★" * 20_000)
    assert find_unfair("★ " * 10_000) is None


def test_every_text_in_the_options_of_a_step_is_read() -> None:
    assert list(words_in({"label": "a", "questions": [{"text": "b", "choices": ("c", "d")}], "number": 3, "none": None})) == ["a", "b", "c", "d"]


def test_the_templates_that_come_with_the_portal_ask_for_honest_words() -> None:
    for template in built_in(DEFAULT).values():
        texts = [template.offer.title, template.offer.summary, template.offer.text]
        texts += [text for step in template.steps for text in (step.title, step.text, *words_in(step.options))]
        assert [found for found in map(find_unfair, texts) if found] == []
