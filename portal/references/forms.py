"""What nominators type, and what the lists can be asked for in their addresses. Shape only."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.people.rules.company import NAME_LENGTH as COMPANY_LENGTH
from portal.people.rules.person import EMAIL_LENGTH, NAME_LENGTH, TITLE_LENGTH
from portal.references.rules import ACTIVITY_NAMES, STANDING_NAMES, Activity, Standing
from portal.web.forms import FilterForm, Form, KeyField, one_line, plain_text

WHY_LENGTH = 2000


def activity_choices() -> list[tuple[str, str]]:
    """Return what a nominee might do, for a form."""
    return [(activity.value, gettext(ACTIVITY_NAMES[activity])) for activity in Activity]


def standing_choices() -> list[tuple[str, str]]:
    """Return the ways a nomination stands, for a filter."""
    return [(standing.value, gettext(STANDING_NAMES[standing])) for standing in Standing]


class NominateForm(Form):
    """A nomination, in under a minute: four answers and some ticks."""

    key = KeyField()
    company = StringField(_("Company"), [DataRequired(), Length(max=COMPANY_LENGTH)], filters=[one_line])
    name = StringField(_("Name"), [DataRequired(), Length(max=NAME_LENGTH)], filters=[one_line])
    email = StringField(_("E-mail"), [DataRequired(), Length(max=EMAIL_LENGTH)], filters=[one_line])
    title = StringField(_("Job title, if you know it"), [Optional(), Length(max=TITLE_LENGTH)], filters=[one_line])
    why = TextAreaField(_("Why would they be a good voice?"), [DataRequired(), Length(max=WHY_LENGTH)], filters=[plain_text])
    activities = SelectMultipleField(_("What might they enjoy?"), choices=activity_choices)


class MineFilter(FilterForm):
    """Search among one's own nominations."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    state = SelectField(_("State"), [Optional()], choices=lambda: [("", gettext("Any")), *standing_choices()])


class RegistryFilter(FilterForm):
    """Search in the registry. Industries and regions are those of the companies."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    company = StringField(_("Company"), [Optional(), Length(max=COMPANY_LENGTH)], filters=[one_line])
    industry = SelectField(_("Industry"), [Optional()])
    region = SelectField(_("Region"), [Optional()])
    state = SelectField(_("State"), [Optional()], choices=lambda: [("", gettext("Any")), *standing_choices()[:3]])
    might = SelectField(_("Might do"), [Optional()], choices=lambda: [("", gettext("Any")), *activity_choices()])

    def offer(self, industries: list[str], regions: list[str]) -> None:
        """Fill the choices that come from the companies."""
        self.industry.choices = [("", gettext("Any")), *[(name, name) for name in industries]]
        self.region.choices = [("", gettext("Any")), *[(name, name) for name in regions]]
