"""What the fulfilment desk can be asked for in its address, and what is sent from it."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from portal.kernel.ids import read_id
from portal.rewards.forms.lists import any_of, kind_choices
from portal.rewards.rules.desk import MOST_CHARACTERS, Tab
from portal.web.countries import country_name
from portal.web.forms import FilterForm, Form, PressField, one_line


class DeskFilter(FilterForm):
    """Search on the desk. The tab is chosen by links and carried along."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    tab = HiddenField(validators=[Optional(), AnyOf([tab.value for tab in Tab])])
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: any_of(kind_choices()))
    country = SelectField(_("Country"), [Optional()], choices=lambda: any_of([]), validate_choice=False)
    reward_id = HiddenField(validators=[Optional()], filters=[read_id])

    def offer_countries(self, codes: list[str]) -> None:
        """Let the filter offer the countries that something goes to, by their names."""
        named = sorted(((code, country_name(code)) for code in codes), key=lambda choice: choice[1])
        self.country.choices = [("", gettext("Any")), *named]


class MoveForm(Form):
    """The chosen lines, and what is done to them."""

    item = SelectMultipleField(choices=[], validate_choice=False)
    act = HiddenField("")
    press = PressField()


class TrackingForm(Form):
    """A list of tracking numbers: a file, or pasted."""

    upload = FileField(_("File"), [Optional()])
    text = TextAreaField(_("Or paste the list here"), [Optional(), Length(max=MOST_CHARACTERS)])
