"""Processes that can be killed, on a database of their own: forked from one that has everything imported.

`Nursery(folder)` starts that one with the settings in `folder/killed_settings.py`; `start(code, *args)` has it fork a
child that runs the code. To come up by itself would take each child seconds, and a test kills many. The tables are made
once for all tests of a run and copied.

As a program (`python -m tests.datasets.nursery`) it is the one that forks. A line of its input is a JSON list:
`["start", path, code, *args]` answers with the child's process id, its words go to `path`.out and `path`.err;
`["look", pid]` answers with its exit code, None while it runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Collection
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection as database

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
from ftstudio.settings import *
CELERY_BROKER_URL = "memory://"
INGEST_CHUNK_ROWS = 50
LEASE_SECONDS = 60
"""
DATABASE = Path("var") / "ftstudio.sqlite3"
PATIENCE = 180  # seconds; only a hang ever uses them up
# Before the code: the process kills itself, so that no other has to be quick enough.
DYING = """
import os, signal, sqlite3
from django.conf import settings
from django.db import connection

def dying(execute, sql, params, many, context, left=[{writes}]):
    if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
        with sqlite3.connect(f"file:{{settings.DATABASES['default']['NAME']}}?mode=ro", uri=True, timeout=60) as others:
            left[0] -= others.execute({query!r}).fetchone()[0] >= {least}
        others.close()
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)

connection.execute_wrappers.append(dying)
"""
LEASED = ("datasets_app_upload", "datasets_app_uploadchunk", "datasets_app_bulkchange")


class Child:
    """One of the processes; like a Popen as far as the tests go."""

    def __init__(self, nursery: Nursery, pid: int, path: Path) -> None:
        self.pid, self.returncode = pid, None
        self._nursery, self._path = nursery, path

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask("look", self.pid)
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._end(PATIENCE)

    def answer(self) -> str:
        """What it printed. Fails with what it complained about, or when it does not end."""
        self._end(PATIENCE)
        assert self.returncode == 0, self._path.with_suffix(".err").read_text()
        return self._path.with_suffix(".out").read_text().strip()

    def _end(self, seconds: float) -> None:
        last = time.monotonic() + seconds
        while self.poll() is None:
            assert time.monotonic() < last, "it does not end"
            time.sleep(0.005)


class Nursery:
    """`folder` holds everything of it: settings, database, files, and is where the children work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "var").mkdir(mode=0o700)
        self._process = self._opened()
        self._children: list[Child] = []

    def _opened(self) -> subprocess.Popen[str]:
        (self.folder / "killed_settings.py").write_text(SETTINGS)
        shutil.copy(tables(), self.folder / DATABASE)
        return _open(self.folder)

    def ask(self, *order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, code: str, *args: str) -> Child:
        path = self.folder / f"child-{len(self._children)}"
        child = Child(self, self.ask("start", str(path), code, *args), path)
        self._children.append(child)
        return child

    def run(self, code: str, *args: str) -> str:
        return self.start(code, *args).answer()

    def kill(self, code: str, *args: str, query: str, least: int, writes: int = 2) -> None:
        """Have a child run the code and die of a kill -9 once others see that `query` is `least` or more.

        It dies before its `writes`-th statement from then on that writes: as a rule in the middle of a transaction.
        """
        self.run_to_death(DYING.format(query=query, least=least, writes=writes) + code, *args)

    def run_to_death(self, code: str, *args: str) -> None:
        """Have a child run the code, which somewhere kills its own process with -9."""
        child = self.start(code, *args)
        child._end(PATIENCE)
        assert child.returncode == -signal.SIGKILL, child._path.with_suffix(".err").read_text() or "it ended alive"

    def value(self, query: str) -> Any:
        """The first row's columns, or its only one, as it is in the database now."""
        with closing(sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True, timeout=60)) as database:
            row = database.execute(query).fetchone()
        return row[0] if len(row) == 1 else row

    def let_leases_end(self) -> None:
        """As if the dead workers' time had passed."""
        with closing(sqlite3.connect(self.folder / DATABASE, timeout=60)) as database, database:
            for table in LEASED:
                database.execute(f"UPDATE {table} SET leased_until = '2000-01-01' WHERE leased_until IS NOT NULL")  # noqa: S608

    def close(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.kill()
        self._process.communicate()


class OnPostgresql(Nursery):
    """On the test's own database, where `settings` say so; the test has no transaction around it, and its files."""

    def _opened(self) -> subprocess.Popen[str]:
        name, files = database.settings_dict["NAME"], settings.STORAGES["default"]["OPTIONS"]["location"]
        told = f'DATABASES["default"]["NAME"] = {name!r}\nSTORAGES["default"]["OPTIONS"]["location"] = {str(files)!r}\n'
        (self.folder / "killed_settings.py").write_text(SETTINGS + told)
        return _open(self.folder, without=("REDIS_URL",))

    def value(self, query: str) -> Any:
        with database.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return row[0] if len(row) == 1 else row

    def let_leases_end(self) -> None:
        with database.cursor() as cursor:
            for table in (*LEASED, "datasets_app_dataset", "datasets_app_checkchunk", "datasets_app_snapshot",
                          "datasets_app_scan"):  # fmt: skip
                cursor.execute(f"UPDATE {table} SET leased_until = NULL")  # noqa: S608


@cache
def tables() -> Path:
    """A database with all tables and nothing in them."""
    folder = Path(tempfile.mkdtemp(prefix="ftstudio-tables-"))
    (folder / "killed_settings.py").write_text(SETTINGS)
    made = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"],
        env=_environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder / DATABASE


def _environment(folder: Path, *, without: Collection[str] = ("DATABASE_URL", "REDIS_URL")) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in without},
        "FTSTUDIO_VAR": str(folder / "var"),
        "DJANGO_SETTINGS_MODULE": "killed_settings",
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }


def _open(folder: Path, **environment: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.datasets.nursery"],
        cwd=folder, env=_environment(folder, **environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


# The process that forks.


def main() -> None:
    import django

    django.setup()
    from django.db import connections

    import datasets_app.tasks  # noqa: F401
    import tests.invariants
    import tests.make  # noqa: F401

    connections.close_all()
    for line in sys.stdin:
        verb, *order = json.loads(line)
        if verb == "start":
            answer = os.fork()
            if not answer:
                os._exit(_live(*order))
        else:
            found, status = os.waitpid(order[0], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if found else None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _live(path: str, code: str, *args: str) -> int:
    """In the child: run the code as `python -c` would."""
    from django.db import connections

    with open(f"{path}.out", "w") as out, open(f"{path}.err", "w") as err, open(os.devnull) as nothing:
        for stream, number in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(stream.fileno(), number)
    sys.argv = ["-c", *args]
    try:
        exec(code, {"__name__": "__main__"})  # noqa: S102
        return 0
    except BaseException:  # noqa: BLE001  (whoever asked for it reads it)
        traceback.print_exc()
        return 1
    finally:
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
