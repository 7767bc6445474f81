"""The cases of an evaluation side by side: question, what each arm answered, what differs, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets_app.core import diffs, samples
from datasets_app.core.diffs import Op
from datasets_app.models import Revision
from jobs_app.models import Case, Outcome

from .evaluation_words import Named
from .figures import said, scorer_of

COMPLIANCE = "compliance"
SIZE = 10
LONGEST_QUESTION = 300  # characters; the sample's own page has all of it
WORDS = {  # of a verdict: what a person reads, and its sign
    "passed": (gettext_lazy("passes"), "ok"),
    "fenced": (gettext_lazy("right inside a fence"), "warning"),
    "failed": (gettext_lazy("fails"), "error"),
    "errored": (gettext_lazy("no answer came"), "error"),
    "": (gettext_lazy("not asked"), "hint"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """What one arm answered. `ops` are equal and its own pieces of the diff; none where nothing is compared."""

    name: str
    word: str
    sign: str
    text: str
    ops: list[Op]
    findings: list[Any]
    meta: str
    note: str


@dataclass(frozen=True, slots=True)
class Shown:
    number: int
    shown_number: str
    url: str
    tags: list[str]
    sent: bool
    question: str
    reference: str
    sides: list[Side]


def shown(cases: Sequence[Case], arms: Sequence[Named], metric: str) -> list[Shown]:
    """The cases with the answers of these arms (one or two); three queries, however many."""
    rows = Outcome.objects.filter(case__in=cases, arm__in=[one.arm.pk for one in arms])
    answers = {(row.case_id, row.arm_id): row for row in rows}
    known = Revision.objects.in_bulk([case.revision_id for case in cases])
    return [_case(case, arms, answers, known[case.revision_id].payload, metric) for case in cases]


def _case(case: Case, arms: Sequence[Named], answers: dict[Any, Outcome], payload: Any, metric: str) -> Shown:
    sample = samples.from_json(payload)
    outcomes = [answers.get((case.pk, one.arm.pk)) for one in arms]
    texts = [_text(one) for one in outcomes]
    ops = diffs.diff(*texts) if len(texts) == 2 and all(texts) else []
    sides = [
        _side(one, outcome, text, [op for op in ops if op.kind in ("equal", own)], metric)
        for one, outcome, text, own in zip(arms, outcomes, texts, ("delete", "insert"), strict=False)
    ]
    question = sample.question.text if sample.question else ""
    return Shown(
        number=case.number,
        shown_number=f"{case.number:03d}",
        url=reverse("pages:sample-detail", args=[case.sample_id]),
        tags=list(case.tags),
        sent=case.sent_at is not None,
        question=question[:LONGEST_QUESTION] + ("…" if len(question) > LONGEST_QUESTION else ""),
        reference=_said(sample.answer) if sample.answer else "",
        sides=sides,
    )


def _side(arm: Named, outcome: Outcome | None, text: str, ops: list[Op], metric: str) -> Side:
    word, sign = WORDS.get(_word_of(outcome, metric), WORDS[""])
    findings = outcome.findings if outcome else []
    return Side(arm.name, str(word), sign, text, ops, findings, _meta(outcome), _note(outcome, metric))


def _word_of(outcome: Outcome | None, metric: str) -> str:
    """The verdict, or what another metric of yes or no says of an answer that came."""
    if outcome is None or outcome.verdict in ("", "errored"):
        return outcome.verdict if outcome else ""
    scorer = scorer_of(metric)
    right = scorer.is_right(outcome.scores) if scorer and metric != COMPLIANCE else None
    return outcome.verdict if right is None else "passed" if right else "failed"


def _text(outcome: Outcome | None) -> str:
    """The answer as it came; calls of other tools with their names."""
    if outcome is None:
        return ""
    if outcome.answer or not outcome.calls:
        return outcome.answer
    return json.dumps(outcome.calls, ensure_ascii=False, indent=2)


def _said(message: samples.Message) -> str:
    return message.text or "\n".join(call.arguments for call in message.tool_calls)


def _meta(outcome: Outcome | None) -> str:
    """Seconds and tokens of the answer, and whether it was cut off or had to be asked for again."""
    if outcome is None or not outcome.verdict:
        return ""
    parts = [
        _("cut off") if outcome.finish_reason == "length" else "",
        ngettext("%(n)d try", "%(n)d tries", outcome.tries) % {"n": outcome.tries} if outcome.tries > 1 else "",
        _("%(n).1f s") % {"n": outcome.seconds} if outcome.seconds is not None else "",
        _("%(n)d tokens") % {"n": outcome.completion_tokens} if outcome.completion_tokens is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _note(outcome: Outcome | None, metric: str) -> str:
    """The case's own value of the metric that is shown, where that is more than passed or failed."""
    value = (outcome.scores if outcome else {}).get(metric)
    return "" if value is None or value in (0, 1) else said(metric, value)
