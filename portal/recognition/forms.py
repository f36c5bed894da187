"""The shape of what is typed into the room's pages."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from wtforms import FieldList, FormField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from portal.acts.rules.acts import ACT_KIND_NAMES, OF_STEPS
from portal.kernel.ids import MOST_ID, read_id
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.recognition.badges.acts import COUNTED
from portal.recognition.badges.contract import Rule
from portal.recognition.queries.facts import challenge_facts
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules import badges as rules
from portal.recognition.rules.levels import MOST_THRESHOLD, Wanted
from portal.recognition.rules.levels import NAME_LENGTH as LEVEL_LENGTH
from portal.recognition.rules.seasons import NAME_LENGTH as SEASON_LENGTH
from portal.recognition.rules.streaks import MOST_WEEKS
from portal.web.forms import DayField, FilterForm, Form, KeyField, SeenField, one_line, plain_text, shown_value

NEEDED = DataRequired(_("Please fill this in."))
_WEEKS = NumberRange(2, MOST_WEEKS, _("Please give 2 to %(max)s weeks: we look back three years."))


class BoardFilter(FilterForm):
    """Search within one period, track or company."""

    q = StringField(_("Name or company"), [Optional(), Length(max=100)], filters=[one_line])
    period = HiddenField(validators=[Optional(), Length(max=12)])
    track = HiddenField(validators=[Optional(), AnyOf([track.value for track in Track])])
    company = IntegerField(widget=HiddenField.widget, validators=[Optional(), NumberRange(1, MOST_ID)])


class BadgeFilter(FilterForm):
    """What the list of badges can be narrowed to."""

    q = StringField(_("Search badges"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [("", gettext("All states")), *((state, gettext(name)) for state, name in rules.STATE_NAMES.items())]


class SeenForm(Form):
    """Up to which celebration somebody has seen."""

    upto = IntegerField(widget=HiddenField.widget, validators=[InputRequired(), NumberRange(0, MOST_ID)])


class BadgeForm(Form):
    """A badge: its looks and words, and the facts of its rule. ``for_rule`` takes away what the rule does not ask."""

    key = KeyField()
    name = StringField(_("Name"), [NEEDED, Length(max=rules.NAME_LENGTH)], filters=[one_line])
    how = StringField(_("How it is earned"), [NEEDED, Length(max=rules.HOW_LENGTH)], filters=[one_line])
    number = IntegerField(_("How many acts"), [InputRequired(_("Please give a whole number.")), NumberRange(1, rules.MOST_NUMBER)])
    places = IntegerField(_("How many people"), [InputRequired(_("Please give a whole number.")), NumberRange(1, rules.MOST_NUMBER)])
    weeks = IntegerField(_("How many weeks"), [InputRequired(_("Please give a whole number.")), _WEEKS])
    track = SelectField(_("Track"), [NEEDED])
    any_track = SelectField(_("Only in this track"), [Optional()])
    challenge_id = SelectField(_("Challenge"), [NEEDED], coerce=read_id)
    any_challenge_id = SelectField(_("Or to do this challenge"), [Optional()], coerce=read_id)
    level_id = SelectField(_("Level"), [NEEDED], coerce=read_id)
    act_kind = SelectField(_("Only acts of this kind"), [Optional()], description=_(OF_STEPS))
    tone = SelectField(_("Colour"), [NEEDED])
    art = RadioField(_("Picture"), [NEEDED])
    seen = SeenField()

    def __init__(self, *args: Any, rule: Rule, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts = rule.asks
        tracks = [(track.value, gettext(name)) for track, name in TRACK_NAMES.items()]
        self.track.choices, self.any_track.choices = tracks, [("", gettext("In any track")), *tracks]
        challenges = challenge_facts(session).names(session) if {"challenge_id", "any_challenge_id"} & set(rule.asks) else []
        self.challenge_id.choices, self.any_challenge_id.choices = list(challenges), [("", gettext("No, the acts above")), *challenges]
        # The first level is everybody's from the first day on: nobody reaches it.
        self.level_id.choices = [(level.id, level.name) for level in list_levels(session) if level.threshold > 0]
        self.act_kind.choices = [("", gettext("Acts of every kind")), *((kind.value, gettext(ACT_KIND_NAMES[kind])) for kind in COUNTED)]
        self.tone.choices = [(tone.value, gettext(name)) for tone, name in rules.TONE_NAMES.items()]
        self.art.choices = [(art.value, gettext(name)) for art, name in rules.ART_NAMES.items()]
        for name in _FACTS - set(rule.asks):
            del self[name]

    def options(self) -> dict[str, Any]:
        """Return the facts of the rule as they were chosen."""
        return {name: self[name].data for name in self.facts}


_FACTS = {"number", "places", "weeks", "track", "any_track", "challenge_id", "any_challenge_id", "level_id", "act_kind"}


class LevelRow(PlainForm):
    """One level. A row without a name and points is left out."""

    id = IntegerField(widget=HiddenField.widget, validators=[Optional(), NumberRange(1, MOST_ID)])
    name = StringField(_("Name"), [Optional(), Length(max=LEVEL_LENGTH)], filters=[one_line])
    threshold = IntegerField(_("Points from"), [Optional(), NumberRange(0, MOST_THRESHOLD)])


class LevelsForm(Form):
    """All levels at once, since each must ask for more than the one before."""

    levels = FieldList(FormField(LevelRow, label=""), max_entries=20)
    seen = SeenField()

    def wanted(self) -> Sequence[Wanted]:
        """Return the rows that say anything."""
        rows = [row.form for row in self.levels]
        return [Wanted(row.id.data, row.name.data or "", row.threshold.data or 0) for row in rows if row.name.data or row.threshold.data is not None]

    def stand_beside(self, stored: Form) -> None:
        """Show beside each level what is stored. One that was added meanwhile stands below, one that was removed would be added anew."""
        super().stand_beside(stored)
        there = {row.form.id.data: row.form for row in stored["levels"]}
        for row in [row.form for row in self.levels if row.form.id.data is not None]:
            newer = there.pop(row.id.data, None)
            if newer is None:
                row.id.data, row.name.newer = None, gettext("nothing")
                continue
            for name in ("name", "threshold"):
                if row[name].data != newer[name].data:
                    row[name].newer = shown_value(newer[name])
        for row in there.values():
            if len(self.levels) < self.levels.max_entries and row.name.data:
                self.levels.append_entry(row.data)


class SeasonForm(Form):
    """A season."""

    key = KeyField()
    name = StringField(_("Name"), [NEEDED, Length(max=SEASON_LENGTH)], filters=[one_line])
    starts_on = DayField(_("First day"), [NEEDED])
    ends_on = DayField(_("Last day"), [NEEDED])
    seen = SeenField()


class GiveForm(Form):
    """A badge by hand."""

    badge_id = SelectField(_("Badge"), [NEEDED], coerce=read_id)
    reason = TextAreaField(_("Reason"), [NEEDED, Length(max=rules.REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})

    def __init__(self, *args: Any, badges: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.badge_id.choices = [(badge.id, badge.name) for badge in badges]


class RevokeForm(Form):
    """Why a badge is taken."""

    reason = TextAreaField(_("Reason"), [NEEDED, Length(max=rules.REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})
