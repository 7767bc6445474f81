"""What only the pages of evaluations need: figures in the unit of their metric, bars of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ftstudio.web.texts import listed
from jobs_app.pages.figures import is_rate as _is_rate
from jobs_app.pages.figures import said

register = template.Library()


@register.filter
def figure(value: float | None, metric: str) -> str:
    """`{{ line.value|figure:metric }}`: a value of the metric as a person reads it: 88.3 %, 412, 2.2 s."""
    return said(metric, value)


@register.filter
def is_rate(metric: str) -> bool:
    """`{% if metric|is_rate %}`: whether its values are shown as percent, and so fit a bar from 0 to 100."""
    return _is_rate(metric)


@register.filter
def whole(share: float) -> str:
    """`{{ low|whole }}`: 0.814 → 81, where the percent sign stands elsewhere."""
    return f"{100 * share:.0f}"


@register.simple_tag
def parts_bar(name: str, parts: Sequence[Any], counts: Sequence[int]) -> SafeString:
    """Counts side by side in one bar, read out with their words; each part has `word` and `tone`."""
    total = sum(counts) or 1
    rects, at = [], 0.0
    for part, count in zip(parts, counts, strict=True):
        width = 100 * count / total
        rects.append((f"{at:.2f}", f"{width:.2f}", part.tone))
        at += width
    label = f"{name}: " + listed(f"{count} {part.word}" for part, count in zip(parts, counts, strict=True))
    drawn = format_html_join("", '<rect x="{}%" y="0" width="{}%" height="100%" class="f-{}"/>', rects)
    return format_html('<svg class="bar tall" role="img" aria-label="{}">{}</svg>', label, drawn)
