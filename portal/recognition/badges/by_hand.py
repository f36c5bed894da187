"""Given by an admin, with a reason."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.text import N_
from portal.recognition.badges.contract import Case, Facts, Holder, Options, Rule


class ByHand(Rule):
    """No rule: somebody says thank you. So no reversal takes it."""

    kind, title = "hand", N_("Given by hand")
    follows = False

    def progress(self, case: Case, facts: Facts) -> None:
        """Nothing to count."""
        return None

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Nobody of themselves."""
        return iter(())

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """By hand."""
        return N_("Given by hand, with a reason"), {}
