"""OpenAI, over its official client: its jobs, models and chat, read from what was really sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from ftstudio.errors import Text
from jobs_app.core import lifecycle, metrics, standard_webhooks
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _openai_chat, _openai_jobs, _openai_models, _values, _wire
from jobs_app.providers._openai_client import OpenAIClient
from jobs_app.providers._openai_describes import BASE_MODELS, BASE_URL, CAPABILITIES, PARAMETERS, SETTINGS, STATES
from jobs_app.providers.base import (
    MARKER,
    BaseModel,
    Capabilities,
    CheckpointIn,
    Created,
    EventIn,
    Listed,
    Order,
    Pieces,
    ProviderError,
    Reply,
    Report,
    Serving,
    Setting,
)

_PAGE = 100
_MAX_PAGES = 200  # 20,000 events: more than a job writes, and an end for a cursor that goes in circles


class OpenAI(OpenAIClient):
    """See `base.Provider` for what each method promises."""

    name: ClassVar[str] = "openai"
    label: ClassVar[Text] = Text("OpenAI")
    profile: ClassVar[str] = "openai"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "supervised": ("openai-chat", "json-content", "task-response"),
        "dpo": ("openai-preference",),
    }
    default_base_url: ClassVar[str] = BASE_URL
    hosts: ClassVar[tuple[str, ...]] = ("api.openai.com", ".api.openai.com")
    rehearsal: ClassVar[bool] = False
    poll_seconds: ClassVar[float] = 15.0
    # The o-series and GPT-5 refuse `max_tokens`, which the API's description calls deprecated; this every model takes.
    answer_limit: ClassVar[str] = "max_completion_tokens"
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    states: ClassVar[Mapping[str, str]] = STATES
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    parameters: ClassVar[tuple[Parameter, ...]] = PARAMETERS
    base_models: ClassVar[tuple[BaseModel, ...]] = BASE_MODELS

    def probe(self) -> None:
        self._ask(lambda: self._client.fine_tuning.jobs.with_raw_response.list(limit=1))

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        name = path.name if path.suffix == ".jsonl" else f"{path.stem}.jsonl"
        with path.open("rb") as file:
            answer = self._ask(
                lambda: self._client.files.with_raw_response.create(file=(name, file), purpose=purpose)  # type: ignore[arg-type]
            )
        return _values.named(answer)

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """First by the list's metadata filter, then, for servers that ignore it, through the recent jobs."""
        jobs = self._client.fine_tuning.jobs.with_raw_response
        page = self._ask(lambda: jobs.list(limit=20, metadata={MARKER: marker}))
        return _openai_jobs.marked(page, marker, but=but) or self._search(marker, but=but)

    def _search(self, marker: str, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """The job among the recent ones, by its marker or, where one is given, by its training file."""
        jobs = self._client.fine_tuning.jobs.with_raw_response
        after: str | None = None
        for _ in range(5):
            cursor: dict[str, Any] = {} if after is None else {"after": after}
            page = self._ask(partial(jobs.list, limit=_PAGE, **cursor))
            if found := _openai_jobs.marked(page, marker, training_file, but):
                return found
            known = _wire.items(page)
            if not page.get("has_more") or not known:
                return None
            after = str(known[-1].get("id"))
        return None

    def create(self, order: Order) -> Created:
        body = self.body_of(order)
        answer = self._ask(lambda: self._client.fine_tuning.jobs.with_raw_response.create(**body), creating=True)
        return Created(_values.named(answer, creating=True), str(answer.get("status") or ""))

    def body_of(self, order: Order) -> dict[str, Any]:
        """What the client is asked to send for a job."""
        return _openai_jobs.body_of(order, suffix_max=self.capabilities.suffix_max)

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._ask(lambda: self._client.fine_tuning.jobs.with_raw_response.retrieve(job_id))
        raw_state = str(job.get("status") or "")
        state = self.states.get(raw_state)
        events = self._events(job_id, after_event, frozenset(have))
        # A new checkpoint comes with an event, so a job that has nothing new to say is not asked for more.
        early = state in (lifecycle.VALIDATING, lifecycle.QUEUED) or (bool(have) and not events)
        checkpoints = [] if early and state not in lifecycle.FINAL else self._checkpoints(job_id)
        points = {(p.step, p.name): p for entry in events for p in metrics.from_data(entry.data)}
        for checkpoint in checkpoints:
            for name, value in checkpoint.metrics.items():
                points.setdefault((checkpoint.step, name), metrics.Point(checkpoint.step, name, value))
        if state in lifecycle.FINAL:
            for point in self._results(job):
                points.setdefault((point.step, point.name), point)
        model, tokens = job.get("fine_tuned_model"), job.get("trained_tokens")
        return Report(
            state=state,
            raw_state=raw_state,
            events=events,
            points=sorted(points.values()),
            checkpoints=checkpoints,
            model=model if isinstance(model, str) and model else None,
            trained_tokens=tokens if isinstance(tokens, int) and 0 <= tokens < 2**63 else None,
            error=_wire.failure(job.get("error")),
            finished_at=_wire.moment(job.get("finished_at")),
            next_poll_hint=self.poll_seconds,
            raw=job,
            estimated_finish=_wire.moment(job.get("estimated_finish")),
        )

    def models(self) -> list[Listed]:
        return _openai_models.listed(self._ask(lambda: self._client.models.with_raw_response.list()))

    def cancel(self, job_id: str) -> str:
        return self._move(lambda: self._client.fine_tuning.jobs.with_raw_response.cancel(job_id))

    def pause(self, job_id: str) -> str:
        return self._move(lambda: self._client.fine_tuning.jobs.with_raw_response.pause(job_id))

    def resume(self, job_id: str) -> str:
        return self._move(lambda: self._client.fine_tuning.jobs.with_raw_response.resume(job_id))

    def serving(self, model: str, deployment: str = "") -> Serving:
        """Whether the model is still listed: a tuned model ends with its base model."""
        try:
            self._ask(lambda: self._client.models.with_raw_response.retrieve(model))
        except ProviderError as refusal:
            if refusal.kind != "missing":
                raise
            return Serving("gone", says=str(refusal.sentence))
        return Serving("ready")

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> Mapping[str, Any]:
        """Standard Webhooks; the body names the job, `{"type": …, "data": {"id": "ftjob-…"}}`, and nothing else."""
        try:
            standard_webhooks.verify(body, headers, secret=secret, now=now.timestamp())
        except standard_webhooks.BadSignature as error:
            raise ProviderError(Text("This message was not signed with the connection's secret."), "auth") from error
        return _wire.document(body)

    @classmethod
    def takes_temperature(cls, model: str) -> bool:
        return _openai_chat.takes_temperature(model)

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        completions: Any = self._client.chat.completions.with_raw_response
        body = self._asking(model, messages, decoding)
        try:
            answer = self._ask(lambda: completions.create(**body))
        except ProviderError as refusal:
            body = _spared(refusal, body)
            answer = self._ask(lambda: completions.create(**body))
            self._own_temperature.add(model)  # only now: a question that is refused all the same says nothing of it
        return replace(_values.reply(answer), left_out=_openai_chat.left_out(decoding, body))

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Pieces:
        return _values.pieces(self._streamed({**self._asking(model, messages, decoding), "stream": True}))

    def _asking(self, model: str, messages: Sequence[Mapping[str, Any]], decoding: Mapping[str, Any]) -> dict[str, Any]:
        taken = self.takes_temperature(model) and model not in self._own_temperature
        given = {name: value for name, value in decoding.items() if taken or name != "temperature"}
        return _openai_chat.body_of(model, messages, given, answer_limit=self.answer_limit)

    def _streamed(self, body: dict[str, Any]) -> Iterator[str]:
        """As `_lines`. A model refuses a question before its first line, so that none is passed on twice."""
        try:
            yield from self._lines(body)
        except ProviderError as refusal:
            for line in self._lines(_spared(refusal, body)):
                self._own_temperature.add(body["model"])
                yield line

    def _lines(self, body: dict[str, Any]) -> Iterator[str]:
        """The lines of a streamed answer as they arrive; read by us, like every answer."""
        completions: Any = self._client.chat.completions.with_streaming_response
        try:
            with self._heard(), completions.create(**body) as answer:
                for line in answer.iter_lines():
                    yield self._redacted(line.encode()).decode()
        except httpx2.HTTPError as error:
            raise _wire.unreached(error) from error

    def _events(self, job_id: str, after_event: str | None, have: frozenset[str]) -> list[EventIn]:
        """The new events, oldest first. The provider lists the newest first, so pages are read until a known one."""
        listing = self._client.fine_tuning.jobs.with_raw_response.list_events
        fresh: dict[str, EventIn] = {}
        after: str | None = None
        for _ in range(_MAX_PAGES):
            cursor: dict[str, Any] = {} if after is None else {"after": after}
            page = self._ask(partial(listing, job_id, limit=_PAGE, **cursor))
            entries = [_wire.event(item) for item in _wire.items(page)]
            seen = next((n for n, entry in enumerate(entries) if entry.id == after_event), len(entries))
            # To the end of the page: of events with one time, a new one may be listed below the newest we know.
            fresh.update({entry.id: entry for entry in entries if entry.id not in have and entry.id != after_event})
            if seen < len(entries) or not page.get("has_more") or not entries or entries[-1].id == after:
                break
            after = entries[-1].id
        return list(reversed(fresh.values()))

    def _checkpoints(self, job_id: str) -> list[CheckpointIn]:
        try:
            page = self._ask(
                lambda: self._client.fine_tuning.jobs.checkpoints.with_raw_response.list(job_id, limit=_PAGE)
            )
        except ProviderError as refusal:
            if refusal.kind in ("missing", "request"):
                return []  # some servers and methods have none, and say so with an error
            raise
        found = [checkpoint for item in _wire.items(page) if (checkpoint := _wire.checkpoint(item)) is not None]
        return sorted(found, key=lambda checkpoint: checkpoint.step)

    def _results(self, job: Mapping[str, Any]) -> list[metrics.Point]:
        """The figures of the result files. They complete the events; without them the job is no less finished."""
        points: list[metrics.Point] = []
        files = job.get("result_files")
        named = [one for one in files if isinstance(one, str) and one] if isinstance(files, list) else []
        for file_id in named:
            try:
                content = self._send(partial(self._client.files.with_raw_response.content, file_id))
            except ProviderError:
                continue
            points += metrics.from_csv(content)
        return points


def _spared(refusal: ProviderError, body: Mapping[str, Any]) -> dict[str, Any]:
    """The question to put again. Raises the refusal where none is."""
    again = _openai_chat.without(refusal, body)
    if again is None:
        raise refusal
    return again


PROVIDER = OpenAI
