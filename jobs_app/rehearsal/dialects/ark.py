"""Volcengine Ark: signed actions in PascalCase, training files in an object store, metrics by name, endpoints.

Control plane `/ark/` (`?Action=…&Version=2024-01-01`), data plane `/ark/api/v3`, object store `/ark/tos`. Access key,
secret key and API key are one and the same text here, `rehearsal-…`: then all three see the same jobs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._ark_endpoints import ArkEndpoints
from jobs_app.rehearsal.dialects._ark_objects import DATASETS, ArkObjects, object_id
from jobs_app.rehearsal.dialects.base import multiplier, new_id, numeric
from jobs_app.rehearsal.engine import FAILED, SUCCEEDED, Order, Progress
from jobs_app.rehearsal.kept import Job
from jobs_app.rehearsal.wire import Call, Refused, iso

_TYPES = ("FinetuneSft", "FinetuneLoRA", "Pretrain", "DPO", "DPOLoRA", "GRPO", "GRPOLoRA", "PPO", "OPD", "OPDLoRA")
_NAME = re.compile(r"[\w-]{1,200}")
_METRICS = {
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "full_valid_loss",
    "valid_accuracy": "full_valid_mean_token_accuracy",
}
_USUAL_RATE = {"FinetuneLoRA": 1e-4, "DPOLoRA": 1e-5}


class Ark(ArkObjects, ArkEndpoints):
    """The phases before and while running are those of its batch jobs; no document names them."""

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
                or [object_id(job.owner, DATASETS, str(one["DatasetId"])) for one in data["Datasets"]],
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


DIALECT = Ark


def _base(sent: Mapping[str, Any]) -> str:
    reference = sent.get("ModelReference") or {}
    return str(reference.get("CustomModelId") or (reference.get("FoundationModel") or {}).get("Name") or "")
