"""What every provider promises: the same few methods over very different wires. What goes in and out: `shapes`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx2

from ftstudio.errors import InvalidInput, Text, Unavailable
from jobs_app.core.estimates import PLAIN, Billing
from jobs_app.core.presets import Preset
from jobs_app.core.recipes import Parameter

from .shapes import (
    NOT_COUNTED,
    BaseModel,
    Capabilities,
    CheckpointIn,
    Created,
    EventIn,
    Listed,
    Order,
    Pieces,
    Quote,
    Reply,
    Report,
    Serving,
    Setting,
    Step,
    Usage,
)

__all__ = (
    "MARKER",
    "NOT_COUNTED",
    "TRANSIENT",
    "BaseModel",
    "Capabilities",
    "CheckpointIn",
    "Created",
    "ErrorKind",
    "EventIn",
    "Listed",
    "Order",
    "Pieces",
    "Provider",
    "ProviderError",
    "Quote",
    "Reply",
    "Report",
    "Serving",
    "Setting",
    "Step",
    "Usage",
)

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
    """A provider refused or did not answer. `kind` says what to do, `retry_after` how long to wait (seconds).

    `unsupported` names the parameter of a request that this model does not take, where that is the whole refusal.
    """

    def __init__(
        self, message: Text, kind: ErrorKind, retry_after: float | None = None, *, unsupported: str = ""
    ) -> None:
        super().__init__(message, code=f"provider_{kind.replace('-', '_')}")
        self.sentence = message
        self.kind: ErrorKind = kind
        self.retry_after = retry_after
        self.unsupported = unsupported

    @property
    def transient(self) -> bool:
        """Whether the same request may simply be sent again later. Never true for an unknown outcome."""
        return self.kind in TRANSIENT


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
    answer_limit: ClassVar[str] = "max_tokens"  # its word, in a chat call, for the most tokens of one answer

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
    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """The job that carries the marker, or None. A fresh job may be missing from the list for up to a minute.

        Where only recent jobs can be looked through, the training file has to be the same, too. Jobs whose ids are in
        `but` are passed by: so a second one of the same marker is found.
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
    def takes_temperature(cls, model: str) -> bool:
        """Whether a base or tuned model lets the caller choose a temperature; False only where it is known not to."""
        return True

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> Mapping[str, Any]:
        """The content of a webhook that this provider has sent. Raises ProviderError("auth") for anything else."""
        raise _cannot()

    @abstractmethod
    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        """One answer of a base or tuned model; `decoding` as in the OpenAI chat API.

        Callers say `max_tokens` to every provider; it goes out as `answer_limit`. What the model does not take may be
        left out: the answer says so (`Reply.left_out`).
        """

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Pieces:
        """The text of one answer, piece by piece, as the model writes it; returns the tokens that it took."""
        raise _cannot()

    @abstractmethod
    def close(self) -> None:
        """Give the connections back; `contextlib.closing(open_provider(…))` does it by itself."""


def _cannot() -> ProviderError:
    return ProviderError(Text("This provider cannot do that."), "request")
