"""What OpenAI refuses at the door: the first line of a training file, and a job whose settings cannot be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from jobs_app.rehearsal.wire import Refused

_RANGES = {"n_epochs": (1, 50), "batch_size": (1, 256), "learning_rate_multiplier": (1e-9, 1e6), "beta": (1e-9, 2)}


def hyperparameters(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters as sent, in today's place or in the old one."""
    method = sent.get("method") or {}
    inner = method.get(method.get("type", "supervised")) or {}
    return dict(sent.get("hyperparameters") or {}) | dict(inner.get("hyperparameters") or {})


def check_name(name: str) -> None:
    if not name.endswith(".jsonl"):
        raise Refused(
            "request", f"Invalid file format for Fine-Tuning API. Must be .jsonl, but {name} is not", param="file"
        )


def check_first_line(line: bytes) -> None:
    """All that is looked at when a file is sent; everything else is found by the job."""
    try:
        first = orjson.loads(line)
    except orjson.JSONDecodeError:
        first = None
    if not isinstance(first, dict):
        start = line[:20].decode("utf-8", "replace")
        raise Refused(
            "request",
            "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary "
            f'(HINT: line starts with: "{start}").',
            param="file",
        )


def check_job(sent: Mapping[str, Any]) -> None:
    for key in ("model", "training_file"):
        if not isinstance(sent.get(key), str):
            raise Refused("request", f"'{key}' is a required property", param=key)
    metadata = sent.get("metadata") or {}
    if (
        not isinstance(metadata, dict)
        or len(metadata) > 16
        or any(not isinstance(value, str) or len(key) > 64 or len(value) > 512 for key, value in metadata.items())
    ):
        raise Refused("request", "metadata holds at most 16 pairs of short texts", param="metadata")
    if not isinstance(sent.get("suffix", ""), (str, type(None))) or len(sent.get("suffix") or "") > 64:
        raise Refused("request", "suffix is at most 64 characters long", param="suffix")
    seed = sent.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31):
        raise Refused("request", "seed is a whole number from 0 to 2147483647", param="seed")
    for name, value in hyperparameters(sent).items():
        low, high = _RANGES.get(name, (0, 0))
        if value != "auto" and (
            name not in _RANGES
            or isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= value <= high
        ):
            raise Refused("request", f"{value!r} is not a valid value for {name}", code="invalid_value", param=name)
