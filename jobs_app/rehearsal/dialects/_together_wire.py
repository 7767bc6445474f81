"""Together's wire: its paths, its words for states and refusals, the lines of a log and of a table of figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects._deploying import Deploying
from jobs_app.rehearsal.engine import Entry
from jobs_app.rehearsal.wire import Refused, Words, iso, reply

_JOB = "/fine-tunes/<job_id>"
_BAD = "invalid_request_error"
_TYPES = (
    ("Created fine-tuning job", "job_pending"),
    ("Validating training file", "training_data_downloading"),
    ("Files validated", "training_data_download_complete"),
    ("Fine-tuning job started", "training_start"),
    ("Checkpoint created", "checkpoint_save"),
    ("Rehearsal", "warning"),
    ("Step", "epoch_complete"),
    ("Fine-tuning job paused", "job_stopped"),
    ("Fine-tuning job cancelled", "cancel_requested"),
    ("New fine-tuned model", "model_upload_complete"),
    ("The job has successfully", "job_complete"),
)


class TogetherWire(Deploying):
    """What files, jobs and endpoints have in common."""

    name: ClassVar[str] = "together"
    prefix: ClassVar[str] = "/together/v1"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", "/models", "models.list"),
        ("POST", "/chat/completions", "chat"),
        ("POST", "/files/upload", "files.create"),
        ("GET", "/files", "files.list"),
        ("GET", "/files/<file_id>", "files.get"),
        ("DELETE", "/files/<file_id>", "files.delete"),
        ("GET", "/files/<file_id>/content", "files.content"),
        ("POST", "/fine-tunes", "jobs.create"),
        ("GET", "/fine-tunes", "jobs.list"),
        ("POST", "/fine-tunes/estimate-price", "estimate"),
        ("GET", "/fine-tunes/models/limits", "limits"),
        ("GET", "/fine-tunes/models/supported", "models.get"),
        ("GET", _JOB, "jobs.get"),
        ("DELETE", _JOB, "jobs.delete"),
        ("POST", f"{_JOB}/cancel", "jobs.cancel"),
        ("GET", f"{_JOB}/events", "jobs.events"),
        ("GET", f"{_JOB}/checkpoints", "jobs.checkpoints"),
        ("GET", f"{_JOB}/metrics", "jobs.metrics"),
        ("POST", "/endpoints", "deployments.create"),
        ("GET", "/endpoints", "deployments.list"),
        ("GET", "/endpoints/<endpoint>", "deployments.get"),
        ("DELETE", "/endpoints/<endpoint>", "deployments.delete"),
    )
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, None, "The request was refused before it was executed.", _BAD),
        "unprocessable": Words(422, None, "The request is understood and cannot be followed.", _BAD),
        "too-large": Words(413, None, "The file is too large.", _BAD),
        "auth": Words(401, "invalid_api_key", "Invalid API key provided.", _BAD),
        "closed": Words(403, None, "Fine-tuning is not available to your account.", _BAD),
        "missing": Words(404, None, "Not found.", _BAD),
        "state": Words(400, None, "The job is in a state in which this is not possible.", _BAD),
        "conflict": Words(409, None, "The job has changed its state in the meantime.", _BAD),
        "rate": Words(429, "rate_limit", "You are being rate limited.", "rate_limit"),
        "daily": Words(429, "daily_rate_limit_exceeded", "The limit of jobs per day is reached.", "rate_limit"),
        "quota": Words(402, "insufficient_credits", "Your account has no credit left.", "credit_limit"),
        "error": Words(500, None, "Internal server error.", "server_error"),
        "gateway": Words(502, None, "Bad gateway.", "server_error"),
        "overloaded": Words(503, None, "The service is overloaded.", "service_unavailable"),
    }
    states: ClassVar[Mapping[str, str]] = {
        "validating": "pending",
        "queued": "queued",
        "running": "running",
        "finishing": "compressing",
        "pausing": "running",
        "paused": "running",
        "cancelling": "cancel_requested",
        "succeeded": "completed",
        "failed": "error",
        "cancelled": "cancelled",
    }
    failures: ClassVar[frozenset[str]] = frozenset({"error", "user_error"})
    kept: ClassVar[frozenset[str]] = frozenset(
        {"id", "status", "data", "training_file", "suffix", "model_output_name", "message", "state", "name", "choices",
         "content", "processing_status"}
    )  # fmt: skip
    models: ClassVar[Mapping[str, str | None]] = {
        "Qwen/Qwen2.5-7B-Instruct": None,
        "Qwen/Qwen2.5-14B-Instruct": None,
        "meta-llama/Meta-Llama-3.1-8B-Instruct-Reference": None,
        "meta-llama/Meta-Llama-3.1-70B-Instruct-Reference": None,
    }

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        error = {"message": said.message, "type": said.kind, "param": refused.param, "code": said.code}
        return reply({"error": error}, said.status)


def marks_an_epoch(entry: Entry) -> bool:
    return entry.data is not None and "full_valid_loss" in entry.data


def event_of(entry: Entry) -> dict[str, Any]:
    kind = next((kind for start, kind in _TYPES if entry.message.startswith(start)), "job_error")
    data = entry.data or {}
    return {
        "object": "fine-tune-event",
        "created_at": iso(entry.at),
        "level": {"warn": "legacy_iwarning"}.get(entry.level, entry.level),
        "message": entry.message,
        "type": kind,
        "step": data.get("step", 0),
        "total_steps": data.get("total_steps", 0),
        "hash": "",
    }


def row_of(data: Mapping[str, Any], rate: Any) -> dict[str, Any]:
    row = {"train/global_step": data["step"], "train/loss": data["train_loss"], "train/learning_rate": rate}
    row["train/grad_norm"] = round(0.4 + data["train_loss"] / 3, 5)
    if (loss := data.get("full_valid_loss", data.get("valid_loss"))) is not None:
        row["eval/loss"] = loss
    return row
