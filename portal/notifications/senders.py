"""Where mails go: to an SMTP server, or into a folder where they can be read."""

import os
import smtplib
import ssl
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from config import Settings
from portal.notifications.rules import GiveUp

TIMEOUT = 30
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LONGEST_LINE = 990


class Sender(Protocol):
    """Takes one mail to its reader, or raises: ``GiveUp`` where trying again cannot help."""

    def send(self, message: EmailMessage) -> None: ...


class FolderSender:
    """Writes each mail as a readable ``.eml`` file, named by its Message-ID: a repeat replaces the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the file whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in message.iter_parts():
            content = part.get_content()
            if all(len(line.encode()) < LONGEST_LINE for line in content.splitlines()):
                method = {"method": found} if (found := part.get_param("method")) else None
                part.set_content(content, subtype=part.get_content_subtype(), cte="8bit", params=method)  # type: ignore[attr-defined]
        path = self.folder / f"{message['Message-ID'].strip('<>').rpartition('@')[0]}.eml"
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_bytes(message.as_bytes(policy=policy.default.clone(utf8=True)))
        unfinished.replace(path)


class SmtpSender:
    """Speaks SMTP: TLS from the start with ``smtps://``, STARTTLS wherever the server offers it."""

    def __init__(self, url: str, *, local_name: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("PORTAL_MAIL_URL must look like smtp://user:password@host:587 or smtps://host:465")
        self.host = parts.hostname
        self.is_tls = parts.scheme == "smtps"
        self.port = parts.port or (465 if self.is_tls else 587)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.local_name = local_name

    def send(self, message: EmailMessage) -> None:
        """Send, or raise. An address that the server refuses for good gives up."""
        with self._connect() as client:
            try:
                client.send_message(message)
            except smtplib.SMTPRecipientsRefused as refused:
                code, words = next(iter(refused.recipients.values()))
                if code >= 500:
                    raise GiveUp(f"The mail server refuses this address: {code} {words.decode(errors='replace')}") from refused
                raise

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.is_tls:
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, local_hostname=self.local_name, timeout=TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(self.host, self.port, local_hostname=self.local_name, timeout=TIMEOUT)
        try:
            self._secure(client, context)
        except BaseException:
            client.close()
            raise
        return client

    def _secure(self, client: smtplib.SMTP, context: ssl.SSLContext) -> None:
        client.ehlo()
        is_private = self.is_tls
        if not is_private and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
            is_private = True
        if self.user:
            # Somebody in between can hide STARTTLS; the password must not follow.
            if not (is_private or self.host in LOOPBACK):
                raise ConnectionError(f"{self.host} offers no TLS, so the password of the mail account is not sent to it")
            client.login(self.user, self.password)


def sender_for(settings: Settings) -> Sender:
    """Return the sender that the settings ask for. Refuses an address it does not understand."""
    if not settings.mail_url:
        return FolderSender(settings.data / "mail")
    return SmtpSender(settings.mail_url, local_name=urlsplit(settings.base_url).hostname or "localhost")
