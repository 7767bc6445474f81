"""What the pages load the same way: for a stranger there is nothing."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from datasets_app.models import Sample
from ftstudio.web.requests import PersonRequest


def sample_of(request: PersonRequest, pk: int) -> Sample:
    """The sample, if the person may see it; else 404."""
    beside = ("dataset__project", "leased_by")
    return get_object_or_404(Sample.objects.visible_to(request.user).select_related(*beside), pk=pk)
