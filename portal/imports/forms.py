"""Forms of the import pages. The mapping form is made for the columns of one file."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NoneOf, Optional
from wtforms.widgets import TextInput

from portal.imports.contract import Importer
from portal.imports.rules.plans import Plan
from portal.imports.rules.records import STATE_NAMES, Field
from portal.kernel.text import clean_line, fold
from portal.web.forms import FilterForm, Form, one_line

UNSAID = "?"
SAY = _("Please say what this value means.")


def _choices(*pairs: tuple[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class ImportFilter(FilterForm):
    """Search among imports."""

    q = StringField(_("Search"), [Optional(), Length(max=100)], filters=[one_line])
    kind = SelectField(_("Kind"), [Optional()])
    state = SelectField(
        _("State"), [Optional()], choices=lambda: _choices(("", gettext("Any")), *((s.value, gettext(n)) for s, n in STATE_NAMES.items()))
    )

    def offer(self, importers: Sequence[Importer]) -> None:
        """Fill in the kinds there are."""
        self.kind.choices = _choices(("", gettext("Any")), *((importer.name, gettext(importer.title)) for importer in importers))


class UploadForm(Form):
    """A file, what is in it, and where it is from."""

    kind = SelectField(_("What is in the file"))
    file = FileField(_("CSV file"), [FileRequired(_("Please choose a file."))])
    source = StringField(_("System it comes from"), [DataRequired(_("Please fill this in.")), Length(max=80)], default="default", filters=[one_line])

    def offer(self, importers: Sequence[Importer]) -> None:
        """Fill in the kinds there are."""
        self.kind.choices = _choices(*((importer.name, gettext(importer.title)) for importer in importers))


class MappingForm(Form):
    """Which column fills which field. ``mapping_form`` adds the fields of one importer and one file."""

    is_all_or_nothing = BooleanField(_("Import nothing if one row is bad"))
    is_notifying = BooleanField(_("Tell people by mail, as if it happened now"))
    is_overwriting = BooleanField(_("Also write over what somebody changed here by hand"))


def mapping_form(fields: Sequence[Field], header: Sequence[str], questions: Mapping[str, Sequence[str]], plan: Plan) -> MappingForm:
    """Return the form, filled with ``plan``. ``questions`` are values of a file that need a meaning, by field."""
    columns = _choices(("", gettext("Nothing")), *((name, name) for name in dict.fromkeys(header) if name))
    made: dict[str, Any] = {}
    for f in fields:
        made[f"column_{f.name}"] = SelectField(f.name, choices=columns, default=plan.columns.get(f.name, ""))
        made[f"constant_{f.name}"] = _constant(f, plan.constants.get(f.name, ""))
        for place, value in enumerate(questions.get(f.name, ())):
            choices = _choices(
                (UNSAID, gettext("Please choose")), *((word, _called(f, word)) for word in f.choices), ("", gettext("Nothing, as if it were empty"))
            )
            meant = plan.values.get(f.name, {}).get(value, _likely(value, f.choices))
            made[f"value_{f.name}_{place}"] = SelectField(value, [NoneOf([UNSAID], SAY)], choices=choices, default=meant)
    form: MappingForm = type("FileMappingForm", (MappingForm,), made)()
    if not form.is_submitted():
        form.is_all_or_nothing.data, form.is_notifying.data = plan.is_all_or_nothing, plan.is_notifying
    return form


def plan_of(form: MappingForm, fields: Sequence[Field], questions: Mapping[str, Sequence[str]]) -> Plan:
    """Return the plan that was filled in."""
    constants = {f.name: clean_line(form[f"constant_{f.name}"].data) for f in fields}
    return Plan(
        columns={f.name: form[f"column_{f.name}"].data for f in fields},
        constants={name: constant for name, constant in constants.items() if constant},
        values={name: said for name, values in questions.items() if (said := _said(form, name, values))},
        is_all_or_nothing=form.is_all_or_nothing.data,
        is_notifying=form.is_notifying.data,
        is_overwriting=form.is_overwriting.data,
    )


def answered(names: Sequence[str], questions: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the sent form held an answer to every question; ``names`` are the fields that were sent."""
    return all(f"value_{name}_{place}" in names for name, values in questions.items() for place in range(len(values)))


def _said(form: MappingForm, name: str, values: Sequence[str]) -> dict[str, str]:
    meanings = {value: form[f"value_{name}_{place}"].data for place, value in enumerate(values)}
    return {value: meaning for value, meaning in meanings.items() if meaning != UNSAID}


def _constant(f: Field, default: str) -> Any:
    if f.choices:
        return SelectField(f.name, choices=_choices(("", "–"), *((word, _called(f, word)) for word in f.choices)), default=default)
    return StringField(f.name, [Length(max=200)], default=default, widget=TextInput())


def _called(f: Field, word: str) -> str:
    """Return what a choice is called, with the word that stands for it in files."""
    return f"{gettext(f.names[word])} ({word})" if word in f.names else word


def _likely(value: str, choices: Sequence[str]) -> str:
    return next((word for word in choices if fold(word) == fold(value)), UNSAID)
