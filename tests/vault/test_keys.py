"""Where keys come from, and the commands around them."""

import stat
from pathlib import Path

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy import select

from config import Env, Settings
from portal.kernel.db import Database
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from portal.vault.queries import unreadable
from tests.factories.vault import KEY, OTHER_KEY, make_vault_card, with_keys


def settings(folder: Path, **given: str) -> Settings:
    return Settings(_env_file=None, env=Env.TEST, data=folder, secret_key="t" * 40, **given)


def test_a_newcomer_needs_no_key_and_gets_one_on_first_use(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert not (tmp_path / "vault.key").exists()
    assert made.kept_vault_keys() == settings(tmp_path).kept_vault_keys()
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600
    assert settings(tmp_path, vault_keys=f"{KEY}, {OTHER_KEY}").kept_vault_keys() == [KEY, OTHER_KEY]
    (tmp_path / "vault.key").write_text("not a key")
    with pytest.raises(ValueError, match="holds no key"):
        made.kept_vault_keys()


@pytest.mark.parametrize(
    "given",
    [
        *({"vault_keys": keys} for keys in ("short", KEY + "=", f"{KEY},short", "ä" * 43 + "=")),
        *({"cards_url": url} for url in ("cards", "http://cards.example.com", "ftp://127.0.0.1")),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence_and_without_its_value(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(tmp_path, **given)
    assert "PORTAL_" in str(refused.value)
    assert KEY not in str(refused.value)


def test_a_provider_on_this_machine_may_be_plain_http(tmp_path: Path) -> None:
    assert settings(tmp_path, cards_url="http://127.0.0.1:9/api/").cards_url == "http://127.0.0.1:9/api"
    assert settings(tmp_path, cards_url="https://cards.example.com").cards_url == "https://cards.example.com"


def test_the_commands_print_a_key_and_seal_anew(app: Flask, database: Database) -> None:
    made = app.test_cli_runner().invoke(args=["vault", "key"])
    new = made.output.strip()
    assert (made.exit_code, len(new)) == (0, 44)
    database.write(lambda s: make_vault_card(with_keys(s), *(f"code {n}" for n in range(600))))
    app.extensions["database"].inform_sessions(vault_keys=Keys(lambda: (new, KEY)))
    done = app.test_cli_runner().invoke(args=["vault", "reseal"])
    assert (done.exit_code, done.output) == (0, "600 codes are sealed anew under the first key.\n")
    assert "0 codes" in app.test_cli_runner().invoke(args=["vault", "reseal"]).output
    with app.extensions["database"].reading() as session:
        assert (unreadable(session), len(set(session.scalars(select(VaultCode.sealed_with))))) == (0, 1)
    app.extensions["database"].inform_sessions(vault_keys=Keys(lambda: (OTHER_KEY,)))
    gone = app.test_cli_runner().invoke(args=["vault", "reseal"])
    assert (gone.exit_code, "600 codes were sealed with a key" in gone.output) == (1, True)
