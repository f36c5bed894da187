"""What admins fill in: the challenge, its steps, a verdict, the filters of their lists."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SearchField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.challenges.forms.answering import KEY, TRACK_CHOICES
from portal.challenges.forms.controls import field_for
from portal.challenges.rules.lifecycle import LIFECYCLE_NAMES
from portal.challenges.rules.offer import SUMMARY_LENGTH, TEXT_LENGTH, TITLE_LENGTH, Offer
from portal.challenges.rules.states import (
    MAX_ATTEMPTS,
    MAX_MINUTES,
    MAX_PER_PERIOD,
    MAX_PLACES,
    MAX_POINTS,
    PERIOD_NAMES,
    SHOWN_STATE_NAMES,
    Period,
)
from portal.challenges.stages.registry import stage_kind
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.people.rules.interest import INTEREST_NAMES
from portal.web.forms import DayField, FilterForm, Form, KeyField, SeenField, one_line, plain_text


class ChallengeForm(Form):
    """The fields of a challenge."""

    title = StringField(_l("Title"), filters=[one_line], validators=[InputRequired(_l("Please give this a title.")), Length(max=TITLE_LENGTH)])
    track = SelectField(_l("Track"), choices=[SelectChoice(track.value, _l(TRACK_NAMES[track])) for track in Track])
    summary = StringField(_l("Summary"), filters=[one_line], validators=[Length(max=SUMMARY_LENGTH)])
    text = TextAreaField(_l("Text"), filters=[plain_text], validators=[Length(max=TEXT_LENGTH)], render_kw={"rows": 8})
    points = IntegerField(_l("Points"), default=100, validators=[InputRequired(_l("Please enter a number.")), NumberRange(0, MAX_POINTS)])
    minutes = IntegerField(_l("Minutes needed"), validators=[Optional(), NumberRange(1, MAX_MINUTES)])
    per_period = IntegerField(
        _l("How many times"), default=1, validators=[InputRequired(_l("Please enter a number.")), NumberRange(1, MAX_PER_PERIOD)]
    )
    period = SelectField(_l("Counted"), choices=[SelectChoice(period.value, _l(PERIOD_NAMES[period])) for period in Period])
    max_attempts = IntegerField(_l("Attempts allowed"), validators=[Optional(), NumberRange(1, MAX_ATTEMPTS)])
    total_limit = IntegerField(_l("For the first so many"), validators=[Optional(), NumberRange(1, MAX_PLACES)])
    interests = SelectMultipleField(
        _l("What it asks of people"), choices=[SelectChoice(interest.value, _l(name)) for interest, name in INTEREST_NAMES.items()]
    )
    opens_on = DayField(_l("Opens on"), validators=[Optional()])
    closes_on = DayField(_l("Closes on"), validators=[Optional()])
    seen = SeenField()

    def offer(self) -> Offer:
        """Return what was entered."""
        fields: dict[str, Any] = {name: getattr(self, name).data for name in Offer.__dataclass_fields__}
        return Offer(**fields | {"track": Track(fields["track"]), "period": Period(fields["period"]), "interests": tuple(fields["interests"] or ())})


class FirstForm(Form):
    """A challenge that has to be done first. Choices are filled at the door."""

    requires = SelectField(_l("Challenge"), coerce=int, choices=[], validators=[InputRequired()])


class NewChallengeForm(ChallengeForm):
    """A new challenge; the key makes a second click the same draft."""

    key = KeyField(validators=KEY)
    seen = None  # type: ignore[assignment]


class StageForm(Form):
    """Title, text and points of a step. What else its kind asks for is added by ``stage_form``; the key makes a second click the same step."""

    key = KeyField(validators=KEY)
    title = StringField(
        _l("Title of the step"), filters=[one_line], validators=[InputRequired(_l("Please give this a title.")), Length(max=TITLE_LENGTH)]
    )
    text = TextAreaField(_l("Text"), filters=[plain_text], validators=[Length(max=TEXT_LENGTH)])
    points = IntegerField(_l("Points of this step"), default=0, validators=[Optional(), NumberRange(0, MAX_POINTS)])
    seen = SeenField()

    @property
    def is_reshaped(self) -> bool:
        """Whether a button of a list of questions was pressed: the form is shown again, and nothing is kept."""
        return any(getattr(field, "act", "") for field in self)

    def options(self) -> dict[str, Any]:
        """Return the options of the kind, by name."""
        return {name.removeprefix("option_"): field.data for name, field in self._fields.items() if name.startswith("option_")}


def stage_form(kind_key: str, data: dict[str, Any] | None = None, *, base: type[StageForm] = StageForm, is_sent: bool = True) -> Any:
    """Return the form of a step of this kind, filled from the request (unless ``is_sent`` is False), or from ``data``.

    ``data`` has the options, and other fields by name.
    """
    controls = stage_kind(kind_key).options
    fields = {f"option_{name}": field_for(control, default=control.default) for name, control in controls.items()}
    form_class = type("KindForm", (base,), fields)
    named = {name: value for name, value in data.items() if name != "options"} if data else {}
    given = {**named, **{f"option_{n}": v for n, v in data["options"].items()}} if data else None
    return form_class(data=given) if is_sent else form_class(formdata=None, data=given)


class ReasonForm(Form):
    """A verdict with a reason. Whether one is needed is decided below."""

    reason = TextAreaField(_l("Reason"), filters=[plain_text], validators=[Length(max=2_000)], render_kw={"rows": 3})
    points = IntegerField(_l("Points"), validators=[Optional(), NumberRange(min=0, max=MAX_POINTS)])
    category = StringField(_l("Kind of reason"), filters=[one_line], validators=[Length(max=24)])


class ChallengeFilter(FilterForm):
    """What an admin looks for among challenges."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    state = SelectField(
        _l("State"),
        choices=[
            SelectChoice("", _l("All states")),
            *[SelectChoice(s.value, _l(n)) for s, n in LIFECYCLE_NAMES.items()],
            SelectChoice("records", _l("Imported records")),
        ],
    )
    track = SelectField(_l("Track"), choices=TRACK_CHOICES)


class BegunFilter(FilterForm):
    """What a reviewer looks for among what was begun and not sent."""

    q = SearchField(_l("Name or challenge"), filters=[one_line], validators=[Length(max=80)])


class SubmissionFilter(FilterForm):
    """What an admin looks for among the submissions of a challenge."""

    q = SearchField(_l("Name"), filters=[one_line], validators=[Length(max=80)])
    state = SelectField(
        _l("State"),
        choices=[
            SelectChoice("", _l("All states")),
            *[SelectChoice(s, _l(n)) for s, n in SHOWN_STATE_NAMES.items()],
            SelectChoice("withdrawn", _l("Withdrawn")),
        ],
    )
