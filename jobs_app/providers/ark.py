"""Volcengine Ark (火山方舟): signed actions on the control plane, training files in TOS, chat on the data plane."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import httpx2

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _ark_order, _ark_wire, _values, _wire
from jobs_app.providers._ark_describes import BASE_MODELS, CAPABILITIES, PARAMETERS, SETTINGS
from jobs_app.providers._ark_endpoints import Endpoints
from jobs_app.providers._ark_signing import Signer
from jobs_app.providers._rest import Rest
from jobs_app.providers._tos import Storage
from jobs_app.providers.base import (
    MARKER,
    BaseModel,
    Capabilities,
    CheckpointIn,
    Created,
    Order,
    Pieces,
    Provider,
    ProviderError,
    Reply,
    Report,
    Serving,
    Setting,
)

REGION = "cn-beijing"
VERSION = "2024-01-01"
OWN = "https://ark.cn-beijing.volcengineapi.com"
OWN_CHAT = "https://ark.cn-beijing.volces.com/api/v3"
OWN_STORAGE = "https://tos-cn-beijing.volces.com"
_DATASET = re.compile(r"ds-[\w-]+:dsv-[\w-]+")


class Ark(Provider):
    """See `base.Provider` for what each method promises.

    A tuned model is one of a job's outputs and called "mcj-…/global_step_N" here. It can be called once it has been
    exported in Ark's console to a custom model (cm-…) and that has an endpoint (ep-…): `serving` looks for both.
    """

    name: ClassVar[str] = "ark"
    label: ClassVar[Text] = Text("Volcengine Ark")
    profile: ClassVar[str] = "ark"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {"supervised": ("ark-sft",), "dpo": ("ark-dpo",)}
    default_base_url: ClassVar[str] = OWN
    hosts: ClassVar[tuple[str, ...]] = (
        "ark.cn-beijing.volcengineapi.com",
        "ark.cn-beijing.volces.com",
        "tos-cn-beijing.volces.com",
        ".tos-cn-beijing.volces.com",
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    # Completed, Failed, Terminated and Paused are documented; the others are the words of Ark's batch jobs. Any other
    # word keeps the job where it is, and people see it.
    states: ClassVar[Mapping[str, str]] = {
        "Preprocessing": lifecycle.VALIDATING,
        "Queued": lifecycle.QUEUED,
        "Running": lifecycle.RUNNING,
        "Pausing": lifecycle.PAUSING,
        "Paused": lifecycle.PAUSED,
        "Terminating": lifecycle.CANCELLING,
        "Completed": lifecycle.SUCCEEDED,
        "Failed": lifecycle.FAILED,
        "Terminated": lifecycle.CANCELLED,
    }
    parameters: ClassVar[tuple[Parameter, ...]] = PARAMETERS
    passes_extras: ClassVar[bool] = True
    base_models: ClassVar[tuple[BaseModel, ...]] = BASE_MODELS
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(
        self,
        *,
        base_url: str,
        credential: str,
        http: httpx2.Client,
        options: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        access, secret = options.get("access_key", "").strip(), credential.strip()
        if not all(re.fullmatch(r"[\x21-\x7e]+", part) for part in (access, secret)):
            raise ProviderError(
                Text("The connection's access key or its secret is empty or holds characters that no key has."), "auth"
            )
        self._options, self._http = dict(options), http
        self._api_key = options.get("api_key", "").strip()
        secrets = (secret, self._api_key)
        self._clock = clock
        self._signer = Signer(access, secret, REGION, "ark")
        self._control = Rest(
            http,
            base_url,
            headers={"Content-Type": "application/json"},
            secrets=secrets,
            codes=_ark_wire.CODES,
            code_of=_ark_wire.code_of,
            sign=lambda request: self._signer.sign(request, self._clock()),
        )
        self._data = Rest(
            http,
            options.get("chat_url") or self.chat_url(base_url),
            headers={"Authorization": f"Bearer {self._api_key}"},
            secrets=secrets,
            codes=_ark_wire.CODES,
            code_of=_ark_wire.code_of,
        )
        self._keys = (access, secret)
        self._endpoints = Endpoints(self._ask, self._project())
        own = base_url.rstrip("/") in ("", OWN)
        self._tos_url = options.get("tos_url") or (OWN_STORAGE if own else f"{base_url.rstrip('/')}/tos")

    @classmethod
    def chat_url(cls, base_url: str) -> str:
        """The data plane has a host of its own; anybody else's server answers below its own address."""
        return OWN_CHAT if base_url.rstrip("/") in ("", OWN) else f"{base_url.rstrip('/')}/api/v3"

    def probe(self) -> None:
        self._ask("ListModelCustomizationJobs", {"PageNumber": 1, "PageSize": 1, **self._project()})
        if self._options.get("tos_bucket"):
            self._storage().check()

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        """A new object of the connection's bucket for each upload; without a bucket, the dataset that stands for it."""
        if self._options.get("tos_bucket"):
            storage = self._storage()
            return f"tos://{storage.bucket}/{storage.put(path, f'{uuid4().hex}/{path.stem}.jsonl')}"
        dataset = self._options.get("validation_dataset" if path.stem == "validation" else "training_dataset", "")
        if not _DATASET.fullmatch(dataset):
            raise ProviderError(
                Text("Ark trains on files in TOS. Name a bucket in the connection, or a dataset as ds-…:dsv-…."),
                "request",
            )
        return dataset

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """By the tag; servers that ignore the filter are looked through."""
        asked = {"PageSize": 50, "SortBy": "CreateTime", "SortOrder": "Desc", **self._project()}
        tagged = [{"Key": MARKER, "Values": [marker]}]
        for more in ({"TagFilters": tagged, "PageNumber": 1}, {"PageNumber": 1}, {"PageNumber": 2}):
            page = self._ask("ListModelCustomizationJobs", {**asked, **more})
            others = [job for job in _values.objects(page, "Items") if job.get("Id") not in but]
            job = _ark_wire.marked(others, MARKER, marker)
            if job is not None:
                return Created(_values.named(job, "Id"), _ark_wire.phase(job))
        return None

    def create(self, order: Order) -> Created:
        """`base_model` may be an output of an earlier job, once it has been exported to a custom model."""
        if "/" in order.base_model:
            order = replace(order, base_model=self._endpoints.exported(order.base_model))
        answer = self._ask("CreateModelCustomizationJob", _ark_order.body_of(order, self._options), creating=True)
        return Created(_values.named(answer, "Id", creating=True), "")

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._ask("GetModelCustomizationJob", {"Id": job_id})
        raw_state, said = _ark_wire.phase(job), _ark_wire.status(job)
        state = self.states.get(raw_state)
        entry = _ark_wire.event(job)
        waiting = state in (lifecycle.VALIDATING, lifecycle.QUEUED)
        checkpoints = self._outputs(job_id, job)
        final = state in lifecycle.FINAL
        failed = _values.text(said.get("Message")) or _values.text(job.get("Reason"))
        return Report(
            state=state,
            raw_state=raw_state,
            events=[entry] if entry and entry.id != after_event and entry.id not in have else [],
            points=[] if waiting else self._points(job_id),
            checkpoints=checkpoints,
            model=checkpoints[-1].model if checkpoints and state == lifecycle.SUCCEEDED else None,
            trained_tokens=_values.count(said.get("BillableTokens")),
            error=(failed or raw_state) if state == lifecycle.FAILED else None,
            finished_at=_values.instant(said.get("PhaseTime")) if final else None,
            next_poll_hint=30.0,
            raw=dict(job),
        )

    def cancel(self, job_id: str) -> str:
        return self._move("TerminateModelCustomizationJob", job_id)

    def pause(self, job_id: str) -> str:
        return self._move(self._options.get("pause_action") or "PauseModelCustomizationJob", job_id)

    def resume(self, job_id: str) -> str:
        return self._move("ResumeModelCustomizationJob", job_id)

    def serving(self, model: str, deployment: str = "") -> Serving:
        return self._endpoints.serving(model, deployment)

    def deploy(self, model: str, name: str) -> Serving:
        return self._endpoints.deploy(model, name)

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        body = {"model": model, "messages": list(messages), **decoding}
        return _values.reply(self._calling().ask("POST", "/chat/completions", json=body))

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Pieces:
        body = {"model": model, "messages": list(messages), **decoding, "stream": True}
        return _values.pieces(self._calling().lines("/chat/completions", json=body))

    def _calling(self) -> Rest:
        if not self._api_key:
            raise ProviderError(Text("Calling a model needs an API key of Ark: add it to the connection."), "auth")
        return self._data

    def close(self) -> None:
        self._http.close()

    def _ask(self, action: str, body: Mapping[str, Any], *, creating: bool = False) -> Mapping[str, Any]:
        where = {"Action": action, "Version": VERSION}
        answer = self._control.ask("POST", "/", params=where, json=body, creating=creating)
        if _ark_wire.has_error(answer):
            code, says = _ark_wire.code_of(answer)
            raise _wire.refusal(400, says, code=code, creating=creating, known=_ark_wire.CODES.get(code))
        return _ark_wire.result(answer)

    def _move(self, action: str, job_id: str) -> str:
        """Ask for a change; the phase is asked for afterwards, because the answer to the change does not name it."""
        self._ask(action, {"Id": job_id})
        return _ark_wire.phase(self._ask("GetModelCustomizationJob", {"Id": job_id}))

    def _project(self) -> dict[str, str]:
        return {"ProjectName": self._options.get("project_name") or "default"}

    def _storage(self) -> Storage:
        access, secret = self._keys
        return Storage(
            self._http,
            endpoint=self._tos_url,
            bucket=self._options["tos_bucket"],
            prefix=self._options.get("tos_path", ""),
            region=REGION,
            access_key=access,
            secret_key=secret,
            clock=self._clock,
        )

    def _points(self, job_id: str) -> list[Any]:
        """The curves; a job that has none says so in ways that are none of the job's business."""
        about = {"ModelCustomizationJobId": job_id}
        try:
            names = self._ask("GetModelCustomizationJobMetrics", about).get("Metrics")
            wanted = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
            if not wanted:
                return []
            asked = {**about, "Metrics": wanted, "MaxMetricPoint": "1000"}
            return _ark_wire.points(_values.objects(self._ask("GetModelCustomizationJobMetricData", asked), "Items"))
        except ProviderError as refusal:
            if refusal.kind in ("missing", "request", "conflict"):
                return []
            raise

    @staticmethod
    def _outputs(job_id: str, job: Mapping[str, Any]) -> list[CheckpointIn]:
        found = [_ark_wire.checkpoint(job_id, output) for output in _values.objects(job.get("Outputs"))]
        return sorted((one for one in found if one is not None), key=lambda one: one.step)


PROVIDER = Ark
