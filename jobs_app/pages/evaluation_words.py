"""What a page calls the arms of an evaluation, and the words of its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy, ngettext, pgettext

from jobs_app.models import Arm

VERDICTS = {  # core.comparison's word → what a person reads, and its tone
    "better": (gettext_lazy("Better"), "ok"),
    "worse": (gettext_lazy("Worse"), "error"),
    "no-clear-difference": (gettext_lazy("No clear difference"), "warning"),
    "too-few": (gettext_lazy("Too few cases"), "warning"),
}
SIZES = {  # how far so many cases carry (facts on evaluation, §2.2), and its tone
    "anecdote": (gettext_lazy("anecdote: n < 30"), "warning"),
    "indicative": (gettext_lazy("indicative: n < 100"), ""),
    "usable": (gettext_lazy("usable: n ≥ 100"), "ok"),
}
SIDES = {
    "test": gettext_lazy("the untouched test side"),
    "validation": gettext_lazy("the validation side"),
    "train": gettext_lazy("the training side, which is not held out"),
}

FORM_WORDS = {
    "text": gettext_lazy("plain text"),
    "json-content": gettext_lazy("JSON in the content"),
    "task-response": gettext_lazy("a task_response tool call"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """An arm under the name that tells it from the others; `detail` is the model and how it was called."""

    arm: Arm
    name: str
    detail: str

    @property
    def number(self) -> int:
        return self.arm.number

    @property
    def form(self) -> Any:
        """How it was asked to answer."""
        return FORM_WORDS.get(self.arm.written_as, self.arm.written_as)

    @property
    def done(self) -> float:
        """The share of the cases that have been asked."""
        total = self.arm.evaluation.total
        return self.arm.asked / total if total else 1.0


def named(arms: Iterable[Arm]) -> list[Named]:
    """“Tuned” and “Base” where that tells them apart, else the models' own names, else those with their numbers."""
    arms = sorted(arms, key=lambda arm: arm.number)
    for naming in (_role, _own, _own_and_way):
        names = [naming(arm) for arm in arms]
        if max(Counter(names).values(), default=1) == 1:
            break
    else:
        names = [f"{name} ({arm.number + 1})" for name, arm in zip(names, arms, strict=True)]
    return [Named(arm, name, _detail(arm, name)) for name, arm in zip(names, arms, strict=True)]


def way(arm: Arm) -> str:
    """How many examples stand before the question; blank for none."""
    return ngettext("%(n)d example", "%(n)d examples", arm.shots) % {"n": arm.shots} if arm.shots else ""


def costs(arms: Sequence[Arm]) -> list[tuple[Decimal, str]]:
    """What they cost together, a sum for each currency; rehearsals are left out."""
    sums: dict[str, Decimal] = {}
    for arm in arms:
        if arm.cost is not None and arm.currency:
            sums[arm.currency] = sums.get(arm.currency, Decimal(0)) + arm.cost
    return [(amount, currency) for currency, amount in sorted(sums.items())]


def _role(arm: Arm) -> str:
    return pgettext("a model", "Tuned") if arm.version_id else pgettext("a model", "Base")


def _own(arm: Arm) -> str:
    return arm.version.alias if arm.version else arm.model


def _own_and_way(arm: Arm) -> str:
    called = [_own(arm), way(arm), "" if arm.written_as == "text" else arm.written_as]
    return " · ".join(part for part in called if part)


def _detail(arm: Arm, name: str) -> str:
    parts: list[Any] = [_own(arm) if _own(arm) not in name else "", way(arm) if way(arm) not in name else ""]
    return " · ".join(part for part in parts if part)
