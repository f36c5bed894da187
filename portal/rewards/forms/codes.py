"""What is filled in around codes: a list that is imported, and a password before a code is shown."""

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.kernel.seen import seen_of
from portal.receiving.forms import MoneyField, dollars
from portal.web.forms import Form, KeyField, SeenField, plain_text


class CodesForm(Form):
    """A list of codes. The file alone: what is typed into a page would stand in it."""

    key = KeyField()
    upload = FileField(_("CSV file with codes"), [Optional()])


class LowForm(Form):
    """Below which balance the provider's is low, in its currency."""

    low = MoneyField(_("Balance is low below"))
    seen = SeenField()

    @classmethod
    def of(cls, cents: int) -> "LowForm":
        """Return the form with what is stored."""
        return cls(formdata=None, data={"low": dollars(cents)}, seen=seen_of({"cents": cents}))


class RevealForm(Form):
    """Showing a code to who knows the password of this account. The key makes a second click the same look."""

    key = KeyField()
    current = PasswordField(_("Your password"), [InputRequired()], render_kw={"autocomplete": "current-password"})


class AllowForm(Form):
    """Letting a member look at their code once more."""

    reason = TextAreaField(_("Reason"), [Optional(), Length(max=500)], filters=[plain_text])
