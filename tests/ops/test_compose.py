"""The compose file runs what we say it runs: its own commands and environment, started here without Docker."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from .running import PATIENCE, ROOT, environment, free_port, wait_until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("web", "worker", "beat", "migrate")
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def filled(value: str, given: Mapping[str, str]) -> str:
    """The value as compose fills it from .env; a required variable that is missing is an error."""

    def fill(match: re.Match[str]) -> str:
        name, how, rest = match.groups()
        if name in given:
            return given[name]
        assert how == "-", f"{name}: {rest}"
        return rest

    return VARIABLE.sub(fill, value)


def test_every_part_of_an_installation_is_there_and_ours_share_one_image_and_environment() -> None:
    assert set(SERVICES) == {*OURS, "postgres", "redis"}
    assert {SERVICES[name]["image"] for name in OURS} == {"ftstudio"}
    assert all(SERVICES[name]["environment"] == SERVICES["web"]["environment"] for name in OURS)
    assert SERVICES["web"]["environment"]["FTSTUDIO_ENV"] == "production"


def test_no_secret_is_written_down_and_none_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "FTSTUDIO_CREDENTIAL_KEYS", "POSTGRES_PASSWORD"):
        assert re.findall(rf"\$\{{{name}(..)", text)
        assert set(re.findall(rf"\$\{{{name}(..)", text)) == {":?"}


def test_work_starts_only_after_the_migration_and_health_is_asked_for() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert all("healthcheck" in SERVICES[name] for name in ("web", "worker", "postgres", "redis"))


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "USER ftstudio" in lines
    assert "--require-hashes" in "".join(lines)
    assert not [line for line in lines if re.match(r"(ENV|ARG).*(SECRET|PASSWORD|CREDENTIAL)", line)]


@contextlib.contextmanager
def started(name: str, env: dict[str, str], log: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One service by the command of the compose file, in the foreground, as its container would."""
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in SERVICES[name]["command"]]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.mark.services
@pytest.mark.killing
def test_web_worker_and_beat_run_by_the_compose_files_own_commands(tmp_path: Path) -> None:
    database, redis = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if not (database.startswith("postgres") and redis):
        pytest.skip("needs PostgreSQL and Redis: make test-services")
    port, name = free_port(), f"compose_{os.getpid()}"
    given = {
        "SECRET_KEY": "a secret of this test alone, long enough for everybody who asks for fifty characters",
        "FTSTUDIO_CREDENTIAL_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "FTSTUDIO_URL": "https://studio.example.org",
        "POSTGRES_PASSWORD": "unused",
    }
    env = environment(
        **{key: filled(str(value), given) for key, value in SERVICES["web"]["environment"].items()}
        | {
            "DATABASE_URL": re.sub(r"/[^/]*$", f"/{name}", database),
            "REDIS_URL": re.sub(r"/\d*$", "/15", redis),
            "FTSTUDIO_VAR": str(tmp_path),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
    )

    def once(*command: str) -> None:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def health() -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"X-Forwarded-Proto": "https"})
            answer = connection.getresponse()
            return json.load(answer) if answer.status == 200 else answer.status
        except OSError:
            return None
        finally:
            connection.close()

    with new_database(database, name), contextlib.ExitStack() as stack:
        once(*SERVICES["migrate"]["command"])
        logs = {service: tmp_path / f"{service}.log" for service in ("web", "worker", "beat")}
        children = [stack.enter_context(started(service, env, log, port)) for service, log in logs.items()]
        wait_until(lambda: health() == {"database": "ok", "broker": "ok"}, what="/healthz says ok")
        code = "from ftstudio import heart; raise SystemExit(0 if heart.workers() else 1)"
        asking = [sys.executable, "manage.py", "shell", "-c", code]
        wait_until(
            lambda: subprocess.run(asking, cwd=ROOT, env=env, capture_output=True, check=False).returncode == 0,
            what="a worker's heartbeat",
        )
        probe = [sys.executable, *SERVICES["web"]["healthcheck"]["test"][2:4], str(port)]
        wait_until(  # Docker asks several times as well
            lambda: subprocess.run(probe, cwd=ROOT, env=env, capture_output=True, check=False).returncode == 0,
            what="the health check of the compose file",
        )
        assert [child.poll() for child in children] == [None, None, None], {
            service: log.read_text() for service, log in logs.items()
        }


@contextlib.contextmanager
def new_database(url: str, name: str) -> Iterator[None]:
    """An empty database beside the one the suite uses, gone afterwards."""
    import dj_database_url
    import psycopg

    parts = dj_database_url.parse(url)
    with psycopg.connect(
        host=parts["HOST"],
        port=parts["PORT"] or None,
        user=parts["USER"],
        password=parts["PASSWORD"] or None,
        dbname=parts["NAME"],
        autocommit=True,
    ) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
