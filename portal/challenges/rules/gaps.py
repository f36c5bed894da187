"""Gaps: what a template leaves to be filled in, written as ``[[name of your product]]`` in any text of a challenge or its steps.

A challenge with a gap is never published, so that no advocate reads "[[date]]".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

GAP = re.compile(r"\[\[\s*([^\s\[\]](?:[^\[\]\n]{0,118}[^\s\[\]])?)\s*\]\]")


class GapInChallenge(Refusal):
    """A text of the challenge itself is not filled in."""

    message = N_("Please fill in “%(gap)s” in what the challenge says. It stands there in double square brackets.")
    status = 409


class GapInStep(Refusal):
    """A text or a setting of a step is not filled in."""

    message = N_("Please fill in “%(gap)s” in the step “%(step)s”. It stands there in double square brackets.")
    status = 409


@dataclass(frozen=True)
class Gap:
    """Something to fill in, and the title of the step it stands in; None for the challenge itself."""

    name: str
    step: str | None = None


def gaps_in(value: Any) -> list[str]:
    """Return what is to be filled in, each once, in the texts inside anything that JSON could hold."""
    return list(dict.fromkeys(found for text in _texts(value) for found in GAP.findall(text)))


def find_gaps(texts: Sequence[str], steps: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[Gap]:
    """Return all gaps of a challenge with these texts and these steps (title, text, options), in the order in which they are read."""
    of_steps = [Gap(name, step[0]) for step in steps for name in gaps_in([step[0], step[1], dict(step[2])])]
    return [Gap(name) for name in gaps_in(list(texts))] + of_steps


def require_no_gap(gaps: Sequence[Gap]) -> None:
    """Refuse the first gap there is, by where it stands."""
    for gap in gaps:
        raise GapInChallenge(gap=gap.name) if gap.step is None else GapInStep(gap=gap.name, step=gap.step)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
