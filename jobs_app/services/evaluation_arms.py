"""One arm of an evaluation before it asks: a model, the way in which it is called, its prices, what it will cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datasets_app.core import samples
from datasets_app.models import Dataset, SnapshotEntry
from datasets_app.services.datasets import checker_of
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.cases import FORMS, read_way
from jobs_app.core.inference import Contract
from jobs_app.core.turns import asked
from jobs_app.models import Arm, Connection, Job, ModelVersion
from jobs_app.providers import PROVIDERS

from . import calling
from .prices import price_of

LONGEST_PROMPT = 20_000  # characters
ANCESTORS = 10  # jobs that a model goes back to, at most


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """One model, called in one way: a tuned `version`, or a base `model` by its name.

    What is left out is as the version was trained, and for a base model as the dataset has it: the form of the answer
    (`written_as`), the system prompt, greedy decoding. `shots` examples of the training side stand before a question.
    """

    connection: Connection
    version: ModelVersion | None = None
    model: str = ""
    written_as: str = ""
    shots: Any = 0
    temperature: Any = None
    system_prompt: str | None = None


def arm_of(number: int, spec: ArmSpec, dataset: Dataset) -> Arm:
    """An arm without examples and estimate, checked."""
    try:
        return _checked(number, spec, dataset)
    except InvalidInput as refusal:
        raise of_arm(number, **refusal.fields) from None


def of_arm(number: int, **fields: Any) -> InvalidInput:
    return InvalidInput.of({f"arms.{number}.{name}": text for name, text in fields.items()})


def _checked(number: int, spec: ArmSpec, dataset: Dataset) -> Arm:
    version, connection = spec.version, spec.connection
    model = version.called if version else str(spec.model or "").strip()
    if connection.project_id != dataset.project_id:
        raise InvalidInput(connection=Text("Choose a connection of the dataset's own project."))
    provider = PROVIDERS.get(connection.kind, None)
    if provider is None or not provider.capabilities.chat:
        raise InvalidInput(connection=Text("Models cannot be called through this connection."))
    if version and version.connection_id != connection.pk:
        raise InvalidInput(version=Text("The tuned model belongs to another connection."))
    if not model or len(model) > 200 or "\x00" in model:
        raise InvalidInput(model=Text("Name the model in 1 to 200 characters."))
    trained: dict[str, Any] = version.contract if version else {"contract": dataset.contract}
    way = Contract.of(trained)
    usual = way.written_as if version else _usual_form(dataset)
    if spec.written_as and spec.written_as not in FORMS:
        raise InvalidInput(written_as=Text("Use one of {names}.", names=Listed(FORMS)))
    if version and spec.written_as not in ("", usual):
        raise InvalidInput(
            written_as=Text("This model was trained to answer as {form}: it is asked in that form.", form=usual)
        )
    prompt = spec.system_prompt
    if prompt is None:
        prompt = way.system if version else dataset.system_prompt
    if len(prompt) > LONGEST_PROMPT or "\x00" in prompt:
        raise InvalidInput(system_prompt=Text("At most {n} characters.", n=LONGEST_PROMPT))
    warmth = (way.temperature or 0) if spec.temperature in (None, "") else spec.temperature
    shots, degrees = read_way(shots=spec.shots, temperature=warmth)
    temperature = degrees if takes_temperature(connection, model, version) else None
    stated = {} if way.max_tokens is None else {"max_tokens": way.max_tokens}
    row = Arm(
        number=number, connection=connection, version=version, model=model, written_as=spec.written_as or usual,
        shots=shots, decoding={"temperature": temperature, **stated}, system_prompt=prompt,
        contract=trained.get("contract") or {},
    )  # fmt: skip
    set_prices(row)
    return row


def takes_temperature(connection: Connection, model: str, version: ModelVersion | None = None) -> bool:
    """Whether one is sent at all. A tuned model is like its base model, and its contract may know more than we do."""
    if version and (Contract.of(version.contract).temperature is None):
        return False
    return calling.takes_temperature(connection, model, version.job.base_model if version else model)


def _usual_form(dataset: Dataset) -> str:
    wanted = (dataset.contract or {}).get("json") or {}
    return wanted.get("written_as") or ("json-content" if wanted else "text")


def set_prices(arm: Arm) -> None:
    """Those of today, of a tuned model by its base model's line for tuned ones; None where the table has none."""
    model, prefix = (arm.version.job.base_model, "") if arm.version else (arm.model, "base-")
    project, kind = arm.connection.project_id, arm.connection.kind
    prices = [price_of(project, kind, model, f"{prefix}{item}") for item in ("input", "output")]
    known = [price for price in prices if price is not None]
    if len(known) == 2 and known[0].currency == known[1].currency:
        arm.price_input, arm.price_output, arm.currency = known[0].amount, known[1].amount, known[0].currency
    else:
        free = Decimal(0) if arm.connection.is_rehearsal else None
        arm.price_input, arm.price_output, arm.currency = free, free, ""


def set_estimate(arm: Arm, prompt_tokens: int, completion_tokens: int) -> None:
    """What is expected of it, at its prices."""
    cost = arm.cost_of(prompt_tokens, completion_tokens)
    arm.estimate = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost": None if cost is None else str(cost),
    }


def estimate(arm: Arm, dataset: Dataset, contents: Sequence[samples.Sample], shown: list[samples.Sample]) -> None:
    """Tokens sent, and given back if the model answers as long as the samples do."""
    checker = checker_of(dataset)
    prompt = sum(checker.tokens(samples.Sample(asked(one, arm.system_prompt, shown))) for one in contents)
    completion = sum(checker.message_tokens(one)[-1] for one in contents if one.answer)
    set_estimate(arm, prompt, completion)


def trained_on(version: ModelVersion, chosen: Sequence[int]) -> int:
    """How many of these samples are in the training side of a snapshot that the model, or one before it, has seen."""
    snapshots: list[Any] = []
    job: Job | None = version.job
    while job is not None and len(snapshots) < ANCESTORS:
        snapshots.append(job.snapshot_id)
        job = job.after
    rows = SnapshotEntry.objects.filter(snapshot__in=[pk for pk in snapshots if pk], split="train")
    return rows.filter(sample_id__in=chosen).order_by().values("sample_id").distinct().count()
