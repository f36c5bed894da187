"""What somebody needs a reference for: shape, and what must be there before it is sent."""

from dataclasses import dataclass
from datetime import date

from portal.kernel.errors import Refusal, refuse_all
from portal.kernel.text import clean, clean_line, fold
from portal.people.rules.person import EMAIL_LENGTH
from portal.profiles.rules.activity import Activity
from portal.requests.rules.refusals import CurrencyMissing, DayPast, WhatMissing

LINE, SHORT, WORDS = 160, 80, 2_000
PROSPECT_WORDS = 160


@dataclass(frozen=True)
class Need:
    """A need as it is typed. ``told_as`` is how customers hear of the prospect, ``words`` a line to them; all else stays with staff.

    ``deal_value`` is in whole units of ``currency``, ``expected_grade`` 1 to 5.
    """

    activity: Activity
    prospect: str = ""
    needed_by: date | None = None
    prospect_domain: str = ""
    prospect_contact: str = ""
    prospect_email: str = ""
    told_as: str = ""
    words: str = ""
    worry: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    product: str = ""
    language: str = ""
    competitor: str = ""
    deal_name: str = ""
    deal_ref: str = ""
    deal_value: int | None = None
    currency: str = ""
    deal_stage: str | None = None
    expected_grade: int | None = None

    def columns(self) -> dict[str, object]:
        """Return it as the table keeps it: cleaned, and cut to what fits."""
        lines = {"prospect": LINE, "deal_name": LINE, "competitor": LINE, "prospect_domain": 253, "prospect_contact": 120}
        lines |= {"industry": 120, "region": 120, "product": 120, "size": 40, "language": 60, "currency": 3, "prospect_email": EMAIL_LENGTH}
        kept: dict[str, object] = {name: clean_line(getattr(self, name))[:most] for name, most in lines.items()}
        kept |= {"worry": clean(self.worry)[:WORDS], "words": clean(self.words)[:WORDS] or None}
        kept |= {"told_as": clean_line(self.told_as)[:PROSPECT_WORDS] or None, "deal_ref": clean_line(self.deal_ref)[:SHORT] or None}
        own = {"activity": self.activity.value, "needed_by": self.needed_by, "deal_value": self.deal_value}
        own |= {"deal_stage": self.deal_stage or None, "expected_grade": self.expected_grade}
        return kept | own | {"search": fold(" ".join(str(kept[name] or "") for name in ("prospect", "deal_name", "deal_ref", "worry")))}


def require_sendable(need: Need, today: date) -> Need:
    """Return the need; refuses one without a prospect or a day by which it is needed, one whose day is over, and a value without a currency;
    all at once.
    """
    wrong: list[Refusal] = []
    for name in ("prospect", "needed_by"):
        if not getattr(need, name):
            missing = WhatMissing()
            missing.field = name
            wrong.append(missing)
    if need.needed_by is not None and need.needed_by < today:
        wrong.append(DayPast())
    if need.deal_value and not need.currency:
        wrong.append(CurrencyMissing())
    refuse_all(wrong)
    return need
