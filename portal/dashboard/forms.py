"""Forms of the queue and of the audit log: shape only."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal.dashboard.sentences import SUBJECTS
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.web.forms import FilterForm, Form, one_line, plain_text


class QueueFilter(FilterForm):
    """What of the queue is shown."""

    q = StringField(_l("Search"), filters=[one_line], validators=[Length(max=100)])
    track = SelectField(_l("Track"), choices=[("", _l("All tracks")), *[(track.value, _l(TRACK_NAMES[track])) for track in Track]])
    age = SelectField(_l("Waiting for"), choices=[("", _l("Any time")), ("1", _l("A day or longer")), ("3", _l("Three days or longer"))])
    kind = HiddenField()


class VerdictForm(Form):
    """What an admin enters with a verdict."""

    reason = TextAreaField(_l("Reason"), filters=[plain_text], validators=[Length(max=2000)])
    company = StringField(_l("Company"), filters=[one_line], validators=[Length(max=160)])
    first_id = IntegerField(_l("The nomination to credit"), validators=[Optional()])


class BulkForm(Form):
    """Approving many: the chosen ones, or all that match the filter and waited when the page was shown."""

    item = SelectMultipleField(validate_choice=False)
    scope = HiddenField()
    until = HiddenField()
    after = HiddenField()
    approved = IntegerField(default=0)
    refused = SelectMultipleField(validate_choice=False)


class AuditFilter(FilterForm):
    """Who did what, and when."""

    q = StringField(_l("Who, or to whom"), filters=[one_line], validators=[Length(max=100)])
    what = SelectField(_l("What"), choices=[("", _l("Everything")), *[(key, _l(name)) for key, name in SUBJECTS.items()]])
    origin = SelectField(
        _l("From where"),
        choices=[("", _l("Anywhere")), ("click", _l("The pages")), ("import", _l("Imports")), ("cli", _l("Command line")), ("job", _l("Jobs"))],
    )
    since = DateField(_l("From"), validators=[Optional()])
    until = DateField(_l("Until"), validators=[Optional()])
