"""What is typed at the door."""

from flask_babel import lazy_gettext as _
from wtforms import StringField
from wtforms.validators import Length, Optional

from portal.web.forms import Form, KeyField, plain_text


class TicketForm(Form):
    """The number of a ticket."""

    number = StringField(_("Number on the ticket"), [Optional(), Length(max=60)], filters=[plain_text])


class LetInForm(Form):
    """Letting somebody in; the same page sent twice does it once."""

    key = KeyField()
