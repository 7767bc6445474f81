"""What every provider promises: its description as data, and the same few methods over very different wires."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import httpx2

from ftstudio.errors import Text, Unavailable
from jobs_app.core.metrics import Point
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
    """One thing a connection asks for beside its name; secret ones are encrypted and never shown again."""

    name: str
    label: Text
    secret: bool = False
    default: str = ""
    help: Text = NO_HELP


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be asked of a provider. `source` and `checked_on` (ISO date) say how old the knowledge is."""

    source: str
    checked_on: str
    methods: tuple[str, ...] = ("supervised",)
    validation_file: bool = True
    cancel: bool = True
    pause: bool = False
    checkpoints: bool = False
    marker: bool = False
    chat: bool = True
    minimum_rows: int = 10
    suffix_max: int = 64
    name_rule: str = "plain"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model that can be tuned. `until` (ISO date) is when the provider stops serving it, if it has said so.

    `price_per_million` is for one million trained tokens in `currency`, as a decimal string; "" where unknown.
    """

    id: str
    label: str
    source: str
    checked_on: str
    until: str = ""
    price_per_million: str = ""
    currency: str = "USD"


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
    provider's own sentence. `next_poll_hint` is in seconds.
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


class Provider(Protocol):
    """A provider of fine-tuning. Every method may raise ProviderError and nothing else about the network."""

    name: ClassVar[str]
    label: ClassVar[Text]
    codec: ClassVar[str]  # the wire format that its training files are written in
    settings: ClassVar[tuple[Setting, ...]]
    states: ClassVar[Mapping[str, str]]  # provider's word → ours; a word that is missing here is unknown
    parameters: ClassVar[tuple[Parameter, ...]]
    base_models: ClassVar[tuple[BaseModel, ...]]
    capabilities: ClassVar[Capabilities]
    default_base_url: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]  # its own hosts; ".example.com" also means everything below it
    rehearsal: ClassVar[bool]  # True: nothing is trained, and every page has to say so

    def __init__(self, *, base_url: str, credential: str, http: httpx2.Client) -> None:
        """Speak to `base_url` through `http`, which the provider closes. Raises ProviderError for a credential that
        cannot be one (kind "auth")."""

    def probe(self) -> None:
        """Return if the credential opens the fine-tuning part of the account; costs nothing."""

    def upload(self, path: Path, purpose: str = "fine-tune") -> str:
        """Send a file, streamed; its id. A second upload is harmless, so every failure counts as not done."""

    def find(self, marker: str) -> Created | None:
        """The job that carries the marker, or None. A fresh job may be missing from the list for up to a minute."""

    def create(
        self,
        *,
        training_file: str,
        validation_file: str | None,
        base_model: str,
        recipe: Recipe,
        marker: str,
        suffix: str = "",
    ) -> Created:
        """Create a job, asking exactly once. Kind "unknown-outcome" means: `find(marker)` before anything else."""

    def report(self, job_id: str, *, after_event: str | None = None, have: Collection[str] = ()) -> Report:
        """Ask about a job. Events up to the id `after_event` and those whose ids are in `have` are left out."""

    def cancel(self, job_id: str) -> str:
        """Ask for an end; the provider's word for the state afterwards."""

    def pause(self, job_id: str) -> str:
        """Ask for a pause; the provider's word for the state afterwards."""

    def resume(self, job_id: str) -> str:
        """Ask to go on; the provider's word for the state afterwards."""

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        """One answer of a base or tuned model; `decoding` as in the OpenAI chat API."""

    def close(self) -> None:
        """Give the connections back; `contextlib.closing(open_provider(…))` does it by itself."""
