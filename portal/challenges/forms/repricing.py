"""Forms for new points of past completions: shape only."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from portal.challenges.rules.repricing import WORDS_LENGTH
from portal.web.forms import Form, KeyField, plain_text


class RepricingForm(Form):
    """Why, and what was shown when it was decided."""

    key = KeyField()
    seen_people = HiddenField()
    seen_total = HiddenField()
    reason = TextAreaField(_("Reason"), [Length(max=WORDS_LENGTH)], filters=[plain_text])

    def seen(self) -> tuple[int, int]:
        """Return how many completions and points were shown; what cannot be read is nothing that was."""
        try:
            return int(self.seen_people.data or ""), int(self.seen_total.data or "")
        except ValueError:
            return -1, 0


class RepricingUndoForm(Form):
    """Why it is undone."""

    reason = TextAreaField(_("Reason"), [Length(max=WORDS_LENGTH)], filters=[plain_text])
