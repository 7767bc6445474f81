"""What a snapshot's columns add up to: the figures of its page and card, and what somebody should be warned of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np

from datasets_app.core.findings import RANK
from datasets_app.core.grouping import NEAR_DUPLICATES, keys_of, reads_payload
from datasets_app.core.splitting import FEW_CASES, NOWHERE, SIDES, Column
from datasets_app.core.testsets import NEEDED
from datasets_app.models import Dataset, Scan, Snapshot
from datasets_app.models.sample import Status
from datasets_app.models.scan import ScanState
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from .census import Census
from .grading import checker_of
from .mixing import Mixed
from .scan import is_behind

MOST_LABELS = 200  # named one by one; what is rarer is counted under “…”
LOPSIDED = 10  # percent of the samples: of a group that is large, and of a side that is far from its share


def counts(
    snapshot: Snapshot,
    taken: Census,
    side: Column,
    *,
    mixed: Mixed,
    groups: int,
    largest: int,
    moved: int,
    followed: int,
) -> dict[str, Any]:
    """`Snapshot.counts`: samples per side; per side tokens, statuses, labels and rules; groups; what was mixed in.

    `rules` counts, per side, the samples that each rule calls wrong; `findings` those of every severity. `near` is
    None where the dataset was never scanned, else how many clusters of near duplicates stand on more than one side;
    `near_behind` says that samples came or changed since that scan. `mixed_near` counts general samples that stayed out
    for being nearly the same as one of validation or test.
    """
    sizes = np.bincount(side, minlength=len(SIDES))
    sizes_all = sizes.copy()
    sizes_all[0] += len(mixed)
    tokens = np.bincount(side, weights=taken.of("tokens"), minlength=len(SIDES)).astype(np.int64)
    tokens[0] += int(mixed.of("tokens").sum(dtype=np.int64))
    scan = Scan.objects.filter(dataset=snapshot.dataset_id, state=ScanState.DONE).order_by("-finished_at").first()
    encoder = getattr(checker_of(snapshot.dataset), "encoder", None)
    found: dict[str, Any] = {
        **dict(zip(SIDES, sizes_all.tolist(), strict=True)),
        "tokens": int(tokens.sum()),
        "errors": int((taken.of("worst") == RANK["error"]).sum()),
        "groups": groups,
        "largest_group": largest,
        "rules": {name: {} for name in SIDES},
        "tokens_by_side": dict(zip(SIDES, tokens.tolist(), strict=True)),
        "encoder": {"name": encoder.name, "exact": encoder.exact} if encoder else None,
        "statuses": _by_side(taken.of("status"), Status.values, side),
        "labels": _labels(taken, side),
        "pairs": int(taken.of("pair").sum()),
        "negatives": int(taken.of("negative").sum()),
        "pinned": int((taken.of("pinned") >= 0).sum()),
        "kept": int((taken.of("kept") == side).sum()),
        "moved": moved,
        "followed": followed,
        "mixed": len(mixed),
        "mixed_wanted": mixed.wanted,
        "mixed_near": mixed.near,
        "near": _near(taken, side) if scan else None,
        "near_behind": scan is not None and is_behind(scan, Dataset.objects.get(pk=snapshot.dataset_id)),
        "uploads": {str(UUID(str(pk))): n for pk, n in taken.uploads.items() if pk},
        "origins": dict(taken.origins.most_common()),
        "authors": len(taken.authors - {None}),
    }
    found["findings"] = findings = _findings(taken, side)
    for rule, line in findings.items():
        if line["severity"] == "error":
            for name in SIDES:
                if line[name]:
                    found["rules"][name][rule] = line[name]
    said = _warnings(snapshot, found) + _keyless(snapshot, taken) + _lopsided(snapshot, taken, side, largest)
    found["warnings"] = [{"code": code, **to_row(text)} for code, text in said]
    return found


def _by_side(column: Column, names: Any, side: Column) -> dict[str, dict[str, int]]:
    """name → side → samples, names that occur."""
    names = list(names)
    table = np.bincount(column.astype(np.int64) * len(SIDES) + side, minlength=len(names) * len(SIDES))
    rows = table.reshape(-1, len(SIDES)).tolist()
    return {name: dict(zip(SIDES, row, strict=True)) for name, row in zip(names, rows, strict=True) if any(row)}


def _labels(taken: Census, side: Column) -> dict[str, dict[str, int]]:
    rows = _by_side(taken.of("label"), taken.labels, side)
    rows.pop("", None)
    ordered = sorted(rows.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    kept = dict(ordered[:MOST_LABELS])
    if rest := ordered[MOST_LABELS:]:
        kept["…"] = {name: sum(row[name] for _, row in rest) for name in SIDES}
    return kept


def _findings(taken: Census, side: Column) -> dict[str, dict[str, Any]]:
    """rule → its severity and the samples it speaks about, by side; the gravest and most frequent first."""
    if not taken.rules:
        return {}
    where = side[taken.of("found")].astype(np.int64)
    table = np.bincount(taken.of("found_rule").astype(np.int64) * len(SIDES) + where,
                        minlength=len(taken.rules) * len(SIDES)).reshape(-1, len(SIDES))  # fmt: skip
    lines = [(RANK[severity], int(row.sum()), rule, severity, row.tolist())
             for (rule, severity), row in zip(taken.rules, table, strict=True)]  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for _, _, rule, severity, row in sorted(lines, key=lambda line: (-line[0], -line[1], line[2])):
        line = found.setdefault(rule, {"severity": severity, **dict.fromkeys(SIDES, 0)})
        for name, n in zip(SIDES, row, strict=True):
            line[name] += n
    return found


def _near(taken: Census, side: Column) -> int:
    cluster = taken.of("cluster").astype(np.int64)
    members = np.flatnonzero(cluster)
    pairs = np.unique(cluster[members] * len(SIDES) + side[members])
    return int((np.unique(pairs // len(SIDES), return_counts=True)[1] > 1).sum())


def _warnings(snapshot: Snapshot, found: dict[str, Any]) -> list[tuple[str, Text]]:
    said: list[tuple[str, Text]] = []
    for name in SIDES:
        if snapshot.shares[name] and not found[name]:
            said.append(("empty-side", Text("No group fell on the side “{side}”: there are too few.", side=name)))
    if 0 < found["validation"] < FEW_CASES:
        said.append((
            "few-validation",
            Text("Only {n} validation samples: below {few} a validation loss measures nothing. Collect more samples, "
                 "or import a validation file of your own.", n=found["validation"], few=FEW_CASES),
        ))  # fmt: skip
    if 0 < found["test"] < NEEDED:
        said.append((
            "few-test",
            Text("Only {n} test cases: a test set is ready from {needed} on.", n=found["test"], needed=NEEDED),
        ))  # fmt: skip
    if found["mixed"] < found["mixed_wanted"]:
        said.append((
            "few-mixed",
            Text("Only {n} of {wanted} general samples could be mixed in: the dataset “{name}” has no more that fit.",
                 n=found["mixed"], wanted=found["mixed_wanted"], name=snapshot.mix["name"]),
        ))  # fmt: skip
    by_near = NEAR_DUPLICATES in keys_of(snapshot.group_by)
    if found["near"] is None and by_near:
        said.append((
            "not-scanned",
            Text("The dataset has not been scanned for near duplicates yet: every sample was a group of its own."),
        ))  # fmt: skip
    if found["near_behind"] and by_near:
        said.append((
            "old-scan",
            Text("Samples came or changed since the last scan for near duplicates, which knows nothing of them: scan "
                 "the dataset, then freeze again."),
        ))  # fmt: skip
    if not snapshot.rule_set_version or _rules_now(snapshot) != snapshot.rule_set_version:
        said.append((
            "half-checked",
            Text("Some of these samples were graded by other rules than those of the frozen contract: have the dataset "
                 "graded again, then freeze again."),
        ))  # fmt: skip
    if found["moved"]:
        said.append((
            "moved",
            Text("{n} samples changed their side, because they now belong together with samples of another side.",
                 n=found["moved"]),
        ))  # fmt: skip
    return said


def _keyless(snapshot: Snapshot, taken: Census) -> list[tuple[str, Text]]:
    """The keys that were to keep samples together and that none of them has: written otherwise, most likely."""
    nowhere = [key for key in keys_of(snapshot.group_by) if reads_payload(key) and not taken.named[key]]
    return [
        (
            "no-such-key",
            Text("No sample has the key “{key}”, so it kept nothing together. Look at how it is written in the rows; "
                 "several keys are parted by commas.", key=key),
        )
        for key in nowhere
    ]  # fmt: skip


def _lopsided(snapshot: Snapshot, taken: Census, side: Column, largest: int) -> list[tuple[str, Text]]:
    """The side that is furthest from its share of the samples, where a large group is to blame."""
    free = side[taken.of("pinned") == NOWHERE]
    if not len(free) or largest * 100 <= len(free) * LOPSIDED:
        return []
    shares = np.bincount(free, minlength=len(SIDES)) * 100 / len(free)
    off = [abs(share - snapshot.shares[name]) for share, name in zip(shares.tolist(), SIDES, strict=True)]
    most = off.index(max(off))
    if largest < 2 or off[most] <= LOPSIDED:
        return []
    text = Text(
        "{share} % of the samples are on the side “{side}”, not {wanted} %: shares count groups, and the largest group "
        "has {n} samples.",
        share=round(shares[most]), side=SIDES[most], wanted=snapshot.shares[SIDES[most]], n=largest,
    )  # fmt: skip
    return [("lopsided", text)]


def _rules_now(snapshot: Snapshot) -> str:
    """The rules by which all samples are graded at this moment; "" where they are being changed, or were in part."""
    names = ("checking_version", "rule_set_version")
    changing, version = Dataset.objects.values_list(*names).get(pk=snapshot.dataset_id)
    return "" if changing else str(version)
