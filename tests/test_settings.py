"""Settings: weak ones stop the start in production, and the documented table is the truth."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from config import KNOWN_SECRETS, Env, Settings, read_settings

ROOT = Path(__file__).resolve().parents[1]
STRONG = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz"


def made(tmp_path: Path, **given: object) -> Settings:
    return Settings(_env_file=None, data=tmp_path, **given)


def test_every_setting_stands_in_the_documented_table() -> None:
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "operating.md").read_text(), re.M))
    fields = {str(f.validation_alias or f"PORTAL_{name.upper()}") for name, f in Settings.model_fields.items()}
    assert table == fields


@pytest.mark.parametrize("secret", sorted(KNOWN_SECRETS))
def test_a_known_secret_refuses_to_start_in_production(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ValidationError, match="PORTAL_SECRET_KEY"):
        made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example", secret_key=secret)


@pytest.mark.parametrize("secret", ["x", "a" * 64, "0123456789" * 2, "abababab" * 8])
def test_a_weak_secret_refuses_to_start_in_production(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ValidationError, match="PORTAL_SECRET_KEY"):
        made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example", secret_key=secret)


@pytest.mark.parametrize("earlier", ["changeme", f"{STRONG}, dev", "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET"])
def test_an_earlier_secret_that_is_weak_refuses_to_start_in_production(tmp_path: Path, earlier: str) -> None:
    """It still signs cookies."""
    with pytest.raises(ValidationError, match="PORTAL_SECRET_KEY_FALLBACKS"):
        made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example", secret_key=STRONG, secret_key_fallbacks=earlier)


@pytest.mark.parametrize(("kept", "said"), [("changeme", "short or publicly known"), ("\n", "empty")])
def test_a_weak_secret_in_the_data_folder_refuses_to_start_in_production(tmp_path: Path, kept: str, said: str) -> None:
    (tmp_path / "secret.key").write_text(kept)
    with pytest.raises(ValidationError, match=said):
        made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example")


def test_what_is_refused_is_not_quoted(tmp_path: Path) -> None:
    """The message goes into logs; the settings hold passwords."""
    with pytest.raises(ValidationError) as refused:
        made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example", secret_key="hunter2hunter2")
    assert "hunter2" not in str(refused.value)


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: made(tmp_path / "new").secret_key, range(64)))
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"env": Env.PRODUCTION, "base_url": "http://a.example"}, "https"),
        ({"bind": "0.0.0.0"}, "PORTAL_BIND"),
        ({"time_zone": "Mars/Olympus"}, "PORTAL_TIME_ZONE"),
        ({"brand_color": "green"}, "PORTAL_BRAND_COLOR"),
        ({"password_min_length": 8}, "12"),
        ({"env": "staging"}, "development"),
        ({"base_url": "advocates.example"}, "PORTAL_BASE_URL"),
        ({"base_url": "https://advocates.example:port"}, "PORTAL_BASE_URL"),
        ({"database_url": "mysql://host/name"}, "DATABASE_URL"),
        ({"mail_url": "http://mail.example"}, "PORTAL_MAIL_URL"),
        ({"privacy_url": "javascript:alert(1)"}, "PORTAL_PRIVACY_URL"),
        ({"terms_url": "www.example.com/terms"}, "PORTAL_TERMS_URL"),
        ({"jobs_url": "amqp://host"}, "PORTAL_JOBS_URL"),
        ({"language": "klingon"}, "PORTAL_LANGUAGE"),
        ({"log_level": "loud"}, "PORTAL_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(tmp_path, **given)


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert len(first.secret_key) >= 43
    assert made(tmp_path).secret_key == first.secret_key
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_production_starts_with_good_settings(tmp_path: Path) -> None:
    good = made(tmp_path, env=Env.PRODUCTION, base_url="https://a.example/", secret_key=STRONG)
    assert good.base_url == "https://a.example"
    assert good.database_url.startswith("sqlite:///")


def test_the_process_itself_does_not_start_with_a_weak_secret(tmp_path: Path) -> None:
    environment = os.environ | {
        "PORTAL_ENV": "production",
        "PORTAL_BASE_URL": "https://a.example",
        "PORTAL_SECRET_KEY": "dev",
        "PORTAL_DATA": str(tmp_path),
    }
    result = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode != 0
    assert "PORTAL_SECRET_KEY" in result.stderr


def test_what_a_serving_process_has_loaded_is_out_of_the_collectors_sight(tmp_path: Path) -> None:
    """Else every full collection walks all modules, routes and mappings, in the middle of somebody's page."""
    environment = os.environ | {"PORTAL_ENV": "test", "PORTAL_DATA": str(tmp_path)}
    asked = "import gc, wsgi; print(gc.get_freeze_count())"
    result = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert int(result.stdout) > 100_000


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORTAL_ENV", "prod", "PORTAL_ENV must be 'development', 'test' or 'production'"),
        ("PORTAL_UPLOAD_LIMIT_MB", "many", "PORTAL_UPLOAD_LIMIT_MB must be a whole number"),
        ("PORTAL_PASSWORD_MIN_LENGTH", "3", "PORTAL_PASSWORD_MIN_LENGTH must be greater than or equal to 12"),
        (
            "DATABASE_URL",
            "mysql://user:hunter2@host/name",
            "DATABASE_URL must look like sqlite:////path/file or postgresql://user:password@host/name",
        ),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    """No traceback, no address of a library, and not the value, which may hold a password."""
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        read_settings()
    assert str(ended.value) == said


def test_a_data_folder_that_cannot_be_made_ends_the_start_with_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(SystemExit, match=r"PORTAL_DATA=.*file/data cannot be used: Not a directory"):
        read_settings()
