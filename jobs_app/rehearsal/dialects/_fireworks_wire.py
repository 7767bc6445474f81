"""Fireworks' wire: paths under an account, verbs behind a colon, gRPC's words for what goes wrong, pages of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects._deploying import Deploying
from jobs_app.rehearsal.wire import Call, Refused, Words, number, reply

_ACCOUNT = "/v1/accounts/<account>"
KINDS = ("supervisedFineTuningJobs", "dpoJobs", "reinforcementFineTuningJobs")
_JOBS = f"{_ACCOUNT}/<any({', '.join(KINDS)}):kind>"
_GRPC = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 3, 422: 3, 429: 8, 500: 13, 502: 14, 503: 14}
_VERBS = {
    ("job", "cancel"): "jobs.cancel",
    ("job", "resume"): "jobs.resume",
    ("job", "getMetricsFileEndpoint"): "jobs.metrics",
    ("dataset", "upload"): "files.content",
    ("dataset", "getUploadEndpoint"): "files.endpoint",
    ("dataset", "validateUpload"): "files.validate",
}


class FireworksWire(Deploying):
    """What datasets, jobs and deployments have in common."""

    name: ClassVar[str] = "fireworks"
    prefix: ClassVar[str] = "/fireworks"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", f"{_ACCOUNT}/datasets", "files.create"),
        ("GET", f"{_ACCOUNT}/datasets", "files.list"),
        ("GET", f"{_ACCOUNT}/datasets/<dataset>", "files.get"),
        ("POST", f"{_ACCOUNT}/datasets/<dataset>", "files.verb"),
        ("DELETE", f"{_ACCOUNT}/datasets/<dataset>", "files.delete"),
        ("PUT", f"{_ACCOUNT}/signed/<dataset>/<file>", "files.put"),
        ("POST", _JOBS, "jobs.create"),
        ("GET", _JOBS, "jobs.list"),
        ("GET", f"{_JOBS}/<job>", "jobs.get"),
        ("POST", f"{_JOBS}/<job>", "jobs.verb"),
        ("DELETE", f"{_JOBS}/<job>", "jobs.delete"),
        ("GET", f"{_ACCOUNT}/signed/<job>/metrics.jsonl", "jobs.figures"),
        ("GET", f"{_ACCOUNT}/models", "models.list"),
        ("GET", f"{_ACCOUNT}/models/<model>", "models.get"),
        ("POST", f"{_ACCOUNT}/<any(deployments, deployedModels):kind>", "deployments.create"),
        ("GET", f"{_ACCOUNT}/<any(deployments, deployedModels):kind>", "deployments.list"),
        ("GET", f"{_ACCOUNT}/<any(deployments, deployedModels):kind>/<deployment>", "deployments.get"),
        ("DELETE", f"{_ACCOUNT}/<any(deployments, deployedModels):kind>/<deployment>", "deployments.delete"),
        ("POST", "/inference/v1/chat/completions", "chat"),
    )
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, "INVALID_ARGUMENT", "The request was refused before it was executed."),
        "unprocessable": Words(422, "INVALID_ARGUMENT", "The request is understood and cannot be followed."),
        "too-large": Words(413, "INVALID_ARGUMENT", "The file is too large for a direct upload."),
        "auth": Words(401, "UNAUTHENTICATED", "Invalid API key."),
        "closed": Words(403, "PERMISSION_DENIED", "Fine-tuning is not available to this account."),
        "missing": Words(404, "NOT_FOUND", "The resource was not found."),
        "state": Words(400, "FAILED_PRECONDITION", "The job is in a state in which this is not possible."),
        "conflict": Words(409, "ALREADY_EXISTS", "The resource already exists."),
        "rate": Words(429, "RESOURCE_EXHAUSTED", "Too many requests, please slow down."),
        "daily": Words(429, "RESOURCE_EXHAUSTED", "The quota of jobs per day is used up."),
        "quota": Words(412, "FAILED_PRECONDITION", "Account suspended, reached spending limit or past invoices."),
        "error": Words(500, "INTERNAL", "Internal error."),
        "gateway": Words(502, "UNAVAILABLE", "Bad gateway."),
        "overloaded": Words(503, "UNAVAILABLE", "The service is overloaded."),
    }
    states: ClassVar[Mapping[str, str]] = {
        "validating": "JOB_STATE_VALIDATING",
        "queued": "JOB_STATE_PENDING",
        "running": "JOB_STATE_RUNNING",
        "finishing": "JOB_STATE_WRITING_RESULTS",
        "pausing": "JOB_STATE_PAUSED",
        "paused": "JOB_STATE_PAUSED",
        "cancelling": "JOB_STATE_CANCELLING",
        "succeeded": "JOB_STATE_COMPLETED",
        "failed": "JOB_STATE_FAILED",
        "cancelled": "JOB_STATE_CANCELLED",
    }
    failures: ClassVar[frozenset[str]] = frozenset({"JOB_STATE_FAILED", "JOB_STATE_EXPIRED"})
    kept: ClassVar[frozenset[str]] = frozenset(
        {"name", "state", "outputModel", "dataset", "model", "baseModel", "choices", "message", "content",
         "deployedModels", "deployments", *KINDS}
    )  # fmt: skip
    models: ClassVar[Mapping[str, str | None]] = dict.fromkeys(
        f"accounts/fireworks/models/{name}"
        for name in ("qwen3-8b", "qwen3-14b", "qwen3-32b", "llama-v3p1-8b-instruct", "llama-v3p1-70b-instruct")
    )

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        if request.path.startswith(f"{self.prefix}/inference/"):
            error = {"message": said.message, "code": said.code, "object": "error", "type": "invalid_request_error"}
            return reply({"error": error}, said.status)
        code = 9 if said.code == "FAILED_PRECONDITION" else _GRPC[said.status]
        return reply({"code": code, "message": said.message, "details": []}, said.status)

    def station(self, request: Request, station: str, names: dict[str, str]) -> str:
        """`/datasets/ID:upload` and the like: the verb is in the last part of the path."""
        for noun in ("job", "dataset"):
            if noun in names and ":" in names[noun]:
                names[noun], _, verb = names[noun].partition(":")
                found = _VERBS.get((noun, verb))
                if found is None:
                    raise Refused("missing", f"Method {verb} not found")
                return found
        if station.endswith(".verb"):
            raise Refused("missing", "Method not found")
        return station

    def _listing(self, call: Call, key: str, items: list[dict[str, Any]]) -> Response:
        size = number(call, "pageSize", 50, low=1, high=200)
        start = number(call, "pageToken", 0, low=0, high=10**9)
        rest = start + size < len(items)
        return reply(
            {
                key: items[start : start + size],
                "nextPageToken": str(start + size) if rest else "",
                "totalSize": len(items),
            }
        )
