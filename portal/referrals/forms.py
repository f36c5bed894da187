"""The filter of the admins' list of referrals."""

from flask_babel import lazy_gettext as _l
from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from portal.referrals.rules import CHOSEN_BY
from portal.web.forms import FilterForm, one_line


class ReferralFilter(FilterForm):
    """What an admin looks for among referrals."""

    q = SearchField(_l("Search"), filters=[one_line], validators=[Length(max=80)])
    state = SelectField(_l("State"), choices=[SelectChoice("", _l("All states")), *[SelectChoice(s.value, _l(n)) for s, n in CHOSEN_BY.items()]])
