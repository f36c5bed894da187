"""What kinds have in common that say "this is one of these"."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test, Word
from portal.audience.rules import MAX_VALUES, TooManyValues, ValuesMissing, ValueUnknown


class OneOf:
    """A rule that names some of many values. A kind gives the choices, the condition and what a member has."""

    message: str
    label: str
    help = ""
    is_ours = False

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return (value, words) of everything that can be chosen today."""
        raise NotImplementedError

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition that a person has one of ``values``."""
        raise NotImplementedError

    def own(self, facts: Facts) -> frozenset[str]:
        """Return which values the member has."""
        raise NotImplementedError

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Return what the member is told who has ``values``, as words."""
        raise NotImplementedError

    def controls(self, session: Session) -> dict[str, Control]:
        """Return one control: the choices, any number of them."""
        return {"values": Control("many", self.label, self.help, tuple(self.choices(session)), self.is_ours)}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return the values chosen, in order and once each. Refuses none (``ValuesMissing``), more than 100, and what is not offered.

        A value that a rule held before stays allowed: a company may have left, and the rule still says what it says.
        """
        values = sorted({str(value) for value in given.get("values") or []})
        if not values:
            raise ValuesMissing()
        if len(values) > MAX_VALUES:
            raise TooManyValues(limit=MAX_VALUES)
        known = {value for value, _ in self.choices(session)} | {str(value) for value in given.get("kept") or []}
        if not set(values) <= known:
            raise ValueUnknown()
        return {"values": values}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return the values."""
        return {"values": options["values"]}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the words for the values; those of the rows are their own words."""
        return {}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “… is a, b or c”."""
        return Phrase(self.message, {"values": [self.word(value, labels) for value in options["values"]]})

    def word(self, value: str, labels: Labels) -> Any:
        """Return how a value is called; one that is gone by its number."""
        text = labels.get(value, value)
        return Word(text) if self.is_ours else text

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Tell the member only of the values that are theirs."""
        mine = self.own(facts)
        return self.own_phrase([self.word(value, labels) for value in options["values"] if value in mine])

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition that a person has one of the values."""
        return self.among(options["values"], moment)

    def test(self, options: Options) -> Test:
        """Return whether a member has one of the values."""
        wanted = frozenset(options["values"])

        def has_one(facts: Facts) -> bool:
            mine = facts.values.get(self)
            if mine is None:
                mine = facts.values[self] = self.own(facts)
            return not wanted.isdisjoint(mine)

        return has_one
