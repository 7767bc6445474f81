"""What the shares of an export come to, beside the fields in which they are typed."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from datasets_app.services import compositions
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .landing import landing_on, status_of
from .snapshot_forms import ExportForm, SharesForm
from .snapshots import snapshot_context, snapshot_of


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The page of the snapshot, or only the part that says how many rows of each kind there would be."""
    snapshot = snapshot_of(request, pk)
    shares = SharesForm(request.GET)
    amounts = None
    if shares.is_valid():
        with landing_on(shares):
            amounts = compositions.of(
                snapshot=snapshot,
                contrast=shares.cleaned_data["contrast"] or 0,
                negatives=shares.cleaned_data["negatives"],
            )
    form = ExportForm(initial=request.GET.dict())
    context = {**snapshot_context(request, snapshot, form), "amounts": amounts, "shares": shares}
    return render_page(request, "snapshots/detail.html", context, part="composition", status=status_of(shares))
