"""What advocates fill in: the filters of their lists, and the answer to one step."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, SearchField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from portal.challenges.forms.controls import field_for
from portal.challenges.models.offering import Stage
from portal.challenges.queries.catalogue import DISMISSED
from portal.challenges.rules.dismissing import WHY_NAMES, WORDS_LENGTH
from portal.challenges.rules.standing import STANDING_NAMES
from portal.challenges.rules.states import SHOWN_STATE_NAMES
from portal.challenges.stages.contract import Control, Step, Value
from portal.challenges.stages.registry import KINDS, stage_kind
from portal.kernel.errors import Refusal
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.web.errors import sentence
from portal.web.forms import FilterForm, Form, KeyField, one_line, plain_text
from portal.web.language import reader

TRACK_CHOICES = [SelectChoice("", _l("All tracks")), *[SelectChoice(track.value, _l(TRACK_NAMES[track])) for track in Track]]


KEY = [InputRequired(), Length(max=64)]


class CatalogueFilter(FilterForm):
    """What an advocate looks for. Track and standing are chosen by links and carried along."""

    q = SearchField(_l("Search challenges"), filters=[one_line], validators=[Length(max=80)])
    minutes = SelectField(
        _l("Time needed"),
        choices=[
            SelectChoice("", _l("Any time")),
            SelectChoice("10", _l("Up to 10 minutes")),
            SelectChoice("30", _l("Up to 30 minutes")),
            SelectChoice("60", _l("Up to an hour")),
        ],
    )
    points = SelectField(
        _l("Worth"),
        choices=[
            SelectChoice("", _l("Any points")),
            SelectChoice("50", _l("50 or more")),
            SelectChoice("100", _l("100 or more")),
            SelectChoice("250", _l("250 or more")),
        ],
    )
    kind = SelectField(
        _l("Kind of step"),
        choices=[SelectChoice("", _l("Any kind of step")), *[SelectChoice(kind.key, _l(kind.name)) for kind in KINDS.values()]],
    )
    sort = SelectField(
        _l("Order"),
        choices=[
            SelectChoice("", _l("What you can do first")),
            SelectChoice("points", _l("Most points first")),
            SelectChoice("quick", _l("Quickest first")),
            SelectChoice("new", _l("Newest first")),
        ],
    )
    track = HiddenField(validators=[Optional(), AnyOf([track.value for track in Track])])
    state = HiddenField(validators=[Optional(), AnyOf([*(standing.value for standing in STANDING_NAMES), DISMISSED])])


class DismissForm(Form):
    """Why a challenge is not for somebody. Whether the reason will do is decided below."""

    reason = SelectField(
        _l("Why is it not for you?"),
        choices=[SelectChoice("", _l("Choose a reason")), *[SelectChoice(why.value, _l(name)) for why, name in WHY_NAMES.items()]],
        validate_choice=False,
    )
    words = StringField(_l("In your own words, if you like"), filters=[one_line], validators=[Length(max=WORDS_LENGTH)])


class AppealForm(Form):
    """What somebody adds to an appeal; may stay empty."""

    words = TextAreaField(_l("What did we miss?"), filters=[plain_text], validators=[Length(max=2_000)])


class OwnFilter(FilterForm):
    """What a person looks for among their own submissions."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    state = SelectField(
        _l("State"),
        choices=[
            SelectChoice("", _l("All states")),
            *[SelectChoice(s, _l(n)) for s, n in SHOWN_STATE_NAMES.items()],
            SelectChoice("withdrawn", _l("Withdrawn")),
        ],
    )
    track = SelectField(_l("Track"), choices=TRACK_CHOICES)


class PlainForm(Form):
    """Nothing but the token and the key: starting, withdrawing."""

    key = KeyField(validators=KEY)


class StepForm(Form):
    """The answer to one step: the fields come from the kind of its stage, the key makes a second click the same click.

    ``seen`` is the revision of what was saved when the page was built, None from a page that does not know it.
    """

    key = KeyField(validators=KEY)
    seen = HiddenField()
    controls: ClassVar[Mapping[str, Control]] = {}

    def asked(self) -> list[Field]:
        """Return the fields of the step, in their order."""
        return [self._fields[name] for name in self.controls]

    def given(self) -> dict[str, Any]:
        """Return what was entered, by name of the control."""
        return {name: self._fields[name].data for name in self.controls}

    def refuse(self, refusal: Refusal, stored: Callable[[], Form] | None = None) -> None:
        """Show a refusal on its control; what a file is refused for, on the one that asks for a file."""
        asking = [name for name, control in self.controls.items() if control.kind == refusal.field == "file"]
        if not asking:
            super().refuse(refusal, stored)
        for name in asking:
            self._fields[name].errors = [*self._fields[name].errors, sentence(refusal)]


def step_form(stage: Stage, value: Value, *, filled: bool = False, is_trial: bool = False) -> Any:
    """Return the form of a step; ``filled`` from the request, otherwise with what was saved.

    Without fields where what was saved is settled; in a trial nothing ever is.
    """
    kind, step = stage_kind(stage.kind), Step.of(stage, str(reader().locale))
    controls = {} if kind.is_settled(step, value) and not is_trial else kind.controls(step)
    form_class = type(
        "AnswerForm", (StepForm,), {name: field_for(control, default=control.default) for name, control in controls.items()} | {"controls": controls}
    )
    return form_class() if filled else form_class(formdata=None, data=dict(kind.shown(value)))
