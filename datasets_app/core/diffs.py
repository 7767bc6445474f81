"""What changed between two texts: Chinese by character, Latin by word, as readers see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel, Levenshtein

Kind = Literal["equal", "insert", "delete"]

# A character with what belongs to it (ZWJ sequences, variation selectors, skin tones, combining marks), a pair of
# regional indicators, a Latin word, or any other one character; spaces one by one.
_MARK = r"[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_TOKEN = re.compile(
    rf"[A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u052f_]+{_MARK}*"
    r"|[\U0001f1e6-\U0001f1ff]{2}"
    rf"|.{_MARK}*(?:\u200d.{_MARK}*)*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Op:
    """One step: `equal` is in both texts, `delete` only in the one before, `insert` only in the one after."""

    kind: Kind
    text: str


def tokens(text: str) -> list[str]:
    """The text cut into what a diff may not cut through; joining gives the text back."""
    return _TOKEN.findall(text)


def diff(before: str, after: str) -> list[Op]:
    """The steps from one text to the other, deletions before insertions, neighbours of one kind joined.

    Joining the equal and delete steps gives `before`, the equal and insert steps `after`.
    """
    if before == after:
        return [Op("equal", before)] if before else []
    old, new = tokens(before), tokens(after)
    ops: list[Op] = []
    for step in Indel.opcodes(old, new):
        gone = "".join(old[step.src_start : step.src_end])
        come = "".join(new[step.dest_start : step.dest_end])
        if step.tag == "equal":
            ops.append(Op("equal", gone))
            continue
        if gone:
            ops.append(Op("delete", gone))
        if come:
            ops.append(Op("insert", come))
    return _joined(ops)


def distance(before: str, after: str) -> int:
    """How many characters must be inserted, deleted or replaced (Levenshtein, code points)."""
    return Levenshtein.distance(before, after)


def _joined(ops: list[Op]) -> list[Op]:
    """Between two equal steps all that went, then all that came."""
    found: list[Op] = []
    gone = come = ""
    for op in [*ops, Op("equal", "")]:
        if op.kind == "delete":
            gone += op.text
        elif op.kind == "insert":
            come += op.text
        else:
            found += [Op("delete", gone)] if gone else []
            found += [Op("insert", come)] if come else []
            found += [op] if op.text else []
            gone = come = ""
    return found
