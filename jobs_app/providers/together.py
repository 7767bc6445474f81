"""Together AI, over plain JSON: its own paths for jobs, a price before the job, and a report on every uploaded file.

Sources: together 3.1.1 and 1.5.35, Together's API description of April 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from ftstudio.errors import Text
from jobs_app.core import lifecycle, metrics
from jobs_app.core.estimates import Billing
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _values
from jobs_app.providers._plain import PlainProvider
from jobs_app.providers._together_describes import BASE_MODELS, CAPABILITIES, PARAMETERS, SOURCE
from jobs_app.providers._together_order import asked, body_of, suffix_of
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    CheckpointIn,
    Created,
    ErrorKind,
    EventIn,
    Listed,
    Order,
    ProviderError,
    Quote,
    Report,
    Serving,
    Setting,
)

_LONGEST = 90 * 86400  # seconds that a run may still take; more is no guess
_REFUSED = frozenset({"FAILED", "INVALID_FORMAT"})
_ENDPOINTS: Mapping[str, str] = {
    "PENDING": "deploying",
    "STARTING": "deploying",
    "STARTED": "ready",
    "STOPPING": "undeployed",
    "STOPPED": "undeployed",
    "FAILED": "failed",
    "ERROR": "failed",
}
_FIGURES = {"train/global_step": "step", "train/loss": "train_loss", "eval/loss": "valid_loss"}
_LOUD = {"job_error": "error", "billing_limit": "error", "warning": "warning", "cancel_requested": "warning"}


class Together(PlainProvider):
    """See `base.Provider`. The marker is the job's suffix, the only thing of ours that the list of jobs shows."""

    name: ClassVar[str] = "together"
    label: ClassVar[Text] = Text("Together AI")
    profile: ClassVar[str] = "together"
    # n_epochs × training tokens + n_evals × validation tokens; rows that are not packed count as max_seq_length each.
    billing: ClassVar[Billing] = Billing(SOURCE, evaluations=True, padding=True)
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "supervised": ("together-sft",),
        "dpo": ("openai-preference",),
    }
    default_base_url: ClassVar[str] = "https://api.together.ai/v1"
    hosts: ClassVar[tuple[str, ...]] = ("api.together.ai", "api.together.xyz")
    poll_seconds: ClassVar[float] = 20.0
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("credential", Text("API key"), secret=True, help=Text("It is stored encrypted.")),
        Setting("base_url", Text("Base URL"), default=default_base_url),
    )
    states: ClassVar[Mapping[str, str]] = {
        "pending": lifecycle.QUEUED,
        "queued": lifecycle.QUEUED,
        "running": lifecycle.RUNNING,
        "compressing": lifecycle.RUNNING,
        "uploading": lifecycle.RUNNING,
        "cancel_requested": lifecycle.CANCELLING,
        "cancelled": lifecycle.CANCELLED,
        "completed": lifecycle.SUCCEEDED,
        "error": lifecycle.FAILED,
        "user_error": lifecycle.FAILED,
    }
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    parameters: ClassVar[tuple[Parameter, ...]] = PARAMETERS
    base_models: ClassVar[tuple[BaseModel, ...]] = BASE_MODELS
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        "invalid_api_key": "auth",
        "insufficient_quota": "quota",
        "insufficient_credits": "quota",
        "billing_limit": "quota",
    }

    def probe(self) -> None:
        _values.listing(self._rest.send("GET", "/fine-tunes"), "data")

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        name = path.name if path.suffix == ".jsonl" else f"{path.stem}.jsonl"
        form = {"purpose": purpose, "file_name": name, "file_type": "jsonl"}
        return _values.named(self._rest.upload("/files/upload", path, name=name, form=form))

    def is_ready(self, file_id: str) -> bool:
        file = self._rest.ask("GET", f"/files/{_values.part(file_id)}")
        status = _values.text(file.get("processing_status")).upper()
        report = _values.mapping(file.get("validation_report"))
        if status in _REFUSED or report.get("valid") is False:
            says = _values.text(report.get("error")) or _values.text(report.get("error_type")) or status
            raise ProviderError(Text("The provider refuses the file. {says}", says=says[:300]), "request")
        if status:
            return status == "COMPLETED"
        return file.get("Processed") is not False  # how older answers say it

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        carried = suffix_of(marker)
        for job in _values.listing(self._rest.send("GET", "/fine-tunes"), "data"):
            if training_file not in ("", job.get("training_file")) or job.get("id") in but:
                continue
            suffix, output = _values.text(job.get("suffix")), _values.text(job.get("model_output_name"))
            # A list that shows neither leaves the file, which was uploaded for this one attempt.
            if suffix == carried or carried in output or (training_file and not suffix and not output):
                return Created(_values.named(job), _values.text(job.get("status")))
        return None

    def create(self, order: Order) -> Created:
        answer = self._rest.ask("POST", "/fine-tunes", json=body_of(order), creating=True)
        return Created(_values.named(answer, creating=True), _values.text(answer.get("status")))

    def quote(self, order: Order) -> Quote | None:
        """Its estimate, which needs the file to be ready. What the account may not spend is refused as "quota"."""
        body = asked(order)
        if order.validation_file:
            body["validation_file"] = order.validation_file
        answer = self._rest.ask("POST", "/fine-tunes/estimate-price", json=body)
        if answer.get("estimation_available") is False:
            return None
        cost = _values.money(answer.get("estimated_total_price"))
        if answer.get("allowed_to_proceed") is False:
            raise ProviderError(
                Text(
                    "The provider estimates {cost} USD, which is more than the account may spend ({limit} USD).",
                    cost=str(cost) if cost is not None else "?",
                    limit=str(_values.money(answer.get("user_limit")) or "?"),
                ),
                "quota",
            )
        train = _values.count(answer.get("estimated_train_token_count"))
        evaluated = _values.count(answer.get("estimated_eval_token_count"))
        tokens = None if train is None else train + (evaluated or 0)
        return Quote(cost=cost, currency="USD", tokens=tokens, raw=answer)

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._rest.ask("GET", _job(job_id))
        raw_state = _values.text(job.get("status"))
        state = self.states.get(raw_state)
        log = self._events(job_id)
        begun = state not in (lifecycle.VALIDATING, lifecycle.QUEUED)
        model = _values.text(job.get("model_output_name"))  # named from the start, there only in the end
        return Report(
            state=state,
            raw_state=raw_state,
            events=_values.fresh(log, after_event, have),
            points=self._points(job_id) if begun else [],
            checkpoints=self._checkpoints(job_id) if begun else [],
            model=model if state == lifecycle.SUCCEEDED and model else None,
            trained_tokens=_values.count(job.get("token_count")),
            error=_reason(log) if state == lifecycle.FAILED else None,
            finished_at=_values.instant(job.get("updated_at")) if state in lifecycle.FINAL else None,
            next_poll_hint=self.poll_seconds,
            raw=job,
            estimated_finish=_finish(job) if state == lifecycle.RUNNING else None,
        )

    def cancel(self, job_id: str) -> str:
        return _values.text(self._rest.ask("POST", f"{_job(job_id)}/cancel", json={}).get("status"))

    def models(self) -> Sequence[Listed]:
        """The models that can be tuned, as the provider lists them."""
        found = _values.listing(self._rest.send("GET", "/fine-tunes/models/supported"), "models", "data")
        names = ((_values.text(item.get("name")) or _values.text(item.get("id")), item) for item in found)
        return [Listed(name, raw=item) for name, item in names if name]

    def deploy(self, model: str, name: str) -> Serving:
        raise ProviderError(
            Text(
                "Together serves a tuned model from a dedicated endpoint, which is billed by the minute and needs a "
                "choice of hardware. Start one for {model} in its console; this page then finds it.",
                model=model,
            ),
            "request",
        )

    def serving(self, model: str, deployment: str = "") -> Serving:
        """What its dedicated endpoints say of the model; the best of several counts."""
        order = ("ready", "deploying", "failed", "undeployed")
        found: list[Serving] = []
        for endpoint in _values.listing(self._rest.send("GET", "/endpoints", params={"type": "dedicated"}), "data"):
            name, state = _values.text(endpoint.get("name")), _values.text(endpoint.get("state"))
            if model in (endpoint.get("model"), name) or (deployment and deployment == name):
                found.append(Serving(_ENDPOINTS.get(state.upper(), "deploying"), name, state))
        return min(found, key=lambda serving: order.index(serving.state), default=Serving("undeployed"))

    def _events(self, job_id: str) -> list[EventIn]:
        """The whole log, oldest first. Its events have no ids, so each is known by its content."""
        entries: dict[str, EventIn] = {}
        for item in _values.listing(self._rest.send("GET", f"{_job(job_id)}/events"), "data"):
            kind, message = _values.text(item.get("type")).lower(), _values.text(item.get("message"))
            about = (item.get("created_at"), kind, message, item.get("step"))
            entry = EventIn(
                id=_values.digest(*about),
                at=_values.instant(item.get("created_at")) or _values.EPOCH,
                level=_LOUD.get(kind) or _values.level(item.get("level")),
                message=message or kind,
                raw=item,
            )
            entries.setdefault(entry.id, entry)
        return _values.oldest_first(entries.values())

    def _points(self, job_id: str) -> list[metrics.Point]:
        points: dict[tuple[int, str], metrics.Point] = {}
        for row in self._rows(f"{_job(job_id)}/metrics", "metrics", "data", "rows"):
            data = {_FIGURES.get(key, key.rpartition("/")[2]): value for key, value in row.items()}
            points |= {(point.step, point.name): point for point in metrics.from_data(data)}
        return sorted(points.values())

    def _checkpoints(self, job_id: str) -> list[CheckpointIn]:
        """One for each step; training goes on from `JOB:STEP`, and an endpoint can be made of it."""
        found: dict[int, CheckpointIn] = {}
        for item in self._rows(f"{_job(job_id)}/checkpoints", "data", "checkpoints"):
            step = _values.count(item.get("step"))
            if step is not None:
                at = _values.instant(item.get("created_at")) or _values.EPOCH
                found.setdefault(step, CheckpointIn(f"{job_id}:{step}", step, f"{job_id}:{step}", at))
        return [found[step] for step in sorted(found)]

    def _rows(self, path: str, *keys: str) -> list[dict[str, Any]]:
        """A list that a job may not have (yet): without it the job is no less what it is."""
        try:
            return _values.listing(self._rest.send("GET", path), *keys)
        except ProviderError as refusal:
            if refusal.kind in ("missing", "request"):
                return []
            raise


PROVIDER = Together


def _job(job_id: str) -> str:
    return f"/fine-tunes/{_values.part(job_id)}"


def _finish(job: Mapping[str, Any]) -> datetime | None:
    """Its guess of the end, which it gives as the seconds that are left."""
    progress = _values.mapping(job.get("progress"))
    left = _values.count(progress.get("seconds_remaining"))
    if left is None or left > _LONGEST or progress.get("estimate_available") is False:
        return None
    return datetime.now(UTC) + timedelta(seconds=left)


def _reason(log: Sequence[EventIn]) -> str | None:
    """Why a job has failed: its last loud line, for the job itself does not say."""
    return next((entry.message for entry in reversed(log) if entry.level == "error"), None)
