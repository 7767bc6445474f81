"""What the checks say of a text as it stands, in the shape that the desk's parts show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets_app.core import diffs, samples
from datasets_app.core.diffs import Op
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.roles import role_label
from datasets_app.core.rules import RULES
from datasets_app.models import FindingRow, Sample, Waiver
from datasets_app.services import datasets
from datasets_app.services import samples as service
from ftstudio.errors import InvalidInput
from ftstudio.web.texts import from_row, say

from .bars import parts_of

AROUND = 8  # characters of context that a fix button shows


@dataclass(frozen=True, slots=True)
class ShownFix:
    """A fix with what it would write, as a small diff. `number` is its key with Alt, 0 beyond nine."""

    id: str
    start: int
    end: int
    replacement: str
    number: int
    shown: Sequence[Op]


@dataclass(frozen=True, slots=True)
class ShownFinding:
    rule: str
    severity: str
    message: Any
    path: str
    start: int | None
    end: int | None
    fix: ShownFix | None
    waiver: Waiver | None = None  # a lead let it pass: struck, with the reason, and not counted


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say of the text as it stands: the parts `findings`, `diff`, `tokens` and `requirements`."""

    findings: Sequence[ShownFinding]
    requirements: Sequence[Mapping[str, Any]]
    ops: Sequence[Op]
    distance: int
    characters: int
    tokens: int
    token_parts: Sequence[Any]
    checker: Checker
    cut: Mapping[str, int] | None
    held: int
    open: str
    summary: str
    fixes: int
    raw: Sequence[Finding]
    per_turn: Sequence[int]


def checked(sample: Sample, data: Mapping[str, Any], original: str, *, broken: InvalidInput | None = None) -> Checked:
    """Grade `data` (storage form) and compare its answer with `original`. Raises InvalidInput as `preview` does.

    What only the whole set can tell of the sample stands below, as it was last found. `broken` is what cannot be read
    of the rest of the form: it stands first.
    """
    dataset = sample.dataset
    seen = service.preview(dataset=dataset, data=data, against=original)
    texts = _texts(data)
    passed = {waiver.rule: waiver for waiver in Waiver.objects.filter(sample=sample).select_related("by")}
    shown: list[ShownFinding] = []
    if broken is not None:
        shown.append(ShownFinding("json-invalid", "error", broken.message, "/tools", None, None, None))
    for finding in seen.findings:
        numbered = sum(1 for one in shown if one.fix) + 1
        number = numbered if numbered < 10 else 0
        shown.append(_shown(finding, texts.get(finding.path, ""), number, passed.get(finding.rule)))
    shown += [
        ShownFinding(row.rule, row.severity, from_row(row.message), row.path, None, None, None, passed.get(row.rule))
        for row in FindingRow.objects.current().filter(sample=sample).exclude(rule__in=RULES)
    ]
    shown.sort(key=lambda one: one.waiver is not None)
    stands = [one for one in shown if one.waiver is None]
    severity = {finding.rule: finding.severity for finding in reversed(seen.findings)}
    requirements: list[dict[str, Any]] = [
        {"text": text, "holds": holds, "severity": severity.get(rule, "error")}
        for text, holds, rule in seen.requirements
    ]
    errors = sum(finding.severity == "error" for finding in stands)
    answer = seen.sample.answer
    checker = datasets.checker_of(dataset)
    around = seen.total - sum(seen.tokens)  # the tools that are declared, and what the chat template adds
    counted = [(_("around the turns"), around, "dim")] if around else []
    last = len(seen.tokens) - 1
    for at, (message, n) in enumerate(zip(seen.sample.messages, seen.tokens, strict=True)):
        tone = "accent" if answer and at == last else ("soft", "dim")[at % 2]
        counted.append((say(role_label(message.role)), n, tone))
    return Checked(
        findings=shown,
        requirements=requirements,
        ops=seen.ops,
        distance=seen.distance,
        characters=len(answer.text) if answer else 0,
        tokens=seen.total,
        token_parts=parts_of(counted, max(checker.limit, seen.total) if checker.limit else None),
        checker=checker,
        cut=None if seen.cut is None else {"turn": seen.cut.turn + 1, "start": seen.cut.start},
        held=sum(line["holds"] for line in requirements),
        open=ngettext("%(n)d error open", "%(n)d errors open", errors) % {"n": errors} if errors else "",
        summary=ngettext("%(n)d finding", "%(n)d findings", len(stands)) % {"n": len(stands)}
        if stands
        else _("No findings"),
        fixes=sum(one.fix is not None for one in shown),
        raw=[finding for finding in seen.findings if finding.rule not in passed],
        per_turn=seen.tokens,
    )


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    """JSON Pointer → text, for every text that a finding can point into."""
    found: dict[str, str] = {}
    sample = samples.from_data(data)
    for part, messages in (("messages", sample.messages), ("rejected", sample.rejected)):
        for at, message in enumerate(messages):
            found[f"/{part}/{at}/content"] = message.text
            for index, call in enumerate(message.tool_calls):
                found[f"/{part}/{at}/tool_calls/{index}/arguments"] = call.arguments
    return found


def _shown(finding: Finding, text: str, number: int, waiver: Waiver | None) -> ShownFinding:
    fix = None
    if finding.fix is not None and waiver is None:
        start, end = finding.fix.start, finding.fix.end
        left, right = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        shown = diffs.diff(left + text[start:end] + right, left + finding.fix.replacement + right)
        fix = ShownFix(
            f"{finding.rule}:{finding.path}:{start}:{end}", start, end, finding.fix.replacement, number, _short(shown)
        )
    return ShownFinding(
        finding.rule, finding.severity, finding.message, finding.path, finding.start, finding.end, fix, waiver
    )


def _short(ops: Sequence[Op]) -> list[Op]:
    """Long stretches inside a button are cut in the middle."""
    return [op if len(op.text) <= 24 else Op(op.kind, f"{op.text[:11]}…{op.text[-11:]}") for op in ops]
