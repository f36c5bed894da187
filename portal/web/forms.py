"""Forms: a base that carries refusals, and the key that makes a second click the same click."""

import re
from datetime import date
from typing import Any

from flask_babel import get_domain, gettext
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import StopValidation

from portal.kernel.errors import Refusal
from portal.kernel.ids import new_key
from portal.kernel.text import clean, clean_line
from portal.web.errors import sentence

KEY = re.compile(r"[0-9A-Za-z._:-]{1,64}")


class _Translations:
    def gettext(self, text: str) -> str:
        return str(gettext(text))

    def ngettext(self, one: str, many: str, count: int) -> str:
        # WTForms fills in the numbers itself; Flask-Babel would fill in only its own.
        return str(get_domain().get_translations().ngettext(one, many, count))


class Form(FlaskForm):
    """A form that changes things. Shape only: what is allowed is decided in ``rules.py``."""

    class Meta(FlaskForm.Meta):
        locales = False

        def get_translations(self, form: Any) -> Any:
            return _Translations()

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal on the field it belongs to, or above the form; one with parts on each of their fields."""
        here = [part for part in refusal.parts if part.field in self._fields]
        for part in here:
            self.refuse(part)
        if here:
            return
        field = self._fields.get(refusal.field or "")
        if field is not None:
            field.errors = [*field.errors, sentence(refusal)]
        else:
            self.form_errors.append(sentence(refusal))


class FilterForm(PlainForm):
    """A form in the address of a list: search, filters, sort. Wrong values fall back to the default."""

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


def one_line(value: str | None) -> str:
    """WTForms filter: cleaned, on one line."""
    return clean_line(value)


def plain_text(value: str | None) -> str:
    """WTForms filter: cleaned, line breaks kept."""
    return clean(value).replace("\r\n", "\n")
