"""Shapes of what is typed about people: sign-in, passwords, profile, and the admins' forms."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from portal.kernel.ids import MOST_ID
from portal.people.rules import company as company_rules
from portal.people.rules import person as person_rules
from portal.people.rules import tag as tag_rules
from portal.people.rules.company import CompanySize
from portal.people.rules.interest import INTEREST_NAMES, WISH_NAMES, Interest, Wish, wishes_of
from portal.people.rules.person import ROLE_NAMES, ROLES, STATE_NAMES
from portal.people.rules.reviewing import GRANT_NAMES, GRANTS
from portal.web.forms import FilterForm, Form, KeyField, SeenField, one_line, plain_text


def options(first: str | None, pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return choices for a select field, ``first`` for none of them on top."""
    empty = [] if first is None else [SelectChoice("", first)]
    return [*empty, *(SelectChoice(str(value), str(label)) for value, label in pairs)]


NEEDED = DataRequired(_("Please fill this in."))


def _line(label: Any, most: int, *validators: Any, **kwargs: Any) -> StringField:
    return StringField(label, [*validators, Length(max=most, message=_("Please use at most %(max)d characters."))], filters=[one_line], **kwargs)


def _email(label: Any, *validators: Any, **kwargs: Any) -> EmailField:
    return EmailField(label, [*validators, Length(max=person_rules.EMAIL_LENGTH)], filters=[one_line], **kwargs)


class SignInForm(Form):
    """E-mail and password."""

    email = _email(_("E-mail"), NEEDED, render_kw={"autocomplete": "username"})
    password = PasswordField(_("Password"), [NEEDED], render_kw={"autocomplete": "current-password"})
    is_kept = BooleanField(_("Keep me signed in on this device"))
    next = HiddenField()


class ForgottenForm(Form):
    """The address for a link."""

    email = _email(_("E-mail"), NEEDED, render_kw={"autocomplete": "username"})


class NewPasswordForm(Form):
    """A password, twice, and the link's token."""

    t = HiddenField()
    password = PasswordField(_("New password"), [NEEDED], render_kw={"autocomplete": "new-password"})
    again = PasswordField(_("The same once more"), [NEEDED], render_kw={"autocomplete": "new-password"})


class ConfirmForm(Form):
    """Only the link's token."""

    t = HiddenField()


class ChangePasswordForm(Form):
    """The current password and the new one, twice."""

    current = PasswordField(_("Current password"), [NEEDED], render_kw={"autocomplete": "current-password"})
    password = PasswordField(_("New password"), [NEEDED], render_kw={"autocomplete": "new-password"})
    again = PasswordField(_("The same once more"), [NEEDED], render_kw={"autocomplete": "new-password"})


class ChangeEmailForm(Form):
    """The new address and the current password."""

    email = _email(_("New e-mail"), NEEDED, render_kw={"autocomplete": "email"})
    current = PasswordField(_("Current password"), [NEEDED], id="email-current", render_kw={"autocomplete": "current-password"})


class ProfileForm(Form):
    """What people say about themselves."""

    name = _line(_("Name"), person_rules.NAME_LENGTH, NEEDED, render_kw={"autocomplete": "name"})
    title = _line(_("Job title"), person_rules.TITLE_LENGTH, Optional(), render_kw={"autocomplete": "organization-title"})
    language = SelectField(_("Language"), [Optional()])
    time_zone = SelectField(_("Time zone"), [Optional()])


class BoardForm(Form):
    """How somebody wants to stand on boards."""

    is_listed = BooleanField(_("Show me on the boards"))
    nickname = _line(_("Nickname on the boards"), person_rules.NICKNAME_LENGTH, Optional(), render_kw={"autocomplete": "nickname"})


class RolesForm(Form):
    """Which roles somebody holds."""

    roles = SelectMultipleField(_("Roles"), choices=options(None, zip(ROLES, ROLES, strict=True)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles.choices = options(None, ((role, gettext(ROLE_NAMES[role])) for role in ROLES))


class PersonRolesForm(RolesForm):
    """Which roles somebody holds who is there already."""

    seen = SeenField()


class ReviewerForm(Form):
    """What somebody may review."""

    seen = SeenField()
    grants = SelectMultipleField(_("May decide on"), choices=options(None, zip(GRANTS, GRANTS, strict=True)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grants.choices = options(None, ((grant, gettext(GRANT_NAMES[grant])) for grant in GRANTS))


class InviteForm(RolesForm):
    """One new person."""

    key = KeyField()
    name = _line(_("Name"), person_rules.NAME_LENGTH, NEEDED)
    email = _email(_("E-mail"), Optional())
    company = _line(_("Company"), company_rules.NAME_LENGTH, Optional())
    title = _line(_("Job title"), person_rules.TITLE_LENGTH, Optional())
    is_invited = BooleanField(_("Send an invitation by e-mail"), default=True)


class InviteManyForm(RolesForm):
    """Several new people, one a line."""

    lines = TextAreaField(_("One person a line"), [NEEDED], filters=[plain_text], render_kw={"rows": 8})


class PersonForm(Form):
    """What admins change about a person."""

    name = _line(_("Name"), person_rules.NAME_LENGTH, NEEDED)
    email = _email(_("E-mail"), Optional())
    company = _line(_("Company"), company_rules.NAME_LENGTH, Optional())
    title = _line(_("Job title"), person_rules.TITLE_LENGTH, Optional())
    seen = SeenField()


class InterestsForm(Form):
    """What a member likes to do, and what they never want: one choice for each kind of thing, no opinion on top."""

    @classmethod
    def of(cls, wishes: Mapping[Interest, Wish] | None = None, *, filled: bool = False) -> Any:
        """Return the form with ``wishes`` in it, or ``filled`` from the request."""
        made = type("FilledInterestsForm", (cls,), {f"interest_{interest}": _wish_field(interest) for interest in Interest})
        return made() if filled else made(formdata=None, data={f"interest_{interest}": wish for interest, wish in (wishes or {}).items()})

    @property
    def fields(self) -> list[Any]:
        """The choices, in the order of the interests."""
        return [field for name, field in self._fields.items() if name.startswith("interest_")]

    def wishes(self) -> dict[Interest, Wish]:
        """Return what was chosen."""
        return wishes_of({field.short_name.removeprefix("interest_"): field.data for field in self.fields})


def _wish_field(interest: Interest) -> SelectField:
    choices = [SelectChoice("", _("No opinion")), *(SelectChoice(wish.value, _(name)) for wish, name in WISH_NAMES.items())]
    return SelectField(_(INTEREST_NAMES[interest]), [Optional()], choices=choices)


class TagForm(Form):
    """A tag for one person."""

    tag = _line(_("Tag"), tag_rules.TAG_LENGTH, render_kw={"list": "tags", "autocomplete": "off"})


class TagManyForm(TagForm):
    """A tag for many: those who are ticked, or all whom the list's filter shows; on, or off."""

    person = SelectMultipleField(_("People"), choices=[], validate_choice=False)
    scope = SelectField(_("For whom"), choices=[SelectChoice("ticked", _("Those I ticked")), SelectChoice("all", _("All who match the filter"))])
    act = SelectField(_("What to do"), choices=[SelectChoice("give", _("Give the tag")), SelectChoice("take", _("Take the tag off"))])


class DeactivateForm(Form):
    """Why somebody is shut out."""

    reason = TextAreaField(_("Reason"), [NEEDED, Length(max=person_rules.REASON_LENGTH)], filters=[plain_text], render_kw={"rows": 2})


class CompanyForm(Form):
    """A company's record."""

    key = KeyField()
    name = _line(_("Name"), company_rules.NAME_LENGTH, NEEDED)
    industry = _line(_("Industry"), company_rules.FIELD_LENGTH, Optional())
    size = _line(_("Employees"), company_rules.SIZE_LENGTH, Optional(), render_kw={"list": "company-sizes"})
    region = _line(_("Region"), company_rules.FIELD_LENGTH, Optional())
    country = _line(_("Country"), company_rules.FIELD_LENGTH, Optional())
    domain = _line(_("Domain"), company_rules.DOMAIN_LENGTH, Optional())
    owner_id = SelectField(_("Owner"), [Optional()], coerce=lambda value: int(value) if value else None)
    seen = SeenField()

    sizes = tuple(CompanySize)


class PeopleFilter(FilterForm):
    """What the list of people can be narrowed to."""

    q = _line(_("Search people"), 120, Optional())
    role = SelectField(_("Role"), [Optional()], choices=[])
    state = SelectField(_("State"), [Optional()], choices=[])
    tag = SelectField(_("Tag"), [Optional()], choices=[], coerce=lambda value: int(value) if value else None)
    company = IntegerField(widget=HiddenField.widget, validators=[Optional(), NumberRange(0, MOST_ID)])

    def __init__(self, *args: Any, tags: Iterable[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag.choices = options(gettext("All tags"), tags)
        self.role.choices = options(gettext("All roles"), ((role, gettext(ROLE_NAMES[role])) for role in ROLES))
        self.state.choices = options(gettext("All states"), ((state, gettext(name)) for state, name in STATE_NAMES.items()))


class CompaniesFilter(FilterForm):
    """What the list of companies can be narrowed to."""

    q = _line(_("Search companies"), 120, Optional())
    industry = SelectField(_("Industry"), [Optional()], choices=[])
    owner = SelectField(_("Owner"), [Optional()], choices=[], coerce=lambda value: int(value) if value else None)
