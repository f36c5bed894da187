"""The form of a token."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal.api.rules import EVENTS, NAME_LENGTH, SCOPE_NAMES
from portal.web.forms import Form, KeyField, one_line


class TokenForm(Form):
    """Which system will use it; the key makes a second click the same token."""

    key = KeyField(validators=[InputRequired(), Length(max=64)])
    name = StringField(
        _l("Which system will use it?"),
        filters=[one_line],
        validators=[InputRequired(_l("Say which system will use the token.")), Length(max=NAME_LENGTH)],
    )
    scopes = SelectMultipleField(
        _l("What may it do?"), default=(EVENTS,), choices=lambda: [(scope, gettext(name)) for scope, name in SCOPE_NAMES.items()]
    )
