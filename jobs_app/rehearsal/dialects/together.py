"""Together AI: its own paths for jobs, a report on every file, a price before the job, metrics by query.

Base URL: `/together/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects.base import Dialect, multiplier, new_id, numeric
from jobs_app.rehearsal.engine import SUCCEEDED, Entry, Order, Progress
from jobs_app.rehearsal.kept import Deployment, Job, Stored
from jobs_app.rehearsal.training_files import checked, is_broken
from jobs_app.rehearsal.wire import Call, Refused, Words, iso, reply

_JOB = "/fine-tunes/<job_id>"
_BAD = "invalid_request_error"
_PER_MILLION = 0.48  # USD, as its list of 2025 is remembered
_USUAL_RATE = 1e-5
_UPLOADING = 0.02  # of a job's time: the last of it
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


class Together(Dialect):
    """No cursor, no metadata: what is ours is only the suffix."""

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

    # Files

    def files_create(self, call: Call) -> Response:
        upload, form = call.request.files.get("file"), call.request.form
        if upload is None:
            raise Refused("request", "file is required", param="file")
        file = self.keep_file(
            call,
            file_id=new_id("file-"),
            name=form.get("file_name") or upload.filename or "file.jsonl",
            purpose=form.get("purpose", "fine-tune"),
            content=upload.stream,
        )
        return reply(self._show_file(file, call.now))

    def files_list(self, call: Call) -> Response:
        files = self.store.files(call.owner, self.name)
        return reply({"data": [self._show_file(file, call.now) for file in files]})

    def files_get(self, call: Call) -> Response:
        return reply(self._show_file(self.file(call, call.names["file_id"]), call.now))

    def files_delete(self, call: Call) -> Response:
        file = self.file(call, call.names["file_id"])
        self.store.delete_file(call.owner, file.id)
        return reply({"id": file.id, "deleted": True})

    def files_content(self, call: Call) -> Response:
        path = self.store.path(self.file(call, call.names["file_id"]).id)
        return Response(path.read_bytes(), content_type="application/octet-stream")

    def _show_file(self, file: Stored, now: float) -> dict[str, Any]:
        shown = {
            "id": file.id,
            "object": "file",
            "bytes": file.bytes,
            "created_at": int(file.created_at),
            "filename": file.name,
            "purpose": file.purpose,
            "FileType": "jsonl",
        }
        if not self.processed(file, now):
            status = "PENDING" if now < file.created_at + self.stage.seconds * 0.005 else "RUNNING"
            return {**shown, "Processed": False, "processing_status": status, "validation_report": None}
        found = checked(self.store.content(file), "training_file")
        bad = "failed-upload" in file.quirks or is_broken(found)
        says = str((found.error or {}).get("message", "The file could not be read.")) if bad else None
        report = {
            "valid": not bad,
            "error_type": "INVALID_FORMAT" if bad else None,
            "error": says,
            "nlines": found.rows,
            "dataset_format": "messages",
        }
        status = "INVALID_FORMAT" if bad else "COMPLETED"
        return {**shown, "Processed": True, "processing_status": status, "validation_report": report}

    # Jobs

    def jobs_create(self, call: Call) -> Response:
        sent = call.sent
        self._check(call, sent)
        suffix = str(sent.get("suffix") or "")
        if len(suffix) > 64:
            raise Refused("request", "suffix is at most 64 characters long", param="suffix")
        job_id = new_id("ft-", 32)
        base = str(sent.get("model") or "custom").rpartition("/")[2]
        model = f"rehearsal/{base}-{suffix + '-' if suffix else ''}{job_id[3:11]}"
        job = self.add_job(call, job_id=job_id, body=sent, model=model, marker=suffix)
        return reply(self._show(call, job))

    def jobs_list(self, call: Call) -> Response:
        return reply({"data": [self._show(call, job) for job in self.listed(call)]})

    def jobs_get(self, call: Call) -> Response:
        return reply(self._show(call, self.find(call, call.names["job_id"])))

    def jobs_cancel(self, call: Call) -> Response:
        return reply(self._show(call, self.control(call, call.names["job_id"], "cancel-slowly")))

    def jobs_delete(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        self.store.delete_job(call.owner, job.id)
        return reply({"message": f"{job.id} deleted"})

    def jobs_events(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        log = [entry for entry in self.log(job, call.now) if not entry.is_metrics or _marks_an_epoch(entry)]
        return reply({"data": [_event(entry) for entry in log]})

    def jobs_metrics(self, call: Call) -> Response:
        job, query = self.find(call, call.names["job_id"]), call.request.args
        first = numeric(query.get("global_step_from", "")) or 0
        last = numeric(query.get("global_step_to", "")) or float("inf")
        rate = job.body.get("learning_rate", _USUAL_RATE)
        rows = [
            _row(entry.data, rate)
            for entry in self.log(job, call.now)
            if entry.is_metrics and entry.data is not None and first <= entry.data["step"] <= last
        ]
        return reply({"metrics": rows})

    def jobs_checkpoints(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        saved = self.engine.checkpoints(self.order(job), call.now)
        data = [
            {"checkpoint_type": "Intermediate", "created_at": iso(one.at), "path": f"{job.id}:{one.step}",
             "step": one.step}
            for one in saved
        ]  # fmt: skip
        return reply({"data": data})

    def estimate(self, call: Call) -> Response:
        sent = call.sent
        self._check(call, sent)
        file = self.file(call, str(sent["training_file"]))
        if not self.processed(file, call.now):
            return reply({"estimation_available": False})
        tokens = checked(self.store.content(file), "training_file").tokens * int(sent.get("n_epochs") or 1)
        extra = 0
        if other := sent.get("validation_file"):
            found = checked(self.store.content(self.file(call, str(other))), "validation_file")
            extra = found.tokens * int(sent.get("n_evals") or 0)
        price = round((tokens + extra) * _PER_MILLION / 1e6, 6)
        return reply(
            {
                "estimation_available": True,
                "estimated_total_price": price,
                "allowed_to_proceed": True,
                "user_limit": 100.0,
                "estimated_train_token_count": tokens,
                "estimated_eval_token_count": extra,
            }
        )

    def limits(self, call: Call) -> Response:
        lora = {"max_batch_size": 128, "min_batch_size": 8, "max_rank": 64}
        return reply(
            {
                "model_name": call.request.args.get("model"),
                "max_num_epochs": 20,
                "max_num_evals": 100,
                "lora_training": lora,
            }
        )

    def order(self, job: Job) -> Order:
        def make() -> Order:
            sent = job.body
            batch = sent.get("batch_size")
            return self.ordered(
                job,
                training=[str(sent["training_file"])],
                validation=sent.get("validation_file"),
                base_model=str(sent.get("model") or sent.get("from_checkpoint")),
                settings={
                    "n_epochs": sent.get("n_epochs", 1),
                    "batch_size": batch if isinstance(batch, int) else None,
                    "learning_rate_multiplier": multiplier(sent.get("learning_rate"), _USUAL_RATE),
                },
                seed=sent.get("random_seed"),
            )

        return self.remembered(job, make)

    def state(self, call: Call, job: Job, progress: Progress) -> str:
        word = super().state(call, job, progress)
        ends = progress.estimated_finish
        late = ends is not None and call.now >= ends - job.seconds * _UPLOADING
        return "uploading" if word == "compressing" and late and not call.word else word

    def _check(self, call: Call, sent: Mapping[str, Any]) -> None:
        if not isinstance(sent.get("training_file"), str):
            raise Refused("request", "training_file is required", param="training_file")
        if not isinstance(sent.get("model") or sent.get("from_checkpoint"), str):
            raise Refused("request", "model or from_checkpoint is required", param="model")
        for key in ("training_file", "validation_file"):
            if sent.get(key) is not None and self.store.file(call.owner, str(sent[key])) is None:
                raise Refused("request", f"File {sent[key]} not found", param=key)
        epochs = sent.get("n_epochs", 1)
        if isinstance(epochs, bool) or not isinstance(epochs, int) or not 1 <= epochs <= 50:
            raise Refused("request", "n_epochs is a whole number of at least 1", param="n_epochs")

    def _show(self, call: Call, job: Job) -> dict[str, Any]:
        progress = self.look(job, call.now)
        done = progress.status == SUCCEEDED
        tokens = progress.trained_tokens
        left = None if progress.estimated_finish is None else max(0, int(progress.estimated_finish - call.now))
        return {
            **job.body,
            "id": job.id,
            "status": self.state(call, job, progress),
            "created_at": iso(job.created_at),
            "updated_at": iso(progress.finished_at or call.now),
            "model_output_name": None if "no-model" in job.quirks else job.model,
            "adapter_object_name": f"{job.model}-adapter" if done else None,
            "token_count": tokens,
            "total_price": None if tokens is None else round(tokens * _PER_MILLION / 1e6 * 100),
            "epochs_completed": int(progress.share * (progress.settings.get("n_epochs") or 0)),
            "queue_depth": 0,
            "early_stopped": False,
            "progress": {"estimate_available": left is not None, "seconds_remaining": left},
            "events": [],
        }

    # Models and endpoints

    def models_list(self, call: Call) -> Response:
        return reply(
            [{"id": name, "object": "model", "created": int(call.now), "type": "chat"} for name in self.models]
        )

    def models_get(self, call: Call) -> Response:
        return reply({"models": [{"name": name, "shutdown_date": until} for name, until in self.models.items()]})

    def deployments_create(self, call: Call) -> Response:
        sent = call.sent
        if not isinstance(sent.get("model"), str) or not isinstance(sent.get("hardware"), str):
            raise Refused("request", "model and hardware are required")
        self._trained(call, sent["model"])
        name = f"rehearsal/{sent['model'].rpartition('/')[2]}-{new_id('', 8)}"
        return reply(self._endpoint(call, self.deploy(call, name, sent["model"], sent)))

    def deployments_list(self, call: Call) -> Response:
        found = self.deployments(call)
        return reply({"object": "list", "data": [self._endpoint(call, one) for one in found]})

    def deployments_get(self, call: Call) -> Response:
        return reply(self._endpoint(call, self._by_id(call)))

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self._by_id(call).id)
        return Response(status=204)

    def model_order(self, call: Call, model: str) -> Order | None:
        return None if model in self.models else self.behind(call, model)

    def tuned(self, call: Call, model: str) -> Order | None:
        return self._trained(call, model)

    def _trained(self, call: Call, model: str) -> Order | None:
        """A tuned model by its name, or a checkpoint as JOB:STEP."""
        job_id, colon, step = model.partition(":")
        if not (colon and job_id.startswith("ft-")):
            return super().tuned(call, model)
        order = self.order(self.find(call, job_id))
        if all(str(one.step) != step for one in self.engine.checkpoints(order, call.now)):
            raise self.no_model(model)
        return order

    def _by_id(self, call: Call) -> Deployment:
        wanted = call.names["endpoint"]
        for one in self.store.deployments(call.owner, self.name):
            if wanted == _endpoint_id(one):
                return one
        raise Refused("missing", f"Endpoint {wanted} not found")

    def _endpoint(self, call: Call, found: Deployment) -> dict[str, Any]:
        states = {"ready": "STARTED", "deploying": "PENDING", "failed": "FAILED"}
        return {
            "object": "endpoint",
            "id": _endpoint_id(found),
            "name": found.id,
            "display_name": found.body.get("display_name"),
            "model": found.model,
            "hardware": found.body.get("hardware"),
            "type": "dedicated",
            "owner": "rehearsal",
            "state": states[self.deployed(call, found)],
            "created_at": iso(found.created_at),
        }


DIALECT = Together


def _endpoint_id(found: Deployment) -> str:
    return f"endpoint-{found.id.rpartition('-')[2]}"


def _marks_an_epoch(entry: Entry) -> bool:
    return entry.data is not None and "full_valid_loss" in entry.data


def _event(entry: Entry) -> dict[str, Any]:
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


def _row(data: Mapping[str, Any], rate: Any) -> dict[str, Any]:
    row = {"train/global_step": data["step"], "train/loss": data["train_loss"], "train/learning_rate": rate}
    row["train/grad_norm"] = round(0.4 + data["train_loss"] / 3, 5)
    if (loss := data.get("full_valid_loss", data.get("valid_loss"))) is not None:
        row["eval/loss"] = loss
    return row
