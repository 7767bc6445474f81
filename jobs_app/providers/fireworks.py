"""Fireworks AI, over plain JSON: resources under an account. We choose a job's id, so that a second create is harmless.

Sources: fireworks-ai 1.2.30 and the gateway's API description (docs.fireworks.ai).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from ftstudio.errors import Text
from jobs_app.core import lifecycle, metrics
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _values
from jobs_app.providers._fireworks_describes import BASE_MODELS, CAPABILITIES, PARAMETERS
from jobs_app.providers._fireworks_order import DPO, ID_OF, SFT, body_of, collection_of, job_id_of
from jobs_app.providers._fireworks_reads import cost_of, fault_of, path_of, points_of
from jobs_app.providers._plain import NO_OPTIONS, PlainProvider
from jobs_app.providers._rest import openai_error
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    Created,
    ErrorKind,
    EventIn,
    Order,
    ProviderError,
    Report,
    Serving,
    Setting,
)

_DIRECT = 150_000_000  # bytes that may be uploaded in one request; its documents name 150 MB
_DEPLOYMENTS: Mapping[str, str] = {
    "READY": "ready",
    "DEPLOYED": "ready",
    "FAILED": "failed",
    "DELETING": "undeployed",
    "DELETED": "gone",
    "UNDEPLOYING": "undeployed",
}
_MONEY = re.compile(
    r"spending limit|suspended|past invoices|billing|(out of|insufficient|not enough) (credit|fund|balance)",
    re.IGNORECASE,
)
_WEB = ("https://", "http://")  # the guard takes the second for an address of this machine only
_UNCHARTED = "ftstudio-figures"  # the id of our own line that says why there are no figures


class Fireworks(PlainProvider):
    """See `base.Provider`. A job is called `supervisedFineTuningJobs/ID` or `dpoJobs/ID`, the ID made of its marker."""

    name: ClassVar[str] = "fireworks"
    label: ClassVar[Text] = Text("Fireworks AI")
    profile: ClassVar[str] = "fireworks"
    formats: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "supervised": ("fireworks-sft", "json-content", "task-response"),
        "dpo": ("openai-preference",),
    }
    default_base_url: ClassVar[str] = "https://api.fireworks.ai/v1"
    hosts: ClassVar[tuple[str, ...]] = ("api.fireworks.ai",)
    poll_seconds: ClassVar[float] = 20.0
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("credential", Text("API key"), secret=True, help=Text("Begins with fw_. It is stored encrypted.")),
        Setting("base_url", Text("Base URL"), default=default_base_url),
        Setting("account", Text("Account"), help=Text("The account's id, as it stands in its resource names.")),
    )
    states: ClassVar[Mapping[str, str]] = {
        f"JOB_STATE_{word}": state
        for state, words in {
            lifecycle.VALIDATING: ("CREATING", "VALIDATING", "CREATING_INPUT_DATASET"),
            lifecycle.QUEUED: ("PENDING", "RE_QUEUEING"),
            lifecycle.RUNNING: ("RUNNING", "WRITING_RESULTS", "IDLE"),
            lifecycle.PAUSED: ("PAUSED",),
            lifecycle.CANCELLING: ("CANCELLING",),
            lifecycle.SUCCEEDED: ("COMPLETED", "EARLY_STOPPED"),
            lifecycle.FAILED: ("FAILED", "EXPIRED"),
            lifecycle.CANCELLED: ("CANCELLED",),
        }.items()
        for word in words
    }
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    parameters: ClassVar[tuple[Parameter, ...]] = PARAMETERS
    base_models: ClassVar[tuple[BaseModel, ...]] = BASE_MODELS
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        **dict.fromkeys(("3", "INVALID_ARGUMENT", "9", "FAILED_PRECONDITION", "11", "OUT_OF_RANGE"), "request"),
        **dict.fromkeys(("5", "NOT_FOUND"), "missing"),
        **dict.fromkeys(("6", "ALREADY_EXISTS"), "conflict"),
        **dict.fromkeys(("7", "PERMISSION_DENIED"), "closed"),
        **dict.fromkeys(("8", "RESOURCE_EXHAUSTED"), "rate"),
        **dict.fromkeys(("16", "UNAUTHENTICATED"), "auth"),
        "money": "quota",
        "day": "daily",
    }

    def __init__(
        self, *, base_url: str, credential: str, http: httpx2.Client, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        super().__init__(base_url=base_url, credential=credential, http=http, options=options)
        account = options.get("account", "").strip().removeprefix("accounts/")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", account):
            raise ProviderError(Text("The connection needs the id of the account at Fireworks."), "request")
        self._account = f"accounts/{account}"

    @staticmethod
    def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
        """A gRPC code, as a number or a word. Of money and of the day's share only the sentence tells."""
        code, says = openai_error(body)
        if code in ("3", "INVALID_ARGUMENT"):
            return code, says  # the data may speak of money and days, too
        return ("money" if _MONEY.search(says) else "day" if "per day" in says.lower() else code), says

    @classmethod
    def chat_url(cls, base_url: str) -> str:
        return f"{base_url.rstrip('/').removesuffix('/v1')}/inference/v1"

    def probe(self) -> None:
        self._rest.ask("GET", f"/{self._account}/{SFT}", params={"pageSize": 1})

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        """A data set of its own for each upload; larger files go to an address that the provider signs."""
        dataset = f"ftstudio-{secrets.token_hex(12)}"
        with path.open("rb") as file:
            rows = sum(1 for line in file if line.strip())
        about = {"displayName": path.name, "exampleCount": str(rows), "userUploaded": {}}
        self._rest.ask("POST", f"/{self._account}/datasets", json={"datasetId": dataset, "dataset": about})
        where, size = f"/{self._account}/datasets/{dataset}", path.stat().st_size
        if size < _DIRECT:
            self._rest.upload(f"{where}:upload", path)
            return where[1:]
        signed = self._rest.ask("POST", f"{where}:getUploadEndpoint", json={"filenameToSize": {path.name: str(size)}})
        address = _values.text(_values.mapping(signed.get("filenameToSignedUrls")).get(path.name))
        if not address.startswith(_WEB):
            raise ProviderError(Text("The provider names no address to upload the file to."), "unavailable")
        headers = {"Content-Type": "application/octet-stream", "x-goog-content-length-range": f"{size},{size}"}
        with path.open("rb") as file:
            self._rest.send("PUT", address, content=file, headers={**headers, "Content-Length": str(size)})
        self._rest.ask("POST", f"{where}:validateUpload", json={})
        return where[1:]

    def is_ready(self, file_id: str) -> bool:
        dataset = self._rest.ask("GET", f"/{path_of(file_id)}")
        if (says := fault_of(dataset)) is not None:
            raise ProviderError(Text("The provider refuses the file. {says}", says=says[:300]), "request")
        return dataset.get("state") == "READY"

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """By its id, which is made of the marker; of which method the job is, the collections tell."""
        for collection in (SFT, DPO):
            if f"{collection}/{job_id_of(marker)}" in but:
                continue
            try:
                return self._known(f"{collection}/{job_id_of(marker)}")
            except ProviderError as refusal:
                if refusal.kind != "missing":
                    raise
        return None

    def create(self, order: Order) -> Created:
        collection = collection_of(order)
        name = f"{collection}/{job_id_of(order.marker)}"
        chosen = {ID_OF[collection]: job_id_of(order.marker)}
        body = body_of(order, self._account)
        try:
            answer = self._rest.ask("POST", f"/{self._account}/{collection}", params=chosen, json=body, creating=True)
        except ProviderError as refusal:
            if refusal.kind != "conflict":
                raise
            return self._created_before(name, refusal)
        return Created(name, _values.text(answer.get("state")))

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        job = self._rest.ask("GET", f"/{self._account}/{path_of(job_id)}")
        raw_state = _values.text(job.get("state"))
        state = self.states.get(raw_state)
        points: list[metrics.Point] = []
        events: list[EventIn] = []
        if state == lifecycle.RUNNING or state in lifecycle.FINAL:
            points, events = self._figures(job_id, job)
        training = _values.mapping(job.get("trainingConfig"))
        model = _values.text(job.get("outputModel")) or _values.text(training.get("outputModel"))
        cost, currency = cost_of(job.get("estimatedCost")) if state in lifecycle.FINAL else (None, "")
        return Report(
            state=state,
            raw_state=raw_state,
            events=[entry for entry in events if entry.id not in have and entry.id != after_event],
            points=points,
            model=model if state == lifecycle.SUCCEEDED and model else None,
            error=fault_of(job) if state == lifecycle.FAILED else None,
            finished_at=_values.instant(job.get("completedTime")) if state in lifecycle.FINAL else None,
            next_poll_hint=self.poll_seconds,
            # Whoever has a signed address needs no key, so none is kept.
            raw={key: value for key, value in job.items() if "SignedUrl" not in key and key != "wandbConfig"},
            cost=cost,
            currency=currency,
        )

    def cancel(self, job_id: str) -> str:
        answer = self._rest.ask("POST", f"/{self._account}/{path_of(job_id)}:cancel", json={})
        return _values.text(answer.get("state")) or "JOB_STATE_CANCELLING"

    def resume(self, job_id: str) -> str:
        answer = self._rest.ask("POST", f"/{self._account}/{path_of(job_id)}:resume", json={})
        return _values.text(answer.get("state")) or "JOB_STATE_RE_QUEUEING"

    def deploy(self, model: str, name: str) -> Serving:
        """A deployment of its own, billed by the time it runs. The id that we choose makes asking twice harmless."""
        chosen = job_id_of(name)
        body = {"baseModel": model, "displayName": name[:60]}
        try:
            answer = self._rest.ask("POST", f"/{self._account}/deployments", params={"deploymentId": chosen}, json=body)
        except ProviderError as refusal:
            if refusal.kind != "conflict":
                raise
            there = self._rest.ask("GET", f"/{self._account}/deployments/{_values.part(chosen)}")
            if there.get("baseModel") not in (None, model):
                raise ProviderError(
                    Text("A deployment of another model has the name {name}. Choose another name.", name=chosen),
                    "request",
                ) from refusal
            return self._serving(model, there, chosen)
        return self._serving(model, answer, chosen)

    def serving(self, model: str, deployment: str = "") -> Serving:
        """Whether a deployment answers for the model. A call names both, `MODEL#DEPLOYMENT`."""
        if deployment:
            chosen = deployment.rpartition("/")[2] if "/" in deployment else job_id_of(deployment)
            try:
                answer = self._rest.ask("GET", f"/{self._account}/deployments/{_values.part(chosen)}")
            except ProviderError as refusal:
                if refusal.kind != "missing":
                    raise
                return Serving("gone", says=str(refusal.sentence)[:300])
            return self._serving(model, answer, chosen)
        for collection, of in (("deployedModels", "model"), ("deployments", "baseModel")):
            page = self._rest.ask("GET", f"/{self._account}/{collection}", params={"pageSize": 200})
            for item in _values.objects(page, collection):
                if item.get(of) == model:
                    where = _values.text(item.get("deployment")) or _values.text(item.get("name"))
                    return self._serving(model, item, where.rpartition("/")[2])
        return Serving("undeployed")

    def _serving(self, model: str, item: Mapping[str, Any], deployment: str) -> Serving:
        says = _values.text(item.get("state"))
        name = f"{model}#{self._account}/deployments/{deployment}" if deployment else model
        return Serving(_DEPLOYMENTS.get(says, "deploying"), name, fault_of(item) or says)

    def _known(self, name: str) -> Created:
        return Created(name, _values.text(self._rest.ask("GET", f"/{self._account}/{name}").get("state")))

    def _created_before(self, name: str, conflict: ProviderError) -> Created:
        """The job that an earlier attempt created. That it exists is known; only how it stands could not be read.

        Taken and yet unknown: raises the conflict, for the job may only not be shown yet, and would train on unseen.
        """
        try:
            return self._known(name)
        except ProviderError as refusal:
            if refusal.kind == "missing":
                raise conflict from refusal
            return Created(name, "")

    def _figures(self, job_id: str, job: Mapping[str, Any]) -> tuple[list[metrics.Point], list[EventIn]]:
        """The figures of the file that the provider signs an address for, and a line of ours where that is closed."""
        try:
            address = _values.text(job.get("metricsFileSignedUrl"))
            if not address and job_id.startswith(f"{DPO}/"):
                found = self._rest.ask("GET", f"/{self._account}/{path_of(job_id)}:getMetricsFileEndpoint")
                address = _values.text(found.get("signedUrl"))
            if not address.startswith(_WEB):
                return [], []
            return points_of(self._rest.send("GET", address)), []
        except ProviderError as refusal:
            if refusal.kind != "request":
                return [], []  # not there yet, run out, or away: a later report brings them
            at = _values.instant(job.get("createTime")) or _values.EPOCH
            says = f"The figures of this run stand at an address that could not be read. {refusal.sentence}"
            return [], [EventIn(_UNCHARTED, at, "warning", says)]


PROVIDER = Fireworks
