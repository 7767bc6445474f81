"""What a scan's page shows: the report of the newest scan in words, every number with the address of its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets_app.core.sets import SCANNED, SET_RULES
from datasets_app.core.sets.shapes import TYPES
from datasets_app.models import Dataset, Sample, Scan
from datasets_app.services import datasets
from ftstudio.accounts.policy import allows
from ftstudio.errors import Text
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import clauses, from_row, say

from .filter_view import address
from .scan_summary import scan_summary

SHORT = 12  # lines of a table before the rest is only counted
Places = Mapping[int, Sample]


def scan_context(request: PersonRequest, dataset: Dataset) -> dict[str, Any]:
    """Everything on the page."""
    summary = scan_summary(dataset)
    newest = summary["scan"]
    broken = None if summary["scan_live"] else _broken(dataset, newest)
    report: dict[str, Any] = newest.report if newest else {}
    places = _places(dataset, report)
    return {
        "dataset": dataset,
        **summary,
        "reason": say(from_row(broken.error)) if broken and broken.error else "",
        "may_scan": bool(dataset.samples_total) and allows(request.user, dataset.project_id, "scans.request"),
        "rules": (rules := _rules(dataset)),
        "near": _near(dataset, report.get("near-duplicate"), places),
        "spellings": report.get("label-inconsistent") or [],
        "drift": _drift(report.get("schema-type-drift")),
        "completeness": _completeness(report.get("completeness")),
        "balance": _balance(dataset, report.get("balance")),
        "lengths": _lengths(report.get("lengths"), places),
        "leaks": _leaks(dataset, report.get("leaks"), rules),
        "fences": _fences(report.get("fences")),
        "private": _private(dataset, report.get("private"), places),
        "slices": _slices(dataset, report.get("slices")),
        "spread": _spread(report.get("spread")),
    }


def _broken(dataset: Dataset, newest: Scan | None) -> Scan | None:
    """The last scan, if it failed after the newest one that was carried out."""
    last = Scan.objects.filter(dataset=dataset).order_by("-created_at").first()
    return last if last and last.state == "failed" and (not newest or last.created_at > newest.created_at) else None


def _rules(dataset: Dataset) -> list[dict[str, Any]]:
    """What the set rules say of single samples now, by the kept counters; silent rules too."""
    said = {line.rule: line for line in datasets.quality(dataset)}
    rows = []
    for name in ("duplicate", *SCANNED):
        rule, line = SET_RULES[name], said.get(name)
        rows.append({
            "rule": name, "title": say(rule.title), "help": say(rule.help),
            "severity": line.severity if line else "ok", "n": line.n if line else 0,
            "share": line.share if line else 0.0, "url": address(dataset, {"rule": name}) + "#samples",
        })  # fmt: skip
    return rows


def _places(dataset: Dataset, report: Mapping[str, Any]) -> Places:
    """position → sample, for those that the report names."""
    wanted = {row["first"] for row in (report.get("near-duplicate") or {}).get("largest", [])}
    for part in (report.get("lengths") or {}).values():
        wanted |= {row["at"] for side in ("short", "long") for row in part[side]["samples"]}
    for kind in report.get("private") or []:
        wanted |= {example["at"] for example in kind["examples"]}
    rows = Sample.objects.filter(dataset=dataset, position__in=wanted).only("pk", "position", "title")
    return {sample.position: sample for sample in rows}


def _near(dataset: Dataset, found: Any, places: Places) -> dict[str, Any] | None:
    if not found:
        return None
    largest = [
        {"sample": places.get(row["first"]), "n": row["n"],
         "url": address(dataset, {"cluster": str(row["first"])}) + "#samples"}
        for row in found["largest"]
    ]  # fmt: skip
    return {
        "clusters": found["clusters"], "samples": found["samples"], "largest": largest[:SHORT],
        "more": found["clusters"] - len(largest[:SHORT]),
    }  # fmt: skip


def _drift(found: Any) -> dict[str, Any] | None:
    if not found:
        return None
    fields = [
        {
            "path": field["path"],
            "drifts": field["drifts"],
            "types": clauses(
                _("%(type)s %(n)d times") % {"type": say(TYPES[kind]), "n": n}
                for kind, n in sorted(field["types"].items(), key=lambda item: -item[1])
            ),
        }
        for field in found["fields"]
    ]
    return {**found, "fields": fields[: max(SHORT, found["drifting"])], "more": max(0, len(fields) - SHORT)}


def _completeness(found: Any) -> dict[str, Any] | None:
    if not found:
        return None
    known = [field for field in found["fields"] if field["share"] is not None]
    required = found["required"]
    return {
        "answers": found["answers"],
        "share": required["n"] / required["of"] if required["of"] else None,
        "fields": [
            {**field, "spoken": _("%(n)d of %(total)d") % {"n": field["n"], "total": field["of"]},
             "tone": "error" if field["required"] and field["share"] < 1 else "accent"}
            for field in known[: 2 * SHORT]
        ],
        "more": max(0, len(known) - 2 * SHORT),
        "never": [field["path"] for field in found["fields"] if field["share"] is None],
    }  # fmt: skip


def _balance(dataset: Dataset, found: Any) -> dict[str, Any] | None:
    if not found:
        return None
    labels = [
        {**row, "url": address(dataset, {"label": row["label"]}) + "#samples" if found["closed"] else ""}
        for row in found["labels"]
    ]
    return {**found, "labels": labels[: 2 * SHORT], "more": max(0, len(labels) - 2 * SHORT)}


def _lengths(found: Any, places: Places) -> list[dict[str, Any]]:
    names = {"question": _("Questions"), "answer": _("Answers")}
    rows = []
    for part, values in (found or {}).items():
        low, high = values["usual"]
        odd = [{"sample": places.get(row["at"]), "n": row["characters"]}
               for side in ("short", "long") for row in values[side]["samples"][: SHORT // 2]]  # fmt: skip
        rows.append({
            "label": names.get(part, part), "quantiles": values["quantiles"], "shortest": values["shortest"],
            "longest": values["longest"], "low": low, "high": high, "short": values["short"]["n"],
            "long": values["long"]["n"], "odd": odd,
        })  # fmt: skip
    return rows


def _leaks(dataset: Dataset, found: Any, rules: list[dict[str, Any]]) -> dict[str, Any] | None:
    """As grave as its rule is for this dataset."""
    if not found:
        return None
    line = next(row for row in rules if row["rule"] == "split-leak")
    severity = line["severity"] if line["n"] else "warning"
    total = found["questions"] + found["near"]
    return {**found, "total": total, "severity": severity, "url": line["url"]}


def _fences(found: Any) -> list[dict[str, Any]]:
    if not found:
        return []
    names = {"strict": _("Read as it stands"), "lenient": _("Read inside a code fence, too")}
    return [{"label": label, "of": found["answers"], **found[name]} for name, label in names.items()]


def _private(dataset: Dataset, found: Any, places: Places) -> list[dict[str, Any]] | None:
    """None: nobody asked the rules yet; an empty list: nothing was found."""
    if found is None:
        return None
    return [
        {
            **row,
            "kind": say(Text(row["kind"])),
            "words": ngettext("%(n)d sample", "%(n)d samples", row["samples"]) % {"n": row["samples"]},
            "url": address(dataset, {"rule": row["rule"]}) + "#samples",
            "examples": [{**one, "sample": places.get(one["at"])} for one in row["examples"]],
        }
        for row in found
    ]


def _slices(dataset: Dataset, found: Any) -> list[dict[str, Any]]:
    return [
        {**row, "share": row["clean"] / row["n"],
         "url": address(dataset, {"tag": row["tag"]}) + "#samples" if row["tag"] else ""}
        for row in (found or [])[: 2 * SHORT]
    ]  # fmt: skip


def _spread(found: Any) -> list[dict[str, Any]]:
    rows = []
    for one in found or []:
        total = sum(row["n"] for row in one["most"])
        most = [{**row, "share": row["n"] / total} for row in one["most"][:SHORT]]
        rows.append({**one, "most": most, "more": max(0, one["values"] - SHORT)})
    return rows
