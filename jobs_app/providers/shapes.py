"""What goes to a provider and what comes back, and how it describes itself: values, the same for every wire."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.metrics import Point
from jobs_app.core.recipes import NO_HELP, Recipe

PROVIDER = ()  # no provider lives in this module; the registry passes it by


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
    """One answer of a model. `model` is the model that says it answered; `left_out` names what of the decoding was not
    sent to it, because it does not take it."""

    content: str | None
    model: str
    finish_reason: str | None = None
    refusal: str | None = None
    tool_calls: Sequence[Mapping[str, Any]] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    left_out: tuple[str, ...] = ()


Usage = tuple[int | None, int | None]  # prompt and completion tokens of an answer; None: the provider did not count
NOT_COUNTED: Usage = (None, None)
Pieces = Generator[str, None, Usage]
