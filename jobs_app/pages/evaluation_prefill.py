"""What the form of an evaluation begins with, from the address that led to it: a model, a job, a family, a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from datasets_app.models import Dataset
from jobs_app.core.cases import MOST_ARMS
from jobs_app.models import JobFamily, ModelVersion

from .evaluation_forms import BASE, TUNED


@dataclass(slots=True)
class Beginning:
    """`cases` are first values of the CasesForm, `arms` of each ArmForm."""

    dataset: Dataset | None = None
    family: JobFamily | None = None
    cases: dict[str, Any] = field(default_factory=dict)
    arms: list[dict[str, Any]] = field(default_factory=list)


def beginning(
    query: QueryDict, *, datasets: QuerySet[Dataset], versions: QuerySet[ModelVersion], families: QuerySet[Any]
) -> Beginning:
    """`?model=` versions, `?job=` what these jobs made, `?family=` what its jobs made, each after its base model unless
    `against=` says otherwise; `?dataset=` the cases alone. An id that is not among these rows is passed over."""
    found = Beginning(cases={name: query[name] for name in ("side", "n", "snapshot") if query.get(name)})
    chosen: list[ModelVersion] = []
    if keys := _ids(query, "model"):
        chosen = [one for pk in keys for one in versions.filter(pk=pk)]
    elif keys := _ids(query, "job"):
        chosen = [one for pk in keys for one in _of_job(versions, pk)]
    elif pk := _id(query.get("family", "")):
        found.family = families.filter(pk=pk).first()
        chosen = _of_family(versions, pk) if found.family else []
    if pk := _id(query.get("dataset", "")):
        found.dataset = datasets.filter(pk=pk).first()
    snapshot = next((one.job.snapshot for one in chosen if one.job.snapshot), None)
    if found.dataset is None and snapshot is not None:
        found.dataset = datasets.filter(pk=snapshot.dataset_id).first()
        found.cases.setdefault("snapshot", snapshot.pk)
    if found.dataset is None:
        found.dataset = datasets.filter(snapshots__state="ready").order_by("-changed_at", "pk").first()
    found.arms = [*_bases(chosen if query.get("against", "base") == "base" else ()), *map(tuned, chosen)]
    return found


def tuned(version: ModelVersion) -> dict[str, Any]:
    return {"kind": TUNED, "version": version.pk}


def base(connection: Any = None, model: str = "") -> dict[str, Any]:
    return {"kind": BASE, "connection": connection, "model": model}


def _bases(versions: Iterable[ModelVersion]) -> list[dict[str, Any]]:
    """The model from which they were tuned, where it is one for all of them."""
    from_where = {(one.connection_id, one.job.base_model) for one in versions if one.job.base_model}
    return [base(*pair) for pair in from_where] if len(from_where) == 1 else []


def _of_family(versions: QuerySet[ModelVersion], pk: Any) -> list[ModelVersion]:
    """One of each job, in the order in which the jobs were made."""
    rows: Any = versions.filter(job__family_id=pk, checkpoint=None).order_by("job__created_at", "pk")
    return list(rows[: MOST_ARMS - 1])


def _of_job(versions: QuerySet[ModelVersion], pk: Any) -> Iterable[ModelVersion]:
    """What the job ended with, else its newest checkpoint that is registered."""
    rows = versions.filter(job_id=pk)
    return rows.filter(checkpoint=None)[:1] or rows[:1]


def _ids(query: QueryDict, name: str) -> list[Any]:
    return [pk for text in query.getlist(name)[: MOST_ARMS - 1] if (pk := _id(text))]


def _id(text: str) -> Any:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
