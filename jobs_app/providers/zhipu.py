"""Zhipu BigModel (智谱 GLM): OpenAI's paths with fewer rooms, its own numbers for errors, and figures in event data.

Read in zhipuai 2.1.5; the newer zai-sdk has no fine-tuning resource and the documents describe the console, so whether
the interface is open to new accounts is not confirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from ftstudio.errors import Text
from jobs_app.core import lifecycle, metrics
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _values, _wire
from jobs_app.providers._parameters import parameter
from jobs_app.providers._plain import PlainProvider
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    Created,
    ErrorKind,
    EventIn,
    Order,
    Pieces,
    Reply,
    Report,
    Setting,
)

_SDK = "zhipuai 2.1.5.20250825"
_GUIDE = "智谱开放平台, 模型微调"
_CHECKED = "2026-11-20"
_JOBS = "/fine_tuning/jobs"
_PAGE = 100
_LISTED = 5  # pages of the list that are looked through for a marker
_LOGGED = 50  # pages of a job's events
# What its event data calls a figure, where core.metrics has no such spelling.
_FIGURES = {"current_steps": "step", "acc": "train_accuracy", "eval_acc": "valid_accuracy"}


class Zhipu(PlainProvider):
    """See `base.Provider`. The marker travels as `request_id`, which a job carries along."""

    name: ClassVar[str] = "zhipu"
    label: ClassVar[Text] = Text("Zhipu BigModel")
    profile: ClassVar[str] = "zhipu"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {"supervised": ("zhipu-sft", "json-content", "task-response")}
    default_base_url: ClassVar[str] = "https://open.bigmodel.cn/api/paas/v4"
    hosts: ClassVar[tuple[str, ...]] = ("open.bigmodel.cn",)
    poll_seconds: ClassVar[float] = 30.0
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("credential", Text("API key"), secret=True, help=Text("It is stored encrypted.")),
        Setting("base_url", Text("Base URL"), default=default_base_url),
    )
    # Its words follow OpenAI's, as far as anybody has said (not confirmed).
    states: ClassVar[Mapping[str, str]] = {
        "validating_files": lifecycle.VALIDATING,
        "queued": lifecycle.QUEUED,
        "running": lifecycle.RUNNING,
        "succeeded": lifecycle.SUCCEEDED,
        "failed": lifecycle.FAILED,
        "cancelled": lifecycle.CANCELLED,
    }
    # Its create call has no word for the method, so preference pairs can only be trained from its console.
    capabilities: ClassVar[Capabilities] = Capabilities(
        source=f"{_SDK}; {_GUIDE}",
        checked_on=_CHECKED,
        tools=None,
        images=False,
        marker=True,
        minimum_rows=1,
        suffix_max=40,
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        parameter("epochs", "int", 1, None, "auto", auto=True, source=f"{_SDK}, {_CHECKED}"),
        parameter("batch_size", "int", 1, None, "auto", auto=True, source=f"{_SDK}, {_CHECKED}"),
        parameter(
            "learning_rate_multiplier",
            "float",
            0,
            None,
            "auto",
            auto=True,
            above_minimum=True,
            source=f"{_SDK}, {_CHECKED}",
        ),
    )
    base_models: ClassVar[tuple[BaseModel, ...]] = tuple(
        BaseModel(model, label, _GUIDE, _CHECKED, currency="CNY", confirmed=False)
        for model, label in (
            ("glm-4-flash", "GLM-4 Flash"),
            ("glm-4-air-250414", "GLM-4 Air"),
            ("glm-4-airx", "GLM-4 AirX"),
            ("glm-4-0520", "GLM-4"),
            ("glm-4.5-air", "GLM-4.5 Air"),
        )
    )
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        **dict.fromkeys(("1000", "1001", "1002", "1003", "1004"), "auth"),
        **dict.fromkeys(("1110", "1111", "1112", "1121", "1220", "1221"), "closed"),
        "1113": "quota",
        "1211": "missing",
        **dict.fromkeys(("1210", "1212", "1213", "1214", "1215", "1301"), "request"),
        **dict.fromkeys(("1302", "1303", "1305"), "rate"),
        "1304": "daily",
    }

    def probe(self) -> None:
        self._rest.ask("GET", _JOBS, params={"limit": 1})

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        return _values.named(self._rest.upload("/files", path, form={"purpose": purpose}))

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        after: str | None = None
        for _ in range(_LISTED):
            page = self._rest.ask("GET", _JOBS, params=_page(after))
            jobs = _wire.items(page)
            for job in jobs:
                if job.get("id") in but:
                    continue
                if job.get("request_id") == marker and training_file in ("", job.get("training_file")):
                    return Created(_values.named(job), _values.text(job.get("status")))
            last = _values.text(jobs[-1].get("id")) if jobs else ""
            if not page.get("has_more") or not last or last == after:
                return None
            after = last
        return None

    def create(self, order: Order) -> Created:
        recipe = order.recipe
        given = {
            "n_epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "learning_rate_multiplier": recipe.learning_rate_multiplier,
        }
        body: dict[str, Any] = {
            "model": order.base_model,
            "training_file": order.training_file,
            "request_id": order.marker,
            "hyperparameters": {name: value for name, value in given.items() if value is not None},
        }
        if order.validation_file:
            body["validation_file"] = order.validation_file
        answer = self._rest.ask("POST", _JOBS, json=body, creating=True)
        return Created(_values.named(answer, creating=True), _values.text(answer.get("status")))

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._rest.ask("GET", _job(job_id))
        raw_state = _values.text(job.get("status"))
        events = self._events(job_id, after_event, frozenset(have))
        points = {(p.step, p.name): p for entry in events for p in metrics.from_data(_figures(entry.data))}
        return Report(
            state=self.states.get(raw_state),
            raw_state=raw_state,
            events=events,
            points=sorted(points.values()),
            model=_values.text(job.get("fine_tuned_model")) or None,
            trained_tokens=_values.count(job.get("trained_tokens")),
            error=_wire.failure(job.get("error")),
            finished_at=_values.instant(job.get("finished_at")),
            next_poll_hint=self.poll_seconds,
            raw=job,
        )

    def cancel(self, job_id: str) -> str:
        return _values.text(self._rest.ask("POST", f"{_job(job_id)}/cancel", json={}).get("status"))

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        return super().chat(model, messages, **_decoding(decoding))

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Pieces:
        return super().stream(model, messages, **_decoding(decoding))

    def _events(self, job_id: str, after_event: str | None, have: frozenset[str]) -> list[EventIn]:
        """The new events, oldest first, in whichever order the provider lists them."""
        found: dict[str, EventIn] = {}
        after: str | None = None
        for _ in range(_LOGGED):
            page = self._rest.ask("GET", f"{_job(job_id)}/events", params=_page(after))
            items = _wire.items(page)
            before = len(found)
            for item in items:
                entry = _wire.event(item)
                found.setdefault(entry.id, replace(entry, at=_values.instant(item.get("created_at")) or entry.at))
            after = _values.text(items[-1].get("id")) if items else ""
            if not page.get("has_more") or not after or len(found) == before:
                break
        return _values.fresh(_values.oldest_first(found.values()), after_event, have)


PROVIDER = Zhipu


def _job(job_id: str) -> str:
    return f"{_JOBS}/{_values.part(job_id)}"


def _page(after: str | None) -> dict[str, Any]:
    return {"limit": _PAGE, **({"after": after} if after else {})}


def _decoding(given: dict[str, Any]) -> dict[str, Any]:
    """Its temperature lies strictly between 0 and 1, so that an edge is moved inwards; 0.01 is as good as none."""
    temperature = given.get("temperature")
    if not isinstance(temperature, (int, float)):
        return given
    return {**given, "temperature": min(0.99, max(0.01, temperature))}


def _figures(data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {_FIGURES.get(name, name): value for name, value in (data or {}).items()}
