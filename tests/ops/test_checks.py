"""Bad settings are named, each with an id and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

from ftstudio import checks

SOUND: dict[str, Any] = {
    "PRODUCTION": True,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["studio.example.org"],
    "HTTPS": True,
    "SITE_URL": "https://studio.example.org",
    "CREDENTIAL_KEYS": [Fernet.generate_key().decode()],
    "LEASE_SECONDS": 60,
    "REHEARSAL": False,
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
}


Found = Callable[..., dict[str, str]]
CHECKS = [
    check
    for name, check in vars(checks).items()
    if getattr(check, "__module__", "") == checks.__name__ and not name.startswith("_")
]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """What the checks say about sound settings changed in one place: {id: message}."""

    def judge(**changed: Any) -> dict[str, str]:
        monkeypatch.setattr(checks, "settings", SimpleNamespace(**(SOUND | {"VAR": tmp_path} | changed)))
        messages = [message for check in CHECKS for message in check()]
        assert all(message.hint for message in messages)
        return {message.id: message.msg for message in messages}

    return judge


def test_sound_settings_are_not_complained_about(found: Found) -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("bad", "id_"),
    [
        ({"DEBUG": True}, "ftstudio.E001"),
        ({"ALLOWED_HOSTS": []}, "ftstudio.E002"),
        ({"CREDENTIAL_KEYS": ["not a key"]}, "ftstudio.E003"),
        ({"CREDENTIAL_KEYS": [SOUND["CREDENTIAL_KEYS"][0], ""]}, "ftstudio.E003"),
        ({"LEASE_SECONDS": 9}, "ftstudio.E004"),
        ({"SITE_URL": "studio.example.org", "HTTPS": False}, "ftstudio.E005"),
        ({"SITE_URL": "http://studio.example.org"}, "ftstudio.W001"),
        ({"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}, "ftstudio.W002"),
        ({"REHEARSAL": True}, "ftstudio.W003"),
    ],
)
def test_each_bad_setting_has_its_id(found: Found, bad: dict[str, Any], id_: str) -> None:
    assert list(found(**bad)) == [id_]


def test_a_secret_that_others_can_read_is_named_but_not_shown(found: Found, tmp_path: Path) -> None:
    secret = tmp_path / "secret_key"
    secret.write_text("hush")
    secret.chmod(0o644)
    (message,) = found().values()
    assert "secret_key" in message
    assert "hush" not in message
    secret.chmod(0o600)
    assert found() == {}


def test_on_a_laptop_only_what_matters_there_is_asked(found: Found) -> None:
    laptop = {"PRODUCTION": False, "DEBUG": True, "ALLOWED_HOSTS": [], "REHEARSAL": True, "HTTPS": False}
    assert found(**laptop, SITE_URL="http://127.0.0.1:8000") == {}


def test_django_runs_them(settings: Any) -> None:
    settings.LEASE_SECONDS = 1
    assert "ftstudio.E004" in [message.id for message in run_checks()]
