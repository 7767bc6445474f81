"""What the rehearsal server keeps: a file, a job, a deployment, as they are read from a row."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

NO_QUIRKS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was sent. `quirks` are oddities that a test asked for; `extra` is what else its dialect keeps."""

    number: int
    id: str
    owner: str
    dialect: str
    name: str
    purpose: str
    bytes: int
    created_at: float
    digest: str
    quirks: Mapping[str, Any]
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was ordered. `body` as it was sent, `model` is the name that the tuned model will have.

    `quirks`: kind → argument. `controls`: see `engine.Order`. `marker`: by what its dialect finds it again.
    """

    number: int
    id: str
    owner: str
    dialect: str
    created_at: float
    body: Mapping[str, Any]
    model: str
    quirks: Mapping[str, Any]
    seconds: float
    controls: tuple[tuple[float, str], ...]
    marker: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A tuned model that somebody wants to call, under the name `id`."""

    id: str
    model: str
    body: Mapping[str, Any]
    created_at: float
    quirks: Mapping[str, Any]


def text_of(value: object) -> str:
    return orjson.dumps(value).decode()


def quirks_of(text: str) -> dict[str, Any]:
    """Older rows hold a list of kinds."""
    found = orjson.loads(text)
    return dict.fromkeys(found, True) if isinstance(found, list) else found


def stored_of(row: sqlite3.Row) -> Stored:
    return Stored(
        row["number"], row["id"], row["owner"], row["dialect"], row["name"], row["purpose"], row["bytes"],
        row["created_at"], row["digest"], quirks_of(row["quirks"]), orjson.loads(row["extra"]),
    )  # fmt: skip


def job_of(row: sqlite3.Row) -> Job:
    return Job(
        row["number"], row["id"], row["owner"], row["dialect"], row["created_at"], orjson.loads(row["body"]),
        row["model"], quirks_of(row["quirks"]), row["seconds"],
        tuple((at, verb) for at, verb in orjson.loads(row["controls"])), row["marker"],
    )  # fmt: skip


def deployment_of(row: sqlite3.Row) -> Deployment:
    return Deployment(row["id"], row["model"], orjson.loads(row["body"]), row["created_at"], quirks_of(row["quirks"]))
