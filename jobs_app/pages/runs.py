"""Curves of runs made elsewhere, and any runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows, require
from ftstudio.errors import InvalidInput, NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import clauses, money, say
from jobs_app.core import charts, lifecycle
from jobs_app.core.charts import LETTERS, MOST_RUNS, Overlaid, View
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.models import ImportedRun, Job
from jobs_app.providers import PROVIDERS
from jobs_app.services import readings, runs
from jobs_app.services.readings import Reading

from . import curves
from .progress import duration
from .run_forms import RunForm
from .verdict_shown import judged, tone_of

SIZE = 50


@login_required
@require_safe
def run_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    rows = ImportedRun.objects.visible_to(request.user).filter(project=project).defer("points")
    context = {
        "runs": rows.select_related("created_by").order_by("-created_at", "-pk")[:SIZE],
        "jobs": _jobs(request)[:SIZE],
        "may_import": project is not None and allows(request.user, project, "jobs.create"),
        "most": MOST_RUNS,
    }
    return render_page(request, "runs/list.html", context)


@login_required
def run_create(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "jobs.create")
    form = RunForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        file = given.pop("file")
        with refusals_on(form):
            run = runs.receive(actor=request.user, project=project, content=file.read(), source=file.name, **given)
            return redirect("pages:run-detail", run.pk)
    return render_page(request, "runs/create.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_safe
def run_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    run = _found(request, pk)
    reading, view = readings.of_run(run), View.parse(request.GET)
    context = {
        "run": run,
        "reading": reading,
        "curves": curves.drawn(reading, view),
        "controls": curves.controls(view, can=curves.axes_of(reading)),
        "columns": run.columns.items(),
        "recipe": run.recipe.items(),
        "may_delete": allows(request.user, run.project_id, "jobs.create"),
        **judged(reading),
    }
    return render_page(request, "runs/detail.html", context)


@login_required
@require_POST
def run_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    run = _found(request, pk)
    runs.delete(actor=request.user, run=run)
    notices.success(request, _("The curve “%(name)s” is thrown away.") % {"name": run.name})
    return redirect("pages:run-list")


@login_required
@require_safe
def run_curve(request: PersonRequest, pk: UUID) -> HttpResponse:
    return csv_file(runs.csv_of(readings.of_run(run := _found(request, pk))), run.name)


@login_required
@require_safe
def job_curve(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user).select_related("connection"), pk=pk)
    return csv_file(runs.csv_of(readings.of_job(job)), job.name)


@login_required
@require_POST
def job_next(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A draft as the verdict proposes it."""
    rows = Job.objects.visible_to(request.user).select_related("connection", "snapshot__dataset", "project")
    job = get_object_or_404(rows, pk=pk)
    asked = dict.fromkeys(QUESTIONS, False)  # a person in front of a page is asked, whatever the parent was
    name = request.POST.get("proposal", "")
    twin = runs.try_next(actor=request.user, job=job, proposal=name, answers=asked)
    return redirect("pages:job-update", twin.pk)


@login_required
@require_safe
def run_compare(request: PersonRequest) -> HttpResponse:
    """`?job=<id>&run=<id>…`, two to eight of them; `all` shows every setting, not only those that differ."""
    asked = {"jobs": request.GET.getlist("job"), "runs": request.GET.getlist("run")}
    project = current_project(request)
    more = {"jobs": _jobs(request)[:SIZE], "runs": ImportedRun.objects.visible_to(request.user).filter(project=project)}
    more["runs"] = more["runs"].defer("points").order_by("-created_at")[:SIZE]
    try:
        found = readings.several(actor=request.user, **asked)
    except InvalidInput as refusal:
        chosen = {"chosen": {*asked["jobs"], *asked["runs"]}, "most": MOST_RUNS}
        # Nothing chosen yet is no mistake: the page then asks.
        status = 422 if any(asked.values()) else 200
        said = say(refusal.message) if any(asked.values()) else ""
        return render_page(request, "runs/choose.html", {"refusal": said, **more, **chosen}, status=status)
    view = View.parse(request.GET)
    keys = "&".join(reading.key for reading in found)
    everything = request.GET.get("all") == "1"
    settings = readings.settings_of(found)
    fixed = f"{keys}&all=1" if everything else keys
    can = [curves.axes_of(reading) for reading in found]
    compared = [_compared(reading, place, found) for place, reading in enumerate(found)]
    letters = [one.letter for one in compared]  # a phone has no columns: there each figure says whose it is
    context = {
        "compared": compared,
        "svg": _overlay(found, view),
        "table": [(word, list(zip(values, letters, strict=True))) for word, values in _last_values(found)],
        "controls": curves.controls(view, can={axis: all(one[axis] for one in can) for axis in can[0]}, fixed=fixed),
        "settings": [
            (_label(found, line.name), line.differs, list(zip(line.values, letters, strict=True)))
            for line in settings
            if everything or line.differs
        ],
        "same": sum(not line.differs for line in settings),
        "everything": everything,
        "toggle": "?" + "&".join(part for part in (keys, "" if everything else "all=1", view.query()) if part),
        "keys": keys,
        "snapshots": _snapshots(found),
        "evaluates": _evaluates(request, found),
    }
    return render_page(request, "runs/compare.html", context)


@login_required
@require_safe
def run_compare_curve(request: PersonRequest) -> HttpResponse:
    found = readings.several(actor=request.user, jobs=request.GET.getlist("job"), runs=request.GET.getlist("run"))
    return csv_file(runs.csv_of_several(found), "runs")


def _evaluates(request: PersonRequest, found: list[Reading]) -> str:
    """The query of a new evaluation of what these jobs made; blank where there is nothing, or it is not allowed."""
    jobs = [reading.row for reading in found if reading.noun == "job" and reading.row.result_model]
    if not jobs or not allows(request.user, jobs[0].project_id, "evaluations.create"):
        return ""
    return "&".join(f"job={job.pk}" for job in jobs)


def csv_file(content: str, name: str) -> HttpResponse:
    stem = slugify(name, allow_unicode=False) or "curve"
    headers = {"Content-Disposition": f'attachment; filename="{stem[:80]}.csv"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the runs in the table above the overlay."""

    letter: str
    look: str
    reading: Reading
    tone: str
    cost: str
    time: str
    without: str


def _compared(reading: Reading, place: int, found: list[Reading]) -> Compared:
    job = reading.row if reading.noun == "job" else None
    seconds = readings.seconds_of(reading)
    rest = "&".join(other.key for other in found if other is not reading)
    return Compared(
        LETTERS[place],
        f"r{place}",
        reading,
        tone_of(reading.verdict) if reading.verdict else "",
        f"{money(job.cost)} {job.currency}".strip() if job is not None and job.cost is not None else "",
        "" if seconds is None else duration(seconds),
        f"?{rest}" if len(found) > 2 else "",
    )


def _overlay(found: list[Reading], view: View) -> SafeString:
    lines = [Overlaid(reading.series, reading.last_step, reading.epochs, reading.tokens) for reading in found]
    names = clauses(f"{LETTERS[place]}: {reading.name}" for place, reading in enumerate(found))
    svg = charts.overlay_chart(
        lines,
        title=ngettext("Curves of %(n)d run", "Curves of %(n)d runs", len(found)) % {"n": len(found)},
        description=names,
        view=view,
        labels=curves.labels(),
    )
    return mark_safe(svg)


def _last_values(found: list[Reading]) -> list[tuple[str, list[str]]]:
    """What the overlay shows, in figures: the ends and the lowest point of each run."""
    lines: list[tuple[str, list[str]]] = [(_("Last step"), [str(reading.last_step) for reading in found])]
    for word, pick in (
        (_("Training loss, last"), lambda reading: reading.train[-1:]),
        (_("Validation loss, last"), lambda reading: reading.valid[-1:]),
        (
            _("Validation loss, lowest"),
            lambda reading: [point for point in reading.valid if point[0] == reading.best],
        ),
    ):
        shown = [_("%(value)s at %(step)d") % {"value": f"{p[0][1]:.3f}", "step": p[0][0]} if p else "–"
                 for p in (pick(reading) for reading in found)]  # fmt: skip
        lines.append((word, shown))
    return lines


def _label(found: list[Reading], name: str) -> str:
    words = {
        "provider": _("Provider"),
        "base_model": _("Base model"),
        "snapshot": _("Snapshot"),
        "codec": _("Format"),
        "train_percent": _("Share of the training rows"),
        "rows_train": _("Training rows"),
        "rows_validation": _("Validation rows"),
        "method": _("Method"),
        "epochs_made": _("Epochs, as it came"),
    }
    if name in words:
        return words[name]
    for reading in found:
        provider = PROVIDERS.get(reading.row.connection.kind) if reading.noun == "job" else None
        for parameter in provider.parameters if provider else ():
            if parameter.name == name:
                return say(parameter.label)
    return name


def _snapshots(found: list[Reading]) -> list[Any]:
    """The first two different snapshots of one dataset among the runs, older first; else nothing."""
    by_dataset: dict[Any, dict[Any, Any]] = {}
    for reading in found:
        snapshot = reading.row.snapshot if reading.noun == "job" else None
        if snapshot is not None:
            by_dataset.setdefault(snapshot.dataset_id, {})[snapshot.pk] = snapshot
    pairs = [sorted(rows.values(), key=lambda row: row.number)[:2] for rows in by_dataset.values() if len(rows) > 1]
    return pairs[0] if pairs else []


def _jobs(request: PersonRequest) -> Any:
    rows = Job.objects.visible_to(request.user).filter(project=current_project(request))
    return rows.exclude(state=lifecycle.DRAFT).only("pk", "name", "state", "created_at").order_by("-created_at")


def _found(request: PersonRequest, pk: UUID) -> ImportedRun:
    rows = ImportedRun.objects.visible_to(request.user).select_related("project", "created_by")
    run: ImportedRun = get_object_or_404(rows, pk=pk)
    return run
