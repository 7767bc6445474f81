"""What the rehearsal server remembers: one SQLite file and a folder of files. Safe with several processes.

Every row belongs to an owner, a digest of the key it was made with: another key sees nothing of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from jobs_app.rehearsal.database import Database
from jobs_app.rehearsal.engine import File
from jobs_app.rehearsal.kept import NO_QUIRKS, Deployment, Job, Stored, deployment_of, job_of, stored_of, text_of


class Store(Database):
    """Rows as frozen objects; each method is one transaction."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(folder)

    # Files

    def path(self, file_id: str) -> Path:
        """Where the content of a file lies; only for ids that this store has given out."""
        return self._files / file_id

    def content(self, file: Stored) -> File:
        return File(self.path(file.id), file.digest or f"{file.id}:{file.created_at}")

    def add_file(
        self,
        *,
        owner: str,
        dialect: str,
        file_id: str,
        name: str,
        purpose: str,
        content: IO[bytes],
        now: float,
        quirks: Mapping[str, Any] = NO_QUIRKS,
        extra: Mapping[str, Any] = NO_QUIRKS,
    ) -> Stored:
        """Keep a file. The same id a second time replaces the content, as object stores do."""
        part = self._files / f"{file_id}.{os.getpid()}.{id(content)}.part"
        digest = hashlib.sha256()
        with part.open("wb") as target:
            while chunk := content.read(1024 * 1024):
                digest.update(chunk)
                target.write(chunk)
        size = part.stat().st_size
        shutil.move(part, self.path(file_id))
        with self._write() as connection:
            connection.execute(
                "INSERT INTO files (id, owner, dialect, name, purpose, bytes, created_at, digest, quirks, extra) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "bytes = excluded.bytes, digest = excluded.digest, deleted = 0",
                (
                    file_id,
                    owner,
                    dialect,
                    name,
                    purpose,
                    size,
                    now,
                    digest.hexdigest(),
                    text_of(quirks),
                    text_of(extra),
                ),
            )
        found = self.file(owner, file_id)
        if found is None:
            raise RuntimeError(f"file {file_id} belongs to another key")
        return found

    def file(self, owner: str, file_id: str, *, deleted: bool = False) -> Stored | None:
        """A file of this owner; `deleted` files are found where a job still needs them."""
        row = self._one("SELECT * FROM files WHERE owner = ? AND id = ? AND deleted <= ?", (owner, file_id, deleted))
        return None if row is None else stored_of(row)

    def files(self, owner: str, dialect: str) -> list[Stored]:
        """Newest first."""
        sql = "SELECT * FROM files WHERE owner = ? AND dialect = ? AND NOT deleted ORDER BY number DESC"
        return [stored_of(row) for row in self._all(sql, (owner, dialect))]

    def keep_with(self, file_id: str, extra: Mapping[str, Any]) -> None:
        """Remember more of a file."""
        with self._write() as connection:
            connection.execute("UPDATE files SET extra = ? WHERE id = ?", (text_of(extra), file_id))

    def delete_file(self, owner: str, file_id: str) -> None:
        """Out of sight at once; the content stays for the jobs that were made from it."""
        with self._write() as connection:
            connection.execute("UPDATE files SET deleted = 1 WHERE owner = ? AND id = ?", (owner, file_id))

    # Jobs

    def add_job(
        self,
        *,
        owner: str,
        dialect: str,
        job_id: str,
        body: Mapping[str, Any],
        model: str,
        marker: str,
        quirks: Mapping[str, Any],
        seconds: float,
        now: float,
    ) -> bool:
        """Keep a new job; False where one has this id or this model already."""
        values = (job_id, owner, dialect, now, text_of(body), model, marker, text_of(quirks), seconds)
        with self._write() as connection:
            made = connection.execute(
                "INSERT INTO jobs (id, owner, dialect, created_at, body, model, marker, quirks, seconds) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                values,
            )
            return made.rowcount == 1

    def job(self, owner: str, job_id: str) -> Job | None:
        row = self._one("SELECT * FROM jobs WHERE id = ? AND owner = ? AND NOT deleted", (job_id, owner))
        return None if row is None else job_of(row)

    def job_of_model(self, owner: str, model: str) -> Job | None:
        row = self._one("SELECT * FROM jobs WHERE model = ? AND owner = ?", (model, owner))
        return None if row is None else job_of(row)

    def is_taken(self, model: str) -> bool:
        """Whether anybody has a tuned model of this name."""
        return self._one("SELECT 1 FROM jobs WHERE model = ?", (model,)) is not None

    def jobs(self, owner: str, dialect: str, *, most: int = -1) -> list[Job]:
        """Newest first, at most so many."""
        sql = "SELECT * FROM jobs WHERE owner = ? AND dialect = ? AND NOT deleted ORDER BY number DESC LIMIT ?"
        return [job_of(row) for row in self._all(sql, (owner, dialect, most))]

    def delete_job(self, owner: str, job_id: str) -> None:
        with self._write() as connection:
            connection.execute("UPDATE jobs SET deleted = 1 WHERE owner = ? AND id = ?", (owner, job_id))

    def control(self, job_id: str, verb: str, now: float) -> None:
        with self._write() as connection:
            row = connection.execute("SELECT controls FROM jobs WHERE id = ?", (job_id,)).fetchone()
            controls = [*orjson.loads(row["controls"]), [now, verb]]
            connection.execute("UPDATE jobs SET controls = ? WHERE id = ?", (text_of(controls), job_id))

    def untold(self, owner: str, dialect: str) -> list[Job]:
        """The jobs whose end no webhook has told yet, oldest first."""
        sql = "SELECT * FROM jobs WHERE owner = ? AND dialect = ? AND NOT told ORDER BY number"
        return [job_of(row) for row in self._all(sql, (owner, dialect))]

    def tell(self, job_id: str) -> bool:
        """Whether it is for us to tell of this job's end; of several processes one is told so."""
        with self._write() as connection:
            return connection.execute("UPDATE jobs SET told = 1 WHERE id = ? AND NOT told", (job_id,)).rowcount == 1

    def counts(self, owner: str) -> dict[str, Any]:
        """How many jobs were created for each marker, in all dialects and deleted ones too; files and deployments."""
        jobs = self._all("SELECT marker, COUNT(*) AS n FROM jobs WHERE owner = ? GROUP BY marker", (owner,))
        files = self._all("SELECT COUNT(*) AS n FROM files WHERE owner = ? AND NOT deleted", (owner,))
        deployments = self._all("SELECT COUNT(*) AS n FROM deployments WHERE owner = ?", (owner,))
        per_marker = {row["marker"]: row["n"] for row in jobs}
        return {
            "jobs": per_marker,
            "total": sum(per_marker.values()),
            "files": files[0]["n"],
            "deployments": deployments[0]["n"],
        }

    # Deployments

    def deploy(
        self, *, owner: str, dialect: str, name: str, model: str, body: Mapping[str, Any], quirks: Mapping[str, Any],
        now: float,
    ) -> bool:  # fmt: skip
        """Keep a deployment; False where there is one of this name."""
        with self._write() as connection:
            made = connection.execute(
                "INSERT INTO deployments (id, owner, dialect, model, body, created_at, quirks) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (name, owner, dialect, model, text_of(body), now, text_of(quirks)),
            )
            return made.rowcount == 1

    def deployment(self, owner: str, dialect: str, name: str) -> Deployment | None:
        sql = "SELECT * FROM deployments WHERE owner = ? AND dialect = ? AND id = ?"
        row = self._one(sql, (owner, dialect, name))
        return None if row is None else deployment_of(row)

    def deployments(self, owner: str, dialect: str) -> list[Deployment]:
        sql = "SELECT * FROM deployments WHERE owner = ? AND dialect = ? ORDER BY number DESC"
        return [deployment_of(row) for row in self._all(sql, (owner, dialect))]

    def undeploy(self, owner: str, dialect: str, name: str) -> None:
        with self._write() as connection:
            connection.execute(
                "DELETE FROM deployments WHERE owner = ? AND dialect = ? AND id = ?", (owner, dialect, name)
            )

    # Clock, webhook and faults of an owner

    def owner(self, owner: str) -> tuple[float, str, str]:
        """Seconds that the owner's clock is ahead, and where webhooks go, with which secret ("" for nowhere)."""
        row = self._one("SELECT ahead, hook_url, hook_secret FROM owners WHERE owner = ?", (owner,))
        return (0.0, "", "") if row is None else (row["ahead"], row["hook_url"], row["hook_secret"])

    def advance(self, owner: str, seconds: float) -> None:
        with self._write() as connection:
            connection.execute(
                "INSERT INTO owners (owner, ahead) VALUES (?, ?) "
                "ON CONFLICT (owner) DO UPDATE SET ahead = ahead + excluded.ahead",
                (owner, seconds),
            )

    def hook(self, owner: str, url: str, secret: str) -> None:
        with self._write() as connection:
            connection.execute(
                "INSERT INTO owners (owner, hook_url, hook_secret) VALUES (?, ?, ?) ON CONFLICT (owner) DO UPDATE SET "
                "hook_url = excluded.hook_url, hook_secret = excluded.hook_secret",
                (owner, url, secret),
            )

    def add_fault(self, *, owner: str, station: str, kind: str, times: int, seconds: float, word: str) -> None:
        with self._write() as connection:
            connection.execute(
                "INSERT INTO faults (owner, station, kind, times, seconds, word) VALUES (?, ?, ?, ?, ?, ?)",
                (owner, station, kind, times, seconds, word),
            )

    def faults(self, owner: str) -> list[dict[str, Any]]:
        sql = "SELECT station, kind, times, seconds, word FROM faults WHERE owner = ? AND times > 0"
        return [dict(row) for row in self._all(sql, (owner,))]

    def take_fault(self, owner: str, station: str) -> dict[str, Any] | None:
        """Use up one turn of the oldest fault that waits at this station."""
        while True:
            row = self._one(
                "SELECT * FROM faults WHERE owner = ? AND station IN (?, '*') AND times > 0 ORDER BY number LIMIT 1",
                (owner, station),
            )
            if row is None:
                return None
            with self._write() as connection:
                taken = connection.execute(
                    "UPDATE faults SET times = times - 1 WHERE number = ? AND times > 0", (row["number"],)
                )
                if taken.rowcount == 1:
                    return dict(row)

    def clear_faults(self, owner: str) -> None:
        with self._write() as connection:
            connection.execute("DELETE FROM faults WHERE owner = ?", (owner,))
