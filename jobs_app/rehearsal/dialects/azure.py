"""Azure OpenAI: OpenAI's wire with its own words, files that are looked at first, 201 for what is new, deployments.

Base URL: `/azure/openai/v1` (the paths without `/v1`, with an `api-version`, are the same stations). Deployments are
made through the management API, which lies at the same prefix here: `/azure/subscriptions/…`. Give the same key as
`api-key` and as token, then both see the same jobs.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal import chat
from jobs_app.rehearsal.dialects._deploying import Deploying
from jobs_app.rehearsal.dialects.base import owner_of
from jobs_app.rehearsal.dialects.openai import OpenAI
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment, Job, Stored
from jobs_app.rehearsal.training_files import checked, is_broken
from jobs_app.rehearsal.wire import Call, Refused, Words, reply

_ARM = (
    "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.CognitiveServices/accounts/<account>"
    "/deployments"
)
_BASES = ("/openai/v1", "/openai")
_ENTRA = "rehearsal.entra."
_STATES = {"ready": "Succeeded", "deploying": "Creating", "failed": "Failed"}


class Azure(OpenAI, Deploying):
    """What is not said here is as in OpenAI's dialect."""

    name: ClassVar[str] = "azure"
    prefix: ClassVar[str] = "/azure"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        *((method, base + path, station) for base in _BASES for method, path, station in OpenAI.routes),
        *(("POST", f"{base}/files/import", "files.create") for base in _BASES),
        ("POST", "/openai/deployments/<deployment>/chat/completions", "chat"),
        ("GET", _ARM, "deployments.list"),
        ("PUT", f"{_ARM}/<deployment>", "deployments.create"),
        ("GET", f"{_ARM}/<deployment>", "deployments.get"),
        ("DELETE", f"{_ARM}/<deployment>", "deployments.delete"),
        ("POST", "/<tenant>/oauth2/v2.0/token", "token"),
    )  # fmt: skip
    words: ClassVar[Mapping[str, Words]] = {
        "request": Words(400, "invalidPayload", "The request was refused before it was executed."),
        "unprocessable": Words(422, "invalidPayload", "The request is understood and cannot be followed."),
        "too-large": Words(413, "invalidPayload", "The file is larger than 512 MB."),
        "auth": Words(401, "unauthorized", "Access denied due to invalid subscription key or wrong API endpoint."),
        "closed": Words(403, "forbidden", "Fine-tuning is not enabled for this account."),
        "missing": Words(404, "notFound", "The specified resource was not found."),
        "state": Words(400, "unexpectedEntityState", "The resource is in a state in which this is not possible."),
        "conflict": Words(409, "conflict", "The resource has changed its state in the meantime."),
        "rate": Words(429, "tooManyRequests", "Too many requests. Please retry later."),
        "daily": Words(429, "daily_rate_limit_exceeded", "The limit of fine-tuning jobs per day is reached."),
        "quota": Words(429, "insufficient_quota", "You exceeded your current quota."),
        "error": Words(500, "internalFailure", "An internal error has occurred."),
        "gateway": Words(502, "serviceUnavailable", "Bad gateway."),
        "overloaded": Words(503, "serviceUnavailable", "The service is temporarily unavailable."),
    }
    states: ClassVar[Mapping[str, str]] = {
        **OpenAI.states,
        "validating": "created",
        "queued": "pending",
        "pausing": "running",
    }
    kept: ClassVar[frozenset[str]] = OpenAI.kept | {"properties", "provisioningState", "name"}
    models: ClassVar[Mapping[str, str | None]] = {
        name: until for name, until in OpenAI.models.items() if name.startswith("gpt")
    }
    job_prefix: ClassVar[str] = "ftjob-"
    results: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = (
        ("step", "train_loss", "train_mean_token_accuracy", "valid_loss", "validation_mean_token_accuracy",
         "full_valid_loss", "full_valid_mean_token_accuracy"),
        ("step", "train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy",
         "full_valid_loss", "full_valid_mean_token_accuracy"),
    )  # fmt: skip
    results_name: ClassVar[str] = "results.csv"
    made: ClassVar[int] = 201

    def failure(self, request: Request, refused: Refused) -> Response:
        said = self.said(refused)
        return reply({"error": {"code": said.code, "message": said.message, "innererror": {}}}, said.status)

    def owner(self, request: Request) -> str:
        if request.path.endswith("/oauth2/v2.0/token"):
            return owner_of(request.form.get("client_secret", ""))
        key = request.headers.get("api-key")
        if key is not None:
            return owner_of(key)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return owner_of(_opened(token.strip()) if scheme.lower() == "bearer" else "")

    def token(self, call: Call) -> Response:
        """Entra gives a token for a client's secret; ours is the secret in other letters."""
        secret = call.request.form.get("client_secret", "").strip()
        token = _ENTRA + base64.urlsafe_b64encode(secret.encode()).decode()
        return reply({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def files_create(self, call: Call) -> Response:
        if call.request.path.endswith("/files/import"):
            raise Refused("request", "A rehearsal fetches nothing from an address.", code="fileImportFailed")
        answer = super().files_create(call)
        answer.headers["Location"] = f"{call.request.base_url}/{(answer.get_json() or {}).get('id')}"
        return answer

    def check_first_line(self, line: bytes) -> None:
        """Azure looks at a file after it has taken it."""

    def file_status(self, file: Stored, now: float) -> tuple[str, str | None]:
        if not self.processed(file, now):
            age = now - file.created_at
            return ("pending" if age < self.stage.seconds * 0.005 else "running"), None
        found = checked(self.store.content(file), "training_file")
        if "failed-upload" in file.quirks or (file.purpose == "fine-tune" and is_broken(found)):
            says = str((found.error or {}).get("message", "The file could not be processed."))
            return "error", f"jsonlValidationFailed: {says}"
        return "processed", None

    def check_file(self, call: Call, param: str, file_id: str) -> None:
        super().check_file(call, param, file_id)
        status, _ = self.file_status(self.file(call, file_id), call.now)
        if status != "processed":
            raise Refused("request", f"The file {file_id} is {status}; it has to be processed first.", param=param)

    def new_model(self, sent: Mapping[str, Any]) -> str:
        name = f"{sent['model'].partition('.ft-')[0]}.ft-{secrets.token_hex(16)}"
        return f"{name}-{sent['suffix']}" if sent.get("suffix") else name

    def checkpoint_model(self, job: Job, step: int) -> str:
        return f"ftchkpt-{job.id.removeprefix(self.job_prefix)}-{step}"

    def show_job(self, call: Call, job: Job) -> dict[str, Any]:
        shown = super().show_job(call, job)
        return shown | {"trainingType": job.body.get("trainingType", "standard")}

    # Deployments: the management API

    def deployments_create(self, call: Call) -> Response:
        sent, name = call.sent, call.names["deployment"]
        model = ((sent.get("properties") or {}).get("model") or {}).get("name")
        if not isinstance(model, str):
            raise Refused("request", "properties.model.name is required.", code="InvalidResourceProperties")
        known = self.store.deployment(call.owner, self.name, name)
        self._deployable(call, model)
        found = self.deploy(call, name, model, {"sku": sent.get("sku"), "path": call.request.path})
        return reply(self._show(call, found), 200 if known else 201)

    def deployments_get(self, call: Call) -> Response:
        return reply(self._show(call, self.deployment(call, call.names["deployment"])))

    def deployments_list(self, call: Call) -> Response:
        return reply({"value": [self._show(call, one) for one in self.deployments(call)]})

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, call.names["deployment"])
        return Response(status=204)

    def chat(self, call: Call) -> Response:
        name = call.names.get("deployment")
        if name:
            call.sent["model"] = name
        return chat.complete(call, self.engine, lambda call, model: self.behind(call, model), self.seen(call))

    def _deployable(self, call: Call, model: str) -> Order | None:
        job_id, dash, step = model.removeprefix("ftchkpt-").rpartition("-")
        if not model.startswith("ftchkpt-") or not dash:
            return self.tuned(call, model)
        order = self.order(self.find(call, self.job_prefix + job_id))
        if all(str(one.step) != step for one in self.engine.checkpoints(order, call.now)):
            raise self.no_model(model)
        return order

    def tuned(self, call: Call, model: str) -> Order | None:
        return self._deployable(call, model) if model.startswith("ftchkpt-") else super().tuned(call, model)

    def _show(self, call: Call, found: Deployment) -> dict[str, Any]:
        state = _STATES[self.deployed(call, found)]
        return {
            "id": str(found.body.get("path", "")).removeprefix(self.prefix),
            "type": "Microsoft.CognitiveServices/accounts/deployments",
            "name": found.id,
            "sku": found.body.get("sku") or {"name": "standard", "capacity": 1},
            "properties": {
                "model": {"format": "OpenAI", "name": found.model, "version": "1"},
                "provisioningState": state,
            },
        }


DIALECT = Azure


def _opened(token: str) -> str:
    """The key behind a token of ours; a token that a person gave is the key itself."""
    if not token.startswith(_ENTRA):
        return token
    try:
        return base64.urlsafe_b64decode(token.removeprefix(_ENTRA)).decode()
    except ValueError:
        return ""
