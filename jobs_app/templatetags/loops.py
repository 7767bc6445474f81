"""`{% loop_panel %}` on the page of an evaluation: where the way from its failures to the next model stands."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from datasets_app.models import Snapshot
from jobs_app.models import Evaluation
from jobs_app.pages.loops import loop_context
from jobs_app.services import loop

register = template.Library()


@register.inclusion_tag("evaluations/_loop.html", takes_context=True)
def loop_panel(context: Context) -> dict[str, Any]:
    """The panel of `evaluation`, for the person who asks."""
    return loop_context(context["request"].user, context["evaluation"])


@register.simple_tag
def leading_to(snapshot: Snapshot | None) -> list[Evaluation]:
    """`{% leading_to job.snapshot as evaluations %}`: those whose failures the snapshot trains on."""
    return loop.leading_to(snapshot)
