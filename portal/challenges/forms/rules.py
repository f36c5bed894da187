"""The form of a rule that approves by itself: shape only."""

from collections.abc import Sequence

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from portal.challenges.rules.auto import MOST_APPROVALS, MOST_DAYS, MOST_WAIT, NAME_LENGTH, RuleTerms
from portal.challenges.rules.states import MAX_POINTS
from portal.challenges.stages.registry import KINDS
from portal.web.forms import Form, one_line


class RuleForm(Form):
    """What a rule says."""

    name = StringField(_l("Name"), filters=[one_line], validators=[Length(max=NAME_LENGTH)])
    challenge_id = SelectField(_l("Challenge"), choices=[], validate_choice=False)
    kinds = SelectMultipleField(_l("Only answers whose steps are all of these kinds"), choices=[], validate_choice=False)
    points_limit = IntegerField(_l("At most so many points"), [InputRequired(), NumberRange(0, MAX_POINTS)], default=100)
    approvals = IntegerField(_l("Member with at least so many approved answers"), [InputRequired(), NumberRange(0, MOST_APPROVALS)], default=3)
    within_days = IntegerField(_l("within so many days, and nothing taken back"), [InputRequired(), NumberRange(1, MOST_DAYS)], default=180)
    after_days = IntegerField(_l("After so many days of waiting"), [InputRequired(), NumberRange(0, MOST_WAIT)], default=1)

    def offer(self, challenges: Sequence[tuple[int, str]]) -> None:
        """Offer the challenges and the kinds of steps there are."""
        self.challenge_id.choices = [SelectChoice("", gettext("Any challenge")), *(SelectChoice(str(one), title) for one, title in challenges)]
        self.kinds.choices = [SelectChoice(kind, gettext(found.name)) for kind, found in KINDS.items() if not found.needs_person]

    def terms(self) -> RuleTerms:
        """Return what was entered."""
        chosen = self.challenge_id.data or ""
        return RuleTerms(
            name=self.name.data or "",
            points_limit=self.points_limit.data or 0,
            challenge_id=int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None,
            kinds=tuple(self.kinds.data or ()),
            approvals=self.approvals.data or 0,
            within_days=self.within_days.data or 0,
            after_days=self.after_days.data or 0,
        )
