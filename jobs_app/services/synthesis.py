"""Syntheses: having a model propose pairs, looking through the candidates, taking the chosen ones into the dataset."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from datasets_app.core import contracts
from datasets_app.models import Dataset, Revision, Sample, Upload
from datasets_app.models.sample import Status
from datasets_app.services import uploads
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from jobs_app import tasks
from jobs_app.core import candidates
from jobs_app.core import synthesis as core
from jobs_app.core.cases import drawn
from jobs_app.models import Candidate, Connection, Evaluation, Synthesis
from jobs_app.models.asking import AskingState
from jobs_app.pipeline.rates import why_shut
from jobs_app.pipeline.synthesise import checker_for, examples_of, prompt_of
from jobs_app.providers import PROVIDERS

from . import budgets, comparing, failures, loop
from .prices import price_of

MOST_DRAWN = 5000  # pairs of a dataset among which the examples are drawn
TAG = "synthetic"


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
        decoding={"temperature": int(temperature) if temperature % 1 == 0 else temperature},
        template=core.check_template(template), domains=core.check_domains(domains),
        system_prompt=dataset.system_prompt or _own_prompt(examples), contract=dataset.contract, examples=examples,
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


def start(*, actor: User, dataset: Dataset, connection: Connection, **asked: Any) -> Synthesis:
    """Have the model asked by a worker; `asked` as in `plan`. One synthesis of a dataset runs at a time: Conflict."""
    require(actor, dataset.project_id, "samples.synthesise")
    require(actor, dataset.project_id, "models.call")
    row = plan(dataset=dataset, connection=connection, **asked).row
    if (shut := why_shut(connection)) is not None:
        raise Conflict(shut, code="stopped")
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        budgets.hold(dataset.project_id)
        if Synthesis.objects.unfinished().filter(dataset=dataset).exists():
            raise Conflict(Text("A synthesis for this dataset is running. Wait for it, or cancel it."), code="running")
        if (refusal := budgets.check_asking(dataset.project_id, [row])) is not None:
            raise Conflict(refusal, code="budget")
        row.created_by = actor
        row.save(force_insert=True)
        AuditEntry.objects.record(
            actor=actor, verb="synthesis.start", target=row, project=dataset.project, model=row.model,
            wanted=row.wanted, cost=str(row.estimate["cost"]),
        )  # fmt: skip
        enqueue(tasks.synthesise, row.pk)
    return row


def cancel(*, actor: User, synthesis: Synthesis) -> Synthesis:
    """Ask nothing more. The candidates that are there stay. Conflict once it has ended."""
    require(actor, synthesis.dataset.project_id, "samples.synthesise")
    with transaction.atomic():
        ended = {"state": AskingState.CANCELLED, "finished_at": timezone.now(), "next_at": None}
        if Synthesis.objects.unfinished().filter(pk=synthesis.pk).update(**ended) != 1:
            raise Conflict(Text("This synthesis has ended already."), code="ended")
        AuditEntry.objects.record(
            actor=actor, verb="synthesis.cancel", target=synthesis, project=synthesis.dataset.project
        )
    synthesis.refresh_from_db()
    return synthesis


def take(*, actor: User, synthesis: Synthesis, numbers: Collection[int] | None = None) -> Upload:
    """Have the chosen candidates imported as pending pairs; `numbers` are theirs, None takes every verified one.

    The first call fixes the choice, and the file follows from it byte by byte: whoever calls again, after a kill or at
    the same time, is given the import there is. Raises Conflict while models are still asked, InvalidInput for a choice
    of none.
    """
    project = synthesis.dataset.project
    require(actor, project, "samples.synthesise")
    require(actor, project, "uploads.create")
    with transaction.atomic():
        row = Synthesis.objects.select_for_update(of=("self",), no_key=True).get(pk=synthesis.pk)
        if not row.is_final:
            raise Conflict(Text("This synthesis is still running. Wait for it, or cancel it."), code="running")
        if row.taken_at is None:
            _choose(row, numbers)
            row.taken_at = timezone.now()
            row.save(update_fields=["taken_at"])
            AuditEntry.objects.record(actor=actor, verb="synthesis.take", target=row, project=project)
    if row.upload_id is None:
        upload = _upload(actor, synthesis.dataset, row)
        Synthesis.objects.filter(pk=row.pk, upload=None).update(upload=upload)
    synthesis.refresh_from_db()
    found = synthesis.upload
    if found is None:
        raise Conflict(Text("The import of these candidates was deleted."), code="gone")
    return found


def spread(synthesis: Synthesis) -> list[tuple[str, int]]:
    """Verified candidates by domain, in the order of the domains."""
    have = Counter(_rows(synthesis).filter(reason="").values_list("domain", flat=True))
    return [(name, have[name]) for name in synthesis.domains]


def refusals(synthesis: Synthesis) -> list[tuple[Text, int]]:
    """Why lines did not become candidates, the most frequent reason first."""
    reasons = Counter(_rows(synthesis).exclude(reason="").values_list("reason", flat=True))
    return [(candidates.REASONS[reason], n) for reason, n in reasons.most_common()]


def _rows(synthesis: Synthesis) -> QuerySet[Candidate]:
    return Candidate.objects.filter(synthesis=synthesis).order_by()


def reason_of(candidate: Candidate) -> Text:
    """Why this line did not become a candidate."""
    return candidates.REASONS[candidate.reason]


def rows_of(synthesis: Synthesis) -> bytes:
    """The chosen candidates as JSONL in the format openai-preference, with domain, model and day beside each.

    They begin with a system turn where the dataset's own pairs do; elsewhere an export adds the dataset's prompt.
    """
    own = _own_prompt(synthesis.examples)
    when = synthesis.finished_at or synthesis.created_at
    came = [failures.tag_of(synthesis.evaluation)] if synthesis.evaluation else []
    lines = []
    for one in synthesis.candidates.filter(reason="", chosen=True):
        turns = [{"role": "system", "content": own}] if own else []
        row = {
            "input": {"messages": [*turns, {"role": "user", "content": one.question}]},
            "preferred_output": [{"role": "assistant", "content": one.right}],
            "non_preferred_output": [{"role": "assistant", "content": one.wrong}],
            "metadata": {
                "domain": one.domain, "tags": sorted({TAG, one.domain, *came}), "synthesis": str(synthesis.pk),
                "number": one.number, "model": synthesis.model, "date": f"{when:%Y-%m-%d}",
            },
        }  # fmt: skip
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def _choose(row: Synthesis, numbers: Collection[int] | None) -> None:
    verified = row.candidates.filter(reason="")
    if numbers is not None:
        verified.update(chosen=False)
        verified.filter(number__in=list(numbers)).update(chosen=True)
    if not verified.filter(chosen=True).exists():
        raise InvalidInput(numbers=Text("Choose at least one candidate."))


def _upload(actor: User, dataset: Dataset, row: Synthesis) -> Upload:
    day = f"{row.finished_at or row.created_at:%Y-%m-%d}"
    try:
        return uploads.receive(
            actor=actor,
            dataset=dataset,
            file=io.BytesIO(rows_of(row)),
            name=f"synthesis {day} {str(row.pk)[:8]}.jsonl",
            format="openai-preference",
            spread_by="metadata.domain",
            tags_by="metadata.tags",
            licence=f"synthetic, {row.model[:70]}, {day}",
        )
    except Conflict as refusal:
        if refusal.code != "already_imported":
            raise
        return Upload.objects.get(pk=refusal.details["upload"])


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


def _own_prompt(examples: Sequence[Any]) -> str:
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
