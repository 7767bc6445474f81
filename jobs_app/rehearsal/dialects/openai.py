"""OpenAI's wire: files, fine-tuning jobs, models, chat. `/v1` of the server is an OpenAI base URL."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._openai_checks import check_job, hyperparameters
from jobs_app.rehearsal.dialects._openai_files import OpenAIFiles
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.engine import FAILED, SUCCEEDED, Order
from jobs_app.rehearsal.kept import Job
from jobs_app.rehearsal.wire import Call, Refused, cursor_page, reply, whole


class OpenAI(OpenAIFiles):
    """Validation happens in the job; what is known only at the end is null until then."""

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


DIALECT = OpenAI


def _results_id(job: Job) -> str:
    return f"file-results-{job.id.partition('-')[2]}"


def _model(name: str, now: float, until: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(now), "owned_by": "rehearsal", "shutdown_date": until}
