"""The variations that platforms make of OpenAI's turns, declared.

A `Dialect` says under which key a weight stands and which are possible, how reasoning is written, which pictures and
roles a format knows, and whether it keeps what it does not know. From it follow the reading and writing of turns
(`_wire`) and what of a turn the format cannot carry (`_carrying`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from datasets_app.core import images
from datasets_app.core.jsonl import Json

KEY = "key"  # reasoning stands under reasoning_content
THINK = "think"  # reasoning stands in the last answer's text, between <think> tags


def binary(weight: float) -> bool:
    """0 (not trained) or 1, as OpenAI, Together and Fireworks take it."""
    return weight in (0, 1)


def share(weight: float) -> bool:
    """0 to 1, as Ark takes it."""
    return 0 <= weight <= 1


def positive_share(weight: float) -> bool:
    """More than 0, at most 1, as DashScope takes it: a turn cannot be excluded."""
    return 0 < weight <= 1


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the turns of a format can hold. The default is OpenAI's own."""

    roles: tuple[str, ...] = ()  # () takes any: a rule judges them
    weight: str = "weight"  # the key of a turn's share in the loss; "": none
    weights: Callable[[float], bool] = binary
    reasoning: str = KEY  # KEY, THINK or "": none
    images: str = images.URL
    tools: bool = True  # tools, calls and what they gave back
    names: bool = True
    others: bool = True  # keys that the format does not know ride along
    known: tuple[str, ...] = field(init=False)  # the keys that have a field of `Message`, in the order they are written

    def __post_init__(self) -> None:
        thought = () if self.reasoning == THINK else ("reasoning_content",)
        known = ("role", "content", *thought, "name", "tool_calls", "tool_call_id", self.weight or "weight")
        object.__setattr__(self, "known", known)

    def can_hold(self, key: str, value: Json) -> bool:
        """Whether the field for this known key can hold the value."""
        if key == "content":
            return True
        if key == "tool_calls":
            return isinstance(value, list) and bool(value)
        if key == (self.weight or "weight"):
            return isinstance(value, int | float) and not isinstance(value, bool)
        return isinstance(value, str)


OPENAI = Dialect()
