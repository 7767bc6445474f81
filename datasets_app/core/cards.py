"""A dataset card: what somebody must know of a frozen set before training on it or handing it on, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets_app.core import sizes
from datasets_app.core.splitting import SIDES
from datasets_app.core.statistics import wilson


@dataclass(frozen=True, slots=True)
class Source:
    """Where samples came from: an uploaded file, another dataset that was mixed in, or people and models here."""

    name: str
    kind: str  # upload, mix or own
    samples: int
    licence: str = ""
    format: str = ""
    sha256: str = ""
    at: str = ""  # ISO 8601


@dataclass(frozen=True, slots=True)
class Facts:
    """What a snapshot knows beside its counts."""

    name: str
    description: str = ""
    task: str = ""
    licence: str = ""
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    contract: Mapping[str, Any] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()


def card(facts: Facts, counts: Mapping[str, Any]) -> dict[str, Any]:
    """The card of a snapshot with these `counts` (as `pipeline.health.counts` makes them; keys may be absent).

    Shares are numbers from 0 to 1, intervals are Wilson's at 95 %. `leaks` is 0 because a snapshot in which a group
    or a question stood on two sides would have failed.
    """
    samples = sum(counts.get(side, 0) for side in SIDES)
    return {
        "name": facts.name,
        "description": facts.description,
        "task": facts.task,
        "snapshot": dict(facts.snapshot),
        "licences": licences(facts),
        "samples": samples,
        "sides": {side: counts.get(side, 0) for side in SIDES},
        "statuses": counts.get("statuses", {}),
        "labels": counts.get("labels", {}),
        "pairs": counts.get("pairs", 0),
        "negatives": counts.get("negatives", 0),
        "tokens": {
            "total": counts.get("tokens", 0),
            "by_side": counts.get("tokens_by_side", {}),
            "encoder": (counts.get("encoder") or {}).get("name", ""),
            "exact": bool((counts.get("encoder") or {}).get("exact")),
        },
        "size": _size(facts.task, counts.get("train", 0) - counts.get("mixed", 0)),
        "rules": rates(counts.get("findings", {}), samples - counts.get("mixed", 0)),
        "split": {
            **facts.split,
            "groups": counts.get("groups", 0),
            "largest_group": counts.get("largest_group"),
            "leaks": 0,
            "near_duplicate_clusters_on_two_sides": counts.get("near"),
            "near_duplicates_known_in_part": counts.get("near_behind", False),
            **{name: counts.get(name, 0) for name in ("pinned", "followed", "kept", "moved", "mixed")},
            "mixed_left_out_near": counts.get("mixed_near", 0),
        },
        "test_set": counts.get("test_set"),
        "people": {"authors": counts.get("authors", 0), "revisions": counts.get("origins", {})},
        "lineage": [
            {"name": one.name, "kind": one.kind, "samples": one.samples, "licence": one.licence, "format": one.format,
             "sha256": one.sha256, "at": one.at}
            for one in facts.sources
        ],
        "contract": dict(facts.contract),
        "requirements": list(facts.requirements),
    }  # fmt: skip


def licences(facts: Facts) -> list[dict[str, Any]]:
    """Each licence with the samples under it; what has none of its own has the dataset's, unless it was mixed in."""
    found: dict[str, int] = {}
    for one in facts.sources:
        licence = one.licence or (facts.licence if one.kind != "mix" else "")
        found[licence] = found.get(licence, 0) + one.samples
    if facts.licence and not found:
        found[facts.licence] = 0
    return [{"licence": name, "samples": n} for name, n in sorted(found.items(), key=lambda item: -item[1])]


def rates(findings: Mapping[str, Mapping[str, Any]], samples: int) -> list[dict[str, Any]]:
    """How many samples each rule speaks about, the share of all, and how sure that share is."""
    rows = []
    for rule, line in findings.items():
        n = min(samples, sum(line[side] for side in SIDES))
        low, high = wilson(n, samples)
        rows.append(
            {"rule": rule, "severity": line["severity"], "samples": n, "share": n / samples if samples else 0.0,
             "interval": [low, high]}
        )  # fmt: skip
    return rows


def _size(task: str, samples: int) -> dict[str, Any] | None:
    meter = sizes.meter(task, samples)
    if meter is None:
        return None
    return {"task": meter.task.name, "samples": samples, "level": meter.level, "share": meter.share,
            "advice": meter.advice, "source": meter.task.source}  # fmt: skip
