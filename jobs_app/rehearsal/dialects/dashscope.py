"""DashScope (百炼): everything under `output`, uploads that fail inside a 200, figures only in the lines of a log.

Base URL: `/dashscope/api/v1`; chat below `/dashscope/compatible-mode/v1`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._dashscope_deployments import DashScopeDeployments
from jobs_app.rehearsal.dialects._dashscope_wire import BEIJING, beijing_time
from jobs_app.rehearsal.dialects.base import multiplier, new_id, numeric
from jobs_app.rehearsal.engine import FAILED, Entry, Order
from jobs_app.rehearsal.kept import Job, Stored
from jobs_app.rehearsal.wire import Call, Refused, number, reply

_TYPES = ("sft", "efficient_sft", "dpo_full", "dpo_lora", "cpt")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
_LINES = 1000  # of a log in one answer


class DashScope(DashScopeDeployments):
    """Text for the learning rate, page numbers for lists, one spelling of "canceled"."""

    # Files

    def files_create(self, call: Call) -> Response:
        """Several files in one request; what is wrong with one of them stands beside the others, in a 200."""
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for upload in call.request.files.getlist("files"):
            name = upload.filename or ""
            stem = name.rpartition(".")[0]
            taken = {file.name.rpartition(".")[0] for file in self.store.files(call.owner, self.name)}
            if call.trouble == "failed-upload" or not _NAME.fullmatch(stem) or stem in taken:
                says = "File name already exists." if stem in taken else "The file cannot be used."
                failed.append({"name": name, "code": "InvalidParameter", "message": says})
                continue
            purpose = call.request.form.get("purpose", "fine-tune")
            file = self.keep_file(call, file_id=new_id("file-ft-"), name=name, purpose=purpose, content=upload.stream)
            done.append({"name": name, "file_id": file.id})
        if not done and not failed:
            raise Refused("request", "files is required")
        return reply({"data": {"uploaded_files": done, "failed_uploads": failed}, "request_id": new_id("", 32)})

    def files_list(self, call: Call) -> Response:
        files = [_file(file) for file in self.store.files(call.owner, self.name)]
        return reply({"data": {"files": files, "total": len(files), "page_no": 1, "page_size": len(files)}})

    def files_get(self, call: Call) -> Response:
        return reply({"data": _file(self.file(call, call.names["file_id"])), "request_id": new_id("", 32)})

    def files_delete(self, call: Call) -> Response:
        self.store.delete_file(call.owner, self.file(call, call.names["file_id"]).id)
        return reply({"request_id": new_id("", 32)})

    # Jobs

    def jobs_create(self, call: Call) -> Response:
        sent = call.sent
        if not isinstance(sent.get("model"), str):
            raise Refused("request", "Missing model")
        if sent.get("training_type") not in _TYPES:
            raise Refused("request", f"Invalid training_type: {sent.get('training_type')}")
        files = sent.get("training_file_ids")
        if not isinstance(files, list) or not files:
            raise Refused("request", "Missing training files")
        for file_id in [*files, *(sent.get("validation_file_ids") or ())]:
            if self.store.file(call.owner, str(file_id)) is None:
                raise Refused("request", "File not found.")
        given = sent.get("hyper_parameters") or {}
        if "learning_rate" in given and not isinstance(given["learning_rate"], str):
            raise Refused("request", "learning_rate must be a string")
        at = datetime.fromtimestamp(call.now, BEIJING).strftime("%Y%m%d%H%M")
        job_id = f"ft-{at}-{new_id('', 8)}"
        suffix = sent.get("finetuned_output_suffix") or sent.get("model_name") or job_id
        name = str(sent.get("job_name") or job_id)
        job = self.add_job(call, job_id=job_id, body=sent, model=f"{sent['model']}-{suffix}-{job_id[-4:]}", marker=name)
        return self._out(self._show(call, job))

    def jobs_list(self, call: Call) -> Response:
        wanted = call.request.args.get("model")
        jobs = [job for job in self.listed(call) if wanted in (None, job.body.get("model"))]
        page, size = self._page(call)
        shown = [self._show(call, job) for job in jobs[(page - 1) * size : page * size]]
        return self._out({"jobs": shown, "page_no": page, "page_size": size, "total": len(jobs)})

    def jobs_get(self, call: Call) -> Response:
        return self._out(self._show(call, self.find(call, call.names["job_id"])))

    def jobs_cancel(self, call: Call) -> Response:
        self.control(call, call.names["job_id"], "cancel-slowly")
        return self._out({"status": "success"})

    def jobs_delete(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        if not self.look(job, call.now).final:
            raise Refused("state")
        self.store.delete_job(call.owner, job.id)
        return self._out({"status": "success"})

    def jobs_events(self, call: Call) -> Response:
        """Lines of text, oldest first, by number."""
        log = self.log(self.find(call, call.names["job_id"]), call.now)
        offset = number(call, "offset", 0, low=0, high=10**9)
        count = number(call, "line", _LINES, low=1, high=_LINES)
        lines = [_line(entry) for entry in log[offset : offset + count]]
        return self._out({"total": len(log), "logs": lines})

    def jobs_stream(self, call: Call) -> Response:
        """The log so far as server-sent events."""
        log = self.log(self.find(call, call.names["job_id"]), call.now)
        return Response("".join(f"data: {_line(entry)}\n\n" for entry in log), content_type="text/event-stream")

    def jobs_checkpoints(self, call: Call) -> Response:
        job = self.find(call, call.names["job_id"])
        saved = self.engine.checkpoints(self.order(job), call.now)
        shown = [
            {"create_time": beijing_time(one.at), "full_name": f"{job.id}:checkpoint-{one.step}", "job_id": job.id,
             "checkpoint": f"checkpoint-{one.step}", "step": one.step, "model_name": f"{job.model}-{one.step}",
             "status": "SUCCEEDED"}
            for one in saved
        ]  # fmt: skip
        return self._out(shown)

    def jobs_export(self, call: Call) -> Response:
        self.find(call, call.names["job_id"])
        return self._out({"status": "success", "model_name": call.request.args.get("model_name")})

    def order(self, job: Job) -> Order:
        def make() -> Order:
            sent = job.body
            given = sent.get("hyper_parameters") or {}
            usual = 1e-5 if sent["training_type"] in ("sft", "dpo_full", "cpt") else 1e-4
            split = numeric(given.get("split", 0.8))
            validation = sent.get("validation_file_ids") or [None]
            return self.ordered(
                job,
                training=[str(file_id) for file_id in sent["training_file_ids"]],
                validation=validation[0],
                base_model=str(sent["model"]),
                settings={
                    "n_epochs": numeric(given.get("n_epochs", 3)),
                    "batch_size": numeric(given.get("batch_size")),
                    "learning_rate_multiplier": multiplier(given.get("learning_rate"), usual),
                },
                seed=None,
                split=0.2 if split is None or not 0 < split <= 1 else 1 - split,
            )

        return self.remembered(job, make)

    def _show(self, call: Call, job: Job) -> dict[str, Any]:
        sent, progress = job.body, self.look(job, call.now)
        shown = {
            "job_id": job.id,
            "job_name": sent.get("job_name") or job.id,
            "status": self.state(call, job, progress),
            "model": sent["model"],
            "base_model": sent["model"],
            "finetuned_output": None if "no-model" in job.quirks else job.model,
            "training_type": sent["training_type"],
            "hyper_parameters": sent.get("hyper_parameters") or {},
            "training_file_ids": sent["training_file_ids"],
            "validation_file_ids": sent.get("validation_file_ids") or [],
            "create_time": beijing_time(job.created_at),
            "end_time": beijing_time(progress.finished_at) if progress.finished_at else None,
            "usage": progress.trained_tokens,
            "workspace_id": "llm-rehearsal",
            "user_identity": "rehearsal",
            "creator": "rehearsal",
            "modifier": "rehearsal",
            "group": "llm",
        }
        if progress.status == FAILED and progress.error is not None:
            shown |= {"code": "InvalidParameter", "message": progress.error["message"]}
        return shown


DIALECT = DashScope


def _file(file: Stored) -> dict[str, Any]:
    return {"file_id": file.id, "name": file.name, "size": file.bytes, "gmt_create": beijing_time(file.created_at)}


def _line(entry: Entry) -> str:
    """A record of the trainer where something was measured, a dated line otherwise."""
    if not entry.is_metrics or entry.data is None:
        level = {"warn": "WARNING", "warning": "WARNING", "error": "ERROR"}.get(entry.level, "INFO")
        return f"{beijing_time(entry.at)},000 - {level} - {entry.message}"
    data = entry.data
    record: dict[str, Any] = {"loss": data["train_loss"], "acc": data["train_mean_token_accuracy"]}
    if (found := data.get("full_valid_loss", data.get("valid_loss"))) is not None:
        record["eval_loss"] = found
    return str({**record, "global_step/max_steps": f"{data['step']}/{data['total_steps']}"})
