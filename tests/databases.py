"""The database of a test run. Side by side, one worker migrates it and the others copy it: that is much the cheaper."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection


@contextlib.contextmanager
def migrated(shared: Path) -> Iterator[None]:
    """Point Django at an empty, migrated database that this process has for itself; take it away afterwards.

    `shared` is a folder that the workers of one parallel run have in common, and no two runs.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    before = str(connection.settings_dict["NAME"])
    if worker:
        _copy(shared, worker)
    else:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    yield
    _send_others_away()
    connection.creation.destroy_test_db(before, verbosity=0)
    if worker:
        _leave(shared, worker, before)


def _copy(shared: Path, worker: str) -> None:
    with _alone(shared) as made:
        if not made.exists():
            made.write_text(str(connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)))
        connection.close()
        _use(made.read_text())
        connection.creation.clone_test_db(worker, verbosity=0)
        (shared / f"database-{worker}").touch()
    _use(str(connection.creation.get_test_db_clone_settings(worker)["NAME"]))


def _leave(shared: Path, worker: str, before: str) -> None:
    """The last one also takes away what the copies were made of."""
    with _alone(shared) as made:
        (shared / f"database-{worker}").unlink()
        if not list(shared.glob("database-*")):
            _use(made.read_text())
            made.unlink()
            connection.creation.destroy_test_db(before, verbosity=0)


def _send_others_away() -> None:
    """The last page that a browser asked for may still be answered, in a thread that holds a connection."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _use(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


@contextlib.contextmanager
def _alone(shared: Path) -> Iterator[Path]:
    """One worker at a time. Yields where the name of the migrated database stands."""
    with (shared / "databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / "migrated-database"
