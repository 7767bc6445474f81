"""OpenAI's wire: its paths, its words for states and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects import _results
from jobs_app.rehearsal.dialects.base import Dialect
from jobs_app.rehearsal.wire import Refused, Words, reply

_BAD = "invalid_request_error"
_DAILY = (
    "This fine-tune request has been rate-limited. Your organization has reached the maximum of 8 fine-tuning requests "
    "per day for the model 'rehearsal-small'."
)
_JOB = "/fine_tuning/jobs/<job_id>"


class OpenAIWire(Dialect):
    """What files, jobs and models have in common."""

    name: ClassVar[str] = "openai"
    prefix: ClassVar[str] = "/v1"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", "/models", "models.list"),
        ("GET", "/models/<path:model>", "models.get"),
        ("POST", "/chat/completions", "chat"),
        ("POST", "/files", "files.create"),
        ("GET", "/files", "files.list"),
        ("GET", "/files/<file_id>", "files.get"),
        ("DELETE", "/files/<file_id>", "files.delete"),
        ("GET", "/files/<file_id>/content", "files.content"),
        ("POST", "/fine_tuning/jobs", "jobs.create"),
        ("GET", "/fine_tuning/jobs", "jobs.list"),
        ("GET", _JOB, "jobs.get"),
        ("POST", f"{_JOB}/cancel", "jobs.cancel"),
        ("POST", f"{_JOB}/pause", "jobs.pause"),
        ("POST", f"{_JOB}/resume", "jobs.resume"),
        ("GET", f"{_JOB}/events", "jobs.events"),
        ("GET", f"{_JOB}/checkpoints", "jobs.checkpoints"),
    )
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, None, "The request was refused before it was executed.", _BAD),
        "unprocessable": Words(422, None, "The request is understood and cannot be followed.", _BAD),
        "too-large": Words(413, None, "The file is larger than 512 MB.", _BAD),
        "auth": Words(401, "invalid_api_key", "Incorrect API key provided.", _BAD),
        "closed": Words(403, "fine_tuning_closed", "Fine-tuning is no longer available to your organization.", _BAD),
        "missing": Words(404, None, "Could not find fine tune: gone", _BAD),
        "state": Words(400, "invalid_state", "The job is in a state in which this is not possible.", _BAD),
        "conflict": Words(409, "conflict", "The job has changed its state in the meantime.", _BAD),
        "rate": Words(429, "rate_limit_exceeded", "Rate limit reached.", "requests"),
        "daily": Words(429, "daily_rate_limit_exceeded", _DAILY, _BAD),
        "quota": Words(429, "insufficient_quota", "You exceeded your current quota.", "insufficient_quota"),
        "error": Words(500, None, "The server had an error while processing your request.", "server_error"),
        "gateway": Words(502, None, "Bad gateway.", "server_error"),
        "overloaded": Words(503, None, "The engine is currently overloaded.", "server_error"),
    }
    states: ClassVar[Mapping[str, str]] = {
        "validating": "validating_files",
        "queued": "queued",
        "running": "running",
        "finishing": "running",
        "pausing": "pausing",
        "paused": "paused",
        "cancelling": "running",
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "cancelled",
    }
    kept: ClassVar[frozenset[str]] = frozenset(
        {"id", "object", "status", "data", "has_more", "fine_tuned_model", "metadata", "ftstudio_key", "choices",
         "message", "content", "step_number", "fine_tuned_model_checkpoint", "created_at"}
    )  # fmt: skip
    models: ClassVar[Mapping[str, str | None]] = {
        "rehearsal-small": None,
        "rehearsal-large": None,
        "gpt-4.1-mini-2025-04-14": "2027-01-14",
        "gpt-4.1-2025-04-14": "2027-01-14",
        "gpt-4o-mini-2024-07-18": "2027-01-14",
        "gpt-4o-2024-08-06": "2027-01-14",
    }
    job_prefix: ClassVar[str] = "ftjob-"
    results: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = (_results.COLUMNS, _results.KEYS)
    results_name: ClassVar[str] = "step_metrics.csv"
    made: ClassVar[int] = 200  # the status of an answer about something new

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        error = {"message": said.message, "type": said.kind, "param": refused.param, "code": said.code or None}
        return reply({"error": error}, said.status)
