"""What share of a model's weights a LoRA adapter trains, where the shape of the model is published.

An adapter of rank r beside a linear layer of `a` inputs and `b` outputs holds r · (a + b) weights. Which layers a
hosted provider adapts is its secret, so the share is that of an adapter on every linear layer: the most it can be.
Shapes: config.json and the parameter counts of the model cards of Qwen2.5 (huggingface.co/Qwen), checked 2026-11-20.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.recipes import shown


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder with grouped attention: width, inner width, layers, width of keys and values, all weights."""

    hidden: int
    inner: int
    layers: int
    keys: int
    weights: int

    def adapter(self, rank: int) -> int:
        """The weights of an adapter on every linear layer: query, key, value, output, gate, up, down."""
        pairs = 2 * (self.hidden + self.hidden) + 2 * (self.hidden + self.keys) + 3 * (self.hidden + self.inner)
        return rank * pairs * self.layers


QWEN25 = {
    "7b": Shape(3584, 18944, 28, 512, 7_615_616_512),
    "14b": Shape(5120, 13824, 48, 1024, 14_770_033_664),
    "32b": Shape(5120, 27648, 64, 1024, 32_763_876_352),
    "72b": Shape(8192, 29568, 80, 1024, 72_706_203_648),
}
_QWEN25 = re.compile(r"(?:^|[/:])qwen2\.?5-(7b|14b|32b|72b)(?:-instruct)?(?:$|[-:@])", re.IGNORECASE)


def shape_of(base_model: str) -> Shape | None:
    """The published shape of a base model, by the name that providers give it; None where nobody publishes one."""
    found = _QWEN25.search(base_model)
    return QWEN25[found[1].lower()] if found else None


def trained_share(base_model: str, *, tuning: Any, rank: Any) -> Text | None:
    """What a person is told of the share that will be trained; None where there is no adapter to speak of.

    `tuning` and `rank` as in `Recipe`. Nothing is guessed: without a published shape, or without a rank, it says so.
    """
    if tuning == "full":
        return Text("All weights are trained.")
    if not isinstance(rank, int):
        return None
    shape = shape_of(base_model)
    if shape is None:
        return Text(
            "The shape of this model is not known here, so nobody can tell what share rank {rank} is.", rank=rank
        )
    return Text(
        "At most {percent} % of the weights: {part} of {all} million, with an adapter of rank {rank} on every layer.",
        percent=shown(round(100 * shape.adapter(rank) / shape.weights, 2)),
        part=shown(round(shape.adapter(rank) / 1e6, 1)),
        all=f"{shape.weights / 1e6:,.0f}",
        rank=rank,
    )
