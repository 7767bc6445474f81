"""The real stack for a benchmark: `manage.py up` on a folder and port of its own, one lead with a token, plain HTTP.

On PostgreSQL and Redis: `python tests/services.py [--keep FOLDER] python -m benchmarks.…`.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import database

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import ApiToken, Membership, Project, User
if known := Project.objects.filter(name="Bench").first():
    print(known.pk)
    raise SystemExit
user = User.objects.create_user("bench", "bench@example.org", "bench bench bench", name="Bench")
project = Project.objects.create(name="Bench", created_by=user)
Membership.objects.create(user=user, project=project, role="owner")
ApiToken.objects.create(user=user, name="bench", prefix="bench", secret_hash=hash_secret("bench"),
                        scopes="read write jobs", expires_at=timezone.now() + timedelta(days=1))
print(project.pk)
"""
POSTMASTER = """
import django; django.setup()
from django.db import connection
from benchmarks import database
print(database.postmaster(connection))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Door:
    """One kept-alive connection to the API as the benchmark's lead."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": "Bearer bench"}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        answer = self.ask(method, path, data, headers)
        raw = answer.read()
        is_json = answer.getheader("content-type", "").startswith("application/json")
        return answer.status, json.loads(raw) if raw and is_json else raw

    def ask(
        self, method: str, path: str, data: str | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """One request; a connection that the server closed while it was idle is opened again."""
        try:
            self.connection.request(method, path, data, headers or {})
            return self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()
            self.connection.request(method, path, data, headers or {})
            return self.connection.getresponse()

    def upload(self, path: str, file: Path) -> tuple[int, Any]:
        """Multipart POST of one file, streamed."""
        edge = "ftstudio-benchmark"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
            "Content-Type: application/jsonl\r\n\r\n"
        ).encode()
        tail = f"\r\n--{edge}--\r\n".encode()
        self.connection.putrequest("POST", path)
        self.connection.putheader("Authorization", "Bearer bench")
        self.connection.putheader("Content-Type", f"multipart/form-data; boundary={edge}")
        self.connection.putheader("Content-Length", str(len(head) + file.stat().st_size + len(tail)))
        self.connection.endheaders()
        self.connection.send(head)
        with file.open("rb") as stream:
            self.connection.send(stream)
        self.connection.send(tail)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


class Kept:
    """A folder that outlives its use, for where a temporary one would be taken."""

    def __init__(self, name: str) -> None:
        self.name = name
        Path(name).mkdir(parents=True, exist_ok=True)

    def cleanup(self) -> None:
        """Nothing is removed."""


class Stack:
    """`with Stack() as stack:` gives a served, empty installation; leaving stops and removes it.

    With a `folder` of one's own the installation stays there, and the next benchmark finds what this one left.
    """

    def __init__(self, folder: str = "", **environment: str) -> None:
        self.folder = Kept(folder) if folder else tempfile.TemporaryDirectory(prefix="ftstudio-bench-")
        self.port = free_port()
        self.environment = {
            **os.environ,
            "FTSTUDIO_VAR": self.folder.name,
            "DJANGO_SETTINGS_MODULE": "ftstudio.settings",
            "FTSTUDIO_URL": f"http://127.0.0.1:{self.port}",
            "LOG_LEVEL": "WARNING",
            **environment,
        }

    def __enter__(self) -> Stack:
        self.started = time.perf_counter()
        self.log = (Path(self.folder.name) / "up.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(self.port)],
            cwd=ROOT, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.seconds_to_first_page = self._wait_for_page()
        self.project = self.python(PEOPLE).strip()
        self.postmaster = int(self.python(POSTMASTER))
        self.door = Door(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        self.folder.cleanup()

    def _wait_for_page(self) -> float:
        while time.perf_counter() - self.started < 60:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/account/login/")
                if connection.getresponse().status == 200:
                    return time.perf_counter() - self.started
            except OSError:
                time.sleep(0.02)
        raise SystemExit((Path(self.folder.name) / "up.log").read_text())

    def python(self, code: str) -> str:
        """Run a piece of Python inside the installation (same settings, same database)."""
        return subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def _started(self, program: str) -> list[int]:
        """The processes that `up` has started for the program so far, by its own log."""
        log = (Path(self.folder.name) / "up.log").read_text(errors="replace")
        return [int(number) for number in re.findall(rf"{program} is process (\d+)", log)]

    def _family(self, program: str) -> list[int]:
        """The program's newest process and the children it has forked."""
        family = self._started(program)[-1:]
        for process in family:
            tasks = Path(f"/proc/{process}/task").glob("*/children")
            family += [int(child) for children in tasks for child in children.read_text().split()]
        return family

    def peak_mb(self, program: str) -> float:
        """The highest resident memory of the program's largest process so far, in MB; `program` as `up` names it."""
        files = [Path(f"/proc/{process}/status") for name in self.programs(program) for process in self._family(name)]
        marks = [re.search(r"VmHWM:\s+(\d+)", file.read_text()) for file in files]
        return max(int(mark[1]) for mark in marks if mark) / 1024

    def new_peaks(self, program: str) -> None:
        """From now on `peak_mb` says what is held from now on (proc(5), clear_refs: 5 sets the mark back)."""
        for process in {process for name in self.programs(program) for process in self._family(name)}:
            Path(f"/proc/{process}/clear_refs").write_text("5")

    def cpu_seconds(self, program: str) -> float:
        """Processor time that the program's processes have taken so far, in seconds. The “database” is one as well; on
        SQLite, where it is a part of the others, it has taken none."""
        if program == "database":
            return database.all_of(self.postmaster)
        files = [Path(f"/proc/{process}/stat") for name in self.programs(program) for process in self._family(name)]
        ticks = [sum(map(int, file.read_text().rpartition(")")[2].split()[11:13])) for file in files]
        return sum(ticks) / os.sysconf("SC_CLK_TCK")

    def programs(self, program: str) -> list[str]:
        """The program's name, or names where `up` runs it several times: worker, worker2, …"""
        log = (Path(self.folder.name) / "up.log").read_text(errors="replace")
        return sorted(set(re.findall(rf"({program}\d*) is process", log)))

    def fresh_worker(self) -> None:
        """Kill the workers, so that what follows is measured in ones that have done nothing before."""
        for name in self.programs("worker"):
            before = self._started(name)
            os.kill(before[-1], signal.SIGKILL)
            while len(self._started(name)) == len(before):
                time.sleep(0.1)

    def found_dataset(self) -> str:
        """The dataset that an earlier benchmark left in the folder; "" for none."""
        found = self.door.call("GET", "/api/v1/datasets/")[1]["results"]
        return next((str(one["id"]) for one in found if one["name"] == "bench"), "")

    def dataset(self, contract: dict[str, Any], name: str = "bench") -> str:
        status, body = self.door.call(
            "POST", "/api/v1/datasets/", {"name": name, "project": self.project, "contract": contract}
        )
        assert status == 201, body
        return str(body["id"])

    def imported(self, dataset: str, file: Path) -> tuple[dict[str, Any], float]:
        """Upload `file`, wait until it is in; returns the upload and the seconds from the POST's answer to done."""
        status, body = self.door.upload(f"/api/v1/datasets/{dataset}/uploads/", file)
        assert status == 202, body
        started = time.perf_counter()
        return self.wait(f"/api/v1/uploads/{body['id']}/"), time.perf_counter() - started

    def wait(self, path: str, final: tuple[str, ...] = ("done", "failed", "ready", "cancelled")) -> dict[str, Any]:
        while True:
            status, body = self.door.call("GET", path)
            assert status == 200, body
            if body["state"] in final:
                assert body["state"] in ("done", "ready"), body
                return dict(body)
            time.sleep(0.1)


def timed(count: int, call: Callable[[int], int]) -> list[float]:
    """Milliseconds of `count` calls; each must answer below 300."""
    times = []
    for number in range(count):
        started = time.perf_counter()
        status = call(number)
        times.append((time.perf_counter() - started) * 1000)
        assert status < 300, status
    return times


def spread(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [times[0]] * 99
    return f"p50 {cuts[49]:7.1f} ms   p95 {cuts[94]:7.1f} ms   max {max(times):7.1f} ms   n {len(times)}"


def together(people: int, work: Callable[[int], None]) -> None:
    """Run `work(person)` in as many threads, and wait for all."""
    threads = [threading.Thread(target=work, args=(person,)) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def query(**fields: str) -> str:
    return urlencode(fields)
