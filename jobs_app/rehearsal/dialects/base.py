"""What every dialect has: an address, its own words for states and refusals, and one method for each station."""

from __future__ import annotations

import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any, ClassVar

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal import chat, faults
from jobs_app.rehearsal.engine import Engine, Entry, File, Order, Progress
from jobs_app.rehearsal.kept import Job, Stored
from jobs_app.rehearsal.store import Store
from jobs_app.rehearsal.wire import Call, Refused, Words

KEY_PREFIX = "rehearsal-"
_SEEN = 2  # jobs whose files an answer is looked up in
_PROCESSING = 0.02  # of a job's time: how long a provider looks at a file before it may be used
_REMEMBERED = 20_000
# The states in which a person may still ask for something.
OPEN: Mapping[str, frozenset[str]] = {
    "cancel": frozenset({"validating", "queued", "running", "finishing", "pausing", "paused"}),
    "pause": frozenset({"running"}),
    "resume": frozenset({"pausing", "paused"}),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What all dialects share. `seconds`: how long a job takes; `wall`: this machine's clock, never turned by hand."""

    store: Store
    engine: Engine
    seconds: float
    wall: Callable[[], float]


class Dialect(ABC):
    """One provider's wire over the shared stage. A station `jobs.create` is answered by the method `jobs_create`."""

    name: ClassVar[str]
    prefix: ClassVar[str]  # where it lies on the server
    routes: ClassVar[tuple[tuple[str, str, str], ...]]  # (method, path below the prefix, station)
    words: ClassVar[Mapping[str, Words]]  # a reason of wire.REASONS → how this provider says it
    states: ClassVar[Mapping[str, str]]  # the engine's word for a state → this provider's
    kept: ClassVar[frozenset[str]]  # the keys of answers that no client can do without
    models: ClassVar[Mapping[str, str | None]]  # base models, each with the day on which it stops
    failures: ClassVar[frozenset[str]] = frozenset({"failed"})  # its words for a bad end

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.store = stage.store
        self.engine = stage.engine
        self._orders: dict[str, Order] = {}

    # What a dialect says of itself

    @abstractmethod
    def failure(self, request: Request, refused: Refused) -> Response:
        """A refusal in this provider's form."""

    @abstractmethod
    def order(self, job: Job) -> Order:
        """What the engine is to train: this provider's words for settings and files understood."""

    def station(self, request: Request, station: str, names: dict[str, str]) -> str:
        """The station that a request is really meant for, where the path alone does not say; may change `names`."""
        return station

    def owner(self, request: Request) -> str:
        """Whose request it is. Raises Refused("auth")."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return owner_of(key if scheme.lower() == "bearer" else "")

    def model_order(self, call: Call, model: str) -> Order | None:
        """The order behind a model that is called; None for a base model. Raises Refused("missing")."""
        if model in self.models:
            return None
        raise self.no_model(model)

    # What stations are made of

    def answer(self, station: str, call: Call) -> Response:
        serve: Callable[[Call], Response] = getattr(self, station.replace(".", "_").replace("-", "_"))
        return serve(call)

    def chat(self, call: Call) -> Response:
        return chat.complete(call, self.engine, self.model_order, self.seen(call))

    def seen(self, call: Call) -> list[File]:
        """The training and validation files of the account's newest jobs, the newest first."""
        orders = [self.order(job) for job in self.store.jobs(call.owner, self.name, most=_SEEN)]
        files = (file for order in orders for file in (order.validation, *order.training) if file is not None)
        return list({file.digest: file for file in files}.values())

    def said(self, refused: Refused) -> Words:
        """Status, code and sentence of a refusal."""
        words = self.words[refused.reason]
        code = words.code if refused.code is None else refused.code
        return replace(words, code=code, message=refused.message or words.message)

    def find(self, call: Call, job_id: str) -> Job:
        job = self.store.job(call.owner, job_id)
        if job is None or job.dialect != self.name:
            raise Refused("missing", f"Could not find fine tune: {job_id}", param="fine_tune_id")
        return job

    def listed(self, call: Call) -> list[Job]:
        """The jobs that the list shows by now, newest first."""
        return [
            job
            for job in self.store.jobs(call.owner, self.name)
            if call.now >= job.created_at + float(job.quirks.get("unlisted", 0))
        ]

    def look(self, job: Job, now: float) -> Progress:
        return self.engine.look(self.order(job), now)

    def log(self, job: Job, now: float) -> list[Entry]:
        return list(self.engine.log(self.order(job), now))

    def state(self, call: Call, job: Job, progress: Progress) -> str:
        """This provider's word for where the job is."""
        if call.word:
            return call.word
        if progress.final and isinstance(word := job.quirks.get("ends"), str):
            return word
        return self.states[progress.status]

    def add_job(
        self, call: Call, *, job_id: str, body: Mapping[str, Any], model: str, marker: str, pace: object = ""
    ) -> Job:
        """A new job. Raises Refused("conflict") where one has this id already."""
        seconds = self.stage.seconds
        if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", str(pace)):
            seconds = float(str(pace))
        quirks = faults.quirks(call.fault, faults.QUIRKS)
        if quirks.get("ends") in self.failures:
            quirks["fails"] = True
        made = self.store.add_job(
            owner=call.owner,
            dialect=self.name,
            job_id=job_id,
            body=body,
            model=model,
            marker=marker,
            quirks=quirks,
            seconds=seconds,
            now=call.now,
        )
        if not made:
            raise Refused("conflict", f"{job_id} already exists")
        return self.find(call, job_id)

    def control(self, call: Call, job_id: str, verb: str) -> Job:
        """Pause, resume or cancel a job. Raises Refused("state") where it is too late or too early for that."""
        job = self.find(call, job_id)
        asked = verb.partition("-")[0]
        if asked == "cancel" and call.trouble in ("raced", "already-final"):
            self.store.control(job_id, "finish", call.now)
            if call.trouble == "raced":
                raise Refused("conflict", f"Job {job_id} has just succeeded")
        else:
            status = self.look(job, call.now).status
            if status not in OPEN[asked]:
                raise Refused("state", f"Job {job_id} is {status}, so this is not possible: {asked}")
            self.store.control(job_id, verb, call.now)
        return self.find(call, job_id)

    def keep_file(
        self, call: Call, *, file_id: str, name: str, purpose: str, content: IO[bytes], **extra: Any
    ) -> Stored:
        return self.store.add_file(
            owner=call.owner,
            dialect=self.name,
            file_id=file_id,
            name=name,
            purpose=purpose,
            content=content,
            now=call.now,
            quirks=faults.quirks(call.fault, faults.FILE_QUIRKS),
            extra=extra,
        )

    def file(self, call: Call, file_id: str) -> Stored:
        file = self.store.file(call.owner, file_id)
        if file is None or file.dialect != self.name:
            raise Refused("missing", f"No such File object: {file_id}", param="id")
        return file

    def processed(self, file: Stored, now: float) -> bool:
        """Whether the provider has looked at a file and it may be used."""
        return "never-processed" not in file.quirks and now >= file.created_at + self.stage.seconds * _PROCESSING

    def content(self, job: Job, file_id: str) -> File:
        """A file of a job, also one that was deleted since."""
        file = self.store.file(job.owner, file_id, deleted=True)
        if file is None:
            raise Refused("missing", f"No such File object: {file_id}")
        return self.store.content(file)

    def tuned(self, call: Call, model: str) -> Order | None:
        """The order behind a tuned model that exists by now; None for a base model. Raises Refused("missing")."""
        if model in self.models:
            return None
        job = self.store.job_of_model(call.owner, model)
        if job is None or job.dialect != self.name or self.look(job, call.now).status != "succeeded":
            raise self.no_model(model)
        return self.order(job)

    def remembered(self, job: Job, make: Callable[[], Order]) -> Order:
        """The order of a job. All but its controls stays as it was, and reading it from the body takes time."""
        order = self._orders.get(job.id)
        if order is None:
            if len(self._orders) >= _REMEMBERED:
                self._orders.clear()
            order = self._orders[job.id] = make()
        return replace(order, controls=job.controls) if job.controls else order

    def ordered(self, job: Job, *, training: list[str], validation: str | None, base_model: str,
                settings: Mapping[str, Any], seed: object, split: float = 0.0) -> Order:  # fmt: skip
        """The order of a job from what its dialect has read."""
        return Order(
            id=job.id,
            created_at=job.created_at,
            base_model=base_model,
            training=tuple(self.content(job, file_id) for file_id in training),
            validation=self.content(job, validation) if validation else None,
            settings=settings,
            seed=seed if isinstance(seed, int) else int.from_bytes(hashlib.sha256(job.id.encode()).digest()[:4], "big"),
            seconds=job.seconds,
            split=split,
            quirks=frozenset(job.quirks),
        )

    @staticmethod
    def no_model(model: str) -> Refused:
        return Refused("missing", f"The model `{model}` does not exist or you do not have access to it.")


def owner_of(key: str) -> str:
    """The owner behind a key: a digest, so that no key is ever kept. Raises Refused("auth")."""
    key = key.strip()
    if not key:
        raise Refused("auth", "You didn't provide an API key.")
    if not key.startswith(KEY_PREFIX):
        raise Refused("auth", "Incorrect API key provided. A rehearsal key begins with rehearsal-.")
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}{secrets.token_hex(length)[:length]}"


def numeric(value: object) -> float | None:
    """A number that a provider takes as one or as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def multiplier(rate: object, usual: float) -> float | None:
    """A learning rate as a factor on what is usual for the method: that is what the made-up curves understand."""
    number = numeric(rate)
    return None if number is None or number <= 0 else round(number / usual, 6)
