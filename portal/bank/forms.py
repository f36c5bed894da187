"""What a statement can be asked for in its address, and what a correction needs. Shape only."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.bank.rules import LINE_NAMES
from portal.web.forms import DayField, FilterForm, Form, KeyField, one_line, plain_text


class StatementFilter(FilterForm):
    """Search among the lines of a statement."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = SelectField(
        _("Kind"), [Optional()], choices=lambda: [("", gettext("Any")), *[(kind.value, gettext(name)) for kind, name in LINE_NAMES.items()]]
    )
    since = DayField(_("From"), [Optional()])
    until = DayField(_("Until"), [Optional()])


class AdjustForm(Form):
    """A correction by hand."""

    key = KeyField()
    points = IntegerField(_("Points"), [InputRequired()])
    counts_as_earned = BooleanField(_("Counts as earned: lifetime total and boards follow"))
    reason = TextAreaField(_("Reason"), [Optional(), Length(max=500)], filters=[plain_text])
    agreed = IntegerField(_("Owed then"), [Optional()])
    """What they will owe, as the admin read it before the second click."""
