"""Which evaluations of a project a list shows: of a dataset, with a model, in a state. Both skins narrow by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from jobs_app.models import Arm, Evaluation
from jobs_app.models.asking import AskingState


@dataclass(frozen=True, slots=True)
class Wanted:
    """`dataset` is an id, `version` the id of a model version, `model` the name of any model that was asked."""

    dataset: str = ""
    model: str = ""
    version: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """What a query string asks for; what makes no sense there is left out."""
        state = query.get("state", "")
        return cls(
            dataset=_id(query.get("dataset", "")),
            model=query.get("model", "").replace("\x00", "").strip()[:200],
            version=_id(query.get("version", "")),
            state=state if state in AskingState.values else "",
        )

    @property
    def narrows(self) -> bool:
        return bool(self.dataset or self.model or self.version or self.state)

    def within(self, rows: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
        if self.dataset:
            rows = rows.filter(dataset_id=self.dataset)
        if self.state:
            rows = rows.filter(state=self.state)
        arms = Arm.objects.filter(evaluation=OuterRef("pk"))
        if self.version:
            rows = rows.filter(Exists(arms.filter(version_id=self.version)))
        if self.model:
            rows = rows.filter(Exists(arms.filter(model=self.model)))
        return rows


def with_arms(rows: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """The rows with their arms, versions and connections; no prompt, no credential, no contract."""
    arms = Arm.objects.select_related("version", "connection").defer(
        "system_prompt",
        "contract",
        "examples",
        "changes",
        "paths",
        "version__contract",
        "connection__credential",
        "connection__secrets",
    )
    return rows.defer("contract").prefetch_related(Prefetch("arms", arms))


def models_of(rows: QuerySet[Evaluation], most: int = 100) -> list[str]:
    """The names of the models that these evaluations asked, for a choice."""
    names: Any = Arm.objects.filter(evaluation__in=rows).order_by("model").values_list("model", flat=True).distinct()
    return list(names[:most])


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
