"""Writing a mail: rendered from its kind's folder in the recipient's language, at the moment it is sent."""

import re
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import css_inline
from babel import Locale, UnknownLocaleError
from flask import Flask
from jinja2 import Environment, StrictUndefined, TemplateNotFound

from config import Settings
from portal.kernel.db import Database
from portal.notifications.calendars import calendar_text, method_of
from portal.notifications.rules import Entry, GiveUp, HeaderRefused, Recipient, message_id, require_header_safe, text_on
from portal.notifications.senders import Sender
from portal.web.language import speaking

GREEN = "#005f40"
KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
ADDRESS = re.compile(r"""[^\s@<>()\[\],:;"\\]+@[^\s@<>()\[\],:;"\\]+""")


class Mailer:
    """The handler of the topic ``mail.send``: writes the promised mail and gives it to the sender."""

    def __init__(self, app: Flask, settings: Settings, sender: Sender) -> None:
        self.app, self.settings, self.sender = app, settings, sender
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
        self._templates: Environment | None = None

    def __call__(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        """Send one mail. May be called again for the same row; the Message-ID stays the same."""
        try:
            message = self.compose(payload, now)
        except (HeaderRefused, TemplateNotFound) as error:
            raise GiveUp(f"{type(error).__name__}: {error}") from error
        self.sender.send(message)

    def compose(self, payload: dict[str, Any], now: datetime) -> EmailMessage:
        """Return the mail promised by ``payload``. Refuses line breaks in any header."""
        to = Recipient(**payload["to"])
        stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=payload["stamp"])
        subject, text, html = self.render(payload["kind"], payload["data"], to=to, link=payload["link"])
        require_header_safe(subject, to.name, to.email)
        message = EmailMessage()
        message["From"] = self.settings.mail_from
        message["To"] = _address(to)
        message["Subject"] = subject
        if payload.get("answers_to"):
            message["Reply-To"] = _address(Recipient(person_id=None, language=None, **payload["answers_to"]))
        message["Date"] = format_datetime(now)
        message["Message-ID"] = message_id(payload["outbox_id"], stamp, urlsplit(self.settings.base_url).hostname or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        if payload.get("calendar"):
            entry = Entry.from_json(payload["calendar"])
            title, words = self._calendar_words(payload["kind"], payload["data"], to)
            host = urlsplit(self.settings.base_url).hostname or "localhost"
            invitation = calendar_text(entry, title=title, text=words, organizer=self.settings.mail_from, host=host, now=now)
            message.add_alternative(invitation, subtype="calendar", cte="quoted-printable", params={"method": method_of(entry)})
        return message

    def _calendar_words(self, kind: str, data: dict[str, Any], to: Recipient) -> tuple[str, str]:
        """Return what the entry is called, and what stands in it: the first line of the kind's ``calendar.txt``, and the others."""
        with speaking(self.app, self._locale(to.language)):
            title, _, words = self._environment().get_template(f"emails/{kind}/calendar.txt").render(data).strip().partition("\n")
        return title.strip(), words.strip()

    def render(self, kind: str, data: dict[str, Any], *, to: Recipient, link: str | None) -> tuple[str, str, str]:
        """Return subject, text and HTML in the recipient's language."""
        if not KIND.fullmatch(kind):
            raise TemplateNotFound(kind)
        templates, folder = self._environment(), f"emails/{kind}"
        with speaking(self.app, self._locale(to.language)):
            subject = templates.get_template(f"{folder}/subject.txt").render(data).strip()
            words = {**data, "name": to.name, "link": f"{self.settings.base_url}{link}" if link else None, "subject": subject}
            color = self.settings.brand_color or GREEN
            words |= {"brand_color": color, "brand_text": text_on(color)}
            text = templates.get_template(f"{folder}/body.txt").render(words).strip() + "\n"
            return subject, text, self._inliner.inline(templates.get_template(f"{folder}/body.html").render(words))

    def _environment(self) -> Environment:
        """The pages' templates, where a name that is missing is an error: better no mail than one with a hole."""
        if self._templates is None:
            self._templates = self.app.jinja_env.overlay(undefined=StrictUndefined)
        return self._templates

    def _locale(self, language: str | None) -> str:
        for wanted in (language, self.settings.language):
            try:
                if wanted:
                    return str(Locale.parse(wanted.replace("-", "_")))
            except (ValueError, UnknownLocaleError):
                continue
        return "en"


def _address(to: Recipient) -> Address:
    local, _, domain = (to.email or "").strip().rpartition("@")
    if not ADDRESS.fullmatch(f"{local}@{domain}"):
        raise GiveUp(f"{to.email} is not an e-mail address")
    try:
        return Address(to.name, local, domain.encode("idna").decode("ascii"))
    except (ValueError, UnicodeError) as error:
        raise GiveUp(f"{to.email} is not an e-mail address") from error
