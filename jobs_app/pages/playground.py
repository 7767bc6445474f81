"""Trying a tuned model in the browser, its base model beside it, on questions that it was not trained on."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from datasets_app.core import diffs
from datasets_app.core.containers.csv import guarded
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput, StudioError, Text
from ftstudio.web.current import current_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core.inference import Contract
from jobs_app.core.replies import Heard, hear
from jobs_app.models import ModelVersion
from jobs_app.services import playground
from jobs_app.services.playground import BASE, TUNED

MOST_QUESTIONS = 8
ENOUGH = 30  # questions from which on a comparison is more than an anecdote (facts on evaluation)


class PlaygroundForm(forms.Form):
    """`questions` are separated by empty lines. The base model may be told more than the tuned one needs."""

    model = forms.ModelChoiceField(label=gettext_lazy("Model"), queryset=ModelVersion.objects.none(), empty_label=None)
    questions = forms.CharField(
        label=gettext_lazy("Questions"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=MOST_QUESTIONS * playground.LONGEST,
        help_text=gettext_lazy("An empty line between two questions; up to eight."),
    )
    base = forms.BooleanField(label=gettext_lazy("Ask the base model, too"), required=False)
    prompt = forms.CharField(
        label=gettext_lazy("What the base model is told instead"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=playground.LONGEST,
        help_text=gettext_lazy("Empty: the same system prompt as the tuned model."),
    )
    temperature = forms.FloatField(
        label=gettext_lazy("Temperature"),
        min_value=0,
        max_value=2,
        initial=0,
        help_text=gettext_lazy("0 is greedy: the most likely word each time. Above 0 the answers differ each time."),
    )

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].queryset = versions  # type: ignore[attr-defined]

    def clean_questions(self) -> list[str]:
        found = [part.strip() for part in self.cleaned_data["questions"].replace("\r\n", "\n").split("\n\n")]
        found = [part for part in found if part]
        if len(found) > MOST_QUESTIONS:
            raise forms.ValidationError(_("At most eight questions at a time."))
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """What one model made of a question: an answer, or the sentence of a refusal."""

    heard: Heard | None
    says: str = ""
    meta: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    question: str
    tuned: Side
    base: Side | None

    @property
    def ops(self) -> list[diffs.Op]:
        """From the base model's answer to the tuned one's."""
        if self.base is None or self.base.heard is None or self.tuned.heard is None:
            return []
        return diffs.diff(self.base.heard.text, self.tuned.heard.text)


@login_required
def playground_page(request: PersonRequest) -> HttpResponse:
    versions = _versions(request)
    chosen = versions.filter(pk=_uuid(request.GET.get("model", ""))).first() or versions.first()
    if request.method == "POST":
        form = PlaygroundForm(request.POST, versions=versions)
        rows = _asked(request, form.cleaned_data) if form.is_valid() else []
        chosen = form.cleaned_data.get("model") or chosen
    else:
        questions = playground.held_out(chosen) if chosen and request.GET.get("held-out") else []
        rows = []
        form = PlaygroundForm(
            versions=versions, initial={"model": chosen, "base": True, "questions": "\n\n".join(questions)}
        )
    context = {
        "form": form,
        "version": chosen,
        "rows": rows,
        "told": Contract.of(chosen.contract).system if chosen else "",
        "streams": bool(chosen and Contract.of(chosen.contract).written_as != "task-response"),
        "warm": bool(form.is_bound and form.is_valid() and form.cleaned_data["temperature"] > 0),
        "may_ask": chosen is not None and allows(request.user, chosen.project_id, "models.call"),
        "enough": ENOUGH,
        "packed": json.dumps(packed(rows), ensure_ascii=False) if rows else "",
    }
    return render_page(request, "playground/detail.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def playground_stream(request: PersonRequest) -> StreamingHttpResponse | HttpResponse:
    """One answer piece by piece: lines of JSON, `{"piece"}` each, at the end `{"end": true}` or `{"refused"}`."""
    version = get_object_or_404(_versions(request), pk=_uuid(request.POST.get("model", "")))
    pieces = playground.stream(
        actor=request.user,
        version=version,
        question=request.POST.get("question", ""),
        arm=request.POST.get("arm", TUNED),
        system=request.POST.get("prompt") or None if request.POST.get("arm") == BASE else None,
        temperature=_temperature(request.POST.get("temperature", "0")),
    )
    answer = StreamingHttpResponse(playground.as_lines(pieces), content_type="application/x-ndjson")
    answer["X-Accel-Buffering"] = "no"
    answer["Cache-Control"] = "private, no-store"
    return answer


@login_required
@require_POST
def playground_read(request: PersonRequest) -> HttpResponse:
    """What was streamed, read by the contract and set against each other: one row of the table."""
    version = get_object_or_404(_versions(request), pk=_uuid(request.POST.get("model", "")))
    row = read_row(version, {name: request.POST.get(name) for name in ("question", "tuned", "base")})
    return render_page(request, "playground/row.html", {"row": row})


@login_required
@require_POST
def playground_table(request: PersonRequest) -> HttpResponse:
    """The answers as they stand on the page, as a table to keep: CSV with a byte order mark, for spreadsheets."""
    version = get_object_or_404(_versions(request), pk=_uuid(request.POST.get("model", "")))
    try:
        given = json.loads(request.POST.get("rows", ""))
        rows = [read_row(version, one) for one in given[: MOST_QUESTIONS * 4]]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise InvalidInput(rows=Text("The table cannot be read. Ask again.")) from None
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["question", "base", "tuned", "base problems", "tuned problems"])
    for row in rows:
        sides = (row.base or Side(None), row.tuned)
        texts = [side.heard.text if side.heard else side.says for side in sides]
        found = ["; ".join(say(text) for _, text in side.heard.problems) if side.heard else "" for side in sides]
        table.writerow([guarded(text) for text in (row.question, *texts, *found)])
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="side-by-side.csv"'
    return answer


def read_row(version: ModelVersion, given: dict[str, Any]) -> Row:
    """A row out of the texts of its answers; a side that is None was not asked."""
    question = str(given.get("question") or "")[: playground.LONGEST]

    def side(text: Any) -> Side:
        return Side(hear(version.contract, question, str(text)[:200_000]))

    return Row(question, side(given.get("tuned") or ""), side(given["base"]) if given.get("base") is not None else None)


def packed(rows: list[Row]) -> list[dict[str, Any]]:
    """The rows as a page sends them back for the table."""
    return [
        {
            "question": row.question,
            "tuned": row.tuned.heard.raw if row.tuned.heard else "",
            **({"base": row.base.heard.raw if row.base.heard else ""} if row.base else {}),
        }
        for row in rows
    ]


def _asked(request: PersonRequest, asked: dict[str, Any]) -> list[Row]:
    """Every question asked of each model, one after the other; a refusal of one is no refusal of the others.

    All of them together may take as long as one answer that is streamed: this holds a thread of the web server.
    """
    until = time.monotonic() + playground.LONGEST_ANSWER

    def side(question: str, arm: str) -> Side:
        if time.monotonic() > until:
            return Side(None, say(Text("Not asked: the answers before took too long. Ask fewer questions at a time.")))
        system = asked["prompt"] or None if arm == BASE else None
        try:
            answer = playground.ask(
                actor=request.user, version=asked["model"], question=question, arm=arm, system=system,
                temperature=asked["temperature"],
            )  # fmt: skip
        except InvalidInput:
            raise
        except StudioError as refusal:
            return Side(None, say(refusal.message))
        return Side(answer.heard, "", _meta(answer))

    return [
        Row(question, side(question, TUNED), side(question, BASE) if asked["base"] else None)
        for question in asked["questions"]
    ]


def _meta(answer: playground.Answer) -> str:
    parts = [_("%(n).1f s") % {"n": answer.seconds}]
    if answer.prompt_tokens is not None and answer.completion_tokens is not None:
        parts.append(_("%(a)d + %(b)d tokens") % {"a": answer.prompt_tokens, "b": answer.completion_tokens})
    if answer.cost:
        parts.append(f"{answer.cost:.6f} {answer.currency}")
    return " · ".join(parts)


def _versions(request: PersonRequest) -> Any:
    project = current_project(request)
    if project is None:
        raise Http404
    rows = ModelVersion.objects.visible_to(request.user).filter(project=project).exclude(stage="retired")
    return rows.select_related("connection", "job__snapshot").defer("connection__credential")


def _uuid(text: str) -> str | None:
    return text if len(text) == 36 and all(letter in "0123456789abcdef-" for letter in text) else None


def _temperature(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return -1.0  # refused by the service, in its words
