"""Alibaba Model Studio (百炼, DashScope): jobs by name, figures only in the lines of a log, and a deployment to call.

Sources: dashscope 2.0.2, help.aliyun.com model-studio (模型调优). An upload that is refused answers with HTTP 200.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _dashscope_log, _values
from jobs_app.providers._dashscope_describes import BASE_MODELS, CAPABILITIES, PARAMETERS
from jobs_app.providers._dashscope_order import body_of
from jobs_app.providers._plain import PlainProvider
from jobs_app.providers._rest import openai_error
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    CheckpointIn,
    Created,
    ErrorKind,
    EventIn,
    Order,
    ProviderError,
    Report,
    Serving,
    Setting,
)

_BEIJING = timezone(timedelta(hours=8))  # its times name no zone
_PAGE = 100
_PAGES = 10
_LINES = 1000  # of a log, in one answer
_READS = 20
_DEPLOYED: Mapping[str, str] = {"RUNNING": "ready", "FAILED": "failed", "STOPPED": "undeployed", "DELETED": "gone"}


class DashScope(PlainProvider):
    """See `base.Provider`. The marker is the job's name; where the list shows none, the fresh training file counts."""

    name: ClassVar[str] = "dashscope"
    label: ClassVar[Text] = Text("Alibaba Model Studio (DashScope)")
    profile: ClassVar[str] = "dashscope"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "supervised": ("dashscope-sft",),
        "dpo": ("dashscope-dpo",),
    }
    default_base_url: ClassVar[str] = "https://dashscope.aliyuncs.com/api/v1"
    # Beijing, where most models are tuned, and Singapore, where the documents of 2026 have the same interface.
    hosts: ClassVar[tuple[str, ...]] = ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com")
    poll_seconds: ClassVar[float] = 30.0
    concurrency: ClassVar[int | None] = 1  # further jobs wait in its queue, and too many of them are refused
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "credential",
            Text("API key"),
            secret=True,
            help=Text("A key of the address's region; most models are tuned in Beijing only."),
        ),
        Setting("base_url", Text("Base URL"), default=default_base_url),
        Setting(
            "workspace",
            Text("Workspace"),
            required=False,
            help=Text("The id of a workspace (llm-…) where the key's own one is not meant."),
        ),
    )
    states: ClassVar[Mapping[str, str]] = {
        "PENDING": lifecycle.QUEUED,
        "QUEUING": lifecycle.QUEUED,
        "RUNNING": lifecycle.RUNNING,
        "SUSPENDED": lifecycle.PAUSED,
        "CANCELING": lifecycle.CANCELLING,
        "SUCCEEDED": lifecycle.SUCCEEDED,
        "FAILED": lifecycle.FAILED,
        "CANCELED": lifecycle.CANCELLED,
    }
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    parameters: ClassVar[tuple[Parameter, ...]] = PARAMETERS
    passes_extras: ClassVar[bool] = True
    base_models: ClassVar[tuple[BaseModel, ...]] = BASE_MODELS
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        "InvalidApiKey": "auth",
        "InvalidParameter": "request",
        "UnsupportedOperation": "request",
        "NotFound": "missing",
        "Conflict": "conflict",
        "Arrearage": "quota",
        "Throttling": "rate",
        "Throttling.RateQuota": "rate",
        "AccessDenied": "closed",
        "Throttling.AllocationQuota": "rate",
        "never": "quota",
        "tomorrow": "daily",
    }

    @classmethod
    def headers(cls, options: Mapping[str, str]) -> Mapping[str, str]:
        workspace = options.get("workspace", "").strip()
        if not workspace:
            return {}
        if not re.fullmatch(r"[\w.-]{1,100}", workspace, re.ASCII):
            raise ProviderError(Text("The connection's workspace is none: it looks like llm-…."), "request")
        return {"X-DashScope-WorkSpace": workspace}

    @staticmethod
    def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
        """`{"code", "message"}`; the compatible chat has OpenAI's shape. One code stands for "wait", "tomorrow" and
        "never": only the sentence tells them apart."""
        code, says = openai_error(body)
        if code.startswith("Throttling") and (told := _dashscope_log.limit(says)):
            code = told
        return code, says

    @classmethod
    def chat_url(cls, base_url: str) -> str:
        return f"{base_url.rstrip('/').removesuffix('/api/v1')}/compatible-mode/v1"

    def probe(self) -> None:
        self._rest.ask("GET", "/fine-tunes", params={"page_no": 1, "page_size": 1})

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        """Under a name of its own each time, for names have to be unique in the account."""
        stem = re.sub(r"[^A-Za-z0-9_-]", "-", path.stem)[:60]
        form = {"purpose": purpose, "descriptions": "ftstudio"}
        name = f"{stem}-{secrets.token_hex(8)}.jsonl"
        answer = self._rest.upload("/files", path, field="files", name=name, form=form)
        data = _values.mapping(answer.get("data"))
        for refused in _values.objects(data, "failed_uploads"):
            code, says = self.code_of(refused)
            kind = self.codes.get(code, "request")
            raise ProviderError(Text("The provider refuses the file. {says}", says=(says or code)[:300]), kind)
        uploaded = _values.objects(data, "uploaded_files")
        return _values.named(uploaded[0] if uploaded else {}, "file_id")

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        for page in range(1, _PAGES + 1):
            output = self._output("GET", "/fine-tunes", params={"page_no": page, "page_size": _PAGE})
            jobs = _values.objects(output, "jobs", "data")
            for job in jobs:
                files = job.get("training_file_ids")
                if training_file and training_file not in (files if isinstance(files, list) else ()):
                    continue
                if job.get("job_id") in but:
                    continue
                # Some of its answers repeat the job's id as its name; then the file, fresh for this attempt, decides.
                nameless = job.get("job_name") in (None, "", job.get("job_id"))
                if job.get("job_name") == marker or (training_file and nameless):
                    return Created(_values.named(job, "job_id"), _values.text(job.get("status")))
            if len(jobs) < _PAGE:
                return None
        return None

    def create(self, order: Order) -> Created:
        output = self._output("POST", "/fine-tunes", json=body_of(order), creating=True)
        return Created(_values.named(output, "job_id", creating=True), _values.text(output.get("status")))

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._output("GET", _job(job_id))
        raw_state = _values.text(job.get("status"))
        state = self.states.get(raw_state)
        begun = state not in (lifecycle.VALIDATING, lifecycle.QUEUED)
        made = _values.instant(job.get("create_time"), _BEIJING) or _values.EPOCH
        log = self._log(job_id, after_event, have) if begun else []
        events = [_dashscope_log.event(n, line, made, _BEIJING) for n, line in log]
        model = _values.text(job.get("finetuned_output"))
        return Report(
            state=state,
            raw_state=raw_state,
            events=[entry for entry in events if entry.id not in have and entry.id != after_event],
            points=_dashscope_log.points(line for _, line in log),
            checkpoints=self._checkpoints(job_id) if begun else [],
            model=model if state == lifecycle.SUCCEEDED and model else None,  # its name is given before its success
            trained_tokens=_values.count(job.get("usage")),
            error=_reason(job, events) if state == lifecycle.FAILED else None,
            finished_at=_values.instant(job.get("end_time"), _BEIJING),
            next_poll_hint=self.poll_seconds,
            raw=job,
        )

    def cancel(self, job_id: str) -> str:
        """The answer is only "success": what became of the job, the next report says."""
        self._output("POST", f"{_job(job_id)}/cancel", json={})
        return "CANCELING"

    def deploy(self, model: str, name: str) -> Serving:
        """A deployment that is billed by the token (plan "lora"); models tuned in full need another plan."""
        suffix = name if re.fullmatch(r"[a-z0-9]{1,8}", name) else _values.digest(name)[:8]
        body = {"model_name": model, "plan": "lora", "capacity": 1, "suffix": suffix}
        try:
            return _serving(self._output("POST", "/deployments", json=body))
        except ProviderError as refusal:
            if refusal.kind != "conflict":
                raise
        return self.serving(model)

    def serving(self, model: str, deployment: str = "") -> Serving:
        """By the deployment's own name, which is the provider's; by the model where it is not known yet or any more."""
        says = ""
        if deployment:
            try:
                return _serving(self._output("GET", f"/deployments/{_values.part(deployment)}"))
            except ProviderError as refusal:
                if refusal.kind != "missing":
                    raise
                says = str(refusal.sentence)[:300]
        output = self._output("GET", "/deployments", params={"page_no": 1, "page_size": _PAGE})
        for item in _values.objects(output, "deployments", "data"):
            if model in (item.get("model_name"), item.get("deployed_model")):
                return _serving(item)
        return Serving("gone", says=says) if says else Serving("undeployed")

    def _output(self, method: str, path: str, *, creating: bool = False, **more: Any) -> Mapping[str, Any]:
        return _values.mapping(self._rest.ask(method, path, creating=creating, **more).get("output"))

    def _log(self, job_id: str, after_event: str | None, have: Collection[str]) -> list[tuple[int, str]]:
        """The lines of the log that are new, with their numbers; the last one known is read again."""
        known = [
            number for name in (*have, after_event or "") if (number := _dashscope_log.number_of(name)) is not None
        ]
        offset = max(known, default=0)
        lines: list[tuple[int, str]] = []
        for _ in range(_READS):
            try:
                output = self._output("GET", f"{_job(job_id)}/logs", params={"offset": offset, "line": _LINES})
            except ProviderError as refusal:
                if refusal.kind in ("missing", "request"):
                    break  # no log (yet)
                raise
            page = output.get("logs")
            fresh = [line for line in page if isinstance(line, str)] if isinstance(page, list) else []
            lines += [(offset + n, line) for n, line in enumerate(fresh)]
            if len(fresh) < _LINES:
                break
            offset += len(fresh)
        return lines

    def _checkpoints(self, job_id: str) -> list[CheckpointIn]:
        try:
            answer = self._rest.ask("GET", f"{_job(job_id)}/checkpoints")
        except ProviderError as refusal:
            if refusal.kind in ("missing", "request"):
                return []  # not every model has them
            raise
        output = answer.get("output")
        found: dict[str, CheckpointIn] = {}
        for item in _values.objects(output, "checkpoints", "data"):
            name = _values.text(item.get("checkpoint")) or _values.text(item.get("checkpoint_id"))
            digits = re.search(r"(\d{1,9})$", name, re.ASCII)
            step = _values.count(item.get("step"))
            step = int(digits.group(1)) if step is None and digits else step
            model = _values.text(item.get("model_name")) or _values.text(item.get("full_name")) or f"{job_id}:{name}"
            if name and step is not None:
                at = _values.instant(item.get("create_time"), _BEIJING) or _values.EPOCH
                found.setdefault(name, CheckpointIn(name[:200], step, model, at))
        return sorted(found.values(), key=lambda checkpoint: checkpoint.step)


PROVIDER = DashScope


def _job(job_id: str) -> str:
    return f"/fine-tunes/{_values.part(job_id)}"


def _serving(item: Mapping[str, Any]) -> Serving:
    says = _values.text(item.get("status"))
    return Serving(_DEPLOYED.get(says.upper(), "deploying"), _values.text(item.get("deployed_model")), says[:60])


def _reason(job: Mapping[str, Any], events: Sequence[EventIn]) -> str | None:
    """Why a job has failed: what it says itself, else the last loud line of its log."""
    says = _values.text(job.get("message")) or _values.text(job.get("error_message"))
    return says or next((entry.message for entry in reversed(events) if entry.level == "error"), None)
