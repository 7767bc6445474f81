"""What only the set can tell: rules that speak of a sample because of the others, and measures of the whole.

`look.Look` runs all of them over a stream of samples in flat memory. Whoever wants no more than a rule's title imports
this module alone, which costs nothing: the arithmetic on arrays stays in `columns`, `grams`, `near` and `look`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.registry import Registry

if TYPE_CHECKING:  # the rules know this package's base, and the base knows the contract
    from datasets_app.core.sets.base import Measure, SetRule

SET_RULES: Registry[SetRule] = Registry(f"{__name__}.rules", "RULE")
MEASURES: Registry[Measure] = Registry(f"{__name__}.measures", "MEASURE")

# What a scan alone can say, and so what a new check of the single rows leaves in place. `duplicate` is not among them:
# imports, edits and checks compare fingerprints themselves.
SCANNED: tuple[str, ...] = (
    "near-duplicate", "conflicting-answer", "label-inconsistent", "schema-type-drift", "split-leak",
)  # fmt: skip
