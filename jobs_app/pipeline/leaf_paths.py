"""At which paths of its JSON a model goes wrong, from what it answered in an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from datasets_app.core import contracts, samples
from datasets_app.core.contracts.model import Contract
from datasets_app.core.jsonl import Json
from jobs_app.core.leaf_paths import LeafPath, leaf_paths
from jobs_app.core.outcomes import unreadable
from jobs_app.core.replies import read
from jobs_app.core.turns import answer_of
from jobs_app.models import Arm, Evaluation, Outcome

MOST = 100
_GIVEN = "field-f1.given"


@dataclass(frozen=True, slots=True)
class Paths:
    """The `rows` with the worst F1 first; `more` paths are not among them."""

    rows: tuple[LeafPath, ...] = ()
    more: int = 0

    def as_data(self) -> dict[str, Any]:
        """What `Arm.paths` keeps."""
        return {"rows": [list(astuple(row)) for row in self.rows], "more": self.more}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Paths:
        return cls(tuple(LeafPath(*row) for row in data["rows"]), data["more"])


def found(evaluation: Evaluation, arm: Arm) -> Paths:
    """The paths of an arm's answers, at most MOST; none where the contract wants no JSON.

    Every answer is compared anew, which takes seconds for a thousand. Field F1 may differ in an answer of which only
    the beginning was kept (pipeline.evaluate): cut JSON gives no leaves.
    """
    contract = contracts.parse(evaluation.contract)
    if contract.json is None:
        return Paths()
    rows = leaf_paths(_pairs(arm, contract))
    return Paths(tuple(rows[:MOST]), max(0, len(rows) - MOST))


def _pairs(arm: Arm, contract: Contract) -> Iterator[tuple[Json, Json]]:
    """(answer, reference) of each case that field F1 counts: an answer that never came gives nothing.

    A refusal in words, or a call of another tool, is kept as the answer as well; its score says that it gives nothing.
    """
    asked = Outcome.objects.filter(arm=arm).exclude(verdict="").order_by()
    columns = ("verdict", "answer", "calls", "scores", "case__revision__payload")
    for verdict, answer, calls, scores, payload in asked.values_list(*columns).iterator(200):
        reference = samples.from_json(payload).answer
        if reference is not None and not unreadable(reference, contract):
            silent = verdict == "errored" or scores.get(_GIVEN) == 0
            given = None if silent else read(answer_of(answer, calls), contract).value
            yield given, read(reference, contract).value
