"""The form of a review site's profile: shape only."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DecimalField, Field, IntegerField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.challenges.forms.answering import KEY
from portal.challenges.rules.sites import (
    DISCLOSURE_LENGTH,
    MOST_CENTS,
    NAME_LENGTH,
    NOTE_LENGTH,
    PROOF_NAMES,
    SOURCE_LENGTH,
    Proof,
    Site,
    SiteFacts,
)
from portal.challenges.rules.states import MAX_POINTS
from portal.kernel.ids import read_id
from portal.web.forms import Form, KeyField, SeenField, one_line, plain_text
from portal.web.language import reader

LANGUAGES = ("en", "de", "fr", "es")


class SiteForm(Form):
    """What a site allows. Texts of the disclosure are added by language in ``site_form``."""

    key = KeyField(validators=KEY)
    version = SeenField(default="1")
    name = StringField(_l("Name of the site"), filters=[one_line], validators=[Length(max=NAME_LENGTH)])
    hosts = TextAreaField(_l("Addresses of the site"), filters=[plain_text], validators=[Length(max=3_000)])
    is_incentive_allowed = BooleanField(_l("The site allows a reward for a review"))
    cap_points = IntegerField(_l("At most so many points"), validators=[Optional(), NumberRange(1, MAX_POINTS)])
    cap_dollars = DecimalField(_l("At most so many US dollars"), validators=[Optional(), NumberRange(1, MOST_CENTS // 100)], places=2)
    proofs = SelectMultipleField(_l("Proof that may be asked for"), choices=[])
    note = TextAreaField(_l("What else to know"), filters=[plain_text], validators=[Length(max=NOTE_LENGTH)])
    source = StringField(
        _l("Where this stands"),
        filters=[one_line],
        validators=[InputRequired(_l("Please say where the site’s rules stand.")), Length(max=SOURCE_LENGTH)],
    )
    languages: ClassVar[tuple[str, ...]] = ()

    def texts(self) -> list[Field]:
        """Return the fields of the disclosure."""
        return [self._fields[f"disclosure_{language}"] for language in self.languages]

    def facts(self) -> SiteFacts:
        """Return what was entered."""
        dollars = self.cap_dollars.data
        return SiteFacts(
            name=self.name.data or "",
            hosts=tuple((self.hosts.data or "").split()),
            is_incentive_allowed=bool(self.is_incentive_allowed.data),
            cap_cents=None if dollars is None else int(dollars * 100),
            cap_points=self.cap_points.data,
            disclosures={language: self._fields[f"disclosure_{language}"].data or "" for language in self.languages},
            proofs=tuple(self.proofs.data or ()),
            note=self.note.data or "",
            source=self.source.data or "",
        )

    def shown_version(self) -> int:
        """Return the version that the page showed."""
        return read_id(self.version.data) or 0


def site_form(site: Site | None, programme_language: str, *, texts: Iterable[tuple[str, str]] = (), filled: bool = False) -> SiteForm:
    """Return the form of a site, filled from the request, or with what is known of it; a new one with the ``texts`` of a disclosure."""
    known = dict(site.facts.disclosures if site else texts)
    languages = tuple(dict.fromkeys((*LANGUAGES, programme_language.partition("_")[0], *known)))
    fields: dict[str, Any] = {f"disclosure_{one}": _text(one) for one in languages}
    form_class = type("SiteFormOfLanguages", (SiteForm,), {**fields, "languages": languages})
    form: SiteForm = form_class() if filled else form_class(formdata=None, data=_data(site, known))
    form.proofs.choices = [SelectChoice(proof.value, _(PROOF_NAMES[proof])) for proof in Proof]
    return form


def _text(language: str) -> Field:
    name = str(Locale.parse(language).get_display_name(reader().locale) or language)
    return TextAreaField(_("Disclosure in %(language)s", language=name), filters=[plain_text], validators=[Length(max=DISCLOSURE_LENGTH)])


def _data(site: Site | None, texts: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {f"disclosure_{language}": text for language, text in texts.items()}
    if site is None:
        return shown | {"proofs": [Proof.NONE.value]}
    facts = site.facts
    cap = None if facts.cap_cents is None else Decimal(facts.cap_cents) / 100
    plain = {"name": facts.name, "is_incentive_allowed": facts.is_incentive_allowed, "cap_points": facts.cap_points, "cap_dollars": cap}
    return (
        shown
        | plain
        | {"hosts": "\n".join(facts.hosts), "proofs": list(facts.proofs), "note": facts.note, "source": facts.source}
        | {"version": str(site.version)}
    )
