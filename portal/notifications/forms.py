"""Filters of the inbox and of the dead letters."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.web.forms import FilterForm, one_line


class InboxFilter(FilterForm):
    """All notices, or those not read."""

    show = SelectField(_l("Show"), choices=[SelectChoice("", _l("All")), SelectChoice("unread", _l("Not read yet"))], default="")


class DeadLetterFilter(FilterForm):
    """Search in error, kind and address; one topic."""

    q = StringField(_l("Search"), filters=[one_line])
    topic = SelectField(_l("Job"), default="", validate_choice=False)
