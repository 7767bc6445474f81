"""DashScope's wire: its paths, its words for states and refusals, pages, and everything under `output`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects._deploying import Deploying
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.wire import Call, Refused, Words, number, reply

_API, _CHAT = "/api/v1", "/compatible-mode/v1"
BEIJING = timezone(timedelta(hours=8))
_JOB = f"{_API}/fine-tunes/<job_id>"


class DashScopeWire(Deploying):
    """What files, jobs and deployments have in common."""

    name: ClassVar[str] = "dashscope"
    prefix: ClassVar[str] = "/dashscope"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", f"{_API}/files", "files.create"),
        ("GET", f"{_API}/files", "files.list"),
        ("GET", f"{_API}/files/<file_id>", "files.get"),
        ("DELETE", f"{_API}/files/<file_id>", "files.delete"),
        ("POST", f"{_API}/fine-tunes", "jobs.create"),
        ("GET", f"{_API}/fine-tunes", "jobs.list"),
        ("GET", _JOB, "jobs.get"),
        ("DELETE", _JOB, "jobs.delete"),
        ("POST", f"{_JOB}/cancel", "jobs.cancel"),
        ("GET", f"{_JOB}/logs", "jobs.events"),
        ("GET", f"{_JOB}/stream", "jobs.stream"),
        ("GET", f"{_JOB}/checkpoints", "jobs.checkpoints"),
        ("GET", f"{_JOB}/export/<checkpoint>", "jobs.export"),
        ("POST", f"{_API}/deployments", "deployments.create"),
        ("GET", f"{_API}/deployments", "deployments.list"),
        ("GET", f"{_API}/deployments/<deployment>", "deployments.get"),
        ("DELETE", f"{_API}/deployments/<deployment>", "deployments.delete"),
        ("GET", f"{_API}/models", "models.list"),
        ("GET", f"{_CHAT}/models", "models.get"),
        ("POST", f"{_CHAT}/chat/completions", "chat"),
    )
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, "InvalidParameter", "The request was refused before it was executed."),
        "unprocessable": Words(422, "InvalidParameter", "The request is understood and cannot be followed."),
        "too-large": Words(413, "InvalidParameter", "The file is larger than 300 MB."),
        "auth": Words(401, "InvalidApiKey", "Invalid API-key provided."),
        "closed": Words(403, "AccessDenied", "Fine-tuning is not available to this account."),
        "missing": Words(404, "NotFound", "Not found."),
        "state": Words(400, "UnsupportedOperation", "The job is in a state in which this is not possible."),
        "conflict": Words(409, "Conflict", "The job has changed its state in the meantime."),
        "rate": Words(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        "daily": Words(429, "Throttling", "Too many fine-tune job in running, please retry per day."),
        "quota": Words(429, "Throttling", "Only 20 fine-tune job in running or succeeded allowed per user."),
        "error": Words(500, "InternalError", "An internal error has occurred."),
        "gateway": Words(502, "InternalError", "Bad gateway."),
        "overloaded": Words(503, "ServiceUnavailable", "The service is temporarily unavailable."),
    }
    states: ClassVar[Mapping[str, str]] = {
        "validating": "PENDING",
        "queued": "QUEUING",
        "running": "RUNNING",
        "finishing": "RUNNING",
        "pausing": "SUSPENDED",
        "paused": "SUSPENDED",
        "cancelling": "CANCELING",
        "succeeded": "SUCCEEDED",
        "failed": "FAILED",
        "cancelled": "CANCELED",
    }
    failures: ClassVar[frozenset[str]] = frozenset({"FAILED"})
    kept: ClassVar[frozenset[str]] = frozenset(
        {"output", "data", "uploaded_files", "failed_uploads", "file_id", "name", "code", "message", "job_id",
         "job_name", "status", "training_file_ids", "jobs", "logs", "finetuned_output", "deployed_model",
         "deployments", "choices", "content"}
    )  # fmt: skip
    models: ClassVar[Mapping[str, str | None]] = dict.fromkeys(
        ("qwen3-0.6b", "qwen3-1.7b", "qwen3-8b", "qwen3-14b", "qwen3-32b", "qwen2.5-7b-instruct",
         "qwen2.5-14b-instruct", "qwen2.5-32b-instruct", "qwen2.5-72b-instruct")
    )  # fmt: skip

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        if request.path.startswith(self.prefix + _CHAT):  # the compatible mode is compatible in its errors, too
            return reply({"error": {"message": said.message, "type": said.code, "param": None, "code": said.code}},
                         said.status)  # fmt: skip
        return reply({"code": said.code, "message": said.message, "request_id": new_id("", 32)}, said.status)

    def _page(self, call: Call) -> tuple[int, int]:
        return number(call, "page_no", 1, low=1, high=10**6), number(call, "page_size", 10, low=1, high=100)

    @staticmethod
    def _out(output: object) -> Response:
        return reply({"request_id": new_id("", 32), "output": output})


def beijing_time(moment: float) -> str:
    """Beijing time without a zone, as its answers have it."""
    return datetime.fromtimestamp(moment, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
