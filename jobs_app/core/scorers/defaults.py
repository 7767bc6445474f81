"""Which metrics judge a task when nobody says otherwise: by what its contract asks for. The first one decides."""

from __future__ import annotations

from datasets_app.core.contracts.model import Contract

from . import SCORERS

_EFFORT = ("truncated", "output-tokens", "latency", "latency-p95", "retries", "cost-per-correct")


def default_metrics(contract: Contract, tools: bool = False) -> tuple[str, ...]:
    """The metric set of a task. `tools`: its samples call tools.

    A task with labels is judged by the right label, one with JSON by its contract and then by its fields, any other by
    its contract and by how near it comes to the reference.
    """
    names: list[str] = []
    if contract.labels is not None:
        names += ["label-accuracy", "macro-f1", "off-label", "label-found", "compliance", "compliance-unfenced"]
    elif contract.json is not None:
        names += ["compliance", "field-f1", "required-leaves", "ungrounded-values", "mistyped-fields",
                  "schema-compliance", "json-valid", "json-unfenced", "compliance-unfenced", "field-precision",
                  "field-recall", "normalised-match"]  # fmt: skip
    elif tools:
        names += ["tool-call", "tool-arguments", "compliance"]
    else:
        names += ["compliance", "normalised-match", "exact-match", "length-off", "echoed-input", "ungrounded-values"]
    names.insert(1, "symbol-alignment")
    if tools and "tool-call" not in names:
        names += ["tool-call", "tool-arguments"]
    return tuple(name for name in (*names, *_EFFORT) if SCORERS[name].applies(contract))
