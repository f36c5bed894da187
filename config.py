"""Settings: read once from environment variables and ``.env``, checked before anything starts.

The table in ``docs/operating.md`` documents each one; a test holds the two together.
"""

import base64
import os
import re
import secrets
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
KNOWN_SECRETS = {
    "changeme",
    "change-me",
    "secret",
    "secretkey",
    "secret-key",
    "password",
    "default",
    "dev",
    "development",
    "test",
    "testing",
    "thisismyscretkey",
    "your-secret-key",
    "your_secret_key_here",
    "you-will-never-guess",
    "super-secret-key",
    "supersecretkey",
    "flask-secret-key",
    "mysecretkey",
    "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
    "TEST_NON_DEV_SECRET",
    "USE_YOUR_OWN_SECURE_RANDOM_KEY",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
}


def is_weak(secret: str) -> bool:
    """Tell whether a secret can be guessed, or read in somebody's documentation."""
    return len(secret) < 32 or len(set(secret)) < 8 or secret.casefold() in {known.casefold() for known in KNOWN_SECRETS}


def is_vault_key(key: str) -> bool:
    """Tell whether this is a key that can seal codes: 32 bytes as URL-safe base64."""
    try:
        return len(base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _address(value: str, said: str, *schemes: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        good = False
    if not good:
        raise ValueError(said)
    return value


class Env(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """All settings of one installation. One programme per installation."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", env_prefix="PORTAL_", extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    env: Env = Env.DEVELOPMENT
    data: Path = Field(ROOT / "instance", description="Folder for what the portal keeps: database file, secret, uploads, mail, jobs")
    database_url: str = Field("", validation_alias="DATABASE_URL", description="SQLite file in the data folder, or a PostgreSQL address")
    base_url: str = Field("http://127.0.0.1:8000", description="Address under which people reach the portal; links in mail start with it")
    bind: str = Field("127.0.0.1", description="Address the server listens on; anything but this machine needs an https base URL")
    trusted_hosts: str = Field("", description="Further host names to answer to, separated by commas")
    secret_key: str = Field("", description="Signs cookies; made on first run and kept in the data folder unless given")
    secret_key_fallbacks: str = Field("", description="Earlier secrets still accepted, separated by commas")
    proxy_hops: int = Field(0, ge=0, le=5, description="Proxies in front whose forwarded headers are believed")
    mail_url: str = Field("", description="smtp://user:password@host:587 (smtps:// for TLS from the start), or empty for a readable folder")
    mail_from: str = Field("Laurel <laurel@localhost>", description="Sender of all mail")
    storage: Path | None = Field(None, description="Folder for uploads; files/ in the data folder by default")
    jobs_url: str = Field("", description="Job engine: empty for its own SQLite file, redis://… or postgresql://…")
    upload_limit_mb: int = Field(25, ge=1, le=500, description="Largest upload in megabytes")
    password_min_length: int = Field(15, ge=12, le=128, description="Shortest password accepted; 15 unless lowered, never under 12")
    brand_name: str = Field("Laurel", description="Name of the portal")
    brand_company: str = Field("your company", description="The company whose customers meet here")
    brand_points: str = Field("points", description="The word for points")
    brand_color: str = Field("", description="Main colour as #rrggbb; the laurel green if empty")
    privacy_url: str = Field("", description="Address of your privacy notice, linked on every page; no link if empty")
    terms_url: str = Field("", description="Address of your terms of use, linked on every page; no link if empty")
    time_zone: str = Field("Europe/Berlin", description="Time zone of the programme, for periods and closing days")
    language: str = Field("en", description="Language of the programme")
    points_at_once: int = Field(25, ge=0, le=100_000, description="A step that nobody has to check pays up to this many points at once")
    point_value: Decimal = Field(
        Decimal("0.03"), gt=0, le=1_000, description="What a point is worth in US dollars, where a review site limits rewards in money"
    )
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="Currency of the programme (ISO 4217), for what points cost the company")
    link_checks: bool = Field(True, description="The worker looks whether links that were shared as proof are there; off, it asks no page outside")
    publish_with_two: bool = Field(False, description="A challenge is published by another admin than the one who asked for its review")
    vault_keys: str = Field(
        "", description="Keys that seal gift card codes, separated by commas, the first one seals; vault.key in the data folder if empty"
    )
    cards_url: str = Field("", description="Address of the provider that makes gift cards, or empty for none")
    cards_token: str = Field("", description="Token by which the provider knows this portal")
    heads: Path | None = Field(None, description="File in which the worker notes the head of the seals once a day; heads.txt in the data folder")
    heads_to: str = Field("", description="Address that gets the head of the seals by mail once a day, or empty")
    log_level: str = Field("INFO", description="Least level that is logged")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError(f"PORTAL_TIME_ZONE={value} is not a known time zone") from error
        return value

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return _address(value, "PORTAL_BASE_URL must look like https://advocates.example.com", "http", "https")

    @field_validator("privacy_url", "terms_url")
    @classmethod
    def _page_address(cls, value: str, info: ValidationInfo) -> str:
        return value and _address(value, f"PORTAL_{str(info.field_name).upper()} must look like https://www.example.com/page", "http", "https")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            raise ValueError("DATABASE_URL must look like sqlite:////path/file or postgresql://user:password@host/name")
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        return value and _address(value, "PORTAL_MAIL_URL must look like smtp://user:password@host:587 or smtps://host:465", "smtp", "smtps")

    @field_validator("vault_keys")
    @classmethod
    def _vault_keys(cls, value: str) -> str:
        if not all(is_vault_key(key) for key in _listed(value)):
            raise ValueError("PORTAL_VAULT_KEYS must be keys as `flask vault key` prints them, separated by commas")
        return value

    @field_validator("cards_url")
    @classmethod
    def _cards_address(cls, value: str) -> str:
        said = "PORTAL_CARDS_URL must look like https://cards.example.com/api; http:// only for this machine"
        if value and not _address(value, said, "http", "https").startswith("https://") and urlsplit(value).hostname not in LOOPBACK:
            raise ValueError(said)
        return value.rstrip("/")

    @field_validator("jobs_url")
    @classmethod
    def _job_engine(cls, value: str) -> str:
        if value and not re.match(r"(rediss?|postgres(ql)?)(\+\w+)?://", value):
            raise ValueError("PORTAL_JOBS_URL must look like redis://host or postgresql://user:password@host/name, or be empty")
        return value

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        try:
            Locale.parse(value, sep="-" if "-" in value else "_")
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"PORTAL_LANGUAGE={value} is not a known language") from error
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in LOG_LEVELS:
            raise ValueError(f"PORTAL_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
        return value.upper()

    @field_validator("brand_color")
    @classmethod
    def _hex_color(cls, value: str) -> str:
        if value and not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError("PORTAL_BRAND_COLOR must look like #1f6f4a")
        return value

    @model_validator(mode="after")
    def _fill_and_check(self) -> "Settings":
        self.base_url = self.base_url.rstrip("/")
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data / 'portal.sqlite3'}"
        if self.storage is None:
            self.storage = self.data / "files"
        if self.heads is None:
            self.heads = self.data / "heads.txt"
        if self.bind not in LOOPBACK and not self.is_https:
            raise ValueError("PORTAL_BIND may only be this machine (127.0.0.1) while PORTAL_BASE_URL is not https://")
        if self.env is Env.PRODUCTION and not self.is_https:
            raise ValueError("PORTAL_BASE_URL must start with https:// in production")
        if not self.secret_key:
            try:
                self.secret_key = self._kept_secret()
            except OSError as error:
                raise ValueError(f"PORTAL_DATA={self.data} cannot be used: {error.strerror}") from error
        if self.env is Env.PRODUCTION:
            self._require_strong_secrets()
        return self

    def _require_strong_secrets(self) -> None:
        """An earlier secret opens the same doors as the present one, and so does one that was put into the data folder by hand."""
        if is_weak(self.secret_key):
            raise ValueError("PORTAL_SECRET_KEY is short or publicly known. Remove it to have one made, or give 32 random characters or more")
        if any(is_weak(earlier) for earlier in self.earlier_secrets):
            raise ValueError(
                "PORTAL_SECRET_KEY_FALLBACKS holds a secret that is short or publicly known. Remove it; who was signed in by it signs in anew"
            )

    def _kept_secret(self) -> str:
        """Return the secret of this installation; make it on the first run."""
        return self._kept("secret.key", lambda: secrets.token_urlsafe(48))

    def kept_vault_keys(self) -> list[str]:
        """Return the keys that seal codes, the one that seals first: those that were given, or the one in the data folder, made on first use."""
        if given := _listed(self.vault_keys):
            return given
        kept = self._kept("vault.key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        if not all(is_vault_key(key) for key in _listed(kept)):
            raise ValueError(f"{self.data / 'vault.key'} holds no key of the vault. Put the one back that was in it")
        return _listed(kept)

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Return what the data folder keeps under ``name``; make it if it is not there, readable by its owner only.

        Server and worker may both be the first: the file appears with its content, or is there already.
        """
        path = self.data / name
        self.data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            unfinished = self.data / f"{name}.{secrets.token_hex(8)}"
            with open(unfinished, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(make())
            try:
                os.link(unfinished, path)
            except FileExistsError:
                pass
            except OSError:  # a file system without hard links
                unfinished.replace(path)
            unfinished.unlink(missing_ok=True)
        kept = path.read_text().strip()
        if not kept:
            raise ValueError(f"{path} is empty. Remove it to have a secret made, or put the one back that was in it")
        return kept

    @property
    def earlier_secrets(self) -> list[str]:
        return _listed(self.secret_key_fallbacks)

    @property
    def names_company(self) -> bool:
        """Whether somebody said which company's customers meet here. Until then mails and pages name none."""
        return bool(self.brand_company != type(self).model_fields["brand_company"].default)

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_production(self) -> bool:
        return self.env is Env.PRODUCTION


def read_settings() -> Settings:
    """Return the settings of the environment. A wrong one ends the process with a sentence for each, and without its value."""
    try:
        return Settings()
    except ValidationError as refused:
        raise SystemExit("\n".join(_sentence(error["loc"], error["type"], error["msg"]) for error in refused.errors(include_url=False))) from None


def _sentence(place: tuple[int | str, ...], kind: str, message: str) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    name = str(place[0]) if place else ""
    said = "must be a whole number" if kind == "int_parsing" else message.replace("Input should be", "must be")
    return f"{name if name.isupper() else f'PORTAL_{name.upper()}'} {said}"
