"""The SQLite file under the rehearsal server's store: its tables, and connections that threads and processes share."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
CREATE TABLE IF NOT EXISTS deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, owner TEXT NOT NULL, dialect TEXT NOT NULL,
    model TEXT NOT NULL, body TEXT NOT NULL, created_at REAL NOT NULL, quirks TEXT NOT NULL,
    UNIQUE (owner, dialect, id));
CREATE TABLE IF NOT EXISTS owners (
    owner TEXT PRIMARY KEY, ahead REAL NOT NULL DEFAULT 0, hook_url TEXT NOT NULL DEFAULT '',
    hook_secret TEXT NOT NULL DEFAULT '');
"""
# What came to a table later; a folder that an older version has filled gets it at the next start.
_LATER = {
    "files": {"dialect": "TEXT NOT NULL DEFAULT 'openai'", "digest": "TEXT NOT NULL DEFAULT ''",
              "quirks": "TEXT NOT NULL DEFAULT '{}'", "extra": "TEXT NOT NULL DEFAULT '{}'"},
    "jobs": {"dialect": "TEXT NOT NULL DEFAULT 'openai'", "marker": "TEXT NOT NULL DEFAULT ''",
             "told": "INTEGER NOT NULL DEFAULT 0", "deleted": "INTEGER NOT NULL DEFAULT 0"},
    "faults": {"word": "TEXT NOT NULL DEFAULT ''"},
}  # fmt: skip
_INDEXES = """
CREATE INDEX IF NOT EXISTS jobs_of_an_owner ON jobs (owner, dialect, number);
CREATE INDEX IF NOT EXISTS files_of_an_owner ON files (owner, dialect, number);
CREATE INDEX IF NOT EXISTS faults_of_an_owner ON faults (owner);
"""
_OPEN_AT_MOST = 16  # idle connections that are kept


class Database:
    """Opens the file, brings its tables up to date, and hands out connections, each for one transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._idle: list[tuple[int, sqlite3.Connection]] = []
        self._closer = weakref.finalize(self, _close, self._idle)
        with self._write() as connection:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            for table, columns in _LATER.items():
                known = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
                for name in columns.keys() - known:
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
            for statement in filter(str.strip, _INDEXES.split(";")):
                connection.execute(statement)
        _close(self._idle)  # a process that is forked later must not inherit an open database

    def close(self) -> None:
        """Give the database back; the next request opens it again."""
        _close(self._idle)

    def _one(self, sql: str, values: tuple[Any, ...]) -> sqlite3.Row | None:
        with self._open() as connection:
            row: sqlite3.Row | None = connection.execute(sql, values).fetchone()
            return row

    def _all(self, sql: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        with self._open() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction, out of those that lie idle."""
        connection = self._taken() or self._connected()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < _OPEN_AT_MOST:
            self._idle.append((os.getpid(), connection))
        else:
            connection.close()

    def _taken(self) -> sqlite3.Connection | None:
        """An idle connection of this very process: one that was inherited by a fork is left alone."""
        while True:
            try:
                opened_by, connection = self._idle.pop()
            except IndexError:  # empty, or another thread was faster
                return None
            if opened_by == os.getpid():
                return connection

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.folder / "rehearsal.sqlite3", timeout=20, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

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


def _close(idle: list[tuple[int, sqlite3.Connection]]) -> None:
    while idle:
        idle.pop()[1].close()
