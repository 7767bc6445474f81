"""What the rehearsal server remembers: one SQLite file and a folder of files. Safe with several processes.

Every row belongs to an owner, a digest of the key it was made with: another key sees nothing of it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, name TEXT NOT NULL,
    purpose TEXT NOT NULL, bytes INTEGER NOT NULL, created_at REAL NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, created_at REAL NOT NULL,
    body TEXT NOT NULL, model TEXT NOT NULL UNIQUE, quirks TEXT NOT NULL, seconds REAL NOT NULL,
    controls TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, station TEXT NOT NULL, kind TEXT NOT NULL,
    times INTEGER NOT NULL, seconds REAL NOT NULL);
"""


class Store:
    """Rows as plain dictionaries; each method is one transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def path(self, file_id: str) -> Path:
        """Where the content of a file lies; only for ids that this store has given out."""
        return self._files / file_id

    def add_file(
        self, *, owner: str, file_id: str, name: str, purpose: str, content: IO[bytes], now: float
    ) -> dict[str, Any]:
        part = self._files / f"{file_id}.part"
        with part.open("wb") as target:
            shutil.copyfileobj(content, target, 1024 * 1024)
        part.replace(self.path(file_id))
        with self._write() as connection:
            connection.execute(
                "INSERT INTO files (id, owner, name, purpose, bytes, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (file_id, owner, name, purpose, self.path(file_id).stat().st_size, now),
            )
        return self.file(owner, file_id) or {}

    def file(self, owner: str, file_id: str) -> dict[str, Any] | None:
        return self._one("SELECT * FROM files WHERE owner = ? AND id = ? AND NOT deleted", (owner, file_id))

    def files(self, owner: str) -> list[dict[str, Any]]:
        """Newest first."""
        return self._all("SELECT * FROM files WHERE owner = ? AND NOT deleted ORDER BY number DESC", (owner,))

    def delete_file(self, owner: str, file_id: str) -> None:
        """Out of sight at once; the content stays for the jobs that were made from it."""
        with self._write() as connection:
            connection.execute("UPDATE files SET deleted = 1 WHERE owner = ? AND id = ?", (owner, file_id))

    def add_job(
        self,
        *,
        owner: str,
        job_id: str,
        body: Mapping[str, Any],
        model: str,
        quirks: list[str],
        seconds: float,
        now: float,
    ) -> None:
        with self._write() as connection:
            connection.execute(
                "INSERT INTO jobs (id, owner, created_at, body, model, quirks, seconds) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job_id, owner, now, json.dumps(body), model, json.dumps(quirks), seconds),
            )

    def job(self, owner: str, job_id: str) -> dict[str, Any] | None:
        return _job(self._one("SELECT * FROM jobs WHERE owner = ? AND id = ?", (owner, job_id)))

    def job_of_model(self, owner: str, model: str) -> dict[str, Any] | None:
        return _job(self._one("SELECT * FROM jobs WHERE owner = ? AND model = ?", (owner, model)))

    def jobs(self, owner: str) -> list[dict[str, Any]]:
        """Newest first."""
        rows = self._all("SELECT * FROM jobs WHERE owner = ? ORDER BY number DESC", (owner,))
        return [job for row in rows if (job := _job(row)) is not None]

    def control(self, job_id: str, verb: str, now: float) -> None:
        with self._write() as connection:
            row = connection.execute("SELECT controls FROM jobs WHERE id = ?", (job_id,)).fetchone()
            controls = [*json.loads(row["controls"]), [now, verb]]
            connection.execute("UPDATE jobs SET controls = ? WHERE id = ?", (json.dumps(controls), job_id))

    def add_fault(self, *, owner: str, station: str, kind: str, times: int, seconds: float) -> None:
        with self._write() as connection:
            connection.execute(
                "INSERT INTO faults (owner, station, kind, times, seconds) VALUES (?, ?, ?, ?, ?)",
                (owner, station, kind, times, seconds),
            )

    def faults(self, owner: str) -> list[dict[str, Any]]:
        return self._all("SELECT station, kind, times, seconds FROM faults WHERE owner = ? AND times > 0", (owner,))

    def take_fault(self, owner: str, station: str) -> dict[str, Any] | None:
        """Use up one turn of the oldest fault that waits at this station."""
        with self._write() as connection:
            row = connection.execute(
                "SELECT * FROM faults WHERE owner = ? AND station IN (?, '*') AND times > 0 ORDER BY number LIMIT 1",
                (owner, station),
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE faults SET times = times - 1 WHERE number = ?", (row["number"],))
            return dict(row)

    def clear_faults(self, owner: str) -> None:
        with self._write() as connection:
            connection.execute("DELETE FROM faults WHERE owner = ?", (owner,))

    def _one(self, sql: str, values: tuple[Any, ...]) -> dict[str, Any] | None:
        with self._open() as connection:
            row = connection.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def _all(self, sql: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        with self._open() as connection:
            return [dict(row) for row in connection.execute(sql, values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(
            sqlite3.connect(self.folder / "rehearsal.sqlite3", timeout=20, isolation_level=None)
        ) as connection:
            connection.row_factory = sqlite3.Row
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _job(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {**row, **{key: json.loads(row[key]) for key in ("body", "quirks", "controls")}}
