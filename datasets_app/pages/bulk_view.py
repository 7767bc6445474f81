"""What the pages of a bulk change show: each change as a diff cut down to what matters, and how far the work is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.core import diffs
from datasets_app.core.diffs import Op
from datasets_app.core.rules import RULES
from datasets_app.models import BulkChange, BulkChangeEntry
from datasets_app.models.bulk_change import BulkState, EntryState
from datasets_app.pipeline.bulk_kinds import KINDS
from datasets_app.pipeline.bulk_kinds.clean import AFTER, BEFORE
from ftstudio.web.templatetags.ui import kilo
from ftstudio.web.texts import from_row, say

AROUND = 30  # characters that are shown on each side of a change
MOST_DIFFED = 4000  # characters between the first and the last difference; more is shown as gone and come
MOST_SHOWN = 600


@dataclass(frozen=True, slots=True)
class ShownEdit:
    """One text that changes: where, and how."""

    where: str
    ops: Sequence[Op]


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One sample of the change, with its diffs and what is said of it. `tokens` are (before, after) where counted."""

    entry: BulkChangeEntry
    edits: Sequence[ShownEdit]
    note: str
    tokens: tuple[int, int] | None
    may_leave: bool
    may_return: bool


def heading(change: BulkChange) -> str:
    """What the change does, in the reader's language."""
    return say(KINDS[change.kind].says(change.what)) if change.kind in KINDS else change.kind


def shown(entry: BulkChangeEntry, *, may: bool) -> ShownEntry:
    """The entry as the page shows it; `may`: the person may leave samples out, and the plan still waits."""
    counts = entry.counts
    return ShownEntry(
        entry=entry,
        edits=[ShownEdit(_where(edit["path"]), difference(edit["before"], edit["after"])) for edit in entry.edits],
        note=say(from_row(entry.note)) if entry.note else "",
        tokens=(counts[BEFORE], counts.get(AFTER, 0)) if BEFORE in counts else None,
        may_leave=may and entry.state == EntryState.PLANNED,
        may_return=may and entry.state == EntryState.LEFT,
    )


def difference(before: str, after: str) -> list[Op]:
    """The diff with long stretches that stay cut out; of texts that differ all over, their beginnings."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    gone, come = before[start : len(before) - end], after[start : len(after) - end]
    # From a little further out, so that nothing that belongs together (an emoji, a word) is cut by the diff.
    left, right = max(0, start - AROUND), end - min(end, AROUND)
    if len(gone) + len(come) > MOST_DIFFED:
        changed = [Op("delete", _cut(gone)), Op("insert", _cut(come))]
        ops = [Op("equal", before[left:start]), *changed, Op("equal", before[len(before) - end : len(before) - right])]
    else:
        ops = diffs.diff(before[left : len(before) - right], after[left : len(after) - right])
    dots = (Op("equal", "…"),)
    return [*(dots if left else ()), *map(_short, (op for op in ops if op.text)), *(dots if right else ())]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _short(op: Op) -> Op:
    if op.kind != "equal" or len(op.text) <= 2 * AROUND + 10:
        return op
    return Op("equal", f"{op.text[:AROUND]} … {op.text[-AROUND:]}")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _where(path: str) -> str:
    """A path in words: whose turn, or which property."""
    parts = path.split("/")
    if parts[1] != "messages":
        return {"tags": _("Tag"), "status": _("Status"), "assigned": _("Assigned to")}.get(parts[1], parts[1])
    turn = _("Turn %(n)d") % {"n": int(parts[2]) + 1}
    return f"{turn} · {_('tool call')}" if "tool_calls" in parts else turn


def totals(change: BulkChange) -> dict[str, Any]:
    """The change's added-up counts: fixes per rule in words, or tokens before and after with what is saved."""
    if BEFORE in change.counts:
        before, after = change.counts[BEFORE], change.counts.get(AFTER, 0)
        return {"tokens": {"before": before, "after": after, "saved": 1 - after / before if before else 0.0}}
    rules = [(say(RULES[rule].title), rule, n) for rule, n in sorted(change.counts.items()) if rule in RULES]
    return {"rules": sorted(rules, key=lambda row: -row[2])}


def progress(change: BulkChange) -> tuple[float, str]:
    """How far the present state is, from 0 to 1, and in words."""
    done, of = {
        BulkState.PREPARING.value: (change.reached, change.upto),
        BulkState.APPLYING.value: (change.applied + change.skipped, change.planned),
        BulkState.UNDOING.value: (change.undone, change.applied),
    }.get(change.state, (1, 1))
    share = min(1.0, done / of) if of else 1.0
    return share, _("%(done)s of %(of)s samples") % {"done": kilo(done), "of": kilo(of)}


def tabs(change: BulkChange, asked: str) -> list[dict[str, Any]]:
    """Which states the samples can be shown by."""
    states = {
        BulkState.READY: (EntryState.PLANNED, EntryState.LEFT, EntryState.REFUSED),
        BulkState.DONE: (EntryState.APPLIED, EntryState.SKIPPED, EntryState.LEFT, EntryState.REFUSED),
        BulkState.FAILED: (EntryState.APPLIED, EntryState.PLANNED, EntryState.SKIPPED, EntryState.REFUSED),
        BulkState.UNDONE: (EntryState.UNDONE, EntryState.KEPT, EntryState.SKIPPED, EntryState.REFUSED),
    }.get(BulkState(change.state), ())
    choices: Iterable[tuple[str, Any]] = [("", _("All")), *((state.value, state.label) for state in states)]
    return [{"value": value, "label": label, "current": value == asked} for value, label in choices]
