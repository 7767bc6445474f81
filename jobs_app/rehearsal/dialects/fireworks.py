"""Fireworks: resources under an account, ids that the client chooses, gRPC's words for what goes wrong, no log.

Base URL: `/fireworks/v1`; chat below `/fireworks/inference/v1`. Verbs stand behind a colon: `…/ID:cancel`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects.base import Dialect, multiplier, new_id, numeric
from jobs_app.rehearsal.engine import FAILED, Order, Progress
from jobs_app.rehearsal.kept import Deployment, Job, Stored
from jobs_app.rehearsal.training_files import checked, is_broken
from jobs_app.rehearsal.wire import Call, Refused, Words, iso, number, reply

_ACCOUNT = "/v1/accounts/<account>"
_KINDS = ("supervisedFineTuningJobs", "dpoJobs", "reinforcementFineTuningJobs")
_ID_OF = {kind: f"{kind[:-1]}Id" for kind in _KINDS}
_JOBS = f"{_ACCOUNT}/<any({', '.join(_KINDS)}):kind>"
_ID = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")
_GRPC = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 3, 422: 3, 429: 8, 500: 13, 502: 14, 503: 14}
_VERBS = {
    ("job", "cancel"): "jobs.cancel",
    ("job", "resume"): "jobs.resume",
    ("job", "getMetricsFileEndpoint"): "jobs.metrics",
    ("dataset", "upload"): "files.content",
    ("dataset", "getUploadEndpoint"): "files.endpoint",
    ("dataset", "validateUpload"): "files.validate",
}
_PER_MILLION = 0.5  # USD, models up to 16B on an older price page
_USUAL_RATE = 1e-4
_CREATING = 0.03  # of a job's time: the first of it


class Fireworks(Dialect):
    """A second create with the same id is a 409: nothing is ever done twice."""

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
         "deployedModels", "deployments", *_KINDS}
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

    # Datasets

    def files_create(self, call: Call) -> Response:
        """The resource; its content follows."""
        sent, account = call.sent, call.names["account"]
        name = str(sent.get("datasetId") or "")
        if not _ID.fullmatch(name):
            raise Refused("request", "datasetId must be lower-case letters, digits and hyphens")
        if self.store.file(call.owner, self._file_id(call, name)) is not None:
            raise Refused("conflict", f"Dataset {name} already exists")
        about = dict(sent.get("dataset") or {})
        file = self.keep_file(
            call, file_id=self._file_id(call, name), name=name, purpose="dataset", content=BytesIO(), about=about,
            account=account, sent_at=None,
        )  # fmt: skip
        return reply(self._show_dataset(call, file))

    def files_content(self, call: Call) -> Response:
        """`:upload`, one file in a form."""
        upload = call.request.files.get("file")
        if upload is None:
            raise Refused("request", "file is required")
        return self._filled(call, upload.stream)

    def files_endpoint(self, call: Call) -> Response:
        dataset = self._dataset(call)
        where = f"{call.request.root_url.rstrip('/')}{self.prefix}/v1/accounts/{call.names['account']}/signed"
        wanted = call.sent.get("filenameToSize") or {}
        return reply({"filenameToSignedUrls": {name: f"{where}/{dataset.name}/{name}" for name in wanted}})

    def files_put(self, call: Call) -> Response:
        return self._filled(call, call.request.stream)

    def files_validate(self, call: Call) -> Response:
        self._dataset(call)
        return reply({})

    def files_list(self, call: Call) -> Response:
        return self._listing(
            call, "datasets", [self._show_dataset(call, f) for f in self.store.files(call.owner, self.name)]
        )

    def files_get(self, call: Call) -> Response:
        return reply(self._show_dataset(call, self._dataset(call)))

    def files_delete(self, call: Call) -> Response:
        self.store.delete_file(call.owner, self._dataset(call).id)
        return reply({})

    def _filled(self, call: Call, content: Any) -> Response:
        known = self._dataset(call)
        file = self.store.add_file(
            owner=call.owner, dialect=self.name, file_id=known.id, name=known.name, purpose=known.purpose,
            content=content, now=call.now,
        )  # fmt: skip
        self.store.keep_with(file.id, {**known.extra, "sent_at": call.now})
        return reply({})

    def _dataset(self, call: Call) -> Stored:
        return self.file(call, self._file_id(call, call.names["dataset"]))

    @staticmethod
    def _file_id(call: Call, name: str) -> str:
        """Ids of datasets are chosen by clients and ours are not: they are told apart by the key and the account."""
        return f"dataset-{call.owner[:12]}-{re.sub('[^A-Za-z0-9_-]', '_', call.names['account'])}-{name[:80]}"

    def _dataset_state(self, file: Stored, now: float) -> str:
        sent_at = file.extra.get("sent_at")
        ready = sent_at is not None and now >= sent_at + self.stage.seconds * 0.02
        return "READY" if ready and "never-processed" not in file.quirks else "UPLOADING"

    def _show_dataset(self, call: Call, file: Stored) -> dict[str, Any]:
        state = self._dataset_state(file, call.now)
        status = {"code": "OK", "message": ""}
        if state == "READY":
            found = checked(self.store.content(file), "training_file")
            if "failed-upload" in file.quirks or is_broken(found):
                says = str((found.error or {}).get("message", "The file could not be read."))
                status = {"code": "INVALID_ARGUMENT", "message": says}
        return {
            **file.extra.get("about", {}),
            "name": f"accounts/{file.extra.get('account')}/datasets/{file.name}",
            "createTime": iso(file.created_at),
            "state": state,
            "status": status,
        }

    # Jobs

    def jobs_create(self, call: Call) -> Response:
        sent, kind, account = call.sent, call.names["kind"], call.names["account"]
        chosen = call.request.args.get(_ID_OF[kind]) or new_id("", 12)
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", chosen):
            raise Refused("request", f"{_ID_OF[kind]} must be lower-case letters, digits and hyphens")
        training = sent.get("trainingConfig") if kind == "dpoJobs" else sent
        base = (training or {}).get("baseModel") or (training or {}).get("warmStartFrom")
        if not isinstance(base, str):
            raise Refused("request", "one of baseModel and warmStartFrom is required")
        for key in ("dataset", "evaluationDataset"):
            if key in sent or key == "dataset":
                file = self.store.file(call.owner, self._file_named(call.owner, str(sent.get(key))))
                if file is None:
                    raise Refused("missing", f"{key} {sent.get(key)} not found")
                if self._dataset_state(file, call.now) != "READY":
                    raise Refused("state", f"{key} {sent[key]} is not READY")
        model = str((training or {}).get("outputModel") or f"accounts/{account}/models/{chosen}")
        job = self.add_job(
            call,
            job_id=self._job_id(call, chosen),
            body={**sent, "_kind": kind, "_account": account, "_name": chosen},
            model=f"{model}-{new_id('', 6)}" if self.store.is_taken(model) else model,
            marker=chosen,
        )
        return reply(self._show(call, job))

    def jobs_list(self, call: Call) -> Response:
        jobs = [
            self._show(call, job)
            for job in self.listed(call)
            if (job.body["_kind"], job.body["_account"]) == (call.names["kind"], call.names["account"])
        ]
        wanted = re.search(r"state\s*=\s*\"?(\w+)", call.request.args.get("filter", ""))
        shown = [job for job in jobs if wanted is None or job["state"] in (wanted[1], f"JOB_STATE_{wanted[1]}")]
        return self._listing(call, call.names["kind"], shown)

    def jobs_get(self, call: Call) -> Response:
        return reply(self._show(call, self._job(call)))

    def jobs_cancel(self, call: Call) -> Response:
        self.control(call, self._job(call).id, "cancel-slowly")
        return reply({})

    def jobs_resume(self, call: Call) -> Response:
        return reply(self._show(call, self.control(call, self._job(call).id, "resume")))

    def jobs_delete(self, call: Call) -> Response:
        self.store.delete_job(call.owner, self._job(call).id)
        return reply({})

    def jobs_metrics(self, call: Call) -> Response:
        return reply({"signedUrl": self._signed(call, self._job(call))})

    def jobs_figures(self, call: Call) -> Response:
        """What lies at the signed address: a JSON object for each step."""
        job = self.find(call, self._job_id(call, call.names["job"]))
        lines = [
            json.dumps({"step": entry.data["step"], "train/loss": entry.data["train_loss"],
                        **({"eval/loss": entry.data["full_valid_loss"]} if "full_valid_loss" in entry.data else {})})
            for entry in self.log(job, call.now)
            if entry.is_metrics and entry.data is not None
        ]  # fmt: skip
        return Response("\n".join(lines) + "\n", content_type="application/jsonl")

    def order(self, job: Job) -> Order:
        def make() -> Order:
            sent = job.body
            training = sent.get("trainingConfig") or sent
            names = [
                self._file_named(job.owner, str(sent[key])) for key in ("dataset", "evaluationDataset") if sent.get(key)
            ]
            return self.ordered(
                job,
                training=names[:1],
                validation=names[1] if len(names) > 1 else None,
                base_model=str(training.get("baseModel") or training.get("warmStartFrom")),
                settings={
                    "n_epochs": numeric(training.get("epochs", 1)),
                    "batch_size": numeric(training.get("batchSizeSamples")),
                    "learning_rate_multiplier": multiplier(training.get("learningRate"), _USUAL_RATE),
                },
                seed=None,
                split=0.1 if sent.get("evalAutoCarveout") else 0.0,
            )

        return self.remembered(job, make)

    def state(self, call: Call, job: Job, progress: Progress) -> str:
        if progress.status == "validating" and not call.word and call.now < job.created_at + job.seconds * _CREATING:
            return "JOB_STATE_CREATING"
        if progress.status == "queued" and progress.share > 0 and not call.word:
            return "JOB_STATE_RE_QUEUEING"
        return super().state(call, job, progress)

    def _job(self, call: Call) -> Job:
        job = self.find(call, self._job_id(call, call.names["job"]))
        if job.body["_kind"] != call.names.get("kind", job.body["_kind"]):
            raise Refused("missing")
        return job

    @staticmethod
    def _job_id(call: Call, chosen: str) -> str:
        return f"fw-{call.owner[:12]}-{call.names['account'][:40]}-{chosen}"

    @staticmethod
    def _file_named(owner: str, resource: str) -> str:
        """The file behind accounts/A/datasets/D."""
        parts = resource.split("/")
        account, name = (parts[1], parts[3]) if len(parts) == 4 else ("", parts[-1])
        return f"dataset-{owner[:12]}-{re.sub('[^A-Za-z0-9_-]', '_', account)}-{name[:80]}"

    def _signed(self, call: Call, job: Job) -> str:
        where = f"{call.request.root_url.rstrip('/')}{self.prefix}/v1/accounts/{job.body['_account']}/signed"
        return f"{where}/{job.body['_name']}/metrics.jsonl"

    def _show(self, call: Call, job: Job) -> dict[str, Any]:
        progress = self.look(job, call.now)
        sent = {key: value for key, value in job.body.items() if not key.startswith("_")}
        failed = progress.status == FAILED
        cents = progress.tokens * int(progress.settings.get("n_epochs") or 1) * _PER_MILLION / 1e6
        where = f"accounts/{job.body['_account']}/{job.body['_kind']}/{job.body['_name']}"
        started = progress.started_at is not None and progress.share > 0
        return {
            **sent,
            "name": where,
            "createTime": iso(job.created_at),
            "completedTime": iso(progress.finished_at),
            "createdBy": "rehearsal",
            "state": self.state(call, job, progress),
            "status": {
                "code": "INVALID_ARGUMENT" if failed else "OK",
                "message": str((progress.error or {}).get("message", "")),
            },
            "outputModel": None if "no-model" in job.quirks else job.model,
            "jobProgress": {
                "percent": int(progress.share * 100),
                "epoch": int(progress.share * (progress.settings.get("n_epochs") or 0)),
            },
            "estimatedCost": {"currencyCode": "USD", "units": str(int(cents)), "nanos": int(cents % 1 * 1e9)},
            "metricsFileSignedUrl": self._signed(call, job) if started else "",
            "trainerLogsSignedUrl": "",
        }

    # Models and deployments

    def models_list(self, call: Call) -> Response:
        found = [{"name": name, "kind": "HF_BASE_MODEL", "state": "READY", "tunable": True, "shutdown_date": until}
                 for name, until in self.models.items()]  # fmt: skip
        return self._listing(call, "models", found)

    def models_get(self, call: Call) -> Response:
        name = f"accounts/{call.names['account']}/models/{call.names['model']}"
        self.tuned(call, name)
        return reply({"name": name, "state": "READY"})

    def deployments_create(self, call: Call) -> Response:
        sent, kind = call.sent, call.names["kind"]
        model = sent.get("baseModel") if kind == "deployments" else sent.get("model")
        if not isinstance(model, str):
            raise Refused("request", "the model is required")
        self.tuned(call, model)
        chosen = call.request.args.get("deploymentId") or new_id("", 8)
        name = f"accounts/{call.names['account']}/{kind}/{chosen}"
        if self.store.deployment(call.owner, self.name, name) is not None:
            raise Refused("conflict", f"{name} already exists")
        return reply(self._deployment(call, self.deploy(call, name, model, sent)))

    def deployments_list(self, call: Call) -> Response:
        kind = call.names["kind"]
        start = f"accounts/{call.names['account']}/{kind}/"
        found = [one for one in self.deployments(call) if one.id.startswith(start)]
        return self._listing(call, kind, [self._deployment(call, one) for one in found])

    def deployments_get(self, call: Call) -> Response:
        return reply(self._deployment(call, self.deployment(call, self._resource(call))))

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self.deployment(call, self._resource(call)).id)
        return reply({})

    def model_order(self, call: Call, model: str) -> Order | None:
        """MODEL#DEPLOYMENT, or a model that has been loaded somewhere."""
        name, _, where = model.partition("#")
        if where:
            return self.behind(call, where)
        if name in self.models:
            return None
        found = next((one for one in self.store.deployments(call.owner, self.name) if one.model == name), None)
        if found is None:
            raise self.no_model(model)
        return self.behind(call, found.id)

    def _resource(self, call: Call) -> str:
        return f"accounts/{call.names['account']}/{call.names['kind']}/{call.names['deployment']}"

    def _deployment(self, call: Call, found: Deployment) -> dict[str, Any]:
        loaded = "/deployedModels/" in found.id
        states = {"ready": "DEPLOYED" if loaded else "READY", "deploying": "DEPLOYING" if loaded else "CREATING",
                  "failed": "FAILED"}  # fmt: skip
        return {
            "name": found.id,
            "displayName": found.body.get("displayName", ""),
            "createTime": iso(found.created_at),
            "model" if loaded else "baseModel": found.model,
            "deployment": found.body.get("deployment", ""),
            "state": states[self.deployed(call, found)],
            "status": {"code": "OK", "message": ""},
        }

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


DIALECT = Fireworks
