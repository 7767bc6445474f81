"""Measuring what a prompt can do: a model answers held-out samples, the dataset's own contract grades the answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.models import Revision, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState
from datasets_app.services.datasets import checker_of
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from jobs_app import tasks
from jobs_app.core import cases as drawing
from jobs_app.core.turns import asked
from jobs_app.models import Advice, Connection, ModelVersion, Trial, TrialCase
from jobs_app.models.asking import AskingState
from jobs_app.pipeline.rates import why_shut
from jobs_app.pipeline.trial import hand_in
from jobs_app.providers import PROVIDERS

from .prices import price_of

SIDES = ("test", "validation")  # held out, the untouched one first


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be asked, and what that comes to. `cost` None: no price is known."""

    snapshot: Snapshot
    side: str
    cases: tuple[tuple[int, int], ...]  # (sample, revision)
    examples: tuple[int, ...]
    prompt_tokens: int
    completion_tokens: int
    price_input: Decimal | None
    price_output: Decimal | None
    currency: str

    @property
    def n(self) -> int:
        return len(self.cases)

    @property
    def cost(self) -> Decimal | None:
        if self.price_input is None or self.price_output is None:
            return None
        whole = self.price_input * self.prompt_tokens + self.price_output * self.completion_tokens
        return (whole / 1_000_000).quantize(Decimal("0.0001"))


def plan(
    *,
    advice: Advice,
    connection: Connection,
    model: str = "",
    version: ModelVersion | None = None,
    shots: Any = 0,
    n: Any = drawing.CASES,
    seed: Any = 0,
    temperature: Any = 0,
) -> Plan:
    """Which cases, examples and tokens a trial would have. Nothing is asked and nothing is written.

    Cases are accepted samples of the newest snapshot's test side, else of its validation side; examples come from its
    training side. Raises InvalidInput for what cannot be used, Conflict where there is nothing to ask.
    """
    shots, n, seed, _ = drawing.read_plan(shots=shots, n=n, seed=seed, temperature=temperature)
    _usable(advice, connection, _model(model, version), version)
    snapshot = newest_snapshot(advice)
    side, held_out = _held_out(snapshot)
    cases = _pairs(snapshot, side, drawing.drawn(held_out, n, seed, "case"))
    train = _accepted(snapshot, "train")
    if len(train) < shots:
        raise InvalidInput(shots=Text("The training side has only {n} accepted samples.", n=len(train)))
    examples = tuple(revision for _, revision in _pairs(snapshot, "train", drawing.drawn(train, shots, seed, "shot")))
    prompt, completion = _tokens(advice, cases, examples)
    base = version.job.base_model if version else _model(model, version)
    prefix = "" if version else "base-"
    prices = [price_of(advice.project_id, connection.kind, base, f"{prefix}{item}") for item in ("input", "output")]
    known = all(prices) and len({price.currency for price in prices if price}) == 1
    free = Decimal(0) if connection.is_rehearsal else None
    return Plan(
        snapshot,
        side,
        cases,
        examples,
        prompt,
        completion,
        prices[0].amount if known and prices[0] else free,
        prices[1].amount if known and prices[1] else free,
        prices[0].currency if known and prices[0] else "",
    )


def start(
    *,
    actor: User,
    advice: Advice,
    connection: Connection,
    model: str = "",
    version: ModelVersion | None = None,
    shots: Any = 0,
    n: Any = drawing.CASES,
    seed: Any = 0,
    temperature: Any = 0,
) -> Trial:
    """Have the model asked by a worker. One trial of a record runs at a time: Conflict. Temperature 0 is greedy."""
    require(actor, advice.project_id, "advice.create")
    require(actor, advice.project_id, "models.call")
    planned = plan(
        advice=advice, connection=connection, model=model, version=version, shots=shots, n=n, seed=seed,
        temperature=temperature,
    )  # fmt: skip
    shots, _, seed, temperature = drawing.read_plan(shots=shots, n=n, seed=seed, temperature=temperature)
    if (shut := why_shut(connection)) is not None:
        raise Conflict(shut, code="stopped")
    with transaction.atomic():
        open_record(advice)
        if advice.trials.filter(state__in=(AskingState.WAITING, AskingState.RUNNING)).exists():
            raise Conflict(Text("A trial of this record is running. Wait for it, or cancel it."), code="running")
        trial = Trial.objects.create(
            advice=advice,
            connection=connection,
            model=_model(model, version),
            version=version,
            shots=shots,
            seed=seed,
            side=planned.side,
            snapshot_number=planned.snapshot.number,
            decoding={"temperature": int(temperature) if temperature % 1 == 0 else temperature},
            system_prompt=advice.dataset.system_prompt,
            contract=advice.dataset.contract,
            examples=list(planned.examples),
            total=planned.n,
            price_input=planned.price_input,
            price_output=planned.price_output,
            currency=planned.currency,
            estimate={
                "prompt_tokens": planned.prompt_tokens,
                "completion_tokens": planned.completion_tokens,
                "cost": None if planned.cost is None else str(planned.cost),
            },
            created_by=actor,
        )
        TrialCase.objects.bulk_create(
            TrialCase(trial=trial, number=number, sample_id=sample, revision_id=revision)
            for number, (sample, revision) in enumerate(planned.cases, start=1)
        )
        AuditEntry.objects.record(
            actor=actor,
            verb="trials.start",
            target=trial,
            project=advice.project,
            cases=planned.n,
            cost=str(planned.cost),
        )
        enqueue(tasks.run_trial, trial.pk)
    return trial


def cancel(*, actor: User, trial: Trial) -> Trial:
    """Ask nothing more. What has been answered stays, and counts as a smaller trial. Conflict once it has ended."""
    require(actor, trial.advice.project_id, "advice.create")
    with transaction.atomic():
        ended = {"state": AskingState.CANCELLED, "finished_at": timezone.now(), "next_at": None}
        if Trial.objects.unfinished().filter(pk=trial.pk).update(**ended) != 1:
            raise Conflict(Text("This trial has ended already."))
        trial.refresh_from_db()
        if trial.asked:
            hand_in(trial.pk)
        AuditEntry.objects.record(actor=actor, verb="trials.cancel", target=trial, project=trial.advice.project)
    return trial


def open_record(advice: Advice) -> None:
    """Lock the record and bring it up to date in memory. Raises Conflict once it has been filed."""
    now = Advice.objects.select_for_update(of=("self",)).get(pk=advice.pk)
    for column in ("answers", "constraints", "measured", "options", "filed_at", "title"):
        setattr(advice, column, getattr(now, column))
    if advice.is_filed:
        raise Conflict(Text("This record has been filed and stays as it is. Begin a new one that goes on from it."))


def newest_snapshot(advice: Advice) -> Snapshot:
    """Raises Conflict where the dataset has none that is ready."""
    found = Snapshot.objects.filter(dataset_id=advice.dataset_id, state=SnapshotState.READY).order_by("-number").first()
    if found is None:
        raise Conflict(Text("Freeze a snapshot first: it decides which samples are held out."), code="no_snapshot")
    return found


def _held_out(snapshot: Snapshot) -> tuple[str, list[int]]:
    for side in SIDES:
        if ids := _accepted(snapshot, side):
            return side, ids
    raise Conflict(
        Text("The newest snapshot holds no accepted sample out: neither its test nor its validation side has one."),
        code="nothing_held_out",
    )


def _accepted(snapshot: Snapshot, side: str) -> list[int]:
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, split=side, sample__status=Status.ACCEPTED, mixed=False)
    return list(rows.order_by().values_list("sample_id", flat=True))


def _pairs(snapshot: Snapshot, side: str, sample_ids: Iterable[int]) -> tuple[tuple[int, int], ...]:
    wanted = list(sample_ids)
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, split=side, sample_id__in=wanted)
    known = dict(rows.values_list("sample_id", "revision_id"))
    return tuple((pk, known[pk]) for pk in wanted)


def _tokens(advice: Advice, cases: tuple[tuple[int, int], ...], examples: tuple[int, ...]) -> tuple[int, int]:
    """Tokens sent and, if the model answers as long as the samples do, tokens given back."""
    checker = checker_of(advice.dataset)
    known = Revision.objects.in_bulk([revision for _, revision in cases] + list(examples))
    shown = [samples.from_json(known[pk].payload) for pk in examples]
    prompt = completion = 0
    for _, revision in cases:
        sample = samples.from_json(known[revision].payload)
        prompt += checker.tokens(samples.Sample(asked(sample, advice.dataset.system_prompt, shown)))
        completion += checker.message_tokens(sample)[-1] if sample.answer else 0
    return prompt, completion


def _model(model: str, version: ModelVersion | None) -> str:
    return version.called if version else str(model or "").strip()


def _usable(advice: Advice, connection: Connection, model: str, version: ModelVersion | None) -> None:
    if connection.project_id != advice.project_id:
        raise InvalidInput(connection=Text("Choose a connection of the record's own project."))
    provider = PROVIDERS.get(connection.kind, None)
    if provider is None or not provider.capabilities.chat:
        raise InvalidInput(connection=Text("Models cannot be called through this connection."))
    if version and version.connection_id != connection.pk:
        raise InvalidInput(version=Text("The tuned model belongs to another connection."))
    if not model or len(model) > 200:
        raise InvalidInput(model=Text("Name the model in 1 to 200 characters."))
