"""One command brings everything up, keeps it up, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .running import PATIENCE, ROOT, environment, free_port, is_alive, running, wait_until

pytestmark = [
    pytest.mark.killing,
    pytest.mark.once,  # a newcomer has SQLite
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]


def refusal(var: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=ROOT,
        env=environment(FTSTUDIO_VAR=str(var)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_newcomer_gets_a_page_a_link_and_private_files_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        assert up.get("/account/login/") == 200
        assert up.get("/healthz") == 200
        assert f"ftstudio is ready at http://127.0.0.1:{up.port}/" in up.output()
        assert "Become the owner with this link" in up.output()
        assert f"http://127.0.0.1:{up.port}/rehearsal/v1" in up.output()
        for name in ("secret_key", "credential_keys", "ftstudio.sqlite3"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        everybody = 7 + min(2, os.cpu_count() or 1)  # broker, web and its four processes, beat, and the workers
        wait_until(lambda: len(up.children()) == everybody, what="all processes")
        children = up.children()

        again = refusal(tmp_path, free_port())
        assert again.returncode == 1
        assert f"already runs on {tmp_path} (process {up.process.pid})" in again.stderr

        assert up.stop() == 0
        assert not [pid for pid in children if is_alive(pid)]
        assert "Traceback" not in up.output()
    assert not (tmp_path / "run" / "broker.sock").exists()
    assert not list(tmp_path.rglob("*.pid"))
    with running(tmp_path) as up:  # the lock is free, and the link is still offered: nobody has used it
        assert up.get("/account/login/") == 200


def test_what_is_killed_comes_back(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        for name in ("worker", "web", "broker"):
            before = up.direct_children()
            up.kill(name)
            up.wait_for(f"{name} ended (SIGKILL)")
            wait_until(
                lambda before=before: len(set(up.direct_children()) - set(before)) == 1, what=f"a new {name} process"
            )
            wait_until(lambda: up.get("/account/login/") == 200, what="the login page")
        wait_until(lambda: up.health() == {"database": "ok", "broker": "ok"}, what="everything is well again")
        assert up.stop() == 0


def test_when_the_supervisor_is_killed_its_children_go_too_and_the_next_start_waits_for_them(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        children = up.children()
        os.kill(up.process.pid, signal.SIGKILL)
        up.process.wait(PATIENCE)
        with running(tmp_path) as next_one:
            assert not [pid for pid in children if is_alive(pid)]
            assert next_one.get("/account/login/") == 200


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = refusal(tmp_path, port)
    assert answer.returncode == 1
    assert f"Cannot listen on 127.0.0.1, port {port}: Address already in use" in answer.stderr
    assert f"--port {port + 1}" in answer.stderr
    assert not (tmp_path / "broker").exists()
