"""What changed between two texts, as readers see it: Chinese and code by character, other prose by word."""

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
_CHARACTER = re.compile(rf"[\U0001f1e6-\U0001f1ff]{{2}}|.{_MARK}*(?:\u200d.{_MARK}*)*", re.DOTALL)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LINE = re.compile(r"[^\n。.!?！？]*(?:[\n。.!?！？]+|$)")
_CODE = re.compile(r"[{}\[\]<>;=_|\\]")
LOOKED_AT = 4000  # characters of a text that say what it is
WIDEST = 4_000_000  # old times new pieces of a stretch that are compared one by one; beyond it lines are


@dataclass(frozen=True, slots=True)
class Op:
    """One step: `equal` is in both texts, `delete` only in the one before, `insert` only in the one after."""

    kind: Kind
    text: str


def tokens(text: str) -> list[str]:
    """The text cut into what a diff may not cut through; joining gives the text back."""
    return _TOKEN.findall(text)


def by_character(text: str) -> bool:
    """Whether a change in such a text is seen by its characters: Chinese, Japanese, Korean, JSON and code."""
    text = text[:LOOKED_AT].strip()
    if not text:
        return False
    if text[0] in "{[<" or text.startswith("```"):
        return True
    written = len(text) - sum(map(str.isspace, text))
    return 5 * len(_CJK.findall(text)) > written or 25 * len(_CODE.findall(text)) > written


def diff(before: str, after: str) -> list[Op]:
    """The steps from one text to the other, deletions before insertions, neighbours of one kind joined.

    Joining the equal and delete steps gives `before`, the equal and insert steps `after`.
    """
    if before == after:
        return [Op("equal", before)] if before else []
    pieces = _CHARACTER.findall if by_character(before or after) or by_character(after) else tokens
    return _joined(_compared(pieces(before), pieces(after)))


def by_words(before: str, after: str) -> list[Op]:
    """The same in steps that never cut a Latin word, whatever the texts are: what a merge is made of. Of two rewrites
    in Chinese no letter of an English word may be left standing."""
    return _joined(_compared(tokens(before), tokens(after)))


def _compared(old: list[str], new: list[str]) -> list[Op]:
    start, end = _same_start(old, new), 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    ops = [Op("equal", "".join(old[:start]))]
    inner, outer = old[start : len(old) - end], new[start : len(new) - end]
    if len(inner) * len(outer) > WIDEST:
        ops += _by_line("".join(inner), "".join(outer))
    else:
        ops += _by_piece(inner, outer)
    return [*ops, Op("equal", "".join(old[len(old) - end :]))]


def _same_start(old: list[str], new: list[str]) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )


def _by_line(before: str, after: str) -> list[Op]:
    """Long texts that share little: sentences are compared, and what is inside them only where they are short."""
    ops = _by_piece(_LINE.findall(before), _LINE.findall(after))
    found: list[Op] = []
    for op in _joined(ops):
        last = found[-1] if found else None
        if op.kind == "insert" and last and last.kind == "delete":
            one, other = tokens(last.text), tokens(op.text)
            if len(one) * len(other) <= WIDEST // 100:
                found[-1:] = _by_piece(one, other)
                continue
        found.append(op)
    return found


def _by_piece(old: list[str], new: list[str]) -> list[Op]:
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
    return ops


def distance(before: str, after: str) -> int:
    """How many characters must be inserted, deleted or replaced (Levenshtein, code points)."""
    # The hint makes it look near the diagonal first: an edit is near the text that it was made in.
    return Levenshtein.distance(before, after, score_hint=max(64, abs(len(before) - len(after))))


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
