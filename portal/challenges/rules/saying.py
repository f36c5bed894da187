"""What was said in an answer to a step, as far as it can be compared: texts, choices, numbers on a scale, the score of an NPS question."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TEXT, SCORE, ANSWERS = "text", "score", "answers"
"""Where it stands in a stored value: a text, a score, and answers by the id of their question, of several questions and of a quiz."""


def said_in(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the id of the question (empty for the only one) and each thing said to it as text; a number as it is written."""
    yield from (("", said) for name in (TEXT, SCORE) for said in _texts(value.get(name)))
    answers = value.get(ANSWERS)
    if isinstance(answers, Mapping):
        yield from ((question, said) for question, answer in answers.items() for said in _texts(answer))


def _texts(answer: Any) -> Iterator[str]:
    for one in answer if isinstance(answer, list) else [answer]:
        if isinstance(one, str | int) and not isinstance(one, bool) and str(one):
            yield str(one)


def is_empty(value: Mapping[str, Any], held_in: Sequence[Sequence[str]]) -> bool:
    """Tell whether nothing in a stored value answers its step; ``held_in`` is that of the step's kind (``stages/contract.py``)."""
    return not any(all(_holds(value.get(name)) for name in names) for names in held_in)


def _holds(thing: Any) -> bool:
    """Tell whether there is a text, a number (0 is one) or a yes, however deep it lies."""
    if isinstance(thing, Mapping | list):
        return any(_holds(one) for one in (thing.values() if isinstance(thing, Mapping) else thing))
    return thing is not None and thing is not False and thing != ""
