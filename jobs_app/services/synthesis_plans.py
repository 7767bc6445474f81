"""What a synthesis would ask, in which words, and what that comes to. Nothing is asked, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datasets_app.core import contracts
from datasets_app.models import Dataset, Revision, Sample
from datasets_app.models.sample import Status
from ftstudio.errors import Conflict, InvalidInput, Text
from jobs_app.core import synthesis as core
from jobs_app.core.cases import drawn
from jobs_app.models import Connection, Evaluation, Synthesis
from jobs_app.pipeline.synthesise import checker_for, examples_of, prompt_of
from jobs_app.providers import PROVIDERS

from . import comparing, failures, loop
from .prices import price_of

MOST_DRAWN = 5000  # pairs of a dataset among which the examples are drawn


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent, and what it comes to. `cost` None: no price is known. `row` is not saved."""

    row: Synthesis
    prompt: str
    asks: int
    warnings: tuple[Text, ...]

    @property
    def cost(self) -> Decimal | None:
        return _money(self.row, self.row.estimate["prompt_tokens"], self.row.estimate["completion_tokens"])


def plan(
    *,
    dataset: Dataset,
    connection: Connection,
    model: str = "",
    wanted: Any = core.WANTED,
    template: Any = None,
    domains: Iterable[Any] = core.DOMAINS,
    seed: Any = 0,
    temperature: Any = core.TEMPERATURE,
    evaluation: Evaluation | None = None,
    arm: Any = None,
) -> Plan:
    """The first prompt, and what the whole is expected to cost. Nothing is asked and nothing is written.

    With an `evaluation` it shows what a model got wrong there (`arm` is its number; None: the last tuned one) and asks
    for more of that kind, so that the cases themselves may stay held out. `template` None: the one for either.

    Raises InvalidInput for what cannot be used, Conflict `no_contract` where there is nothing to verify by.
    """
    model = str(model or "").strip()
    _usable(dataset, connection, model)
    wanted, seed, temperature = core.read_wishes(wanted=wanted, seed=seed, temperature=temperature)
    taken = PROVIDERS[connection.kind].takes_temperature(model)
    contract = contracts.parse(dataset.contract)
    if not contracts.describe(contract):
        raise Conflict(
            Text("This dataset has no contract yet. Write it first: it decides which candidates count."),
            code="no_contract",
        )
    examples: Sequence[Any] = _examples(dataset, seed) if evaluation is None else _wrong(dataset, evaluation, arm, seed)
    if template is None:
        template = core.TEMPLATE if evaluation is None else core.SIMILAR
    row = Synthesis(
        dataset=dataset, connection=connection, evaluation=evaluation, model=model, wanted=wanted, seed=seed,
        decoding={"temperature": (int(temperature) if temperature % 1 == 0 else temperature) if taken else None},
        template=core.check_template(template), domains=core.check_domains(domains),
        system_prompt=dataset.system_prompt or own_prompt(examples), contract=dataset.contract, examples=examples,
        most_asks=core.most_asks(wanted),
    )  # fmt: skip
    row.price_input, row.price_output, row.currency = _prices(dataset, connection, model)
    prompt = prompt_of(row, core.shares(wanted, row.domains, {}))
    asks = core.asks_for(wanted)
    count = checker_for(dataset, dataset.contract).encoder.count
    shown = [count(core.example_line(example)) for example in examples_of(row.examples)]
    each = round(sum(shown) / len(shown)) if shown else core.PAIR_TOKENS
    known = core.KNOWN * each // 3 if asks > 1 else 0
    row.estimate = {"prompt_tokens": asks * (count(prompt) + known), "completion_tokens": wanted * each}
    cost = _money(row, **row.estimate)
    row.estimate["cost"] = None if cost is None else str(cost)
    return Plan(row, prompt, asks, tuple(_warnings(row, contract)))


def _examples(dataset: Dataset, seed: int) -> list[int]:
    """Revisions of up to EXAMPLES pairs that nobody has turned down: an order by chance that the seed fixes."""
    rows = Sample.objects.filter(dataset=dataset, has_rejected=True).exclude(
        status__in=(Status.REJECTED, Status.TRASHED)
    )
    pks = rows.order_by("position").values_list("pk", flat=True)[:MOST_DRAWN]
    chosen = drawn(pks, core.EXAMPLES, seed, "pair")
    newest: dict[int, int] = {}
    for pk, sample in Revision.objects.filter(sample__in=chosen).order_by("number").values_list("pk", "sample_id"):
        newest[sample] = pk
    return [newest[sample] for sample in chosen if sample in newest]


def _wrong(dataset: Dataset, evaluation: Evaluation, number: Any, seed: int) -> list[dict[str, Any]]:
    """Up to EXAMPLES of what a model of the evaluation got wrong, as pairs."""
    if evaluation.dataset_id != dataset.pk:
        raise InvalidInput(evaluation=Text("Choose an evaluation of this dataset."))
    arm = loop.arm_of(evaluation) if number is None else comparing.arm_numbered(evaluation, number, "arm")
    pairs = failures.examples(evaluation, arm)
    if not pairs:
        raise InvalidInput(evaluation=Text("Among these cases there is nothing to learn from."))
    return [pairs[at] for at in drawn(range(len(pairs)), core.EXAMPLES, seed, "pair")]


def own_prompt(examples: Sequence[Any]) -> str:
    """The system prompt that stands in the pairs themselves; "" where they have none."""
    return next((one.system.text for one in examples_of(examples) if one.system), "")


def _prices(dataset: Dataset, connection: Connection, model: str) -> tuple[Decimal | None, Decimal | None, str]:
    prices = [price_of(dataset.project_id, connection.kind, model, f"base-{item}") for item in ("input", "output")]
    known = [price for price in prices if price is not None]
    if len(known) == 2 and known[0].currency == known[1].currency:
        return known[0].amount, known[1].amount, known[0].currency
    free = Decimal(0) if connection.is_rehearsal else None
    return free, free, ""


def _money(row: Synthesis, prompt_tokens: int, completion_tokens: int) -> Decimal | None:
    if row.price_input is None or row.price_output is None:
        return None
    whole = row.price_input * prompt_tokens + row.price_output * completion_tokens
    return (whole / 1_000_000).quantize(Decimal("0.0001"))


def _warnings(row: Synthesis, contract: contracts.Contract) -> Iterable[Text]:
    if contract.symbols is None:
        yield Text("The contract says nothing about symbols: a damaged code counts as an error only if it does.")
    if not row.examples:
        yield Text("The dataset has no pair of a wrong and a right answer yet: the prompt shows none.")


def _usable(dataset: Dataset, connection: Connection, model: str) -> None:
    if connection.project_id != dataset.project_id:
        raise InvalidInput(connection=Text("Choose a connection of the dataset's own project."))
    provider = PROVIDERS.get(connection.kind, None)
    if provider is None or not provider.capabilities.chat:
        raise InvalidInput(connection=Text("Models cannot be called through this connection."))
    if not model or len(model) > 200 or "\x00" in model:
        raise InvalidInput(model=Text("Name the model in 1 to 200 characters."))
