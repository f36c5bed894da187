"""Mails: every kind renders, headers hold, SMTP and folder deliver."""

import json
import re
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from jinja2 import FileSystemLoader, UndefinedError

from config import ROOT, Settings
from portal.kernel.clock import micros
from portal.notifications.mails import Mailer
from portal.notifications.rules import GiveUp, HeaderRefused
from portal.notifications.senders import FolderSender, SmtpSender, sender_for
from tests.factories.notifications import ASKED, make_recipient
from tests.support.markup import has_letters, words
from tests.support.site import Post, free_port, link_in, text_of

KINDS = sorted(path for path in (ROOT / "templates" / "emails").iterdir() if path.is_dir())
# What a mail says does not come out of a database: one test looks at every kind, and tells all that are wrong.
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SAME_ENGINE = "a mail is made of its template and of what it is given; no database is asked"


@pytest.fixture
def mailer(app: Flask, settings: Settings) -> Mailer:
    return Mailer(app, settings, FolderSender(settings.data / "mail"))


def payload(**overrides: Any) -> dict[str, Any]:
    to = make_recipient(**overrides.pop("to", {}))
    address = {"person_id": to.person_id, "email": to.email, "name": to.name, "language": to.language}
    return {"to": address, "kind": "mail_check", "data": ASKED, "link": "/inbox", "stamp": micros(NOW), "outbox_id": 17} | overrides


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def wrong_with(mailer: Mailer, folder: Path) -> Iterator[str]:
    """Tell what is wrong with a kind of mail as it is made of its sample."""
    sample = json.loads((folder / "sample.json").read_text())
    message = mailer.compose(payload(kind=folder.name, data=sample), NOW)
    html_part = message.get_body(("html",))
    assert html_part is not None
    html, text = html_part.get_content(), text_of(message)
    found = _Tags()
    found.feed(html)
    link = f"{mailer.settings.base_url}/inbox"
    subject = mailer._environment().get_template(f"emails/{folder.name}/subject.txt").render(sample)
    before = text.partition(link)[0]
    promises = {
        "has a subject": bool(message["Subject"]),
        "names its recipient": "Rita Reader" in text,
        "leads to the portal in both forms": link in text and link in found.links,
        "has whole addresses": all(each.startswith(("http://", "https://", "mailto:")) for each in found.links),
        "asks for nothing from elsewhere": not {"style", "script", "img", "table", "link"} & set(found.tags),
        "brings its look along": 'style="' in html,
        "says what its last link is, where others stand before": mailer.settings.base_url not in before or before.strip().endswith(":"),
        "has no hole": not re.search(r"\n{4,}|[{}]{2}|None|undefined", text),
        "has a subject of one line, of its data alone": len(subject.strip().splitlines()) == 1,
    }
    yield from (f"{folder.name}: not so: {promise}" for promise, is_kept in promises.items() if not is_kept)


@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_every_kind_of_mail_renders_with_its_sample_in_both_forms_and_its_subject_is_one_line(mailer: Mailer, app: Flask) -> None:
    assert len(KINDS) > 50
    with app.app_context():
        assert [wrong for folder in KINDS for wrong in wrong_with(mailer, folder)] == []


@pytest.mark.parametrize(("company", "begins"), [("your company", "You are invited to"), ("adidas", "adidas invites")])
def test_a_company_that_nobody_has_named_begins_a_sentence_like_any_word(mailer: Mailer, app: Flask, company: str, begins: str) -> None:
    """What somebody has named is written as they write it."""
    settings = mailer.settings.model_copy(update={"brand_company": company})
    with app.app_context():
        template = mailer._environment().get_template("emails/invitation/subject.txt")
        assert template.render(settings=settings).startswith(begins)


def test_all_words_of_every_kind_are_translated() -> None:
    said = {}
    for path in (folder / name for folder in KINDS for name in ("subject.txt", "body.txt", "body.html")):
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", path.read_text(), flags=re.DOTALL)
        spoken = list(words(bare)) if path.suffix == ".html" else [bare]
        said[str(path)] = [text.strip() for text in spoken if has_letters(text)]
    assert {path: texts for path, texts in said.items() if texts} == {}


def test_a_mail_says_what_it_is(mailer: Mailer) -> None:
    message = mailer.compose(payload(), NOW)
    assert message["Message-ID"] == "<20261122T093000.17@127.0.0.1>"
    assert message["Reply-To"] is None
    answered = mailer.compose(payload(answers_to={"email": "greta@works.example", "name": "Greta, of sales"}), NOW)
    assert [(one.display_name, one.addr_spec) for one in answered["Reply-To"].addresses] == [("Greta, of sales", "greta@works.example")]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"].addresses[0].addr_spec == "laurel@localhost"
    assert message["To"].addresses[0].display_name == "Rita Reader"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_repeat_carries_the_same_message_id(mailer: Mailer) -> None:
    again = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    assert mailer.compose(payload(), again)["Message-ID"] == mailer.compose(payload(), NOW)["Message-ID"]


def test_what_people_typed_is_escaped_in_html(mailer: Mailer) -> None:
    message = mailer.compose(payload(to={"name": "<b>Eve</b> & Co"}), NOW)
    html = message.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;Eve&lt;/b&gt; &amp; Co" in html.get_content()
    assert "<b>Eve</b> & Co" in text_of(message)


@pytest.mark.parametrize(
    ("firsts", "said"),
    [
        (2, "What comes of it is credited to you, and you are told of each step."),
        (1, "What comes of those whom nobody had nominated before is credited to you. You are told of each step."),
        (0, "Somebody had nominated them before and is credited. You are told of each step."),
    ],
)
def test_what_was_sent_in_somebodys_name_is_credited_for_those_alone_who_are_new(mailer: Mailer, firsts: int, said: str) -> None:
    nominees = [{"nominee": name, "company": "Works"} for name in ("Ada", "Bob")]
    data = {"writer": "Greta", "nominees": nominees, "why": "Both know it.", "firsts": firsts}
    assert said in " ".join(text_of(mailer.compose(payload(kind="nomination_sent_for", data=data), NOW)).split())


def test_dates_are_written_in_the_language_of_the_recipient(mailer: Mailer) -> None:
    text = text_of(mailer.compose(payload(to={"language": "de"}), NOW))
    assert "22.11.2026, 10:30:00" in text
    assert 'lang="de"' in mailer.compose(payload(to={"language": "de"}), NOW).get_body(("html",)).get_content()


@pytest.mark.parametrize("language", [None, "", "tlh", "../../etc", "en-GB"])
def test_a_language_that_is_not_known_does_not_stop_a_mail(mailer: Mailer, language: str | None) -> None:
    assert "Nov 2026" in text_of(mailer.compose(payload(to={"language": language}), NOW)).replace("Nov 22, 2026", "Nov 2026")


@pytest.mark.parametrize(
    "to", [{"name": "Eve\r\nBcc: all@example.com"}, {"email": "eve@example.com\r\nBcc: all@example.com"}, {"email": "eve@example.com\nX: y"}]
)
def test_headers_cannot_be_injected_by_name_or_address(mailer: Mailer, to: dict[str, str]) -> None:
    with pytest.raises(HeaderRefused):
        mailer.compose(payload(to=to), NOW)


@pytest.fixture
def naive(app: Flask, tmp_path: Path) -> str:
    """A kind that trusts what it is given."""
    kind = tmp_path / "templates" / "emails" / "naive"
    kind.mkdir(parents=True)
    (kind / "subject.txt").write_text("About {{ title }}")
    for form in ("txt", "html"):
        (kind / f"body.{form}").write_text("{{ title }}")
    assert isinstance(app.jinja_loader, FileSystemLoader)
    app.jinja_loader.searchpath.append(str(tmp_path / "templates"))
    return "naive"


def test_headers_cannot_be_injected_by_what_stands_in_the_subject(mailer: Mailer, app: Flask, naive: str) -> None:
    hostile = payload(kind=naive, data={"title": "me\r\nBcc: all@example.com"})
    with pytest.raises(HeaderRefused):
        mailer.compose(hostile, NOW)
    with pytest.raises(GiveUp, match="HeaderRefused"):
        mailer(app.extensions["database"], hostile, NOW)
    assert not (mailer.settings.data / "mail").exists()


def test_a_mail_with_a_hole_in_it_is_not_sent(mailer: Mailer, naive: str) -> None:
    assert mailer.compose(payload(kind=naive, data={"title": "you"}), NOW)["Subject"] == "About you"
    with pytest.raises(UndefinedError):
        mailer.compose(payload(kind=naive, data={}), NOW)


@pytest.mark.parametrize("kind", ["no_such_kind", "../errors", "_layout"])
def test_a_kind_that_does_not_exist_is_given_up(mailer: Mailer, app: Flask, kind: str) -> None:
    with pytest.raises(GiveUp, match="TemplateNotFound"):
        mailer(app.extensions["database"], payload(kind=kind), NOW)


@pytest.mark.parametrize("email", ["nobody", "a@b@c@", "eve@exa mple.com", "two words@example.com"])
def test_what_is_no_address_is_given_up(mailer: Mailer, app: Flask, email: str) -> None:
    with pytest.raises(GiveUp):
        mailer(app.extensions["database"], payload(to={"email": email}), NOW)


def test_an_international_domain_is_written_in_ascii(mailer: Mailer) -> None:
    assert "anna@xn--mller-kva.example" in mailer.compose(payload(to={"email": "anna@müller.example"}), NOW).as_string()


def test_a_mail_in_the_folder_can_be_read_and_a_repeat_replaces_it(mailer: Mailer, app: Flask, settings: Settings) -> None:
    for _ in range(2):
        mailer(app.extensions["database"], payload(to={"name": "Zoë Åström", "email": "zoe@customer.example"}), NOW)
    files = list((settings.data / "mail").iterdir())
    assert [file.name for file in files] == ["20261122T093000.17.eml"]
    raw = files[0].read_bytes()
    assert "Hello Zoë Åström," in raw.decode()
    assert f"{settings.base_url}/inbox" in raw.decode()
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["To"].addresses[0].addr_spec == "zoe@customer.example"


def test_a_long_line_in_the_folder_is_still_a_valid_mail(mailer: Mailer, app: Flask, settings: Settings) -> None:
    mailer(app.extensions["database"], payload(link="/" + "n" * 1200), NOW)
    raw = next((settings.data / "mail").iterdir()).read_bytes()
    assert max(len(line) for line in raw.splitlines()) < 998
    assert "n" * 1200 in text_of(message_from_bytes(raw, policy=policy.default))  # type: ignore[arg-type]


def test_a_mail_travels_by_smtp(mailer: Mailer, app: Flask, post: Post) -> None:
    mailer.sender = SmtpSender(post.url, local_name="laurel.example")
    mailer(app.extensions["database"], payload(to={"name": "Zoë Åström", "email": "zoe@customer.example"}), NOW)
    mail = post.to("zoe@customer.example")
    assert mail["Message-ID"] == "<20261122T093000.17@127.0.0.1>"
    assert mail["To"].addresses[0].display_name == "Zoë Åström"
    assert "Hello Zoë Åström," in text_of(mail)
    assert link_in(mail) == f"{mailer.settings.base_url}/inbox"


class Refusing:
    """A mail server that refuses recipients."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    async def handle_RCPT(self, *_: Any) -> str:
        return self.answer


def send_to_refusing(mailer: Mailer, app: Flask, answer: str, host: str = "127.0.0.1", account: str = "") -> None:
    controller = Controller(Refusing(answer), hostname=host, port=free_port())
    controller.start()
    try:
        mailer.sender = SmtpSender(f"smtp://{account}{host}:{controller.port}", local_name="laurel.example")
        mailer(app.extensions["database"], payload(), NOW)
    finally:
        controller.stop()


def test_an_address_refused_for_good_is_given_up(mailer: Mailer, app: Flask) -> None:
    with pytest.raises(GiveUp, match=r"550 5\.1\.1 no such user"):
        send_to_refusing(mailer, app, "550 5.1.1 no such user")


def test_an_address_refused_for_now_is_tried_again(mailer: Mailer, app: Flask) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send_to_refusing(mailer, app, "451 4.7.1 greylisted")


def test_a_password_is_never_sent_without_tls_to_another_machine(mailer: Mailer, app: Flask) -> None:
    with pytest.raises(ConnectionError, match="offers no TLS"):
        send_to_refusing(mailer, app, "250 OK", host="127.0.0.2", account="laurel:secret@")


def test_a_server_that_is_away_is_an_error_and_not_the_end(mailer: Mailer, app: Flask) -> None:
    mailer.sender = SmtpSender(f"smtp://127.0.0.1:{free_port()}", local_name="laurel.example")
    with pytest.raises(ConnectionRefusedError):
        mailer(app.extensions["database"], payload(), NOW)


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_a_mail_address_that_is_not_understood_stops_the_start(settings: Settings, url: str) -> None:
    with pytest.raises(ValueError, match="PORTAL_MAIL_URL"):
        sender_for(settings.model_copy(update={"mail_url": url}))


def test_the_scheme_chooses_tls_and_the_usual_port() -> None:
    plain, tls = SmtpSender("smtp://m.example", local_name="x"), SmtpSender("smtps://u%40x:p%3Aw@m.example", local_name="x")
    assert (plain.port, plain.is_tls, tls.port, tls.is_tls, tls.user, tls.password) == (587, False, 465, True, "u@x", "p:w")
