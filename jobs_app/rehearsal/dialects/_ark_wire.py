"""Ark's wire: its actions, its words for states and refusals, who signs a request, the form of an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects import _ark_signature
from jobs_app.rehearsal.dialects._deploying import Deploying
from jobs_app.rehearsal.dialects.base import new_id, numeric, owner_of
from jobs_app.rehearsal.wire import Call, Refused, Words, reply

_VERSION = "2024-01-01"
_DATA, _STORE = "/api/v3", "/tos"
_ACTIONS = {
    "CreateModelCustomizationJob": "jobs.create",
    "GetModelCustomizationJob": "jobs.get",
    "ListModelCustomizationJobs": "jobs.list",
    "PauseModelCustomizationJob": "jobs.pause",
    "ResumeModelCustomizationJob": "jobs.resume",
    "TerminateModelCustomizationJob": "jobs.cancel",
    "DeleteModelCustomizationJob": "jobs.delete",
    "GetModelCustomizationJobMetrics": "jobs.events",
    "GetModelCustomizationJobMetricData": "jobs.metrics",
    "CreateEndpoint": "deployments.create",
    "GetEndpoint": "deployments.get",
    "ListEndpoints": "deployments.list",
    "DeleteEndpoint": "deployments.delete",
    "ListFoundationModels": "models.list",
    "GetFoundationModel": "models.get",
}


class ArkWire(Deploying):
    """What control plane, data plane and object store have in common."""

    name: ClassVar[str] = "ark"
    prefix: ClassVar[str] = "/ark"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("POST", "", "action"),
        ("POST", "/", "action"),
        ("POST", f"{_DATA}/chat/completions", "chat"),
        ("HEAD", f"{_STORE}/<bucket>", "files.list"),
        ("HEAD", f"{_STORE}/<bucket>/", "files.list"),
        ("PUT", f"{_STORE}/<bucket>/<path:key>", "files.create"),
        ("GET", f"{_STORE}/<bucket>/<path:key>", "files.get"),
        ("DELETE", f"{_STORE}/<bucket>/<path:key>", "files.delete"),
    )
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, "InvalidParameter", "The request was refused before it was executed."),
        "unprocessable": Words(422, "InvalidParameter", "The request is understood and cannot be followed."),
        "too-large": Words(413, "EntityTooLarge", "The object is too large."),
        "auth": Words(401, "AuthenticationError", "The credential is not accepted."),
        "closed": Words(403, "OperationDenied.ServiceNotOpen", "The fine-tuning service is not open to this account."),
        "missing": Words(404, "NotFound.ModelCustomizationJob", "The job was not found."),
        "state": Words(403, "OperationDenied.UnsupportedPhase", "The job is in a phase in which this is not possible."),
        "conflict": Words(403, "OperationDenied.InvalidState", "The job has changed its state in the meantime."),
        "rate": Words(429, "AccountRateLimitExceeded", "The requests of this account are limited."),
        "daily": Words(429, "QuotaExceeded", "The quota of jobs per day is used up."),
        "quota": Words(403, "OperationDenied.ServiceOverdue", "The account has an overdue balance."),
        "error": Words(500, "InternalServiceError", "The service has an internal error."),
        "gateway": Words(502, "InternalServiceError", "Bad gateway."),
        "overloaded": Words(503, "ServerOverloaded", "The service is overloaded."),
    }
    states: ClassVar[Mapping[str, str]] = {
        "validating": "Preprocessing",
        "queued": "Queued",
        "running": "Running",
        "finishing": "Running",
        "pausing": "Pausing",
        "paused": "Paused",
        "cancelling": "Terminating",
        "succeeded": "Completed",
        "failed": "Failed",
        "cancelled": "Terminated",
    }
    failures: ClassVar[frozenset[str]] = frozenset({"Failed"})
    kept: ClassVar[frozenset[str]] = frozenset(
        {"ResponseMetadata", "RequestId", "Result", "Id", "Items", "Status", "Phase", "Tags", "Key", "Value", "Outputs",
         "CustomModelId", "Name", "Metrics", "Metric", "Samples", "Step", "choices", "message", "content"}
    )  # fmt: skip
    models: ClassVar[Mapping[str, str | None]] = dict.fromkeys(
        ("doubao-seed-1-6-flash", "doubao-1-5-lite-32k", "doubao-1-5-pro-32k", "skylark2-lite-8k")
    )

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        if request.path.startswith(f"{self.prefix}{_DATA}"):
            error = {"code": said.code, "message": said.message, "param": refused.param or "", "type": ""}
            return reply({"error": error}, said.status)
        if request.path.startswith(f"{self.prefix}{_STORE}"):
            return reply({"Code": said.code, "Message": said.message, "RequestId": new_id("", 32)}, said.status)
        metadata = _metadata(request) | {"Error": {"Code": said.code, "Message": said.message}}
        return reply({"ResponseMetadata": metadata}, said.status)

    def station(self, request: Request, station: str, names: dict[str, str]) -> str:
        if station != "action":
            return station
        action = request.args.get("Action", "")
        if action not in _ACTIONS or request.args.get("Version") != _VERSION:
            raise Refused(
                "request", f"Could not find the action {action} of this version.", code="InvalidActionOrVersion"
            )
        return _ACTIONS[action]

    def owner(self, request: Request) -> str:
        if request.path.startswith(f"{self.prefix}{_DATA}"):
            return super().owner(request)
        key = _ark_signature.access_key(request)
        owner = owner_of(key)
        stored = request.path.startswith(f"{self.prefix}{_STORE}")
        digest = hashlib.sha256(request.get_data()).hexdigest()
        service = "tos" if stored else "ark"
        _ark_signature.verify(request, digest, secret=key, service=service, now=self.stage.wall())
        return owner

    def _page(self, call: Call, items: list[dict[str, Any]]) -> Response:
        page = max(1, int(numeric(call.sent.get("PageNumber")) or 1))
        size = max(1, min(100, int(numeric(call.sent.get("PageSize")) or 10)))
        shown = items[(page - 1) * size : page * size]
        return self._result(call, {"Items": shown, "TotalCount": len(items), "PageNumber": page, "PageSize": size})

    @staticmethod
    def _result(call: Call, result: Mapping[str, Any]) -> Response:
        return reply({"ResponseMetadata": _metadata(call.request), "Result": result})


def _metadata(request: Request) -> dict[str, str]:
    return {
        "RequestId": new_id("", 32),
        "Action": request.args.get("Action", ""),
        "Version": request.args.get("Version", ""),
        "Service": "ark",
        "Region": "cn-beijing",
    }
