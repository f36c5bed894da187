"""What admins fill in about templates: what they look for, what a template offers, one of its steps."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SearchField, SelectField
from wtforms.validators import InputRequired, Length

from portal.challenges.forms.answering import TRACK_CHOICES
from portal.challenges.forms.editing import ChallengeForm, StageForm, stage_form
from portal.challenges.rules.offer import Offer
from portal.challenges.rules.states import Period
from portal.challenges.rules.templates import FIELDS
from portal.kernel.tracks import Track
from portal.web.forms import EditionField, FilterForm, one_line


def _revision() -> EditionField:
    """Return the field that says which edition the form shows."""
    return EditionField(_l("Edition shown"), validators=[InputRequired()])


class TemplateFilter(FilterForm):
    """What an admin looks for among templates."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    track = SelectField(_l("Track"), choices=TRACK_CHOICES)
    hidden = BooleanField(_l("Hidden ones"))


class TemplateForm(ChallengeForm):
    """What a template offers: all that a challenge does, but its days and places."""

    total_limit = opens_on = closes_on = seen = None  # type: ignore[assignment]
    revision = _revision()

    def offer(self) -> Offer:
        """Return what was entered."""
        fields: dict[str, Any] = {name: getattr(self, name).data for name in FIELDS}
        return Offer(**fields | {"track": Track(fields["track"]), "period": Period(fields["period"]), "interests": tuple(fields["interests"] or ())})


def template_step_form(kind_key: str, data: dict[str, Any] | None = None) -> Any:
    """Return the form of a step of a template, with ``data`` or from the request: that of a challenge's step, and which edition it shows."""
    return stage_form(kind_key, data, base=TemplateStepForm, is_sent=data is None)


class TemplateStepForm(StageForm):
    """A step of a template."""

    seen = None  # type: ignore[assignment]
    revision = _revision()
