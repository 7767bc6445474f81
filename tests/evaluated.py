"""Evaluations as they are after their end, put into the tables at once: the answers are graded by the real yardstick,
but nobody is asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.core import contracts, samples
from datasets_app.core.engine import Checker
from datasets_app.models import Dataset, Revision, Sample, Snapshot, SnapshotEntry
from ftstudio.accounts.models import Project, User
from ftstudio.web.texts import to_row
from jobs_app.core.outcomes import answered, unanswered
from jobs_app.core.scorers import scored
from jobs_app.core.scorers.defaults import default_metrics
from jobs_app.core.turns import asked
from jobs_app.models import Arm, Case, Connection, Evaluation, Job, ModelVersion, Outcome
from jobs_app.pipeline import closing

CONTRACT = {"text": {"ends_with": ["。"]}}


@dataclass(frozen=True)
class Answers:
    """A question, the answer that people accepted, and what each arm answered; None: no answer came."""

    question: str
    accepted: str
    said: tuple[str | None, ...]
    tags: tuple[str, ...] = ()


def task(owner: User, project: Project, rows: Sequence[Answers], **more: Any) -> Snapshot:
    """A dataset whose snapshot holds all of these out, on the test side."""
    dataset = Dataset.objects.create(
        project=project, name=more.pop("name", "Rain"), created_by=owner, samples_total=len(rows),
        next_position=len(rows) + 1, contract=more.pop("contract", CONTRACT), **more,
    )  # fmt: skip
    snapshot = Snapshot.objects.create(
        dataset=dataset, number=1, state="ready", shares={"train": 0, "validation": 0, "test": 100},
        contract=dataset.contract, system_prompt=dataset.system_prompt, counts={"test": len(rows)}, created_by=owner,
    )  # fmt: skip
    made = Sample.objects.bulk_create(
        [
            Sample(dataset=dataset, position=at, title=row.question[:80], status="accepted", changed_by=owner)
            for at, row in enumerate(rows, start=1)
        ]
    )
    contents = [
        samples.to_json(samples.Sample((samples.Message("user", row.question),
                                        samples.Message("assistant", row.accepted))))
        for row in rows
    ]  # fmt: skip
    revisions = Revision.objects.bulk_create(
        [
            Revision(sample=one, number=1, payload=payload, content_hash=samples.content_hash(payload), author=owner)
            for one, payload in zip(made, contents, strict=True)
        ]
    )
    SnapshotEntry.objects.bulk_create(
        [
            SnapshotEntry(
                snapshot=snapshot, sample=one, revision=revision, position=one.position, split="test", group=str(one.pk)
            )
            for one, revision in zip(made, revisions, strict=True)
        ]
    )
    return snapshot


def tuned(owner: User, snapshot: Snapshot, alias: str = "rain-v1", base_model: str = "rehearsal-small") -> ModelVersion:
    """A model that was tuned on the snapshot, on a rehearsal connection."""
    project = snapshot.dataset.project
    connection, _ = Connection.objects.get_or_create(
        project=project, name="Stage", defaults={"kind": "rehearsal", "credential": "rehearsal-key",
                                                 "created_by": owner},
    )  # fmt: skip
    job = Job.objects.create(
        project=project, snapshot=snapshot, connection=connection, name=alias, base_model=base_model, state="succeeded",
        marker=f"m-{alias}", created_by=owner, finished_at=timezone.now(), result_model=f"ft:{alias}",
    )  # fmt: skip
    contract = {"contract": snapshot.contract, "system_prompt": snapshot.system_prompt, "written_as": "text"}
    return ModelVersion.objects.create(
        project=project, job=job, connection=connection, alias=alias, model=f"ft:{alias}", contract=contract
    )


def evaluated(
    owner: User, snapshot: Snapshot, rows: Sequence[Answers], versions: Sequence[ModelVersion | None], **more: Any
) -> Evaluation:
    """The end of an evaluation whose arms are these versions (None: the base model), each saying what `rows` have."""
    dataset, project = snapshot.dataset, snapshot.dataset.project
    contract = contracts.parse(dataset.contract)
    metrics = list(default_metrics(contract))
    with transaction.atomic():  # no worker that sweeps closes half of it
        evaluation = Evaluation.objects.create(
            project=project, dataset=dataset, snapshot=snapshot, side="test", contract=dataset.contract,
            metrics=metrics, total=len(rows), created_by=owner, state="running", seed=more.pop("seed", 7),
            number=Evaluation.objects.filter(project=project).count() + 1, name=more.pop("name", "Base against tuned"),
            **more,
        )  # fmt: skip
        entries = list(snapshot.entries.order_by("position"))
        cases = Case.objects.bulk_create(
            [
                Case(evaluation=evaluation, number=at, sample_id=entry.sample_id, revision_id=entry.revision_id,
                     tags=list(row.tags))
                for at, (entry, row) in enumerate(zip(entries, rows, strict=True), start=1)
            ]
        )  # fmt: skip
        connection = next(one.connection for one in versions if one is not None)
        base = next(one.job.base_model for one in versions if one is not None)
        checker = Checker(contract)
        for number, version in enumerate(versions):
            arm = Arm.objects.create(
                evaluation=evaluation, number=number, connection=connection, version=version,
                model=version.model if version else base, decoding={"temperature": 0}, contract=dataset.contract,
                system_prompt=dataset.system_prompt, state="done", created_by=owner,
            estimate={"prompt_tokens": 100, "completion_tokens": 20, "cost": "0.0000"},
            )  # fmt: skip
            made = [
                _outcome(arm, case, row, row.said[number], checker, metrics)
                for case, row in zip(cases, rows, strict=True)
            ]
            Outcome.objects.bulk_create(made)
            Arm.objects.filter(pk=arm.pk).update(
                asked=len(made), strict=sum(one.verdict == "passed" for one in made),
                lenient=sum(one.verdict in ("passed", "fenced") for one in made),
                errored=sum(one.verdict == "errored" for one in made),
                prompt_tokens=100 * len(made), completion_tokens=20 * len(made),
            )  # fmt: skip
    closing.close(evaluation.pk)
    evaluation.refresh_from_db()
    return evaluation


def _outcome(arm: Arm, case: Case, row: Answers, said: str | None, checker: Checker, metrics: list[str]) -> Outcome:
    reference = samples.Message("assistant", row.accepted)
    question = samples.Sample((samples.Message("user", row.question), reference))
    turns = asked(question, arm.system_prompt)
    if said is None:
        found = unanswered(turns, checker=checker, reference=reference)
    else:
        seconds = 1.0 + len(said) / 100
        found = answered(
            turns, said, checker=checker, reference=reference, finish_reason="stop", seconds=seconds,
            prompt_tokens=100, completion_tokens=max(1, len(said) // 2),
        )  # fmt: skip
    return Outcome(
        arm=arm, case=case, verdict=found.verdict, answer=said or "", finish_reason="stop" if said else "",
        findings=[{"rule": rule, "message": to_row(text)} for rule, text in found.errors]
        or ([] if said is not None else [{"rule": "", "message": to_row("The provider did not answer.")}]),
        scores=scored(metrics, found), tries=1, seconds=found.seconds, prompt_tokens=found.prompt_tokens,
        completion_tokens=found.completion_tokens, asked_at=timezone.now(),
    )  # fmt: skip
