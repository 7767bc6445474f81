"""Taking a recipe from one provider to another. No number is carried over without its formula.

What means the same on both sides is carried; what means the same in another unit is converted, by a formula that the
sentence shows; everything else is left out, and the sentence says why. A value that the other side does not take is
never bent silently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ftstudio.errors import Listed, Text
from jobs_app.core.recipes import Parameter, shown

Kind = Literal["carried", "converted", "changed", "left-out"]
# How a provider counts an adapter's weight: "ratio" alpha / rank, "root" alpha / √rank. Only where it is documented or
# was measured: SiliconFlow's guide, the published Ark run of 42 samples. For all others the number means nothing.
CONVENTIONS: Mapping[str, str] = {"siliconflow": "ratio", "ark": "root"}
_FORMULAS = {"ratio": "alpha / rank", "root": "alpha / √rank"}
_RATES = ("learning_rate", "learning_rate_multiplier")


@dataclass(frozen=True, slots=True)
class Side:
    """A provider as far as a recipe is concerned."""

    kind: str
    label: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one setting, in one sentence."""

    name: str
    kind: Kind
    says: Text


@dataclass(frozen=True, slots=True)
class Translation:
    """`values` are a recipe of the other provider, its own defaults not filled in; `lines` has one for each setting."""

    values: Mapping[str, Any]
    lines: tuple[Line, ...]

    def of(self, kind: Kind) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]


def translate(recipe: Mapping[str, Any], source: Side, target: Side) -> Translation:
    """The recipe for `target`. The method is carried as it is; whether the target has it is for the caller to ask."""
    method = str(recipe.get("method") or "supervised")
    offered = {parameter.name: parameter for parameter in target.parameters if parameter.of(method)}
    labels = {parameter.name: parameter.label for parameter in (*source.parameters, *target.parameters)}
    values: dict[str, Any] = {"method": method}
    lines: list[Line] = []
    given = {name: value for name, value in recipe.items() if name not in ("method", "extras") and value is not None}
    # The adapter's weight hangs on the rank that comes out.
    for name in sorted(given, key=lambda name: name == "lora_alpha"):
        label = labels.get(name, Text("{name}", name=name))
        if name == "lora_alpha" and source.kind != target.kind:
            line = _alpha(given, values, offered, source, target, label)
        else:
            line = _one(name, given[name], values, offered, target, label)
        lines.append(line)
    for name, value in (recipe.get("extras") or {}).items():
        own = Text("{name}", name=name)
        if source.kind == target.kind:
            values.setdefault("extras", {})[name] = value
            lines.append(Line(name, "carried", Text("{label}: {value}, as it was.", label=own, value=_plain(value))))
        else:
            lines.append(_left(name, own, Text("it is a setting of {provider} alone", provider=source.label)))
    return Translation(values, tuple(lines))


def _one(
    name: str, value: Any, values: dict[str, Any], offered: Mapping[str, Parameter], target: Side, label: Text
) -> Line:
    parameter = offered.get(name)
    if parameter is None or parameter.extra:
        if name in _RATES and any(rate in offered for rate in _RATES):
            why = Text("a rate and a multiplier of the provider's own rate cannot be turned into each other")
        else:
            why = Text("{provider} has no such setting", provider=target.label)
        return _left(name, label, why)
    fitted = _fitted(parameter, value)
    if fitted is None:
        return _left(
            name, label, Text("{provider} does not take {value}", provider=target.label, value=_plain(value)), parameter
        )
    values[name] = fitted
    if fitted == value:
        return Line(name, "carried", Text("{label}: {value}, as it was.", label=label, value=_plain(value)))
    says = Text(
        "{label}: {old} is not among what {provider} takes ({range}), so it is {new} now.",
        label=label, old=_plain(value), provider=target.label, range=_range(parameter), new=_plain(fitted),
    )  # fmt: skip
    return Line(name, "changed", says)


def _alpha(
    given: Mapping[str, Any], values: dict[str, Any], offered: Mapping[str, Parameter], source: Side, target: Side,
    label: Text,
) -> Line:  # fmt: skip
    """The same weight of the adapter in the other one's way of counting: alpha' = scale × rank', or scale × √rank'."""
    name, old = "lora_alpha", given["lora_alpha"]
    old_rank: Any = given.get("lora_rank")
    parameter = offered.get(name)
    if parameter is None:
        return _left(name, label, Text("{provider} has no such setting", provider=target.label))
    before, after = CONVENTIONS.get(source.kind), CONVENTIONS.get(target.kind)
    if before is None or after is None:
        unknown = source.label if before is None else target.label
        return _left(
            name,
            label,
            Text("how {provider} counts an adapter's weight is not documented", provider=unknown),
            parameter,
        )
    rank: Any = values.get("lora_rank", offered["lora_rank"].default if "lora_rank" in offered else None)
    if not _number(rank) or not _number(old_rank) or not _number(old):
        return _left(name, label, Text("an adapter's weight cannot be told without its rank"), parameter)
    scale = _scale(before, float(old), float(old_rank))
    exact = scale * (float(rank) if after == "ratio" else math.sqrt(float(rank)))
    fitted = _fitted(parameter, max(1, round(exact)) if parameter.kind == "int" else exact)
    if fitted is None:
        return _left(
            name, label, Text("{provider} does not take {value}", provider=target.label, value=_plain(exact)), parameter
        )
    values[name] = fitted
    says = Text(
        "{label}: {old} at rank {old_rank} ({before} = {scale}) becomes {new} at rank {rank} ({after} = {new_scale}).",
        label=label, old=_plain(old), old_rank=_plain(old_rank), before=_FORMULAS[before], scale=f"{scale:.2f}",
        new=_plain(fitted), rank=_plain(rank), after=_FORMULAS[after],
        new_scale=f"{_scale(after, float(fitted), float(rank)):.2f}",
    )  # fmt: skip
    return Line(name, "converted", says)


def _scale(convention: str, alpha: float, rank: float) -> float:
    return alpha / rank if convention == "ratio" else alpha / math.sqrt(rank)


def _fitted(parameter: Parameter, value: Any) -> Any:
    """The value, or the nearest one that the parameter takes; None where no value is near."""
    try:
        return parameter.read(value)
    except ValueError:
        if parameter.kind == "choice" or not _number(value):
            return None
    allowed: Iterable[float]
    if parameter.choices:
        allowed = [float(choice) for choice in parameter.choices]
        near = min(allowed, key=lambda one: (abs(one - value), one))
    else:
        near = value if parameter.minimum is None else max(parameter.minimum, value)
        near = near if parameter.maximum is None else min(parameter.maximum, near)
        near = round(near) if parameter.kind == "int" else near
    try:
        return parameter.read(near)
    except ValueError:
        return None


def _left(name: str, label: Text, why: Text, parameter: Parameter | None = None) -> Line:
    """`parameter`: the other provider's own, whose default steps in."""
    if parameter is None or parameter.default is None:
        return Line(name, "left-out", Text("{label}: left out, because {why}.", label=label, why=why))
    says = Text(
        "{label}: left out, because {why}; it will be {default}, the default there.",
        label=label, why=why, default=_plain(parameter.default),
    )  # fmt: skip
    return Line(name, "left-out", says)


def _range(parameter: Parameter) -> Text | Listed:
    if parameter.choices:
        return Listed(parameter.choices)
    low, high = shown(parameter.minimum), shown(parameter.maximum)
    if low and high:
        return Text("{low} to {high}", low=low, high=high)
    return Text("from {low}", low=low) if low else Text("up to {high}", high=high)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _plain(value: Any) -> str:
    return shown(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
