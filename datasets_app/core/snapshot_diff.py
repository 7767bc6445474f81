"""What two snapshots differ in: which samples came, went, changed their content or their side; and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from datasets_app.core.diffs import Op, diff
from datasets_app.core.samples import Message, Sample

KINDS = ("added", "removed", "changed", "moved")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is not the same in both: its role, whether it is the rejected answer, and the steps between."""

    role: str
    rejected: bool
    ops: list[Op]

    @property
    def text(self) -> str:
        return "".join(op.text for op in self.ops if op.kind != "delete")


def turns(before: Sample, after: Sample) -> list[Turn]:
    """The turns that differ, in order, those of the rejected answer last; a turn that only one has is whole."""
    return [*_differing(before.messages, after.messages, False), *_differing(before.rejected, after.rejected, True)]


def _differing(before: tuple[Message, ...], after: tuple[Message, ...], rejected: bool) -> list[Turn]:
    found = []
    for one, other in zip_longest(before, after):
        old, new = one.text if one else "", other.text if other else ""
        if one != other:
            found.append(Turn((other or one).role, rejected, diff(old, new)))
    return found
