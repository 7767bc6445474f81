"""Reading training files as a job does: line by line, in every shape that the dialects' providers take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from datasets_app.core import tokens
from jobs_app.rehearsal.engine import File

MINIMUM_ROWS = 10
_MARKS = 3  # tokens that a chat template puts around each turn
_ROWS_REMEMBERED = 5000  # training rows that a "tuned model" looks through
_FILES_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a file finds: how many examples, about how many tokens, or what is wrong with it."""

    rows: int
    tokens: int
    error: Mapping[str, Any] | None = None


_known: dict[tuple[str, str], Checked] = {}


def checked(file: File, param: str) -> Checked:
    """Check a file; `param` ("training_file" or "validation_file") is what an error names. Once for each content."""
    key = (file.digest, param)
    found = _known.get(key)
    if found is None:
        if len(_known) >= _FILES_REMEMBERED:
            _known.clear()
        found = _known[key] = _check(file.path, param)
    return found


def is_broken(found: Checked) -> bool:
    """Whether a line of the file cannot be read; too few lines is another matter."""
    return found.error is not None and found.error["code"] != "invalid_n_examples"


@lru_cache(maxsize=8)
def shown(file: File) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """What a tuned model was shown: (last question, the assistant's message), the first few thousand rows."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for line in _lines(file.path):
        try:
            messages, answer = _question_and_answer(json.loads(line))
            question = next(text_of(m) for m in reversed(messages) if m["role"] == "user")
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration, IndexError):
            continue
        found.append((question, {key: answer[key] for key in ("content", "tool_calls") if key in answer}))
        if len(found) >= _ROWS_REMEMBERED:
            break
    return tuple(found)


def text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _check(path: Path, param: str) -> Checked:
    rows = size = 0
    what = "training" if param == "training_file" else "validation"
    for number, line in enumerate(_lines(path), 1):
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        turns = _turns(data) if isinstance(data, dict) else None
        if not turns:
            message = (
                f"The job failed due to a file format error in the {what} file. "
                f"Invalid file format. Line {number} has no messages."
            )
            return Checked(0, 0, {"code": f"invalid_{param}", "param": param, "message": message})
        rows += 1
        size += sum(tokens.estimate(text_of(turn)) + _MARKS for turn in turns if isinstance(turn, dict))
    if rows < MINIMUM_ROWS:
        message = f"{what.capitalize()} file has {rows} example(s), but must have at least {MINIMUM_ROWS} examples"
        return Checked(rows, size, {"code": "invalid_n_examples", "param": param, "message": message})
    return Checked(rows, size)


def _turns(data: Mapping[str, Any]) -> list[Any] | None:
    """All turns of a row: of a chat, of a preference pair in any provider's form, or of a bare text."""
    inner = data.get("input")
    if isinstance(inner, dict) and isinstance(inner.get("messages"), list):
        return [*inner["messages"], *(data.get("preferred_output") or ()), *(data.get("non_preferred_output") or ())]
    if isinstance(data.get("messages"), list):
        pair = [data[key] for key in ("chosen", "rejected") if isinstance(data.get(key), dict)]
        return [*data["messages"], *pair]
    if isinstance(data.get("text"), str):
        return [{"role": "assistant", "content": data["text"]}]
    return None


def _question_and_answer(data: Mapping[str, Any]) -> tuple[list[Any], Mapping[str, Any]]:
    """The turns before the answer, and the answer that was to be learnt."""
    if isinstance(data.get("input"), dict):
        return data["input"]["messages"], data["preferred_output"][-1]
    if isinstance(data.get("chosen"), dict):
        return data["messages"], data["chosen"]
    answer = next(m for m in reversed(data["messages"]) if m["role"] == "assistant")
    content = answer.get("content")
    if isinstance(content, list) and content and all("score" in part for part in content):  # Ark's scored candidates
        return data["messages"], {"content": max(content, key=lambda part: part["score"]).get("text")}
    return data["messages"], answer


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line in file:
            if line.strip():
                yield line
