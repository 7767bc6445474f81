"""Files and fine-tuning jobs as the OpenAI wire has them, over a store and an engine."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.checks import check_first_line, check_job, hyperparameters
from jobs_app.rehearsal.engine import Engine, Order, Progress
from jobs_app.rehearsal.store import Store
from jobs_app.rehearsal.wire import Refused, body, listing, reply

MAX_FILE_BYTES = 512 * 1024**2
_COLUMNS = ("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
_OTHER_COLUMNS = ("step", "training_loss", "training_token_accuracy", "validation_loss", "validation_token_accuracy")
_KEYS = ("step", "train_loss", "train_mean_token_accuracy", "full_valid_loss", "full_valid_mean_token_accuracy")
_OPEN = {
    "cancel": frozenset({"validating_files", "queued", "running", "pausing", "paused"}),
    "pause": frozenset({"running"}),
    "resume": frozenset({"pausing", "paused"}),
}


class Dialect:
    """One method for each station: request and owner in, response out."""

    def __init__(self, store: Store, engine: Engine, *, seconds: float) -> None:
        self.store = store
        self.engine = engine
        self.seconds = seconds

    # Files

    def create_file(self, request: Request, owner: str, now: float) -> Response:
        upload, purpose = request.files.get("file"), request.form.get("purpose", "")
        if upload is None or not upload.filename:
            raise Refused(400, "'file' is a required property", param="file")
        if purpose not in ("fine-tune", "assistants", "batch", "vision", "user_data", "evals"):
            raise Refused(400, f"'{purpose}' is not one of the allowed purposes", param="purpose")
        if purpose == "fine-tune":
            check_first_line(upload.filename, upload.stream.readline(64 * 1024 * 1024))
            upload.stream.seek(0)
        file_id = f"file-{secrets.token_hex(11)}"
        row = self.store.add_file(
            owner=owner, file_id=file_id, name=upload.filename, purpose=purpose, content=upload.stream, now=now
        )
        return reply(_file(row))

    def list_files(self, request: Request, owner: str, now: float) -> Response:
        wanted = request.args.get("purpose")
        rows = [row for row in self.store.files(owner) if wanted in (None, row["purpose"])]
        return listing(request, [_file(row) for row in rows])

    def get_file(self, request: Request, owner: str, now: float, *, file_id: str) -> Response:
        return reply(self._file(owner, file_id, now))

    def delete_file(self, request: Request, owner: str, now: float, *, file_id: str) -> Response:
        self._file(owner, file_id, now)
        self.store.delete_file(owner, file_id)
        return reply({"id": file_id, "object": "file", "deleted": True})

    def file_content(self, request: Request, owner: str, now: float, *, file_id: str) -> Response:
        job = self._job_of_results(owner, file_id)
        if job is not None:
            return Response(_table(job, self._look(job, now)), content_type="text/csv")
        self._file(owner, file_id, now)
        return Response(self.store.path(file_id).read_bytes(), content_type="application/octet-stream")

    # Jobs

    def create_job(self, request: Request, owner: str, now: float, *, quirks: list[str]) -> Response:
        sent = body(request)
        check_job(sent, self.engine.models)
        for param in ("training_file", "validation_file"):
            file_id = sent.get(param)
            if file_id is not None and self.store.file(owner, str(file_id)) is None:
                raise Refused(400, f"invalid {param}: {file_id}", code="invalid_file", param=param)
        job_id = f"ftjob-{secrets.token_hex(12)}"
        model = f"ft:{sent['model']}:rehearsal:{sent.get('suffix') or ''}:{secrets.token_hex(4)}"
        sent.setdefault("seed", secrets.randbelow(2**31))
        self.store.add_job(
            owner=owner, job_id=job_id, body=sent, model=model, quirks=quirks, seconds=self._seconds(sent), now=now
        )
        return self.get_job(request, owner, now, job_id=job_id)

    def list_jobs(self, request: Request, owner: str, now: float) -> Response:
        wanted = {
            match[1]: value for key, value in request.args.items() if (match := re.match(r"metadata\[(.+)\]$", key))
        }
        jobs = [
            job
            for job in self.store.jobs(owner)
            if wanted.items() <= (job["body"].get("metadata") or {}).items()
            and (request.args.get("metadata") != "null" or not job["body"].get("metadata"))
        ]
        return listing(request, [self._job(job, now) for job in jobs])

    def get_job(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        return reply(self._job(self._find(owner, job_id), now))

    def cancel_job(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        return self._control(owner, job_id, now, "cancel")

    def pause_job(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        return self._control(owner, job_id, now, "pause")

    def resume_job(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        return self._control(owner, job_id, now, "resume")

    def list_events(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        """Newest first. An event's id follows from its content, so that it stays while others come."""
        progress = self._look(self._find(owner, job_id), now)
        events = [
            {
                "object": "fine_tuning.job.event",
                "id": f"ftevent-{hashlib.sha256(f'{job_id}{entry.at}{entry.message}'.encode()).hexdigest()[:24]}",
                "created_at": int(entry.at),
                "level": entry.level,
                "message": entry.message,
                "data": entry.data,
                "type": "metrics" if entry.is_metrics else "message",
            }
            for entry in progress.log
        ]
        return listing(request, events[::-1])

    def list_checkpoints(self, request: Request, owner: str, now: float, *, job_id: str) -> Response:
        job = self._find(owner, job_id)
        checkpoints = [
            {
                "object": "fine_tuning.job.checkpoint",
                "id": f"ftckpt_{hashlib.sha256(f'{job_id}{saved.step}'.encode()).hexdigest()[:24]}",
                "created_at": int(saved.at),
                "fine_tuned_model_checkpoint": f"{job['model']}:ckpt-step-{saved.step}",
                "fine_tuning_job_id": job_id,
                "step_number": saved.step,
                "metrics": {key: value for key, value in saved.metrics.items() if key != "total_steps"},
            }
            for saved in self._look(job, now).checkpoints
        ]
        return listing(request, checkpoints[::-1], limit=10)

    def counts(self, owner: str) -> dict[str, Any]:
        """How many jobs were created for each marker, and how many files were sent."""
        per_marker: dict[str, int] = {}
        for job in self.store.jobs(owner):
            marker = next(iter((job["body"].get("metadata") or {}).values()), "")
            per_marker[marker] = per_marker.get(marker, 0) + 1
        return {"jobs": per_marker, "total": sum(per_marker.values()), "files": len(self.store.files(owner))}

    def tuned(self, owner: str, model: str, now: float) -> Order | None:
        """The order behind a tuned model or a checkpoint that exists by now."""
        name, _, step = model.partition(":ckpt-step-")
        job = self.store.job_of_model(owner, name)
        if job is None:
            return None
        progress = self._look(job, now)
        if step:
            exists = any(str(saved.step) == step for saved in progress.checkpoints)
        else:
            exists = progress.status == "succeeded"
        return self._order(job) if exists else None

    def _control(self, owner: str, job_id: str, now: float, verb: str) -> Response:
        status = self._look(self._find(owner, job_id), now).status
        if status not in _OPEN[verb]:
            raise Refused(400, f"Job {job_id} is {status}, so this is not possible: {verb}", code="invalid_state")
        self.store.control(job_id, verb, now)
        return reply(self._job(self._find(owner, job_id), now))

    def _find(self, owner: str, job_id: str) -> dict[str, Any]:
        job = self.store.job(owner, job_id)
        if job is None:
            raise Refused(404, f"Could not find fine tune: {job_id}", param="fine_tune_id")
        return job

    def _order(self, job: Mapping[str, Any]) -> Order:
        sent = job["body"]
        validation = sent.get("validation_file")
        return Order(
            id=job["id"],
            created_at=job["created_at"],
            base_model=sent["model"],
            training=self.store.path(sent["training_file"]),
            validation=self.store.path(validation) if validation else None,
            settings=hyperparameters(sent),
            seed=int(sent["seed"]),
            seconds=job["seconds"],
            controls=[(at, verb) for at, verb in job["controls"]],
            quirks=frozenset(job["quirks"]),
        )

    def _look(self, job: Mapping[str, Any], now: float) -> Progress:
        return self.engine.look(self._order(job), now)

    def _job(self, job: Mapping[str, Any], now: float) -> dict[str, Any]:
        """The job object. What is known only at the end is null until then."""
        sent, progress = job["body"], self._look(job, now)
        succeeded = progress.status == "succeeded"
        settings = dict.fromkeys(("n_epochs", "batch_size", "learning_rate_multiplier"), "auto")
        settings |= hyperparameters(sent) | dict(progress.settings)
        kind = (sent.get("method") or {}).get("type", "supervised")
        return {
            "object": "fine_tuning.job",
            "id": job["id"],
            "created_at": int(job["created_at"]),
            "finished_at": _whole(progress.finished_at),
            "estimated_finish": _whole(progress.estimated_finish),
            "model": sent["model"],
            "fine_tuned_model": job["model"] if succeeded and "no-model" not in job["quirks"] else None,
            "organization_id": "org-rehearsal",
            "status": progress.status,
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
            "error": progress.error or ({} if "empty-error" in job["quirks"] else None),
        }

    def _file(self, owner: str, file_id: str, now: float) -> dict[str, Any]:
        row = self.store.file(owner, file_id)
        if row is not None:
            return _file(row)
        job = self._job_of_results(owner, file_id)
        if job is None:
            raise Refused(404, f"No such File object: {file_id}", param="id")
        progress = self._look(job, now)
        size = len(_table(job, progress))
        made = progress.finished_at or now
        return _file(
            {
                "id": file_id,
                "bytes": size,
                "created_at": made,
                "name": "step_metrics.csv",
                "purpose": "fine-tune-results",
            }
        )

    def _job_of_results(self, owner: str, file_id: str) -> dict[str, Any] | None:
        return self.store.job(owner, f"ftjob-{file_id.removeprefix('file-results-')}") if "results" in file_id else None

    def _seconds(self, sent: Mapping[str, Any]) -> float:
        """How long this job takes; a job may ask for its own pace in its metadata."""
        asked = (sent.get("metadata") or {}).get("rehearsal_seconds", "")
        return float(asked) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", str(asked)) else self.seconds


def _file(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": "file",
        "id": row["id"],
        "bytes": row["bytes"],
        "created_at": int(row["created_at"]),
        "filename": row["name"],
        "purpose": row["purpose"],
        "status": "processed",
        "status_details": None,
    }


def _results_id(job: Mapping[str, Any]) -> str:
    return f"file-results-{job['id'].removeprefix('ftjob-')}"


def _table(job: Mapping[str, Any], progress: Progress) -> bytes:
    """The result file: a row for each reported step, an empty cell where nothing was measured."""
    out = io.StringIO()
    out.write(",".join(_OTHER_COLUMNS if "other-headers" in job["quirks"] else _COLUMNS) + "\n")
    for entry in progress.log:
        if entry.is_metrics and entry.data is not None:
            out.write(",".join("" if entry.data.get(key) is None else str(entry.data[key]) for key in _KEYS) + "\n")
    plain = out.getvalue().encode()
    return base64.b64encode(plain) if "base64-results" in job["quirks"] else plain


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
