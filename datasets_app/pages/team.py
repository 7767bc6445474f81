"""The lead's page: how far the work is, how fast it goes, how far people agree and what they stumble over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from datasets_app.core.agreement import ENOUGH
from datasets_app.models import Dataset
from datasets_app.models.adjudication import Cause
from datasets_app.models.decision import Verdict
from datasets_app.models.sample import Status
from datasets_app.services import agreement, team
from ftstudio.accounts.models import User
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .bars import parts_of

TONES = {"accepted": "ok", "rejected": "error", "skipped": "dim", "flagged": "warning", "in_review": "accent",
         "sent_back": "warning", "disputed": "error"}  # fmt: skip


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The figures of the last 7, 30 or 90 days."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in team.PERIODS} else 30
    report = team.report(actor=request.user, dataset=dataset, days=days)
    context = {
        "dataset": dataset, "days": days, "periods": team.PERIODS, "team": report, **_coverage(report),
        "lines": [
            {"line": line, "verdicts": [line.pace.verdicts.get(verdict.value, 0) for verdict in Verdict]}
            for line in report.lines
        ],
        "per_day": _days(report), "causes": [(Cause(name).label, n) for name, n in report.causes.items()],
        "labels": _shares(report.labels), "verdicts": [(verdict.value, verdict.label) for verdict in Verdict],
    }  # fmt: skip
    return render_page(request, "team/detail.html", context)


@login_required
@require_safe
def agreed(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far people agree, by measure, pair, label and week."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    found = agreement.of(actor=request.user, dataset=dataset)
    asked = {person for pair in found.pairs for person in pair} | {row.person for row in found.reviewed}
    people = {person.pk: person for person in User.objects.filter(pk__in=asked)}
    context = {
        "dataset": dataset,
        "found": found,
        "enough": ENOUGH,
        "main": say(agreement.MEASURES[found.main][0]),
        "figures": [
            {"name": say(title), "how": say(how), "figure": found.figures[name]}
            for name, (title, how) in agreement.MEASURES.items()
            if name in found.figures
        ],
        "pairs": [{"one": people[a], "other": people[b], "figure": figure} for (a, b), figure in found.pairs.items()],
        "labels": [{"name": _verdict(found.main, name), "figure": figure} for name, figure in found.labels.items()],
        "weeks": [{"monday": monday, "figure": figure} for monday, figure in found.weeks.items()],
        "reviewed": [{"person": people[row.person], "row": row, "share": row.upheld / row.n} for row in found.reviewed],
    }
    return render_page(request, "team/agreement.html", context)


def _verdict(measure: str, name: str) -> str:
    """A rating as people read it: labels are the dataset's own words, verdicts are ours."""
    return str(Verdict(name).label) if measure == "verdict" and name in Verdict.values else name


def _coverage(report: team.Team) -> dict[str, Any]:
    shown = [status for status in Status if status not in (Status.PENDING, Status.TRASHED)]
    counted = [(str(status.label), report.statuses.get(status, 0), TONES[status.value]) for status in shown]
    done = sum(report.statuses.get(status, 0) for status in (Status.ACCEPTED, Status.REJECTED))
    return {
        "coverage": parts_of(counted, max(1, report.total)),
        "done": done,
        "done_share": done / report.total if report.total else 0.0,
    }


def _days(report: team.Team) -> list[dict[str, Any]]:
    most = max(report.per_day.values(), default=0) or 1
    shown = list(report.per_day.items())[-14:]
    return [{"day": day, "n": n, "share": n / most} for day, n in shown]


def _shares(counted: Any) -> list[dict[str, Any]]:
    total = sum(counted.values()) or 1
    return [{"name": name, "n": n, "share": n / total} for name, n in list(counted.items())[:30]]
