"""Volcengine Ark: signed actions in PascalCase, training files in an object store, metrics by name, endpoints.

Control plane `/ark/` (`?Action=…&Version=2024-01-01`), data plane `/ark/api/v3`, object store `/ark/tos`. Access key,
secret key and API key are one and the same text here, `rehearsal-…`: then all three see the same jobs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, ClassVar

import orjson
from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects import _ark_signature
from jobs_app.rehearsal.dialects.base import Dialect, multiplier, new_id, numeric, owner_of
from jobs_app.rehearsal.engine import FAILED, SUCCEEDED, Order, Progress
from jobs_app.rehearsal.kept import Deployment, Job
from jobs_app.rehearsal.wire import Call, Refused, Words, iso, reply

_VERSION = "2024-01-01"
_DATASETS, _MADE_UP = "data sets of the platform", 60  # rows
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
_TYPES = ("FinetuneSft", "FinetuneLoRA", "Pretrain", "DPO", "DPOLoRA", "GRPO", "GRPOLoRA", "PPO", "OPD", "OPDLoRA")
_NAME = re.compile(r"[\w-]{1,200}")
_METRICS = {
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "full_valid_loss",
    "valid_accuracy": "full_valid_mean_token_accuracy",
}
_USUAL_RATE = {"FinetuneLoRA": 1e-4, "DPOLoRA": 1e-5}


class Ark(Dialect):
    """The phases before and while running are those of its batch jobs; no document names them."""

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

    # The object store

    def files_create(self, call: Call) -> Response:
        bucket, key = call.names["bucket"], call.names["key"]
        self.keep_file(
            call, file_id=_object_id(call.owner, bucket, key), name=f"{bucket}/{key}", purpose="object",
            content=BytesIO(call.request.get_data()),
        )  # fmt: skip
        return Response(status=200, headers={"ETag": '"rehearsal"'})

    def files_list(self, call: Call) -> Response:
        """Whether there is such a bucket: every one that is asked for."""
        return Response(status=200)

    def files_get(self, call: Call) -> Response:
        file = self.file(call, _object_id(call.owner, call.names["bucket"], call.names["key"]))
        return Response(self.store.path(file.id).read_bytes(), content_type="application/octet-stream")

    def files_delete(self, call: Call) -> Response:
        self.store.delete_file(call.owner, _object_id(call.owner, call.names["bucket"], call.names["key"]))
        return Response(status=204)

    # Jobs

    def jobs_create(self, call: Call) -> Response:
        sent = call.sent
        self._check(call, sent)
        tags = {str(tag.get("Key")): str(tag.get("Value")) for tag in sent.get("Tags") or ()}
        job_id = new_id(f"mcj-{datetime.fromtimestamp(call.now, UTC):%Y%m%d%H%M%S}-", 5)
        marker = tags.get("ftstudio_key") or next(iter(tags.values()), "") or str(sent["Name"])
        job = self.add_job(call, job_id=job_id, body=sent, model=f"cm-{job_id[4:]}", marker=marker)
        return self._result(call, {"Id": job.id})

    def jobs_get(self, call: Call) -> Response:
        return self._result(call, self._show(call, self._of(call)))

    def jobs_list(self, call: Call) -> Response:
        sent = call.sent
        wanted = sent.get("Filter") or {}
        tags = {str(tag.get("Key")): set(tag.get("Values") or ()) for tag in sent.get("TagFilters") or ()}
        shown = []
        for job in self.listed(call):
            mine = {str(tag.get("Key")): tag.get("Value") for tag in job.body.get("Tags") or ()}
            if any(mine.get(key) not in values for key, values in tags.items()):
                continue
            if str(wanted.get("Name") or "") not in str(job.body["Name"]) or job.id not in (
                wanted.get("Ids") or [job.id]
            ):
                continue
            item = self._show(call, job)
            if item["Status"]["Phase"] in (wanted.get("Phases") or [item["Status"]["Phase"]]):
                shown.append(item)
        if sent.get("SortOrder") == "Asc":
            shown.reverse()
        return self._page(call, shown)

    def jobs_pause(self, call: Call) -> Response:
        return self._moved(call, "pause")

    def jobs_resume(self, call: Call) -> Response:
        return self._moved(call, "resume")

    def jobs_cancel(self, call: Call) -> Response:
        return self._moved(call, "cancel-slowly")

    def jobs_delete(self, call: Call) -> Response:
        job = self._of(call)
        if not self.look(job, call.now).final:
            raise Refused("state")
        self.store.delete_job(call.owner, job.id)
        return self._result(call, {})

    def jobs_events(self, call: Call) -> Response:
        """The names of the curves that a job has."""
        job = self._of(call, "ModelCustomizationJobId")
        known = {key for entry in self.log(job, call.now) if entry.is_metrics for key in entry.data or ()}
        return self._result(call, {"Metrics": [name for name, key in _METRICS.items() if key in known]})

    def jobs_metrics(self, call: Call) -> Response:
        job, sent = self._of(call, "ModelCustomizationJobId"), call.sent
        first, last = numeric(sent.get("FromStep", 0)) or 0, numeric(sent.get("ToStep")) or float("inf")
        most = int(numeric(sent.get("MaxMetricPoint")) or 1000)
        log = [entry.data for entry in self.log(job, call.now) if entry.is_metrics and entry.data is not None]
        items = []
        for name in sent.get("Metrics") or ():
            key = _METRICS.get(name, "")
            samples = [
                {"Step": data["step"], "Value": data[key]}
                for data in log
                if key in data and first <= data["step"] <= last
            ]
            items.append({"Metric": name, "Samples": samples[:most]})
        return self._result(call, {"Items": items})

    def order(self, job: Job) -> Order:
        def make() -> Order:
            sent = job.body
            data = sent["Data"]
            given = {item.get("Name"): item.get("Value") for item in sent.get("Hyperparameters") or ()}
            other = self._paths(job.owner, data.get("ValidationSet") or {})
            usual = _USUAL_RATE.get(sent["CustomizationType"], 1e-5)
            return self.ordered(
                job,
                training=self._paths(job.owner, data.get("TrainingSet") or {})
                or [_object_id(job.owner, _DATASETS, str(one["DatasetId"])) for one in data["Datasets"]],
                validation=other[0] if other else None,
                base_model=_base(sent),
                settings={
                    "n_epochs": numeric(given.get("epoch", 1)),
                    "batch_size": numeric(given.get("batch_size")),
                    "learning_rate_multiplier": multiplier(given.get("learning_rate"), usual),
                },
                seed=None,
                split=(numeric(data.get("ValidationPercentage")) or 0) / 100,
            )

        return self.remembered(job, make)

    def _check(self, call: Call, sent: Mapping[str, Any]) -> None:
        if not isinstance(sent.get("Name"), str) or not _NAME.fullmatch(sent["Name"]):
            raise Refused("request", "The parameter Name is missing or not valid.", code="InvalidParameter.Name")
        if sent.get("CustomizationType") not in _TYPES:
            raise Refused("request", "The type is not supported.", code="OperationDenied.UnsupportedCustomizationType")
        if not _base(sent):
            raise Refused("request", "ModelReference names no model.", code="MissingParameter.ModelReference")
        data = sent.get("Data")
        if not isinstance(data, dict) or not (data.get("TrainingSet") or data.get("Datasets")):
            raise Refused("request", "Data names no training set.", code="MissingParameter.Data")
        for dataset in data.get("Datasets") or ():
            self._made_up(call, str(dataset.get("DatasetId") or ""))
        if data.get("ValidationSet") and data.get("ValidationPercentage"):
            raise Refused("closed", "Both a set and a percentage.", code="OperationDenied.ConflictedValidationSet")
        for key in ("TrainingSet", "ValidationSet"):
            for file_id in self._paths(call.owner, data.get(key) or {}):
                if self.store.file(call.owner, file_id) is None:
                    raise Refused(
                        "request", f"An object of {key} was not found.", code="InvalidParameter.TosURLInvalid"
                    )
        given = sent.get("Hyperparameters") or []
        names = [item.get("Name") for item in given]
        if len(set(names)) != len(names) or not all(isinstance(item.get("Value"), str) for item in given):
            raise Refused("request", "Names are unique, values are text.", code="InvalidParameter.Hyperparameters")
        keys = [tag.get("Key") for tag in sent.get("Tags") or ()]
        if len(set(keys)) != len(keys):
            raise Refused("request", "A tag is there twice.", code="Duplicate.Tags.Key")

    def _made_up(self, call: Call, dataset: str) -> None:
        """Data sets of the platform are made in its console; the stage has each that is named, with made-up rows."""
        if not dataset:
            raise Refused("missing", "A data set has no id.", code="NotFound.Dataset")
        file_id = _object_id(call.owner, _DATASETS, dataset)
        if self.store.file(call.owner, file_id) is None:
            rows = (
                {
                    "messages": [
                        {"role": role, "content": f"{role}: row {n} of {dataset}"} for role in ("user", "assistant")
                    ]
                }
                for n in range(_MADE_UP)
            )
            content = BytesIO(b"\n".join(orjson.dumps(row) for row in rows))
            self.keep_file(call, file_id=file_id, name=dataset, purpose="dataset", content=content)

    @staticmethod
    def _paths(owner: str, where: Mapping[str, Any]) -> list[str]:
        bucket = str(where.get("TosBucket") or "")
        paths = [str(path).removeprefix(f"tos://{bucket}/") for path in where.get("TosPaths") or ()]
        return [_object_id(owner, bucket, path) for path in paths]

    def _of(self, call: Call, key: str = "Id") -> Job:
        return self.find(call, str(call.sent.get(key) or ""))

    def _moved(self, call: Call, verb: str) -> Response:
        self.control(call, self._of(call).id, verb)
        return self._result(call, {})

    def _show(self, call: Call, job: Job) -> dict[str, Any]:
        progress = self.look(job, call.now)
        says = str((progress.error or {}).get("message", "")) if progress.status == FAILED else ""
        outputs = self._outputs(call, job, progress)
        sent = {key: value for key, value in job.body.items() if key != "Description"}
        return {
            **sent,
            "Id": job.id,
            "Outputs": outputs,
            "PublishedOutputCount": sum(1 for one in outputs if one["CustomModelId"]),
            "TotalOutputCount": len(outputs),
            "Reason": says,
            "CreateTime": iso(job.created_at),
            "UpdateTime": iso(min(call.now, progress.finished_at or call.now)),
            "Status": {
                "Phase": self.state(call, job, progress),
                "PhaseTime": iso(self._since(job, progress)),
                "Message": says,
                "QueuePosition": 1 if progress.status == "queued" else 0,
                "Resumable": progress.status == "paused",
                "RetryCount": 0,
                "RetryLimit": 3,
                "BillableTokens": progress.trained_tokens or 0,
                "TrainingTokensPerEpoch": progress.tokens,
            },
        }

    @staticmethod
    def _since(job: Job, progress: Progress) -> float:
        """When the phase began, as far as the stage knows: it stays the same while the phase does."""
        if progress.finished_at is not None:
            return progress.finished_at
        if job.controls:
            return job.controls[-1][0]
        starts = {"queued": 0.08, "running": 0.18, "finishing": 0.18}
        return job.created_at + job.seconds * starts.get(progress.status, 0.0)

    def _outputs(self, call: Call, job: Job, progress: Progress) -> list[dict[str, Any]]:
        """What was saved; in the rehearsal everything is exported to a custom model when the job is done."""
        limit = int(job.body.get("SaveModelLimit") or 1)
        saved = self.engine.checkpoints(self.order(job), call.now)[-limit:]
        done = progress.status == SUCCEEDED and "no-model" not in job.quirks
        found = []
        for index, one in enumerate(saved):
            last = index == len(saved) - 1
            custom = (job.model if last else f"{job.model}-{one.step}") if done else ""
            found.append(
                {
                    "CustomModelId": custom,
                    "CustomModelCreateTimeUnix": int(one.at),
                    "Index": index,
                    "Name": f"global_step_{one.step}",
                    "Status": "Exported" if custom else "Available",
                }
            )
        return found

    # Models and endpoints

    def models_list(self, call: Call) -> Response:
        return self._page(call, [{"Name": name, "ShutdownDate": until} for name, until in self.models.items()])

    def models_get(self, call: Call) -> Response:
        name = str(call.sent.get("Name") or "")
        if name not in self.models:
            raise self.no_model(name)
        return self._result(call, {"Name": name, "ShutdownDate": self.models[name]})

    def deployments_create(self, call: Call) -> Response:
        sent = call.sent
        reference = sent.get("ModelReference") or {}
        model = reference.get("CustomModelId") or (reference.get("FoundationModel") or {}).get("Name")
        if not isinstance(model, str):
            raise Refused("request", "ModelReference names no model.", code="MissingParameter.ModelReference")
        self.tuned(call, model)
        name = new_id(f"ep-{datetime.fromtimestamp(call.now, UTC):%Y%m%d%H%M%S}-", 5)
        return self._result(call, {"Id": self.deploy(call, name, model, sent).id})

    def deployments_get(self, call: Call) -> Response:
        return self._result(call, self._endpoint(call, self.deployment(call, str(call.sent.get("Id") or ""))))

    def deployments_list(self, call: Call) -> Response:
        wanted = (call.sent.get("Filter") or {}).get("CustomModelIds")
        found = self.deployments(call)
        return self._page(call, [self._endpoint(call, one) for one in found if one.model in (wanted or [one.model])])

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self.deployment(call, str(call.sent.get("Id") or "")).id)
        return self._result(call, {})

    def model_order(self, call: Call, model: str) -> Order | None:
        return None if model in self.models else self.behind(call, model)

    def tuned(self, call: Call, model: str) -> Order | None:
        """A custom model: the last output of a job, or an earlier one by its step."""
        if model in self.models or self.store.job_of_model(call.owner, model) is not None:
            return super().tuned(call, model)
        return super().tuned(call, model.rpartition("-")[0])

    @staticmethod
    def no_model(model: str) -> Refused:
        says = f"The model or endpoint {model} does not exist or you do not have access to it."
        return Refused("missing", says, code="InvalidEndpointOrModel.NotFound")

    def _endpoint(self, call: Call, found: Deployment) -> dict[str, Any]:
        states = {"ready": "Running", "deploying": "Scheduling", "failed": "Abnormal"}
        return {
            "Id": found.id,
            "Name": found.body.get("Name"),
            "ModelReference": found.body.get("ModelReference"),
            "Status": states[self.deployed(call, found)],
            "CreateTime": iso(found.created_at),
        }

    def _page(self, call: Call, items: list[dict[str, Any]]) -> Response:
        page = max(1, int(numeric(call.sent.get("PageNumber")) or 1))
        size = max(1, min(100, int(numeric(call.sent.get("PageSize")) or 10)))
        shown = items[(page - 1) * size : page * size]
        return self._result(call, {"Items": shown, "TotalCount": len(items), "PageNumber": page, "PageSize": size})

    @staticmethod
    def _result(call: Call, result: Mapping[str, Any]) -> Response:
        return reply({"ResponseMetadata": _metadata(call.request), "Result": result})


DIALECT = Ark


def _metadata(request: Request) -> dict[str, str]:
    return {
        "RequestId": new_id("", 32),
        "Action": request.args.get("Action", ""),
        "Version": request.args.get("Version", ""),
        "Service": "ark",
        "Region": "cn-beijing",
    }


def _base(sent: Mapping[str, Any]) -> str:
    reference = sent.get("ModelReference") or {}
    return str(reference.get("CustomModelId") or (reference.get("FoundationModel") or {}).get("Name") or "")


def _object_id(owner: str, bucket: str, key: str) -> str:
    """An object of a bucket, as a file of the store: keys are free text, ids are not."""
    return f"tos-{hashlib.sha256(f'{owner}/{bucket}/{key}'.encode()).hexdigest()[:32]}"
