"""What of the gallery is wanted, and why something is hidden from it."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, Regexp

from portal.challenges.rules.gallery import REASON_LENGTH
from portal.web.forms import FilterForm, Form, plain_text


class GalleryFilter(FilterForm):
    """Whose things are shown is chosen by links and carried along."""

    challenge = SelectField(_l("Challenge"))
    show = HiddenField(validators=[Optional(), Regexp("^(mine|hidden)$")])

    def offer(self, challenges: Sequence[Any]) -> None:
        """Let one of these challenges (id, title) be chosen."""
        self.challenge.choices = [SelectChoice("", _l("All challenges")), *(SelectChoice(str(row.id), row.title) for row in challenges)]


class HideForm(Form):
    """Why an admin hides something; whose it is reads it."""

    reason = TextAreaField(_l("Why? Whose it is reads it."), filters=[plain_text], validators=[Length(max=REASON_LENGTH)])
