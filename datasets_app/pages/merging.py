"""Two people edited one sample: what each did, put side by side, with one choice per place where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from datasets_app.core import diffs
from datasets_app.core.diffs import Op
from datasets_app.core.roles import role_label
from ftstudio.web.texts import say

from .edits import ANSWER, REJECTED, Turns


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the merged text: `same` for both, taken from the only one who changed it, or `both` changed it."""

    kind: Literal["same", "mine", "theirs", "both"]
    base: str
    mine: str
    theirs: str

    @property
    def text(self) -> str:
        """What stands in the result before anybody chooses: one's own wording."""
        return self.theirs if self.kind == "theirs" else self.mine

    @property
    def mine_ops(self) -> list[Op]:
        return diffs.diff(self.base, self.mine)

    @property
    def theirs_ops(self) -> list[Op]:
        return diffs.diff(self.base, self.theirs)


@dataclass(frozen=True, slots=True)
class Place:
    """One text that they left and one that I have, in the form field `name` (an answer, another turn, the rejected)."""

    key: str
    index: int | None
    role: str
    base: str
    mine: str
    theirs: str
    pieces: Sequence[Piece]

    @property
    def label(self) -> str:
        """Whose words these are, in the reader's language."""
        labels = {"assistant": _("Answer"), "rejected": _("Model")}
        return labels.get(self.role) or say(role_label(self.role))

    @property
    def result(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def name(self) -> str:
        return f"{self.key}-text"

    @property
    def mine_ops(self) -> list[Op]:
        return diffs.diff(self.base, self.mine)

    @property
    def theirs_ops(self) -> list[Op]:
        return diffs.diff(self.base, self.theirs)

    @property
    def open(self) -> int:
        return sum(piece.kind == "both" for piece in self.pieces)


def merged(base: str, mine: str, theirs: str) -> list[Piece]:
    """The three texts as pieces in order.

    Joining every piece's `base` gives `base` back, and so for `mine` and `theirs`. Where only one of them changed a
    stretch there is nothing to choose.
    """
    edits = sorted([*_edits(base, mine, 0), *_edits(base, theirs, 1)], key=lambda edit: (edit[0], edit[1]))
    pieces: list[Piece] = []
    at = 0
    while edits:
        start, end, _text, who = edits[0]
        group = [edits.pop(0)]
        touched = {who}
        while edits and (edits[0][0] < end or (edits[0][0] <= end and edits[0][3] not in touched)):
            group.append(edits.pop(0))
            end = max(end, group[-1][1])
            touched.add(group[-1][3])
        if start > at:
            pieces.append(_same(base[at:start]))
        was = base[start:end]
        one, other = (_applied(base, start, end, [edit for edit in group if edit[3] == side]) for side in (0, 1))
        if one == other:
            kind: Literal["same", "mine", "theirs", "both"] = "same"
        elif other == was:
            kind = "mine"
        else:
            kind = "theirs" if one == was else "both"
        pieces.append(Piece(kind, was, one, other))
        at = end
    return [*pieces, _same(base[at:])] if at < len(base) else pieces


def _same(text: str) -> Piece:
    return Piece("same", text, text, text)


def _edits(base: str, after: str, who: int) -> list[tuple[int, int, str, int]]:
    """`(start, end, text, who)`: what of `base` was replaced by what."""
    found: list[tuple[int, int, str, int]] = []
    at = 0
    gone = come = ""
    for op in [*diffs.by_words(base, after), Op("equal", "")]:
        if op.kind == "delete":
            gone += op.text
        elif op.kind == "insert":
            come += op.text
        else:
            if gone or come:
                found.append((at, at + len(gone), come, who))
            at += len(gone) + len(op.text)
            gone = come = ""
    return found


def _applied(base: str, start: int, end: int, edits: Sequence[tuple[int, int, str, int]]) -> str:
    text, at = "", start
    for begin, stop, come, _who in edits:
        text += base[at:begin] + come
        at = stop
    return text + base[at:end]


def places_of(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Place] | None:
    """Every text that one of us changed; None when the turns themselves differ, so that texts cannot be paired."""
    sides = (base["messages"], mine["messages"], theirs["messages"])
    if len({tuple(turn["role"] for turn in turns) for turns in sides}) != 1:
        return None
    last = len(sides[0]) - 1
    places = [
        _place(ANSWER if at == last and turns[0]["role"] == "assistant" else f"k{at}", at, turns[0]["role"], *turns)
        for at, turns in enumerate(zip(*sides, strict=True))
    ]
    wrong: list[Turns] = [data.get("rejected") or [] for data in (base, mine, theirs)]
    if all(wrong):
        places.append(_place(REJECTED, None, "rejected", *(turns[-1] for turns in wrong)))
    return [place for place in places if place.mine != place.base or place.theirs != place.base]


def _place(key: str, index: int | None, role: str, *turns: Mapping[str, Any]) -> Place:
    base, mine, theirs = (turn["content"] if isinstance(turn["content"], str) else "" for turn in turns)
    return Place(key, index, role, base, mine, theirs, merged(base, mine, theirs))
