"""Together AI: its own paths for jobs, a report on every file, a price before the job, metrics by query.

Base URL: `/together/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._together_endpoints import TogetherEndpoints
from jobs_app.rehearsal.dialects._together_files import TogetherFiles
from jobs_app.rehearsal.dialects._together_wire import event_of, marks_an_epoch, row_of
from jobs_app.rehearsal.dialects.base import multiplier, new_id, numeric
from jobs_app.rehearsal.engine import SUCCEEDED, Order, Progress
from jobs_app.rehearsal.kept import Job
from jobs_app.rehearsal.training_files import checked
from jobs_app.rehearsal.wire import Call, Refused, iso, reply

_PER_MILLION = 0.48  # USD, as its list of 2025 is remembered
_USUAL_RATE = 1e-5
_UPLOADING = 0.02  # of a job's time: the last of it


class Together(TogetherFiles, TogetherEndpoints):
    """No cursor, no metadata: what is ours is only the suffix."""

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
        log = [entry for entry in self.log(job, call.now) if not entry.is_metrics or marks_an_epoch(entry)]
        return reply({"data": [event_of(entry) for entry in log]})

    def jobs_metrics(self, call: Call) -> Response:
        job, query = self.find(call, call.names["job_id"]), call.request.args
        first = numeric(query.get("global_step_from", "")) or 0
        last = numeric(query.get("global_step_to", "")) or float("inf")
        rate = job.body.get("learning_rate", _USUAL_RATE)
        rows = [
            row_of(entry.data, rate)
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


DIALECT = Together
