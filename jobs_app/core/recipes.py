"""Training settings, the same words for every provider, and the reading of what a person typed into them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    hardly meant. `source` says where the bounds come from, with a date; `confirmed` False: it is not sure, and the page
    says so. `choices` are the words of a "choice", or the only numbers of an "int". `methods` are those that know the
    setting, () all. `extra`: `name` is the provider's own, and the value travels in `Recipe.extras`.
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
    methods: tuple[str, ...] = ()
    confirmed: bool = True
    extra: bool = False

    def of(self, method: str) -> bool:
        """Whether a job of this method has the setting."""
        return not self.methods or method in self.methods

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
        if self.choices and shown(number) not in self.choices:
            raise ValueError(Text("Choose one of: {choices}.", choices=Listed(self.choices)))
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

    A provider is only ever given what it declares in its `parameters`; a field stands here once it means the same with
    more than one provider. What only one provider knows goes into `extras`, by its own name, and is sent untouched.

    tuning                    "lora" or "full": whether an adapter or every weight is trained
    learning_rate             absolute; learning_rate_multiplier: a factor on the provider's own; each knows one
    epochs, batch_size        passes over the training rows; rows per update
    lora_rank, lora_alpha     see `core.arithmetic.scales` for what the pair comes to; lora_dropout: a share, 0 to 1
    warmup_ratio              the share of all updates over which the rate rises, 0 to 1
    scheduler                 how the rate falls afterwards, in the provider's word ("cosine", "linear" …)
    weight_decay              the pull of the weights towards zero
    max_tokens                the cut-off per example, in tokens
    beta                      how far preference tuning may move from the model it starts with
    mix_percent               the share of the provider's preset data in the final mix, 0 to 99
    validation_percent        the share of the training rows that the provider sets aside itself, 0 to 99
    packing, train_on_inputs  "on", "off" (or "auto"): several examples in one sequence; questions are learnt as well
    evaluations, checkpoints  how often the validation rows are gone through; how many states of the model are kept
    seed, suffix              makes a run repeatable; goes into the tuned model's name
    """

    method: str = "supervised"
    tuning: str | None = None
    epochs: int | Auto | None = None
    batch_size: int | Auto | None = None
    learning_rate: float | Auto | None = None
    learning_rate_multiplier: float | Auto | None = None
    lora_rank: int | None = None
    lora_alpha: int | None = None
    lora_dropout: float | None = None
    warmup_ratio: float | None = None
    scheduler: str | None = None
    weight_decay: float | None = None
    max_tokens: int | None = None
    beta: float | Auto | None = None
    mix_percent: int | None = None
    validation_percent: int | None = None
    packing: str | None = None
    train_on_inputs: str | None = None
    evaluations: int | None = None
    checkpoints: int | None = None
    seed: int | None = None
    suffix: str | None = None
    extras: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe of stored or parsed values; keys that a recipe does not have are refused by name."""
        unknown = sorted(set(values) - set(cls.__slots__))
        if unknown:
            raise _refusal({name: Text("There is no setting of this name.") for name in unknown})
        return cls(**{name: value for name, value in values.items() if value is not None})


def parse(
    data: Mapping[str, object], parameters: Iterable[Parameter], *, method: str = "supervised", passes: bool = False
) -> dict[str, Any]:
    """Read what was sent into values, defaults filled in, settings left to the provider absent.

    `extras` of `data` are settings by the provider's own names: those that it declares are read as such, others pass
    untouched where it `passes` them. Raises InvalidInput with one field for each value out of range and for each key
    that no parameter of the method has.
    """
    known = {parameter.name: parameter for parameter in parameters if parameter.of(method)}
    given = {key: value for key, value in data.items() if key != "extras"}
    wrong: dict[str, Text] = {}
    extras: dict[str, str] = {}
    for name, value in _extras(data.get("extras"), wrong).items():
        if name in known:
            given.setdefault(name, value)
        elif passes and name not in Recipe.__slots__:
            extras[name] = value
        else:
            given[name] = value
    wrong |= {key: Text("This provider has no setting of this name.") for key in given if key not in known}
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        try:
            read = parameter.read(given.get(name))
        except ValueError as refusal:
            wrong[name] = refusal.args[0]
        else:
            if read is not None and parameter.extra:
                extras[name] = read if isinstance(read, str) else shown(read)
            elif read is not None:
                values[name] = read
    if wrong:
        raise _refusal(wrong)
    return {**values, "extras": extras} if extras else values


def _extras(raw: object, wrong: dict[str, Text]) -> dict[str, str]:
    """The settings by the provider's own names; what cannot be one is put into `wrong`."""
    if raw is None or raw == "":
        return {}
    if not isinstance(raw, Mapping) or len(raw) > _MOST_EXTRAS:
        wrong["extras"] = Text("Give at most {n} settings by their names.", n=_MOST_EXTRAS)
        return {}
    found: dict[str, str] = {}
    for name, value in raw.items():
        text = str(value).strip().lower() if isinstance(value, bool) else str(value).strip()
        if not isinstance(value, (str, int, float, bool)) or not _EXTRA_VALUE.fullmatch(text):
            wrong["extras"] = Text("The value of {name} must be 1 to 200 characters on one line.", name=str(name)[:60])
        elif not _EXTRA_NAME.fullmatch(str(name)):
            wrong["extras"] = Text("“{name}” cannot be the name of a setting.", name=str(name)[:60])
        else:
            found[str(name)] = text
    return found


_MOST_EXTRAS = 30
_EXTRA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_EXTRA_VALUE = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029]{1,200}")


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


def read_numbers(**given: tuple[object, float, float]) -> dict[str, float]:
    """Numbers by name, each given as (what was sent, lowest, highest); whole where the highest is an int.

    Raises InvalidInput with a field for each that cannot be used.
    """
    wrong: dict[str, Text] = {}
    values: dict[str, float] = {}
    for name, (raw, low, high) in given.items():
        value, whole = _number(raw), isinstance(high, int)
        if value is None or not low <= value <= high or (whole and value % 1):
            what = Text("a whole number") if whole else Text("a number")
            wrong[name] = Text("Give {what} from {low} to {high}.", what=what, low=shown(low), high=shown(high))
            continue
        values[name] = value
    if wrong:
        raise InvalidInput.of(wrong)
    return values


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
