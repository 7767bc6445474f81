"""No answer breaks a provider: whatever comes back is an answer that can be stored, or a ProviderError."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs_app.core import lifecycle, metrics
from jobs_app.providers._wire import LONGEST_WAIT
from jobs_app.providers.base import Created, ErrorKind, ProviderError, Quote, Reply, Report, Serving

from .contract import KINDS, MARKER, SECRET, calls, opened, recordings


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "train.jsonl"
    path.write_text('{"messages": []}\n', encoding="utf-8")
    return path


JUNK: tuple[Any, ...] = (
    None, {}, [], "", 0, -1, True, 1.5, float("nan"), 10**40, "\0", "\ud800x", "x" * 3000, [[[]]], {"message": None},
    [None, 1, "a", {}], "2026-99-99", "0001-01-01T00:00:00+23:59", "9" * 30, "nan", {"\0": "\ud800"},
    f"key {SECRET} bad",
    {"code": [], "message": {}}, "http://[", "https://a\0b/",
    {"a": {"b": {"c": [SECRET]}}}, "running", 10**15, -(10**15),
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    "", "null", "[]", "{}", "7", '"text"', '{"id": "ft', "<html><title>x</title><h1>Bad gateway</h1></html>",
    b"\xff\xfe{",
    "[" * 3000, '{"error": null}', '{"error": []}', '{"error": "no"}', '{"data": null}',
    '{"code": null, "message": null}',
    f'{{"error": {{"message": "your key {SECRET} is bad", "code": "\\ud800"}}}}', f"<b>{SECRET}</b>",
    '{"output": [null]}',
    f'{{"message": "{SECRET.replace("/", chr(92) + "/")}"}}', "\ufeff{}", "step,loss\n1,nan\nx,\n",
    '{"a": 1e999, "b": -0}',
)  # fmt: skip
HEADERS = ({"Retry-After": "nan"}, {"Retry-After": "-5"}, {"retry-after-ms": "1e400"}, {"Retry-After": "Wed, 99 Foo"})
STATUSES = (200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 412, 422, 429, 500, 502, 503, 599)


def broken(value: Any, rng: random.Random) -> Any:
    """The value with something in it gone, added, or turned into something else."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.8:
        other = copy.copy(value)
        key: Any = rng.choice(list(other)) if isinstance(other, dict) else rng.randrange(len(other))
        if rng.random() < 0.2:
            del other[key]
        elif isinstance(other, dict) and rng.random() < 0.1:
            other[rng.choice(("error", "code", "message", "\0", "data"))] = rng.choice(JUNK)
        else:
            other[key] = broken(other[key], rng)
        return other
    return rng.choice(JUNK)


def spoilt(answers: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """A healthy account's answers, some of them broken in one way or another."""
    found: dict[str, Any] = {}
    for name, answer in answers.items():
        one = dict(answer)
        if rng.random() < 0.15:
            one = {"text": rng.choice(BODIES)}
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            if "body" in one:
                one["body"] = broken(one["body"], rng)
        if rng.random() < 0.2:
            one["status"] = rng.choice(STATUSES)
            one["headers"] = rng.choice(HEADERS)
        found[name] = one
    return found


@cache
def healthy(kind: str) -> dict[str, Any]:
    """What a healthy account answers to every question."""
    answers: dict[str, Any] = dict(recordings(kind))["whole"]["answers"]
    return answers


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32), question=st.sampled_from(sorted(calls("openai", Path()))))
@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_breaks_a_provider(kind: str, file: Path, seed: int, question: str) -> None:
    """Whatever comes back: an answer that can be stored, or a ProviderError, and our key in neither."""
    provider, exchange = opened(kind, spoilt(healthy(kind), random.Random(seed)))
    try:
        answer = calls(kind, file)[question](provider)
    except ProviderError as error:
        answer = error
    usable(answer)
    if question == "create":
        assert (
            sum(MARKER in f"{sent.url}{sent.content.decode()}" for sent in exchange.sent if sent.method == "POST") <= 1
        )


def usable(answer: Any) -> None:
    """What a caller may rely on in an answer of each kind."""
    for text in texts(answer):
        storable(text)
    match answer:
        case ProviderError():
            assert answer.kind in get_args(ErrorKind)
            assert answer.retry_after is None or 0 <= answer.retry_after <= LONGEST_WAIT
            storable(answer.message)
        case Report():
            assert answer.state is None or answer.state in lifecycle.OBSERVED
            assert isinstance(answer.raw_state, str)
            assert answer.model is None or isinstance(answer.model, str)
            assert answer.error is None or isinstance(answer.error, str)
            assert answer.trained_tokens is None or 0 <= answer.trained_tokens < 2**63
            assert answer.cost is None or (answer.cost >= 0 and answer.currency)
            assert answer.finished_at is None or answer.finished_at.tzinfo
            assert len({event.id for event in answer.events}) == len(answer.events)
            for event in answer.events:
                assert event.id
                assert event.level in ("info", "warning", "error")
                assert isinstance(event.message, str)
                assert event.at.tzinfo
            assert len({(point.step, point.name) for point in answer.points}) == len(answer.points)
            assert all(point.name in metrics.NAMES and isinstance(point.value, float) for point in answer.points)
            assert all(checkpoint.step >= 0 and checkpoint.model for checkpoint in answer.checkpoints)
            json.dumps(answer.raw)
        case Created():
            assert answer.job_id
            assert len(answer.job_id) <= 200
            assert isinstance(answer.raw_state, str)
        case Serving():
            assert answer.state in ("ready", "undeployed", "deploying", "failed", "gone")
            assert isinstance(answer.name, str)
        case Quote():
            assert answer.cost is None or (isinstance(answer.cost, Decimal) and answer.cost >= 0)
            assert answer.tokens is None or answer.tokens >= 0
        case Reply():
            assert answer.content is None or isinstance(answer.content, str)
            assert all(isinstance(call, dict) for call in answer.tool_calls)
        case str() | bool() | None:
            pass
        case _:
            assert all(listed.id and (listed.until is None or isinstance(listed.until, date)) for listed in answer)


def texts(value: Any) -> Iterator[str]:
    """Every text in an answer, keys among them."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from texts(key)
            yield from texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts(one)


def storable(text: str) -> None:
    assert SECRET not in text
    assert "\0" not in text
    text.encode()


def test_our_key_is_struck_out_in_the_spelling_of_json_as_well() -> None:
    escaped = SECRET.replace("/", "\\/")
    said = f'{{"model": "{escaped}", "choices": [{{"message": {{"content": "{SECRET} {escaped}"}}}}]}}'
    for kind in KINDS:
        provider, _ = opened(kind, {"POST *": {"text": said}})
        assert SECRET not in repr(provider.chat("tuned", []))
