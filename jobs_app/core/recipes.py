"""Training settings, the same words for every provider, and the reading of what a person typed into them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ftstudio.errors import InvalidInput, Listed, Text

Auto = Literal["auto"]
Value = int | float | str
NO_HELP = Text("")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting as a provider offers it: everything a form, an API schema and a check need to know.

    `minimum` and `maximum` are inclusive, in the unit of the setting; None means the provider names no bound.
    `above_minimum` excludes the minimum itself. `auto` says that the provider can choose the value.
    `default` None means: leave it out, the provider decides. `zero_warning` is shown for a 0 that is in range but
    hardly meant. `source` says where the bounds come from, with a date.
    """

    name: str
    label: Text
    kind: Literal["int", "float", "choice"]
    minimum: float | None = None
    maximum: float | None = None
    default: Value | None = None
    help: Text = NO_HELP
    source: str = ""
    choices: tuple[str, ...] = ()
    auto: bool = False
    above_minimum: bool = False
    zero_warning: Text | None = None

    def read(self, raw: object) -> Value | None:
        """The value of what a person or a client sent; None when it is empty and there is no default.

        Raises ValueError whose one argument is a `Text` that names the allowed range.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return self.default
        if isinstance(raw, str):
            raw = raw.strip()
            if self.auto and raw == "auto":
                return raw
        if self.kind == "choice":
            if not isinstance(raw, str) or raw not in self.choices:
                raise ValueError(Text("Choose one of: {choices}.", choices=Listed(self.choices)))
            return raw
        number = _number(raw)
        if number is None or (self.kind == "int" and not number.is_integer()) or not self._within(number):
            raise ValueError(self.range_text(raw))
        return int(number) if self.kind == "int" else number

    def range_text(self, raw: object) -> Text:
        """The sentence for a value that cannot be used: what is allowed, and what was given."""
        given = str(raw)[:40]
        low, high = shown(self.minimum), shown(self.maximum)
        what = Text("a whole number") if self.kind == "int" else Text("a number")
        if self.minimum is None or self.maximum is None:
            if self.minimum is None:
                return Text("Give {what}, not {given}.", what=what, given=given)
            if self.above_minimum:
                return Text("Give {what} above {low}, not {given}.", what=what, low=low, given=given)
            return Text("Give {what} of at least {low}, not {given}.", what=what, low=low, given=given)
        if self.above_minimum:
            return Text(
                "Give {what} above {low} and up to {high}, not {given}.", what=what, low=low, high=high, given=given
            )
        return Text("Give {what} from {low} to {high}, not {given}.", what=what, low=low, high=high, given=given)

    def _within(self, number: float) -> bool:
        if self.minimum is not None and (number < self.minimum or (self.above_minimum and number == self.minimum)):
            return False
        return self.maximum is None or number <= self.maximum


@dataclass(frozen=True, slots=True)
class Recipe:
    """Provider-neutral training settings. None: not set, the provider decides. "auto": ask it to decide.

    `learning_rate` is an absolute rate, `learning_rate_multiplier` a factor on the provider's own; a provider
    knows one of the two. `max_tokens` is the cut-off per example in tokens. `seed` makes a run repeatable.
    """

    method: str = "supervised"
    epochs: int | Auto | None = None
    batch_size: int | Auto | None = None
    learning_rate: float | Auto | None = None
    learning_rate_multiplier: float | Auto | None = None
    beta: float | Auto | None = None
    lora_rank: int | None = None
    lora_alpha: int | None = None
    lora_dropout: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    suffix: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe of stored or parsed values; keys that a recipe does not have are refused by name."""
        unknown = sorted(set(values) - set(cls.__slots__))
        if unknown:
            raise _refusal({name: Text("There is no setting of this name.") for name in unknown})
        return cls(**{name: value for name, value in values.items() if value is not None})


def parse(data: Mapping[str, object], parameters: Iterable[Parameter]) -> dict[str, Value]:
    """Read what was sent into values, defaults filled in, settings left to the provider absent.

    Raises InvalidInput with one field for each value out of range and for each key that no parameter has.
    """
    known = {parameter.name: parameter for parameter in parameters}
    wrong: dict[str, Text] = {
        key: Text("This provider has no setting of this name.") for key in data if key not in known
    }
    values: dict[str, Value] = {}
    for name, parameter in known.items():
        try:
            value = parameter.read(data.get(name))
        except ValueError as refusal:
            wrong[name] = refusal.args[0]
        else:
            if value is not None:
                values[name] = value
    if wrong:
        raise _refusal(wrong)
    return values


def warnings(values: Mapping[str, Value], parameters: Iterable[Parameter]) -> dict[str, Text]:
    """What is allowed and yet hardly meant, by setting: a learning rate of 0 trains nothing."""
    return {
        parameter.name: parameter.zero_warning
        for parameter in parameters
        if parameter.zero_warning is not None and values.get(parameter.name) == 0
    }


def shown(number: float | None) -> str:
    """A bound as people write it: 0.0001 rather than 1e-04, no trailing zeros."""
    if number is None:
        return ""
    return f"{number:.10f}".rstrip("0").rstrip(".") if number % 1 else f"{int(number)}"


def _refusal(wrong: Mapping[str, Text]) -> InvalidInput:
    """Field names come from outside here, so they must not become keyword arguments (`code`, `message` …)."""
    refusal = InvalidInput(Text("Some settings cannot be used."))
    refusal.fields.update(wrong)
    return refusal


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a provider allows as a job's name: a pattern over the whole name, and the sentence that says it."""

    pattern: re.Pattern[str]
    says: Text


_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
NAME_RULES: Mapping[str, NameRule] = {
    # Ark counts 1 to 200 visible characters; nothing else may stand in the name, not even a space.
    "ark": NameRule(
        re.compile(rf"[A-Za-z0-9{_HAN}_-]{{1,200}}"),
        Text("Use 1 to 200 letters, Chinese characters, digits, hyphens and underscores, and nothing else."),
    ),
    # Elsewhere the name is ours alone: anything that can be read, without control characters.
    "plain": NameRule(
        re.compile(r"(?=.*\S)[^\x00-\x1f\x7f\u2028\u2029]{1,200}"),
        Text("Use 1 to 200 characters on one line, at least one of them not a space."),
    ),
}


def check_name(name: str, rule: str = "plain") -> str:
    """The name, if the rule allows it. Raises InvalidInput(name=…) that says what the rule allows."""
    allowed = NAME_RULES[rule]
    if not allowed.pattern.fullmatch(name):
        raise InvalidInput(name=allowed.says)
    return name
