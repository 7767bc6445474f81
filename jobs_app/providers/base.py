"""What every provider promises: its description as data, and the same few methods over very different wires."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx2

from ftstudio.errors import InvalidInput, Text, Unavailable
from jobs_app.core.estimates import PLAIN, Billing
from jobs_app.core.metrics import Point
from jobs_app.core.presets import Preset
from jobs_app.core.recipes import NO_HELP, Parameter, Recipe

MARKER = "ftstudio_key"  # the metadata key under which a job carries the marker of our intent to create it

ErrorKind = Literal[
    "auth",  # the credential is not accepted: stop, ask for another
    "closed",  # refused to this organisation for good: stop
    "request",  # what was sent cannot be used: stop, show it
    "missing",  # the job, file or model is gone
    "conflict",  # it exists already, or its state has moved on: read it back
    "rate",  # too fast: wait `retry_after` or back off
    "quota",  # no money left: stop
    "daily",  # the day's share is used up: hours, not seconds
    "unavailable",  # did not answer, or answered nonsense: try again later, nothing was done
    "unknown-outcome",  # a create may or may not have been executed: look for its marker before anything else
]
TRANSIENT: frozenset[str] = frozenset({"rate", "daily", "unavailable"})


class ProviderError(Unavailable):
    """A provider refused or did not answer. `kind` says what to do, `retry_after` how long to wait (seconds)."""

    def __init__(self, message: Text, kind: ErrorKind, retry_after: float | None = None) -> None:
        super().__init__(message, code=f"provider_{kind.replace('-', '_')}")
        self.sentence = message
        self.kind: ErrorKind = kind
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may simply be sent again later. Never true for an unknown outcome."""
        return self.kind in TRANSIENT


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a connection asks for beside its name; secret ones are encrypted and never shown again.

    `credential` and `base_url` have columns of their own; every other name reaches the provider in `options`, its
    `default` where nothing was given. `choices`: nothing else can be given. `address`: a web address, held to the same
    hosts as the base URL. `confirmed` False: no source settles what belongs there, and the page says so.
    """

    name: str
    label: Text
    secret: bool = False
    default: str = ""
    help: Text = NO_HELP
    required: bool = True
    choices: tuple[str, ...] = ()
    address: bool = False
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be asked of a provider. `source` and `checked_on` (ISO date) say how old the knowledge is.

    None: nobody says; it is offered, with a visible "unconfirmed". `validation_split`: the provider can set a share of
    the training rows aside itself. `deploys`: a tuned model has to be deployed before it can be called. `hooks`: it can
    send webhooks. A base model may differ: see `BaseModel.differs`.
    """

    source: str
    checked_on: str
    methods: tuple[str, ...] = ("supervised",)
    tools: bool | None = True
    images: bool | None = None
    response_format: tuple[str, ...] = ("text", "json_object")
    validation_file: bool | None = True
    validation_split: bool | None = False
    cancel: bool | None = True
    pause: bool | None = False
    checkpoints: bool | None = False
    marker: bool = False
    chat: bool = True
    deploys: bool = False
    hooks: bool = False
    estimates: bool = False
    minimum_rows: int = 10
    suffix_max: int = 64
    name_rule: str = "plain"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model that can be tuned. `until` (ISO date) is when the provider stops serving it, if it has said so.

    `price_per_million` is for one million trained tokens in `currency`, as a decimal string; "" where unknown.
    `differs` are fields of `Capabilities` that are otherwise for this model; `confirmed` False marks what the source
    itself leaves uncertain (the page says so).
    """

    id: str
    label: str
    source: str
    checked_on: str
    until: str = ""
    price_per_million: str = ""
    currency: str = "USD"
    differs: Mapping[str, Any] = field(default_factory=dict)
    confirmed: bool = True
    price_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained. The files are the provider's ids of what was uploaded for this attempt.

    `marker` is unique for the intent and at most 64 of [a-z0-9-]; each provider carries it where it can be found again.
    `name` is what people call the job. `base_model` may be a tuned model that training goes on from. `rows` are those
    of the training file; 0 where nobody has counted them.
    """

    training_file: str
    validation_file: str | None
    base_model: str
    recipe: Recipe
    marker: str
    name: str = ""
    description: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """What the provider itself says a job will come to. `cost` in `currency`; None where it does not say."""

    cost: Decimal | None
    currency: str
    tokens: int | None = None
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as the provider lists it; `until` is the day on which it says the model will stop."""

    id: str
    until: date | None = None
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """Whether a tuned model can be called: "ready", "undeployed", "deploying", "failed" or "gone".

    `name` is what a call has to name as its model, where that is not the model itself. `says`: in the provider's words.
    """

    state: str
    name: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step in a provider's console: what to do there, and the value to type or to choose, where there is one."""

    label: Text
    value: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """A job that exists at the provider."""

    job_id: str
    raw_state: str


@dataclass(frozen=True, slots=True)
class EventIn:
    """One line of the provider's log. `level` is info, warning or error; `id` is the provider's, stable."""

    id: str
    at: datetime
    level: str
    message: str
    data: Mapping[str, Any] | None = None
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CheckpointIn:
    """A state of the model on the way that can be called as `model`. `metrics` as in `core.metrics.NAMES`."""

    id: str
    step: int
    model: str
    at: datetime
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of a job now.

    `state` is ours (core.lifecycle) or None for a word nobody knows: keep the state, store `raw_state`, ask again.
    `events` are the new ones, oldest first. `points` are all figures that these answers hold, at most one for a
    step and name; they may have been reported before. `model` is the tuned model once there is one. `error` is the
    provider's own sentence. `next_poll_hint` is in seconds. `raw` is the provider's answer about the job, redacted.
    `cost` in `currency` is what the provider itself says the run cost. `estimated_finish` is its guess while it runs.
    """

    state: str | None
    raw_state: str
    events: list[EventIn] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    checkpoints: list[CheckpointIn] = field(default_factory=list)
    model: str | None = None
    trained_tokens: int | None = None
    error: str | None = None
    finished_at: datetime | None = None
    next_poll_hint: float = 15.0
    raw: Mapping[str, Any] | None = None
    cost: Decimal | None = None
    currency: str = ""
    estimated_finish: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model. `model` is the model that says it answered."""

    content: str | None
    model: str
    finish_reason: str | None = None
    refusal: str | None = None
    tool_calls: Sequence[Mapping[str, Any]] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Provider(ABC):
    """A provider of fine-tuning. Every method may raise ProviderError and nothing else about the network.

    What not every provider has comes with a default here; what every one has is abstract.
    """

    name: ClassVar[str]
    label: ClassVar[Text]
    # The wire formats that a method's training files may be written in, the usual one first.
    formats: ClassVar[Mapping[str, tuple[str, ...]]]
    settings: ClassVar[tuple[Setting, ...]]
    states: ClassVar[Mapping[str, str]]  # provider's word → ours; a word that is missing here is unknown
    parameters: ClassVar[tuple[Parameter, ...]]  # those of every method; `Parameter.methods` says which has which
    presets: ClassVar[tuple[Preset, ...]] = ()  # sets of values that the provider itself publishes
    billing: ClassVar[Billing] = PLAIN  # what it counts beside tokens × epochs
    passes_extras: ClassVar[bool] = False  # True: `Recipe.extras` may hold names that `parameters` does not declare
    base_models: ClassVar[tuple[BaseModel, ...]]
    capabilities: ClassVar[Capabilities]
    default_base_url: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]  # its own hosts; ".example.com" also means everything below it
    profile: ClassVar[str] = "local"  # the rule profile (datasets_app.core.profiles) that its files are held to
    bom: ClassVar[bool] = False  # True: a training file begins with a byte order mark
    rehearsal: ClassVar[bool] = False  # True: nothing is trained, and every page has to say so
    manual: ClassVar[bool] = False  # True: it has no job API; a person does in its console what the job page says
    concurrency: ClassVar[int | None] = None  # jobs that run at once; None: as many as there are
    requests_per_minute: ClassVar[int] = 60

    @abstractmethod
    def __init__(self, *, base_url: str, credential: str, http: httpx2.Client, options: Mapping[str, str]) -> None:
        """Speak to `base_url` through `http`, which the provider closes. Raises ProviderError for a credential that
        cannot be one (kind "auth"). `options` are the connection's other settings by name, the secret ones too."""

    @abstractmethod
    def probe(self) -> None:
        """Return if the credential opens the fine-tuning part of the account; costs nothing."""

    @abstractmethod
    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        """Send a file, streamed; its id. A second upload is harmless, so every failure counts as not done."""

    def is_ready(self, file_id: str) -> bool:
        """Whether an uploaded file can be used in a job by now. ProviderError("request") says what is wrong in it."""
        return True

    @abstractmethod
    def find(self, marker: str, *, training_file: str = "") -> Created | None:
        """The job that carries the marker, or None. A fresh job may be missing from the list for up to a minute.

        Where only recent jobs can be looked through, the training file has to be the same, too.
        """

    @abstractmethod
    def create(self, order: Order) -> Created:
        """Create a job, asking exactly once. Kind "unknown-outcome" means: `find(marker)` before anything else."""

    def quote(self, order: Order) -> Quote | None:
        """The provider's own estimate; None where it has none. Nothing is created."""
        return None

    @abstractmethod
    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        """Ask about a job. Events up to the id `after_event` and those whose ids are in `have` are left out."""

    @abstractmethod
    def cancel(self, job_id: str) -> str:
        """Ask for an end; the provider's word for the state afterwards."""

    def pause(self, job_id: str) -> str:
        """Ask for a pause; the provider's word for the state afterwards."""
        raise _cannot()

    def resume(self, job_id: str) -> str:
        """Ask to go on; the provider's word for the state afterwards."""
        raise _cannot()

    @classmethod
    def can(cls, verb: str) -> bool:
        """Whether it can "cancel", "pause" or "resume" a job. A pause that nobody confirms counts; one may resume what
        the provider itself has paused."""
        able = {"cancel": cls.capabilities.cancel, "pause": cls.capabilities.pause}.get(verb)
        return able is not False and getattr(cls, verb) is not getattr(Provider, verb)

    @classmethod
    def checklist(cls, order: Order) -> Sequence[Step]:
        """What a person does in the console of a `manual` provider, in order. `order` names files by their names."""
        return ()

    @classmethod
    def tuned_model(cls, text: str) -> str:
        """The id of a tuned model as a person has typed it in. Raises InvalidInput(model=…) for what cannot be one."""
        model = text.strip()
        if not re.fullmatch(r"\S{1,200}", model):
            raise InvalidInput(model=Text("Give the model's id as the provider shows it: 1 to 200 characters."))
        return model

    @classmethod
    def chat_url(cls, base_url: str) -> str:
        """The address at which this provider speaks OpenAI's chat API, for a connection to `base_url`."""
        return base_url

    def models(self) -> Sequence[Listed]:
        """The models that the account sees, with the day on which each stops, where the provider says so."""
        return ()

    def deploy(self, model: str, name: str) -> Serving:
        """Ask for a deployment of a tuned model under `name`. Asking a second time for the same name is harmless."""
        raise _cannot()

    def serving(self, model: str, deployment: str = "") -> Serving:
        """Whether a tuned model can be called by now. Costs nothing."""
        return Serving("ready")

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> Mapping[str, Any]:
        """The content of a webhook that this provider has sent. Raises ProviderError("auth") for anything else."""
        raise _cannot()

    @abstractmethod
    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        """One answer of a base or tuned model; `decoding` as in the OpenAI chat API."""

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Iterator[str]:
        """The text of one answer, piece by piece, as the model writes it."""
        raise _cannot()

    @abstractmethod
    def close(self) -> None:
        """Give the connections back; `contextlib.closing(open_provider(…))` does it by itself."""


def _cannot() -> ProviderError:
    return ProviderError(Text("This provider cannot do that."), "request")
