"""What a search can be asked for in its address, and what admins write about an item of the library. Shape only."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.finding.queries.choices import places, words
from portal.finding.rules.bands import BAND_NAMES
from portal.finding.rules.library import KIND_NAMES, LINK_LENGTH, NOTE_LENGTH, TEXT_LENGTH, TITLE_LENGTH, WORD_LENGTH, Kind
from portal.finding.rules.needs import Needs
from portal.people.rules.company import DOMAIN_LENGTH, FIELD_LENGTH
from portal.people.rules.company import NAME_LENGTH as COMPANY_LENGTH
from portal.people.rules.person import TITLE_LENGTH as JOB_LENGTH
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.states import WordKind
from portal.web.forms import DayField, FilterForm, Form, KeyField, one_line, plain_text

WORRY_LENGTH = 200
MORE = ("size", "product", "language", "needed_by", "role", "prospect", "prospect_domain", "competitor")
"""What stands under “More about the deal”."""


def _line(label: Any, most: int, **told: Any) -> StringField:
    return StringField(label, [Optional(), Length(max=most)], filters=[one_line], render_kw=told or None)


def activity_choices() -> list[tuple[str, str]]:
    """Return what somebody may be needed for, in the reader's language."""
    return [(activity.value, gettext(ACTIVITY_NAMES[activity])) for activity in Activity]


class FindForm(FilterForm):
    """What is needed. All of it stands in the address, so that a search can be shared."""

    worry = _line(_("What is your buyer worried about?"), WORRY_LENGTH)
    industry = SelectField(_("Industry"), [Optional()], choices=(), validate_choice=False, filters=[one_line])
    region = SelectField(_("Region"), [Optional()], choices=(), validate_choice=False, filters=[one_line])
    activity = SelectField(_("I need a"), [Optional()], choices=lambda: activity_choices(), default=Activity.CALL.value)
    size = SelectField(_("Their size"), [Optional()], choices=(), validate_choice=False, filters=[one_line])
    product = _line(_("Product they use"), WORD_LENGTH, list="products", autocomplete="off")
    language = _line(_("Language they speak"), WORD_LENGTH, list="languages", autocomplete="off")
    needed_by = DayField(_("Needed by"), [Optional()])
    role = _line(_("Your buyer’s role"), JOB_LENGTH)
    prospect = _line(_("Your buyer’s company"), COMPANY_LENGTH)
    prospect_domain = _line(_("Its domain"), DOMAIN_LENGTH)
    competitor = _line(_("Whom they consider besides us"), COMPANY_LENGTH)

    def offer(self, session: Session) -> "FindForm":
        """Fill the choices; what was asked for stays among them."""
        industries, regions = places(session)
        for field, offered in ((self.industry, industries), (self.region, regions), (self.size, list(BAND_NAMES.values()))):
            asked = [field.data] if field.data and field.data not in offered else []
            field.choices = [("", gettext("Any")), *((one, one) for one in [*offered, *asked])]
        self.products, self.languages = words(session, WordKind.PRODUCT), words(session, WordKind.LANGUAGE)
        return self

    def needs(self) -> Needs:
        """Return what is asked for; an activity that is none is a call, and a day that cannot be read is none."""
        asked = self.values()
        known = {activity.value for activity in Activity}
        activity = Activity(asked.pop("activity")) if asked.get("activity") in known else Activity.CALL
        self.activity.data = activity.value
        return Needs(activity=activity, **{name: value for name, value in asked.items() if name != "activity"})

    @property
    def has_more(self) -> bool:
        """Tell whether something of the deal is filled in, or refused."""
        return any(self[name].data or self[name].errors for name in MORE)


class FavouriteForm(Form):
    """The star: whether it is to shine, and where it was pressed."""

    is_on = HiddenField()
    next = HiddenField()


class LibraryFilter(FilterForm):
    """What the library is searched for."""

    q = StringField(_("Search"), [Optional(), Length(max=WORRY_LENGTH)], filters=[one_line])
    kind = SelectField(_("Kind"), [Optional()], choices=lambda: [("", gettext("All")), *((kind.value, gettext(KIND_NAMES[kind])) for kind in Kind)])
    show = SelectField(_("Show"), [Optional()])

    def offer(self, *, is_admin: bool) -> "LibraryFilter":
        """Let admins look at what is not shown, too."""
        self.show.choices = [("", gettext("What can be used"))]
        if is_admin:
            self.show.choices += [("out", gettext("Expired or withdrawn")), ("retired", gettext("Retired"))]
        else:
            del self.show
        return self


class ItemForm(Form):
    """An item of the library."""

    key = KeyField()
    kind = SelectField(_("Kind"), choices=lambda: [(kind.value, gettext(KIND_NAMES[kind])) for kind in Kind])
    title = StringField(_("Title"), [DataRequired(), Length(max=TITLE_LENGTH)], filters=[one_line])
    answers = TextAreaField(_("Which worry it answers"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    quote = TextAreaField(_("Quote"), [Optional(), Length(max=TEXT_LENGTH)], filters=[plain_text])
    link = StringField(_("Link"), [Optional(), Length(max=LINK_LENGTH)], filters=[one_line])
    file = FileField(_("File"), [Optional()])
    company = StringField(
        _("Company"), [Optional(), Length(max=COMPANY_LENGTH)], filters=[one_line], render_kw={"list": "companies", "autocomplete": "off"}
    )
    person = StringField(_("Person"), [Optional(), Length(max=400)], filters=[one_line])
    product = _line(_("Product"), WORD_LENGTH)
    industry = _line(_("Industry"), FIELD_LENGTH)
    consent_id = StringField(_("Number of the consent it stands on"), [Optional(), Length(max=20)], filters=[one_line])
    permission = StringField(_("Or how we know that we may use it"), [Optional(), Length(max=NOTE_LENGTH)], filters=[one_line])
    expires_on = DayField(_("May be used until"), [Optional()])
    edition = HiddenField()


class RetireForm(Form):
    """Why an item is shown no more."""

    reason = StringField(_("Why"), [InputRequired(_("Please say why.")), Length(max=NOTE_LENGTH)], filters=[one_line])
