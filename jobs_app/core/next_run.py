"""What to try next, from the verdict over a run: changes of its recipe that a clone is filled in with.

The rules are S2's and those of the verdicts (facts/evaluation.md §1.3): overfit → an epoch less or half the learning
rate; slow → a higher rate, a longer warm-up, a stronger adapter; diverged → a third or a tenth of the rate. A proposal
never leaves the provider's range and never names a setting that the provider does not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.arithmetic import scales
from jobs_app.core.recipes import Parameter, Value, shown
from jobs_app.core.verdicts import Line, Stop, Verdict, patience

RATES = ("learning_rate", "learning_rate_multiplier")
LONGEST_WARMUP = 0.2
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way on: `name` stays the same, `label` says it, `reason` says why, `changes` go into the clone's recipe.

    `before` holds what the changed settings were; `scale` both readings of the adapter's weight where alpha changes.
    """

    name: str
    label: Text
    reason: Text
    changes: Mapping[str, Value]
    before: Mapping[str, Any] = field(default_factory=dict)
    scale: Text | None = None


def proposals(
    verdict: Verdict, recipe: Mapping[str, Any], parameters: Iterable[Parameter], *, epochs: float | None = None
) -> list[Proposal]:
    """The ways on from this verdict, the likeliest first; empty where nothing about the recipe should change.

    `epochs` is how often the rows were really gone through, for a recipe that left that to the provider.
    """
    known = {parameter.name: parameter for parameter in parameters}
    found = []
    for make in _WAYS.get(_way(verdict), ()):
        proposal = make(_Given(known, recipe, epochs))
        if proposal is not None:
            found.append(proposal)
    return found


def stop_advice(valid: Line, last_step: int = 0, allowed: int = PATIENCE) -> Stop | None:
    """Where early stopping would have ended the run: advice for a hosted job, which nobody can stop from here.

    None where it would have saved nothing; `last_step` is that of the run, if it went on after the last evaluation.
    """
    stop = patience(valid, allowed)
    return stop if stop is not None and stop.step < max(last_step, valid[-1][0]) else None


def scale_readout(before: Mapping[str, Any], after: Mapping[str, Any]) -> Text | None:
    """How strongly the adapter counts before and after, by both formulas in use; None without rank and alpha."""
    was = scales(before.get("lora_rank"), before.get("lora_alpha"))
    now = scales(after.get("lora_rank"), after.get("lora_alpha"))
    if was is None or now is None:
        return None
    return Text(
        "alpha / √rank {root_was:.2f} → {root_now:.2f}, alpha / rank {was} → {now}",
        root_was=was[1], root_now=now[1], was=shown(round(was[0], 4)), now=shown(round(now[0], 4)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Given:
    known: Mapping[str, Parameter]
    recipe: Mapping[str, Any]
    epochs: float | None

    def number(self, name: str) -> float | None:
        value = self.recipe.get(name)
        if name == "epochs" and not isinstance(value, int | float):
            value = self.epochs
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return None
        return float(value)

    def fitted(self, name: str, value: float) -> Value | None:
        """The value inside the provider's range; None for a setting it does not have, or that would not change."""
        parameter = self.known.get(name)
        if parameter is None or parameter.kind == "choice":
            return None
        low = parameter.minimum if parameter.minimum is not None else value
        high = parameter.maximum if parameter.maximum is not None else value
        inside = min(max(value, low), high)
        inside = round(inside) if parameter.kind == "int" else float(f"{inside:.6g}")
        try:
            read = parameter.read(inside)
        except ValueError:
            return None
        return None if read == self.number(name) else read


def _way(verdict: Verdict) -> str:
    if verdict.kind != "conflict" or verdict.prefer is None:
        return verdict.kind
    score = next((measure for measure in verdict.measures if measure.name == "score"), None)
    worse = score is not None and score.value is not None and score.value < 0
    return "onset" if worse else "underfit-epochs"


def _epochs(step: int, reason: Text) -> Any:
    def make(given: _Given) -> Proposal | None:
        now = given.number("epochs")
        value = None if now is None else given.fitted("epochs", now + step)
        if value is None or now is None or (float(value) - now) * step <= 0:
            return None
        name = {-1: "fewer-epochs", 1: "more-epochs", 2: "two-more-epochs"}[step]
        label = Text("Clone with 1 epoch") if value == 1 else Text("Clone with {n} epochs", n=value)
        return Proposal(name, label, reason, {"epochs": value}, {"epochs": given.recipe.get("epochs", now)})

    return make


def _rate(name: str, factor: float, label: Text, reason: Text, *, warm: bool = False) -> Any:
    def make(given: _Given) -> Proposal | None:
        for setting in RATES:
            now = given.number(setting)
            value = None if now is None else given.fitted(setting, now * factor)
            if value is None or now is None or (float(value) - now) * (factor - 1) <= 0:
                continue
            changes: dict[str, Value] = {setting: value}
            warmup = given.number("warmup_ratio")
            if warm and warmup is not None and warmup < LONGEST_WARMUP:
                longer = given.fitted("warmup_ratio", min(LONGEST_WARMUP, max(0.1, 2 * warmup)))
                if longer is not None:
                    changes["warmup_ratio"] = longer
            before = {key: given.recipe.get(key) for key in changes}
            return Proposal(name, label, reason, changes, before)
        return None

    return make


def _alpha(given: _Given) -> Proposal | None:
    now = given.number("lora_alpha")
    value = None if now is None else given.fitted("lora_alpha", 2 * now)
    if value is None or now is None or float(value) <= now or given.number("lora_rank") is None:
        return None
    changes = {"lora_alpha": value}
    readout = scale_readout(given.recipe, {**given.recipe, **changes})
    reason = Text("A stronger adapter learns faster at the same rate; change one of the two, not both.")
    return Proposal(
        "stronger-adapter", Text("Clone with alpha {n}", n=value), reason, changes, {"lora_alpha": now}, readout
    )


_LESS = _epochs(-1, Text("Validation loss had turned before the end: one pass less stops nearer to the lowest point."))
_HALF = _rate(
    "lower-rate", 0.5, Text("Clone with half the learning rate"), Text("Smaller steps learn less of each row by heart.")
)
_MORE = _epochs(1, Text("Both losses still fell when the run ended: one pass more uses what is left."))
_TWO_MORE = _epochs(2, Text("The fall was still steep: two passes more may be worth their cost."))
_TWICE = _rate(
    "higher-rate",
    2,
    Text("Clone with twice the learning rate"),
    Text("The loss falls slowly after many passes: larger steps, warmed up longer, get further in the same time."),
    warm=True,
)
_THIRD = _rate(
    "third-rate",
    1 / 3,
    Text("Clone with a third of the learning rate"),
    Text("The loss ran away: smaller steps and a longer warm-up keep it on the ground."),
    warm=True,
)
_TENTH = _rate(
    "tenth-rate",
    0.1,
    Text("Clone with a tenth of the learning rate"),
    Text("If a third of the rate diverges as well, and the rows are sound."),
    warm=True,
)
_WAYS: Mapping[str, tuple[Any, ...]] = {
    "overfit": (_LESS, _HALF),
    "onset": (_LESS, _HALF),
    "underfit-epochs": (_MORE, _TWO_MORE, _TWICE),
    "underfit-rate": (_TWICE, _alpha, _MORE),
    "diverged": (_THIRD, _TENTH),
}
