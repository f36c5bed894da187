"""The form of a token."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.api.rules import NAME_LENGTH
from portal.web.forms import Form, KeyField, one_line


class TokenForm(Form):
    """Which system will use it; the key makes a second click the same token."""

    key = KeyField(validators=[InputRequired(), Length(max=64)])
    name = StringField(
        _l("Which system will use it?"),
        filters=[one_line],
        validators=[InputRequired(_l("Say which system will use the token.")), Length(max=NAME_LENGTH)],
    )
