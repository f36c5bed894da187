"""Forms: a base that carries refusals, and the key that makes a second click the same click."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import get_domain, gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, FileField, HiddenField, IntegerField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import StopValidation

from portal.kernel.errors import Refusal
from portal.kernel.ids import new_key
from portal.kernel.seen import ChangedMeanwhile
from portal.kernel.text import N_, clean, clean_line
from portal.web.errors import sentence
from portal.web.language import day

KEY = re.compile(r"[0-9A-Za-z._:-]{1,64}")


# What WTForms says of itself, in our own words.
OURS = {
    "This field is required.": N_("Please fill this in."),
    "Not a valid integer value.": N_("Please enter a whole number."),
    "Not a valid decimal value.": N_("Please enter a number."),
    "Not a valid date value.": N_("Please enter a day, such as 2026-12-24."),
    "Number must be at least %(min)s.": N_("Please enter %(min)s or more."),
    "Number must be at most %(max)s.": N_("Please enter %(max)s or less."),
    "Number must be between %(min)s and %(max)s.": N_("Please enter a number between %(min)s and %(max)s."),
    "Not a valid choice.": N_("Please choose one of those that are offered."),
    "Invalid email address.": N_("This does not look like an e-mail address."),
}


TOO_LONG = N_("At most %(max)d characters fit here, and this is %(length)d. All of it is still here: please shorten it.")


class _Translations:
    def gettext(self, text: str) -> str:
        return str(gettext(OURS.get(text, text)))

    def ngettext(self, one: str, many: str, count: int) -> str:
        if many == "Field cannot be longer than %(max)d characters.":
            return str(gettext(TOO_LONG))
        # WTForms fills in the numbers itself; Flask-Babel would fill in only its own.
        return str(get_domain().get_translations().ngettext(one, many, count))


class Form(FlaskForm):
    """A form that changes things. Shape only: what is allowed is decided in ``rules.py``."""

    class Meta(FlaskForm.Meta):
        locales = False

        def render_field(self, field: Any, render_kw: Any) -> Any:
            """Let no browser cut what is pasted without a word: what is too long is told, by the page while one types and by the server."""
            most = render_kw.get("maxlength") or getattr(field.flags, "maxlength", None)
            told = {"data-most": most} if most and isinstance(field, StringField) and not isinstance(field, HiddenField) else {}
            return super().render_field(field, {**render_kw, **told, "maxlength": False})

        def get_translations(self, form: Any) -> Any:
            return _Translations()

    def refuse(self, refusal: Refusal, stored: Callable[[], "Form"] | None = None) -> None:
        """Show a refusal on the field it belongs to, or above the form; one with parts on each of their fields.

        ``stored`` makes the form with what is stored now: where somebody changed it meanwhile, that is shown beside what was typed.
        """
        if stored is not None and isinstance(refusal, ChangedMeanwhile):
            self.stand_beside(stored())
        here = [part for part in refusal.parts if self._found(part) is not None]
        for part in here or [refusal]:
            self._place(part)

    def also(self, *checks: Callable[[], object]) -> None:
        """Say besides, of a form that is shown again, what else of it is wrong: what each check refuses, on fields that say nothing yet.

        So nobody mends one field only to read of the next.
        """
        for check in checks:
            try:
                check()
            except Refusal as refusal:
                parts = [part for part in refusal.parts or (refusal,) if (found := self._found(part)) is not None and not found.errors]
                for part in parts:
                    self._place(part)

    def _found(self, refusal: Refusal) -> Any:
        """Return the field to which a refusal belongs: of a file that is not accepted the only one for files, whatever it is called."""
        field = self._fields.get(refusal.field or "")
        files = [one for one in self._fields.values() if isinstance(one, FileField)] if refusal.field == "file" else []
        return files[0] if field is None and len(files) == 1 else field

    def _place(self, refusal: Refusal) -> None:
        field = self._found(refusal)
        if field is not None and hasattr(field, "take_refusal"):
            field.take_refusal(refusal, sentence(refusal))
        elif field is not None:
            field.errors = [*field.errors, sentence(refusal)]
        else:
            self.form_errors.append(sentence(refusal))

    def stand_beside(self, stored: "Form") -> None:
        """Show beside each field what is stored where it differs from what was typed. Sent again, the form is one of somebody who saw it."""
        for name, field in self._fields.items():
            newer = stored._fields.get(name)
            if isinstance(field, SeenField | EditionField) and newer is not None:
                field.data, field.raw_data = newer.data, None
            elif newer is not None and getattr(field.widget, "input_type", "") not in ("hidden", "file") and shown_value(newer) != shown_value(field):
                field.newer = shown_value(newer) or gettext("nothing")


class FilterForm(PlainForm):
    """A form in the address of a list: search, filters, sort. Wrong values fall back to the default.

    What is searched for is cut to what a search may be long, and the field shows what is left of it: else a long one would find everything.
    """

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for field in self._fields.values():
            most = getattr(field.flags, "maxlength", None)
            if isinstance(field, StringField) and not isinstance(field, HiddenField) and most and field.data:
                field.data = field.data[:most].strip()

    def values(self) -> dict[str, Any]:
        """Return what was asked for, only fields that are set (boxes ticked) and valid."""
        self.validate()
        return {
            name: field.data
            for name, field in self._fields.items()
            if field.data not in (None, "", []) and field.data is not False and not field.errors
        }


class DayField(DateField):
    """A day between 1900 and 2999. What lies further out is a slip of the finger, and at the edges of the calendar no zone can be reckoned with."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        day: date | None = self.data  # type: ignore[has-type]
        if day is not None and not 1900 <= day.year <= 2999:
            self.data = None
            raise ValueError(self.gettext("Not a valid date value."))


class NotBefore:
    """Refuses a day that lies before the one in the field ``first`` of the same form."""

    def __init__(self, first: str) -> None:
        self.first = first

    def __call__(self, form: PlainForm, field: Field) -> None:
        first = form[self.first]
        if first.data is not None and field.data is not None and field.data < first.data:
            raise StopValidation(gettext("This day lies before “%(first)s”.", first=first.label.text))


class KeyField(HiddenField):
    """The idempotency key, minted when the form is shown: sending the same form twice is one act.

    What was never minted, empty or longer than any table keeps, is refused here; the form shown again carries a fresh one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, default=new_key, **kwargs)

    def pre_validate(self, form: Any) -> None:
        if not KEY.fullmatch(self.data or ""):  # type: ignore[has-type]
            self.data = new_key()
            raise StopValidation(gettext("This form did not arrive whole. Please check it and send it again."))


class PressField(HiddenField):
    """The key of a button that counts once however often it is pressed; nothing for what no page ever carried: that is judged by how things stand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, default=new_key, filters=[lambda key: key if key and KEY.fullmatch(key) else ""], **kwargs)


class SeenField(HiddenField):
    """The digest of what an editor shows (``portal.kernel.seen``), compared when it is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("", *args, **kwargs)


class EditionField(IntegerField):
    """The number of the edition that an editor shows, compared when it is saved."""

    widget = HiddenField.widget


def shown_value(field: Field) -> str:
    """Return what a field holds as one reads it: names of choices, days, yes or no, one question a line."""
    if hasattr(field, "rows"):
        return "\n".join(str(row["ask"]) for row in field.rows if row["ask"])
    if isinstance(field, BooleanField):
        return str(gettext("Yes") if field.data else gettext("No"))
    if hasattr(field, "iter_choices"):
        return ", ".join(str(choice.label) for choice in field.iter_choices() if choice.selected)
    if isinstance(field, DateField):
        return day(field.data) if field.data else ""
    return str(field._value()) if hasattr(field, "_value") else ""


def one_line(value: str | None) -> str:
    """WTForms filter: cleaned, on one line."""
    return clean_line(value)


def plain_text(value: str | None) -> str:
    """WTForms filter: cleaned, line breaks kept."""
    return clean(value).replace("\r\n", "\n")
