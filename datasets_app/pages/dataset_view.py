"""What the dataset pages show, put into words and addresses. Reads kept counters; never counts samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.core import contracts
from datasets_app.core.fixing import fixable
from datasets_app.core.statistics import wilson
from datasets_app.models import Dataset, DatasetCount, Upload
from datasets_app.models.sample import Status
from datasets_app.models.upload import UploadState
from datasets_app.services import datasets
from ftstudio.accounts.models import Project
from ftstudio.accounts.policy import allows
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from . import list_state
from .bars import SIDES, parts_of, side_name
from .filter_view import address, chips_of, tabs_of
from .forms import FilterForm, UploadForm
from .list_view import list_context
from .scan_summary import scan_summary
from .waiting import waiting_context

Counts = Mapping[str, Mapping[str, int]]


def dataset_rows(project: Project, user: Any) -> list[dict[str, Any]]:
    """The datasets of a project with their kept counters."""
    found = list(Dataset.objects.visible_to(user).filter(project=project))
    counted: dict[Any, dict[str, int]] = {dataset.pk: {} for dataset in found}
    kept = DatasetCount.objects.filter(dataset__in=found, kind__in=("status", "worst"), key__in=("pending", "error"))
    for pk, key, n in kept.values_list("dataset_id", "key", "n"):
        counted[pk][key] = n
    return [
        {
            "dataset": dataset,
            "pending": counted[dataset.pk].get("pending", 0),
            "errors": counted[dataset.pk].get("error", 0),
            "requirements": len(requirements_of(dataset)),
        }
        for dataset in found
    ]


def dataset_context(request: PersonRequest, dataset: Dataset, part: str = "") -> dict[str, Any]:
    """What the dataset page shows, or what one `part` of it does that is asked for by itself and often: the samples
    while somebody pages and filters, uploads and snapshots while they are worked on. Any other part is given all."""
    if part == "samples":
        return {"dataset": dataset, **samples_context(request, dataset, datasets.counts(dataset))}
    if part == "uploads":
        return {"dataset": dataset, **uploads_context(dataset)}
    if part == "snapshots":
        return {"dataset": dataset, **snapshots_context(dataset)}
    counts, snapshots = datasets.counts(dataset), snapshots_context(dataset)
    return {
        "dataset": dataset,
        **samples_context(request, dataset, counts),
        **uploads_context(dataset),
        **snapshots,
        **_around(request, dataset, counts, split=snapshots["newest"] is not None),
    }


def samples_context(request: PersonRequest, dataset: Dataset, counts: Counts) -> dict[str, Any]:
    """The list of samples. The address says which; what it asks wrongly is said on the filters."""
    state, refused = list_state.read(request, dataset)
    filters = state.filters
    shown, wrong = list_context(request, state, counts)
    form = FilterForm(request.GET if refused else filters.chosen(), rules=counts["rule"], tags=counts["tag"])
    for name, text in {**refused, **wrong}.items():
        form.add_error(name if name in form.fields else None, say(text))
    return {
        "may": {
            "update": allows(request.user, dataset.project_id, "datasets.update"),
            "upload": allows(request.user, dataset.project_id, "uploads.create"),
            "freeze": allows(request.user, dataset.project_id, "snapshots.freeze"),
            "bulk": allows(request.user, dataset.project_id, "bulk_changes.prepare"),
        },
        "tabs": tabs_of(state, counts),
        "chips": chips_of(dataset, filters, state),
        "filters": form,
        **shown,
    }


def uploads_context(dataset: Dataset) -> dict[str, Any]:
    """The newest uploads, and whether one is being worked on or all samples are graded again."""
    uploads = [shown_upload(upload) for upload in dataset.uploads.all()[:5]]
    live = any(upload.is_working for upload in uploads) or bool(dataset.checking_version)
    return {"uploads": uploads, "uploads_live": live, "to_check": dataset.next_position - 1}


def snapshots_context(dataset: Dataset) -> dict[str, Any]:
    """The newest snapshots, and whether one is being frozen."""
    snapshots = list(dataset.snapshots.all()[:5])
    return {
        "snapshots": snapshots,
        "snapshots_live": any(not snapshot.is_final for snapshot in snapshots),
        "newest": next((snapshot for snapshot in snapshots if snapshot.state == "ready"), None),
    }


def _around(request: PersonRequest, dataset: Dataset, counts: Counts, *, split: bool) -> dict[str, Any]:
    """What stands around the list and the work: what the answers break, how many there are, who waits for whom; and
    the sides, once a snapshot has `split` the samples."""
    lines = datasets.quality(dataset, counts)
    size = datasets.size(dataset, counts)
    return {
        "requirements": requirements_of(dataset),
        "pending": counts["status"].get(Status.PENDING, 0),
        "trashed": counts["status"].get(Status.TRASHED, 0),
        "headline": _headline(dataset, lines),
        "quality": _quality(dataset, counts, lines),
        "size": size,
        "size_parts": parts_of([(_("samples"), size.samples, "accent")], max(size.samples, size.task.ideal))
        if size
        else [],
        "counted_by": datasets.checker_of(dataset),
        "splits": parts_of([(side_name(name), counts["split"].get(name, 0), tone) for name, tone in SIDES])
        if split
        else [],
        "upload_form": UploadForm(),
        **scan_summary(dataset),
        **waiting_context(dataset, request.user, counts["status"]),
    }


def requirements_of(dataset: Dataset) -> list[Any]:
    """The contract, one sentence per requirement."""
    return contracts.describe(datasets.checker_of(dataset).contract)


def shown_upload(upload: Upload) -> Upload:
    """The upload with its progress in bytes read, from 0 to 1, and the same in words."""
    size = upload.size if upload.is_final or not upload.lines else upload.lines.size
    share = min(1.0, upload.offset / size) if size else 0.0
    if upload.state == UploadState.DONE:
        share = 1.0
    shown: Any = upload
    shown.progress, shown.spoken = share, _("%(percent)d %% read") % {"percent": 100 * share}
    return upload


def _headline(dataset: Dataset, lines: list[datasets.RuleQuality]) -> dict[str, Any] | None:
    """The first of the quality lines, and whether the broken rule is one that the contract itself states."""
    if not lines:
        return None
    contract = datasets.checker_of(dataset).contract
    own = any(part.rule == lines[0].rule for part in contracts.requirements(contract))
    return {**_spoken(lines[0]), "own": own}


def _spoken(line: datasets.RuleQuality) -> dict[str, Any]:
    return {
        "rule": line.rule, "title": say(line.title), "tone": line.severity, "count": line.n, "total": line.total,
        "share": line.share, "low_percent": f"{100 * line.low:.1f}", "high_percent": f"{100 * line.high:.1f}",
    }  # fmt: skip


def _quality(dataset: Dataset, counts: Counts, lines: list[datasets.RuleQuality]) -> dict[str, Any]:
    total = dataset.samples_total
    clean = min(total, counts["worst"].get("clean", 0))
    low, high = wilson(clean, total)
    return {
        "total": total,
        "clean": clean,
        "clean_share": clean / total if total else None,
        "low_percent": f"{100 * low:.1f}",
        "high_percent": f"{100 * high:.1f}",
        "lines": [
            {
                "rule": line.rule, "title": say(line.title), "severity": line.severity, "count": line.n,
                "share": line.share, "url": address(dataset, {"rule": line.rule}),
                "spoken": _("%(n)d of %(total)d") % {"n": line.n, "total": line.total},
                "fixable": line.rule in fixable(),
            }
            for line in lines
        ],
    }  # fmt: skip
