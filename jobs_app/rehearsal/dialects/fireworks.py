"""Fireworks: resources under an account, ids that the client chooses, gRPC's words for what goes wrong, no log.

Base URL: `/fireworks/v1`; chat below `/fireworks/inference/v1`. Verbs stand behind a colon: `…/ID:cancel`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._fireworks_datasets import FireworksDatasets
from jobs_app.rehearsal.dialects._fireworks_deployments import FireworksDeployments
from jobs_app.rehearsal.dialects._fireworks_wire import KINDS
from jobs_app.rehearsal.dialects.base import multiplier, new_id, numeric
from jobs_app.rehearsal.engine import FAILED, Order, Progress
from jobs_app.rehearsal.kept import Job
from jobs_app.rehearsal.wire import Call, Refused, iso, reply

_ID_OF = {kind: f"{kind[:-1]}Id" for kind in KINDS}
_PER_MILLION = 0.5  # USD, models up to 16B on an older price page
_USUAL_RATE = 1e-4
_CREATING = 0.03  # of a job's time: the first of it


class Fireworks(FireworksDatasets, FireworksDeployments):
    """A second create with the same id is a 409: nothing is ever done twice."""

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


DIALECT = Fireworks
