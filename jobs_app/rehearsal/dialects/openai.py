"""OpenAI's wire: files, fine-tuning jobs, models, chat. `/v1` of the server is an OpenAI base URL."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialects import _results
from jobs_app.rehearsal.dialects._openai_checks import check_first_line, check_job, check_name, hyperparameters
from jobs_app.rehearsal.dialects.base import Dialect, new_id
from jobs_app.rehearsal.engine import FAILED, SUCCEEDED, Order
from jobs_app.rehearsal.kept import Job, Stored
from jobs_app.rehearsal.wire import Call, Refused, Words, cursor_page, reply, whole

_PURPOSES = ("fine-tune", "assistants", "batch", "vision", "user_data", "evals")
_BAD = "invalid_request_error"
_DAILY = (
    "This fine-tune request has been rate-limited. Your organization has reached the maximum of 8 fine-tuning requests "
    "per day for the model 'rehearsal-small'."
)
_JOB = "/fine_tuning/jobs/<job_id>"


class OpenAI(Dialect):
    """Validation happens in the job; what is known only at the end is null until then."""

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

    # Files

    def files_create(self, call: Call) -> Response:
        upload, purpose = call.request.files.get("file"), call.request.form.get("purpose", "")
        if upload is None or not upload.filename:
            raise Refused("request", "'file' is a required property", param="file")
        if purpose not in _PURPOSES:
            raise Refused("request", f"'{purpose}' is not one of the allowed purposes", param="purpose")
        if purpose == "fine-tune":
            check_name(upload.filename)
            self.check_first_line(upload.stream.readline(64 * 1024 * 1024))
            upload.stream.seek(0)
        file = self.keep_file(
            call, file_id=new_id("file-", 22), name=upload.filename, purpose=purpose, content=upload.stream
        )
        return reply(self.show_file(file, call.now), self.made)

    def files_list(self, call: Call) -> Response:
        wanted = call.request.args.get("purpose")
        files = [file for file in self.store.files(call.owner, self.name) if wanted in (None, file.purpose)]
        return cursor_page(call, files, lambda file: self.show_file(file, call.now), lambda file: file.id)

    def files_get(self, call: Call) -> Response:
        if job := self._job_of_results(call):
            return reply(self._results_file(call, job))
        return reply(self.show_file(self.file(call, call.names["file_id"]), call.now))

    def files_delete(self, call: Call) -> Response:
        file = self.file(call, call.names["file_id"])
        self.store.delete_file(call.owner, file.id)
        return reply({"id": file.id, "object": "file", "deleted": True})

    def files_content(self, call: Call) -> Response:
        if job := self._job_of_results(call):
            return Response(self._table(call, job), content_type="text/csv")
        file = self.file(call, call.names["file_id"])
        return Response(self.store.path(file.id).read_bytes(), content_type="application/octet-stream")

    def check_first_line(self, line: bytes) -> None:
        check_first_line(line)

    def file_status(self, file: Stored, now: float) -> tuple[str, str | None]:
        """The state of a file and what is wrong with it."""
        if "failed-upload" in file.quirks:
            return "error", "The file could not be processed."
        return ("uploaded" if "never-processed" in file.quirks else "processed"), None

    def show_file(self, file: Stored, now: float) -> dict[str, Any]:
        status, details = self.file_status(file, now)
        return {
            "object": "file",
            "id": file.id,
            "bytes": file.bytes,
            "created_at": int(file.created_at),
            "filename": file.name,
            "purpose": file.purpose,
            "status": status,
            "status_details": details,
        }

    # Jobs

    def jobs_create(self, call: Call) -> Response:
        sent = call.sent
        check_job(sent)
        self.check_model(call, sent["model"])
        for param in ("training_file", "validation_file"):
            file_id = sent.get(param)
            if file_id is not None:
                self.check_file(call, param, str(file_id))
        sent.setdefault("seed", secrets.randbelow(2**31))
        metadata = sent.get("metadata") or {}
        marker = metadata.get("ftstudio_key") or next(iter(metadata.values()), "") or sent.get("request_id")
        job = self.add_job(
            call,
            job_id=new_id(self.job_prefix),
            body=sent,
            model=self.new_model(sent),
            marker=str(marker or sent.get("suffix") or ""),
            pace=metadata.get("rehearsal_seconds", ""),
        )
        return reply(self.show_job(call, job), self.made)

    def check_model(self, call: Call, model: str) -> None:
        """Base models can be tuned, and what was tuned from them can be tuned further."""
        if model not in self.models and self.store.job_of_model(call.owner, model) is None:
            raise Refused(
                "request",
                f"Model {model} is not available for fine-tuning",
                code="model_not_available",
                param="model",
            )

    def check_file(self, call: Call, param: str, file_id: str) -> None:
        if self.store.file(call.owner, file_id) is None:
            raise Refused("request", f"invalid {param}: {file_id}", code="invalid_file", param=param)

    def new_model(self, sent: Mapping[str, Any]) -> str:
        return f"ft:{sent['model']}:rehearsal:{sent.get('suffix') or ''}:{secrets.token_hex(4)}"

    def jobs_list(self, call: Call) -> Response:
        query = call.request.args
        wanted = {match[1]: value for key, value in query.items() if (match := re.match(r"metadata\[(.+)\]$", key))}
        jobs = [
            job
            for job in self.listed(call)
            if wanted.items() <= (job.body.get("metadata") or {}).items()
            and (query.get("metadata") != "null" or not job.body.get("metadata"))
        ]
        return cursor_page(call, jobs, lambda job: self.show_job(call, job), lambda job: job.id)

    def jobs_get(self, call: Call) -> Response:
        return reply(self.show_job(call, self.find(call, call.names["job_id"])))

    def jobs_cancel(self, call: Call) -> Response:
        return reply(self.show_job(call, self.control(call, call.names["job_id"], "cancel")))

    def jobs_pause(self, call: Call) -> Response:
        return reply(self.show_job(call, self.control(call, call.names["job_id"], "pause")))

    def jobs_resume(self, call: Call) -> Response:
        return reply(self.show_job(call, self.control(call, call.names["job_id"], "resume")))

    def jobs_events(self, call: Call) -> Response:
        """Newest first. The log only grows at its end, so an event's number is a name that stays."""
        job = self.find(call, call.names["job_id"])
        log = self.log(job, call.now)
        key = hashlib.sha256(job.id.encode()).hexdigest()[:19]

        def show(number: int) -> dict[str, Any]:
            entry = log[number]
            return {
                "object": "fine_tuning.job.event",
                "id": f"ftevent-{key}{number:05}",
                "created_at": int(entry.at),
                "level": entry.level,
                "message": entry.message,
                "data": entry.data,
                "type": "metrics" if entry.is_metrics else "message",
            }

        return cursor_page(call, range(len(log) - 1, -1, -1), show, lambda number: f"ftevent-{key}{number:05}")

    def jobs_checkpoints(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        saved = self.engine.checkpoints(self.order(job), call.now)[::-1]
        found = [
            {
                "object": "fine_tuning.job.checkpoint",
                "id": f"ftckpt_{hashlib.sha256(f'{job.id}{one.step}'.encode()).hexdigest()[:24]}",
                "created_at": int(one.at),
                "fine_tuned_model_checkpoint": self.checkpoint_model(job, one.step),
                "fine_tuning_job_id": job.id,
                "step_number": one.step,
                "metrics": {key: value for key, value in one.metrics.items() if key != "total_steps"},
            }
            for one in saved
        ]
        return cursor_page(call, found, lambda item: item, lambda item: str(item["id"]), limit=10)

    def checkpoint_model(self, job: Job, step: int) -> str:
        return f"{job.model}:ckpt-step-{step}"

    def order(self, job: Job) -> Order:
        def make() -> Order:
            sent = job.body
            return self.ordered(
                job,
                training=[str(sent["training_file"])],
                validation=sent.get("validation_file"),
                base_model=str(sent["model"]),
                settings=hyperparameters(sent),
                seed=sent.get("seed"),
            )

        return self.remembered(job, make)

    def show_job(self, call: Call, job: Job) -> dict[str, Any]:
        sent, progress = job.body, self.look(job, call.now)
        succeeded = progress.status == SUCCEEDED
        settings = dict.fromkeys(("n_epochs", "batch_size", "learning_rate_multiplier"), "auto")
        settings |= hyperparameters(sent) | dict(progress.settings)
        kind = (sent.get("method") or {}).get("type", "supervised")
        healthy: dict[str, str] | None = {} if "empty-error" in job.quirks else None
        return {
            "object": "fine_tuning.job",
            "id": job.id,
            "created_at": int(job.created_at),
            "finished_at": whole(progress.finished_at),
            "estimated_finish": whole(progress.estimated_finish),
            "model": sent["model"],
            "fine_tuned_model": job.model if succeeded and "no-model" not in job.quirks else None,
            "organization_id": "org-rehearsal",
            "status": self.state(call, job, progress),
            "training_file": sent["training_file"],
            "validation_file": sent.get("validation_file"),
            "result_files": [_results_id(job)] if succeeded else [],
            "trained_tokens": progress.trained_tokens,
            "hyperparameters": settings,
            "method": {"type": kind, kind: {"hyperparameters": settings}},
            "seed": sent["seed"],
            "integrations": [],
            "metadata": sent.get("metadata"),
            "user_provided_suffix": sent.get("suffix"),
            "error": progress.error if progress.status == FAILED else healthy,
        }

    # Models

    def models_list(self, call: Call) -> Response:
        tuned = [job.model for job in self.listed(call) if self.look(job, call.now).status == SUCCEEDED]
        data = [_model(name, call.now, until) for name, until in self.models.items()]
        return reply({"object": "list", "data": data + [_model(name, call.now, None) for name in tuned]})

    def models_get(self, call: Call) -> Response:
        name = call.names["model"]
        if name not in self.models:
            self.model_order(call, name)
        return reply(_model(name, call.now, self.models.get(name)))

    def model_order(self, call: Call, model: str) -> Order | None:
        name, _, step = model.partition(":ckpt-step-")
        if not step:
            return self.tuned(call, name)
        job = self.store.job_of_model(call.owner, name)
        if job is None or all(str(one.step) != step for one in self.engine.checkpoints(self.order(job), call.now)):
            raise self.no_model(model)
        return self.order(job)

    @staticmethod
    def no_model(model: str) -> Refused:
        says = f"The model `{model}` does not exist or you do not have access to it."
        return Refused("missing", says, code="model_not_found")

    # Results

    def _job_of_results(self, call: Call) -> Job | None:
        file_id = call.names["file_id"]
        if not file_id.startswith("file-results-"):
            return None
        return self.store.job(call.owner, self.job_prefix + file_id.removeprefix("file-results-"))

    def _table(self, call: Call, job: Job) -> bytes:
        columns, keys = self.results
        return _results.table(self.log(job, call.now), job.quirks, columns=columns, keys=keys)

    def _results_file(self, call: Call, job: Job) -> dict[str, Any]:
        return {
            "object": "file",
            "id": call.names["file_id"],
            "bytes": len(self._table(call, job)),
            "created_at": whole(self.look(job, call.now).finished_at) or int(call.now),
            "filename": self.results_name,
            "purpose": "fine-tune-results",
            "status": "processed",
            "status_details": None,
        }


DIALECT = OpenAI


def _results_id(job: Job) -> str:
    return f"file-results-{job.id.partition('-')[2]}"


def _model(name: str, now: float, until: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(now), "owned_by": "rehearsal", "shutdown_date": until}
