"""The filter of the dead letters."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField

from portal.web.forms import FilterForm, one_line


class DeadLetterFilter(FilterForm):
    """Search in error, kind and address; one topic."""

    q = StringField(_l("Search"), filters=[one_line])
    topic = SelectField(_l("Job"), default="", validate_choice=False)
