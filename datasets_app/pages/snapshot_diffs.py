"""Two snapshots compared: how many samples came, went, changed or moved, and each of them by the page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from datasets_app.models.snapshot import SnapshotState
from datasets_app.services import snapshot_diffs
from ftstudio.errors import Text
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .frozen_words import steps
from .snapshots import snapshot_of

_SETTINGS = {
    "contract": Text("Output contract"),
    "guideline": Text("Guideline"),
    "system_prompt": Text("System prompt"),
    "contrast_template": Text("Template of the contrast format"),
    "profile": Text("Rule profile"),
    "rule_set_version": Text("Rule set"),
    "shares": Text("Shares"),
    "seed": Text("Seed"),
    "group_by": Text("Kept together by"),
    "stratify_by": Text("Divide each kind alike"),
    "mix": Text("Mix in general samples of"),
    "filter": Text("Which samples"),
}


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What differs from the snapshot before, or from the one that is asked for."""
    snapshot = snapshot_of(request, pk)
    before = snapshot_diffs.against(snapshot, request.GET.get("against", ""))
    others = snapshot.dataset.snapshots.filter(state=SnapshotState.READY).exclude(pk=snapshot.pk).only("number")
    context: dict[str, Any] = {"snapshot": snapshot, "dataset": snapshot.dataset, "before": before, "others": others}
    if before is not None:
        counts = snapshot_diffs.counts(snapshot, before)
        kind = request.GET.get("kind") or next((name for name, n in counts.items() if n), "added")
        page = snapshot_diffs.page(snapshot, before, kind, request.GET.get("cursor", ""))
        words = {
            "added": _("Added"),
            "removed": _("Removed"),
            "changed": pgettext("samples of a comparison", "Changed"),
            "moved": _("Moved"),
        }
        context |= {
            "kind": kind,
            "tabs": [{"kind": name, "label": words[name], "n": counts[name]} for name in snapshot_diffs.KINDS],
            "page": page,
            "lines": snapshot_diffs.lines(snapshot, before, kind, page.rows),
            "same": not any(counts.values()),
            "settings": [
                {"label": say(_SETTINGS[one.name]), "ops": steps(one, before, snapshot)}
                for one in snapshot_diffs.settings(snapshot, before)
            ],
        }
    return render_page(request, "snapshots/diff.html", context)
