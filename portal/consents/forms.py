"""Forms of consents: withdrawing one, and the filter of the admins' list."""

from flask_babel import lazy_gettext as _l
from wtforms import SearchField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from portal.consents.rules import ITEM_NAMES, REASON_LENGTH, STATE_NAMES
from portal.web.forms import FilterForm, Form, one_line, plain_text


class WithdrawForm(Form):
    """Taking a consent back; the reason may stay empty."""

    reason = TextAreaField(_l("Why, if you like to say"), filters=[plain_text], validators=[Length(max=REASON_LENGTH)])


class ConsentFilter(FilterForm):
    """What an admin looks for among consents."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    item = SelectField(_l("For what"), choices=[SelectChoice("", _l("Everything")), *[SelectChoice(i.value, _l(n)) for i, n in ITEM_NAMES.items()]])
    state = SelectField(_l("State"), choices=[SelectChoice("", _l("All states")), *[SelectChoice(s.value, _l(n)) for s, n in STATE_NAMES.items()]])
