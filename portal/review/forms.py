"""The form of the terms: shape only."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.review.rules.terms import KINDS, MOST_DAYS, MOST_LIMIT, Terms, read_holidays
from portal.web.forms import Form, SeenField, plain_text


def _days(label: Any) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(1, MOST_DAYS)], render_kw={"min": 1, "max": MOST_DAYS})


class TermsForm(Form):
    """In how many business days each kind is answered, the holidays, and the limit above which two people approve."""

    seen = SeenField()
    attempt = _days(_("Answers to challenges"))
    appeal = _days(_("Appeals"))
    redemption = _days(_("Redemptions of rewards"))
    nomination = _days(_("Nominations"))
    adjustment = _days(_("Corrections of points"))
    repricing = _days(_("New points for past completions"))
    dispute = _days(_("Disputes of lines"))
    four_eyes_above = IntegerField(_("Two people approve above"), [Optional(), NumberRange(0, MOST_LIMIT)], render_kw={"min": 0})
    holidays = TextAreaField(_("Holidays"), [Length(max=20_000)], filters=[plain_text], render_kw={"rows": 6})

    @classmethod
    def of(cls, terms: Terms, seen: str) -> "TermsForm":
        """Return the form filled with the terms as they stand; ``seen`` is their digest."""
        days = {kind: terms.days_for(kind) for kind in KINDS}
        holidays = "\n".join(day.isoformat() for day in terms.holidays)
        return cls(formdata=None, data=days | {"four_eyes_above": terms.four_eyes_above, "holidays": holidays, "seen": seen})

    def terms(self) -> Terms:
        """Return what was entered. Refuses a holiday that is no day."""
        days: dict[str, int] = {kind: self._fields[kind].data for kind in KINDS}
        return Terms(days, read_holidays(self.holidays.data or ""), self.four_eyes_above.data)
