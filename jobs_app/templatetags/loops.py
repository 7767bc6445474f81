"""What follows from evaluations, on pages of others: the way to the next model, where data came from, two formats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.template import Context

from datasets_app.models import Snapshot
from ftstudio.accounts.policy import allows
from jobs_app.models import Evaluation, JobFamily
from jobs_app.pages.evaluation_words import VERDICTS
from jobs_app.pages.figures import change, label_of
from jobs_app.pages.loops import loop_context
from jobs_app.services import formats, loop
from jobs_app.services.clones import format_of

register = template.Library()


@register.inclusion_tag("evaluations/_loop.html", takes_context=True)
def loop_panel(context: Context) -> dict[str, Any]:
    """The panel of `evaluation`, for the person who asks."""
    return loop_context(context["request"].user, context["evaluation"])


@register.simple_tag
def leading_to(snapshot: Snapshot | None) -> list[Evaluation]:
    """`{% leading_to job.snapshot as evaluations %}`: those whose failures the snapshot trains on."""
    return loop.leading_to(snapshot)


@register.inclusion_tag("families/_formats.html", takes_context=True)
def formats_panel(context: Context, family: JobFamily | None) -> dict[str, Any]:
    """Which of the two formats of a family is better; nothing for a family of another kind."""
    now = formats.standing(family) if family is not None else None
    if now is None or family is None:
        return {}
    compared = now.comparison
    return {
        "formats": now,
        "names": [format_of(job) for job in now.jobs],
        "word": VERDICTS[compared.word][0] if compared else "",
        "metric": label_of(compared.metric) if compared else "",
        "change": change(compared.metric, compared.difference) if compared else "",
        "low": change(compared.metric, compared.low) if compared else "",
        "high": change(compared.metric, compared.high) if compared else "",
        "may_evaluate": allows(context["request"].user, family.project_id, "evaluations.create"),
    }


@register.inclusion_tag("families/_formats.html", takes_context=True)
def formats_between(context: Context, compared: Iterable[Any]) -> dict[str, Any]:
    """The same for two jobs side by side that differ in their format alone."""
    jobs = [one.reading.row for one in compared if one.reading.noun == "job"]
    return formats_panel(context, formats.between(jobs))
