"""Pages are drawn quicker than Jinja and WTForms would draw them by themselves, and are the same letter by letter."""

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy import select
from wtforms import (
    BooleanField,
    Form,
    HiddenField,
    IntegerField,
    PasswordField,
    SearchField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Length, NumberRange

from portal.kernel.db import Database
from portal.people.models import Person
from portal.web import templating
from portal.web.controls import draw
from portal.web.drawing import PageEnvironment, drawn
from portal.web.guards import audience_of
from portal.web.language import reader
from tests.factories.story import tell_story
from tests.support.application import SignIn

CHANGES = re.compile(r'(name="(?:csrf-token|csrf_token|key|seen|press)"[^>]*|<time [^>]*>[^<]*|\d{4}-\d\d-\d\dT[0-9:.+]+)')
READERS = {"admin": "Ada Admin", "advocate": "Ann Advocate", "employee": "Edo Employee"}
# No pages, the one that ends the visit, and the one that counts seconds.
KEPT = {"people.sign_out", "files.download", "static", "notifications_admin.dead_letters"}


class _Plain(PageEnvironment):
    """The same templates, drawn by what Jinja brings along."""

    context_class, code_generator_class = Context, CodeGenerator


def _paths(app: Flask, role: str) -> list[str]:
    """Return the pages that one of this role may open and that need no id."""
    admitted = {"admin": {"admin", "staff", "member", "reviewer"}, "advocate": {"advocate", "member"}, "employee": {"employee", "staff", "member"}}[
        role
    ]
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in KEPT]
    return [rule.rule for rule in rules if audience_of(app, rule.endpoint) in admitted]


@pytest.mark.parametrize("role", list(READERS))
def test_every_page_is_what_jinja_draws(
    app: Flask, database: Database, sign_in: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    tell_story(database, tmp_path)
    with database.reading() as session:
        person = session.scalars(select(Person).where(Person.name == READERS[role])).one()
    client, paths = sign_in(person), _paths(app, role)
    ours = {path: CHANGES.sub("", client.get(path).text) for path in paths}
    plain = app.jinja_env.overlay()
    plain.__class__, plain._ready, plain.bytecode_cache = _Plain, {}, None
    monkeypatch.setattr(templating, "_pages", lambda: plain)
    assert len(paths) > 5
    for path in paths:
        assert CHANGES.sub("", client.get(path).text) == ours[path], path


@pytest.mark.parametrize(
    "source",
    [
        "{{ _('Skip to content') }}",
        "{{ _('At most %(limit)s MB.', limit=value) }}",
        "{{ _('At most %(limit)s MB.', limit=value) ~ '<' }}",
        "{{ ngettext('Inbox, %(num)s unread', 'Inbox, %(num)s unread', 3) }}",
        "{{ icon('leaf', 'size-6') }}{{ icon(name) }}{{ asset('static/src/app.css') }}",
        "{{ url_for('people.sign_in') }}{{ url_for('people.sign_in', next='/a b') }}{{ url_for('rewards.show', reward_id=number, x=5) }}",
        "{% macro x(icon) %}{{ icon }}{{ _icon('leaf') }}{% endmacro %}{{ x('<b>') }}{{ x(icon='plain') }}",
        "{% macro x(a) %}{{ a }}{{ caller() }}{{ kwargs }}{% endmacro %}{% call x(value, b=2) %}{{ value }}{% endcall %}",
        "{% set here = value %}{{ here }}{{ [1, value, safe, none, missing] }}{{ none }}{{ missing }}{{ 1.5 }}{{ true }}",
        "{% for n in [1, 2] %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ _('Close') if n > 1 else safe }}{% endfor %}",
    ],
)
def test_a_template_says_what_it_said(app: Flask, source: str) -> None:
    with app.test_request_context():
        pages = app.jinja_env
        assert isinstance(pages, PageEnvironment)
        given = {"value": "<&\"'>", "safe": Markup("<i>"), "name": "gift", "number": 7}
        compiled = pages.for_texts(reader().texts)
        ours = compiled.template_class.from_code(compiled, compiled.compile(source, "a.html"), compiled.globals).render(given)
        plain = pages.overlay()
        plain.__class__ = _Plain
        said = plain.template_class.from_code(plain, plain.compile(source, "a.html"), plain.globals).render(given)
        assert ours == said


@pytest.mark.parametrize("value", ["plain", "<&\"'>", Markup("<i>"), 7, True, None, 1.5, ["<"]])
def test_a_value_is_escaped_as_ever(value: object) -> None:
    assert drawn(value) == str(Markup("{}").format(value))


class _Sample(Form):
    line = StringField("Line", [InputRequired(), Length(max=20)], default='<a "quoted" & one>')
    search = SearchField("Search")
    number = IntegerField("Number", [NumberRange(1, 9)])
    secret = PasswordField("Secret")
    hidden = HiddenField("Hidden", default="x")
    box = BooleanField("Box", default=True)
    text = TextAreaField("Text", [Length(max=99)], default="<b>\nline")
    one = SelectField("One", choices=[SelectChoice("", "Any"), SelectChoice("a<", "A & B"), SelectChoice("c", "C")], default="a<")
    many = SelectMultipleField("Many", choices=[SelectChoice("1", "One"), SelectChoice("2", "Two")], default=["2"])
    grouped = SelectField("Grouped", choices=[SelectChoice("1", "One", optgroup="Group")])
    kept = StringField("Kept", render_kw={"class": "x"})


@pytest.mark.parametrize("name", list(_Sample()._fields))
@pytest.mark.parametrize(
    "given",
    [{}, {"class_": "input", "data_file": True, "aria-label": "a b", "rows": 4, "hidden": False, "title": Markup('"&amp;')}, {"value": "<"}],
)
def test_a_control_is_what_wtforms_writes(name: str, given: dict[str, object]) -> None:
    field = _Sample()[name]
    if name == "text":
        given = {key: value for key, value in given.items() if key != "value"}
    assert draw(field.meta, field, dict(given)) == DefaultMeta.render_field(field.meta, field, dict(given))
