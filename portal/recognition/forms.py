"""What the board can be asked for in its address."""

from wtforms import HiddenField, StringField
from wtforms.validators import Length, Optional

from portal.kernel.text import N_
from portal.web.forms import FilterForm, one_line


class BoardFilter(FilterForm):
    """Search within one period."""

    q = StringField(N_("Name or company"), [Optional(), Length(max=100)], filters=[one_line])
    period = HiddenField(validators=[Optional(), Length(max=8)])
