"""What the board can be asked for in its address."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import Length, Optional

from portal.web.forms import FilterForm, one_line


class BoardFilter(FilterForm):
    """Search within one period."""

    q = StringField(_("Name or company"), [Optional(), Length(max=100)], filters=[one_line])
    period = HiddenField(validators=[Optional(), Length(max=8)])
