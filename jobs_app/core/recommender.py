"""Which settings to begin with, by the size of the data and the provider: each with its range, reason and source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ftstudio.errors import Text
from jobs_app.core import by_size
from jobs_app.core.arithmetic import arithmetic
from jobs_app.core.by_size import Band, Choice, Opinion
from jobs_app.core.estimates import default_epochs
from jobs_app.core.recipes import Parameter, Value

LEAST_UPDATES = 20  # below that a run is over before it has begun (facts: guards)
LEAST_WARM = 2  # updates that a warm-up should have
POINTS_OF_A_VERDICT = 4  # validation points below which a curve carries no verdict (core.verdicts)
_COOKBOOK = "OpenAI cookbook, data preparation for chat model fine-tuning"
_OPENPIPE = "OpenPipe's source"


@dataclass(frozen=True, slots=True)
class Data:
    """What is known of the training data: rows after the split, and tokens of one row (`longest`, `p95`)."""

    train: int
    validation: int = 0
    longest: int | None = None
    p95: int | None = None


@dataclass(frozen=True, slots=True)
class Advised:
    """One setting. `value` None: leave it empty. `low` and `high`: where published values lie, None: only `value`.

    `others` are the sources that disagree; `extra` as in `Parameter`.
    """

    name: str
    value: Value | None
    low: float | None
    high: float | None
    reason: Text
    source: str
    confidence: by_size.Confidence
    others: tuple[Opinion, ...] = ()
    extra: bool = False


def recommend(
    kind: str,
    parameters: Iterable[Parameter],
    data: Data,
    *,
    method: str = "supervised",
    tuning: str = "lora",
    passes_extras: bool = False,
) -> list[Advised]:
    """One piece of advice for each setting of the method, in the provider's order, always within its range.

    With `passes_extras`, settings that only the provider's own table names come last.
    """
    offered = [parameter for parameter in parameters if parameter.of(method)]
    chosen = {p.name: _choice(kind, p, data, tuning) for p in offered}
    if "warmup_ratio" in chosen and kind not in by_size.PROFILES:
        chosen["warmup_ratio"] = _warm_enough(chosen["warmup_ratio"], chosen, data)
    if "eval_steps" in chosen:
        chosen["eval_steps"] = _often_enough(chosen, data)
    advised = [_within(p, chosen[p.name]) for p in offered]
    if passes_extras and (own := _band(by_size.PROFILES.get(kind, ()), data.train)):
        # What no parameter and no field of a recipe is called can only be the provider's own word.
        named = {p.name for p in offered} | _FIELDS
        advised += [_extra(name, choice) for name, choice in own.items() if name not in named]
    return advised


def values_of(advised: Iterable[Advised]) -> dict[str, Any]:
    """The recommended values as a recipe holds them, `extras` apart."""
    some = [a for a in advised if a.value is not None]
    values: dict[str, Any] = {a.name: a.value for a in some if not a.extra}
    extras = {a.name: str(a.value) for a in some if a.extra}
    return {**values, "extras": extras} if extras else values


def validation_advice(data: Data) -> Text:
    """How many rows to keep aside, and what that can show."""
    total = data.train + data.validation
    if total < 50:
        return Text(
            "{n} rows are too few to spare any: train on all of them, and judge the model on 100 questions of its own.",
            n=total,
        )
    if total < 200:
        return Text("Keep 10 to 20 % aside, at least 20 rows: fewer measure nothing.")
    if total < 10_000:
        return Text("Keep 10 % aside, at most 500 rows.")
    return Text("Keep 500 to 1,000 rows aside; more would only be missing from training.")


_FIELDS = frozenset(("epochs", "batch_size", "learning_rate", "warmup_ratio", "lora_rank", "lora_alpha", "lora_dropout",
                     "checkpoints"))  # fmt: skip


def _band(bands: tuple[Band, ...], rows: int) -> Mapping[str, Choice]:
    return next((band.choices for band in bands if band.below is None or rows < band.below), {})


def _choice(kind: str, parameter: Parameter, data: Data, tuning: str) -> Choice:
    name = parameter.name
    if own := _band(by_size.PROFILES.get(kind, ()), data.train).get(name):
        return _for_full(own) if name == "learning_rate" and tuning == "full" else own
    if (rule := _RULES.get(name)) and (found := rule(kind, parameter, data)):
        return found
    if general := _band(by_size.GENERAL, data.train).get(name):
        if parameter.auto and name != "epochs":
            return _left_to_the_provider(parameter, general)
        return _for_full(general) if name == "learning_rate" and tuning == "full" else general
    return _default(parameter)


def _epochs(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    """Where the provider would choose them itself, its published rule is made visible, and who disagrees."""
    if not parameter.auto:
        return None
    openai, openpipe = default_epochs(data.train), max(1, min(10, round(10_000 / max(1, data.train))))
    reason = Text(
        "The published rule for {n} rows; another trainer's rule comes to {other}.", n=data.train, other=openpipe
    )
    low, high = sorted((openai, openpipe))
    others = (Opinion(_COOKBOOK, openai), Opinion(_OPENPIPE, openpipe))
    return Choice(openai, reason, _COOKBOOK, low, high, "medium", others if openai != openpipe else ())


def _multiplier(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    reason = Text("The provider chooses it for the model and the size of the data; change it only to repeat a run.")
    return by_size.MULTIPLIERS.get(kind) or Choice("auto", reason, parameter.source)


def _max_tokens(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    """As long as the longest row, in steps of 256: nothing is cut, and nothing is paid for that is not there."""
    if data.longest is None:
        return None
    wanted = max(256, math.ceil(data.longest / 256) * 256, parameter.minimum or 0)
    p95 = data.longest if data.p95 is None else data.p95
    reason = Text("The longest row has {longest} tokens, 95 % have at most {p95}.", longest=data.longest, p95=p95)
    return Choice(wanted, reason, Text("the rows of the snapshot"), confidence="high")


def _evaluations(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    if not data.validation:
        return Choice(0, Text("There are no validation rows to go through."), Text("the rows of the snapshot"))
    reason = Text("A curve of fewer than {n} validation points carries no verdict.", n=POINTS_OF_A_VERDICT)
    return Choice(max(POINTS_OF_A_VERDICT, 5), reason, "ftstudio", POINTS_OF_A_VERDICT, 20)


def _checkpoints(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    reason = Text("One for each epoch, so that an earlier one can be taken when the last has learnt too much.")
    return Choice(3, reason, "ftstudio", 1, 10)


def _beta(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    if parameter.auto:
        return _default(parameter)
    return Choice(
        0.1, Text("The usual one; smaller lets the model move further from where it starts."), by_size.TOGETHER
    )


def _mix(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    reason = Text(
        "Mix general samples in (15 to 30 % are advised) only if the model forgets what it knew; they are paid for."
    )
    return Choice("" if parameter.minimum else 0, reason, by_size.ARK_DOCS, 0, 30, "medium")


def _held_back(kind: str, parameter: Parameter, data: Data) -> Choice | None:
    if data.validation:
        reason = Text("Used only where the snapshot keeps no rows aside; it keeps {n}.", n=data.validation)
    else:
        reason = Text("The usual tenth: without validation rows nobody can tell whether the model overfits.")
    return Choice(10, reason, by_size.PRESETS, 5, 20, "medium")


_RULES = {
    "epochs": _epochs,
    "learning_rate_multiplier": _multiplier,
    "max_tokens": _max_tokens,
    "evaluations": _evaluations,
    "checkpoints": _checkpoints,
    "beta": _beta,
    "mix_percent": _mix,
    "validation_percent": _held_back,
}


def _for_full(choice: Choice) -> Choice:
    """The rate of an adapter, made one for tuning every weight."""
    reason = Text("A tenth of an adapter's rate: every weight moves here.")
    low, high = (None if bound is None else bound / by_size.FULL_TUNING for bound in (choice.low, choice.high))
    value = float(choice.value) / by_size.FULL_TUNING
    return Choice(value, reason, by_size.LORA, low, high, "medium")


def _left_to_the_provider(parameter: Parameter, general: Choice) -> Choice:
    reason = Text("The provider chooses it by the size of the data; elsewhere {value} is usual.", value=general.value)
    return Choice("auto", reason, parameter.source, general.low, general.high, "medium", general.others)


def _default(parameter: Parameter) -> Choice:
    if parameter.default is None:
        reason = Text("Leave it empty unless you have a reason of your own: the provider decides.")
        return Choice("", reason, parameter.source, confidence="low")
    return Choice(parameter.default, Text("The provider's default."), parameter.source, confidence="high")


def _warm_enough(choice: Choice, chosen: Mapping[str, Choice], data: Data) -> Choice:
    """At least two updates of warm-up, however short the run."""
    recipe = {name: chosen[name].value for name in ("epochs", "batch_size") if name in chosen}
    updates = arithmetic(data.train, recipe).updates
    if not updates or float(choice.value) * updates >= LEAST_WARM:
        return choice
    ratio = min(0.5, math.ceil(100 * LEAST_WARM / updates) / 100)
    if ratio <= float(choice.value):
        return choice
    reason = Text(
        "Longer than usual: of {n} updates at least {least} should be a warm-up.", n=updates, least=LEAST_WARM
    )
    return replace(choice, value=ratio, high=ratio, reason=reason)


def _often_enough(chosen: Mapping[str, Choice], data: Data) -> Choice:
    """So many steps between evaluations that a short run still has the points of a verdict."""
    recipe = {name: chosen[name].value for name in ("epochs", "batch_size") if name in chosen}
    updates = arithmetic(data.train, recipe).updates
    steps = max(1, min(50, updates // (POINTS_OF_A_VERDICT + 1)))
    reason = Text(
        "One after every {steps} of {n} updates: fewer than {least} points carry no verdict.",
        n=updates,
        steps=steps,
        least=POINTS_OF_A_VERDICT,
    )
    return Choice(steps, reason, "ftstudio", 1, 50)


def _within(parameter: Parameter, choice: Choice) -> Advised:
    """The choice as the provider takes it: its bounds, its steps, its words."""
    low, high = _clamp(parameter, choice.low), _clamp(parameter, choice.high)
    value: Value | None = choice.value if choice.value != "" else None
    reason, confidence, source = choice.reason, choice.confidence, choice.source
    if isinstance(value, int | float):
        fitted = _clamp(parameter, value)
        if fitted != value:
            reason = Text("{value} would be usual; this is the nearest that the provider takes.", value=value)
            source, confidence = parameter.source, "low"
        value = fitted
    elif value is not None and (refused := _refused(parameter, value)) is not None:
        return _within(parameter, refused)
    if not parameter.confirmed and confidence == "high":
        confidence = "medium"
    return Advised(
        name=parameter.name,
        value=value,
        low=low,
        high=high,
        reason=reason,
        source=source or parameter.source,
        confidence=confidence,
        others=choice.others,
        extra=parameter.extra,
    )


def _refused(parameter: Parameter, value: Value) -> Choice | None:
    """What to take instead of a word that the provider does not know; None where it does."""
    try:
        parameter.read(value)
    except ValueError:
        return replace(_default(parameter), value="" if parameter.default == value else parameter.default or "")
    return None


def _clamp(parameter: Parameter, number: float | None) -> Any:
    if number is None:
        return None
    if parameter.choices and parameter.kind != "choice":
        wanted = number
        return int(min((float(c) for c in parameter.choices), key=lambda c: (abs(c - wanted), c)))
    if parameter.minimum is not None:
        number = max(parameter.minimum, number)
    if parameter.maximum is not None:
        number = min(parameter.maximum, number)
    return int(number) if parameter.kind == "int" else float(number)


def _extra(name: str, choice: Choice) -> Advised:
    return Advised(name, choice.value, choice.low, choice.high, choice.reason, choice.source, choice.confidence,
                   choice.others, extra=True)  # fmt: skip
