"""The correction desk: one sample with everything an annotator looks at, put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets_app.core import diffs, samples
from datasets_app.core.diffs import Op
from datasets_app.core.findings import Finding
from datasets_app.models import Dataset, Decision, Revision, Sample
from datasets_app.models.decision import Verdict
from datasets_app.models.sample import Status
from datasets_app.services import datasets
from datasets_app.services import samples as service
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows

from .dataset_view import SEVERITY, Part, parts_of
from .edits import ANSWER, REJECTED, Edit

ROLES = ("system", "developer", "user", "assistant", "tool")
QUEUE = 4  # samples shown before and after the open one
AROUND = 8  # characters of context that a fix button shows
STATUS_LOOKS = (
    (Status.ACCEPTED, "accept", "ok", "check"),
    (Status.REJECTED, "reject", "error", "cross"),
    (Status.SKIPPED, "skip", "dim", "skip"),
    (Status.FLAGGED, "flag", "warning", "flag"),
)
ICON_OF = {verdict: icon for _status, verdict, _tone, icon in STATUS_LOOKS}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call whose arguments may be edited in the field `name_of_field`."""

    name: str
    arguments: str
    name_of_field: str
    path: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the page shows it. `index` is its place in the revision, None for a turn still to be written."""

    key: str
    index: int | None
    role: str
    label: str
    text: str
    path: str
    tokens: int = 0
    editable: bool = True
    is_answer: bool = False
    roles: Sequence[str] = ()
    calls: Sequence[Call] = ()
    spans: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class StatusPart(Part):
    """A share of the progress bar that says which verdict made it."""

    verdict: str
    icon: str


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
    limit: int | None
    held: int
    open: str
    summary: str
    raw: Sequence[Finding]
    per_turn: Sequence[int]


def checked(dataset: Dataset, data: Mapping[str, Any], original: str) -> Checked:
    """Grade `data` (storage form) and compare its answer with `original`. Raises InvalidInput as `preview` does."""
    seen = service.preview(dataset=dataset, data=data, against=original)
    texts = _texts(data)
    shown: list[ShownFinding] = []
    for finding in seen.findings:
        numbered = sum(1 for one in shown if one.fix) + 1
        shown.append(_shown(finding, texts.get(finding.path, ""), numbered if numbered < 10 else 0))
    severity = {finding.rule: finding.severity for finding in reversed(seen.findings)}
    requirements = [
        {"text": text, "holds": holds, "severity": severity.get(rule, "error")}
        for text, holds, rule in seen.requirements
    ]
    errors = sum(finding.severity == "error" for finding in seen.findings)
    answer = seen.sample.answer
    before = sum(seen.tokens[:-1]) if answer else sum(seen.tokens)
    of_answer = seen.tokens[-1] if answer and seen.tokens else 0
    limit = datasets.checker_of(dataset).profile.max_tokens
    counted = [(_("before the answer"), before, "soft"), (_("answer"), of_answer, "accent")]
    return Checked(
        findings=shown,
        requirements=requirements,
        ops=seen.ops,
        distance=seen.distance,
        characters=len(answer.text) if answer else 0,
        tokens=sum(seen.tokens),
        token_parts=parts_of(counted, limit),
        limit=limit,
        held=sum(line["holds"] for line in requirements),
        open=ngettext("%(n)d error open", "%(n)d errors open", errors) % {"n": errors} if errors else "",
        summary=ngettext("%(n)d finding", "%(n)d findings", len(shown)) % {"n": len(shown)}
        if shown
        else _("No findings"),
        raw=seen.findings,
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


def _shown(finding: Finding, text: str, number: int) -> ShownFinding:
    fix = None
    if finding.fix is not None:
        start, end = finding.fix.start, finding.fix.end
        left, right = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        shown = diffs.diff(left + text[start:end] + right, left + finding.fix.replacement + right)
        fix = ShownFix(
            f"{finding.rule}:{finding.path}:{start}:{end}", start, end, finding.fix.replacement, number, _short(shown)
        )
    return ShownFinding(finding.rule, finding.severity, finding.message, finding.path, finding.start, finding.end, fix)


def _short(ops: Sequence[Op]) -> list[Op]:
    """Long stretches inside a button are cut in the middle."""
    return [op if len(op.text) <= 24 else Op(op.kind, f"{op.text[:11]}…{op.text[-11:]}") for op in ops]


def turns_of(
    data: Mapping[str, Any],
    raw: Sequence[Finding],
    tokens: Sequence[int] = (),
    indices: Sequence[int | None] | None = None,
) -> tuple[list[Turn], Turn | None]:
    """`(turns with the answer last, the rejected answer)`. A sample without an answer gets an empty one to fill in.

    `indices` says which turns of the form's revision these are, where that is not simply their order.
    """
    sample = samples.from_data(data)
    last = len(sample.messages) - 1 if sample.answer else None
    turns = []
    for at, message in enumerate(sample.messages):
        index = at if indices is None else indices[at]
        counted = tokens[at] if at < len(tokens) else 0
        turns.append(_turn(message, at, index, raw, counted, is_answer=at == last))
    if last is None:
        at = len(sample.messages)
        turns.append(Turn(ANSWER, None, "assistant", _("Answer"), "", f"/messages/{at}/content", is_answer=True))
    rejected = None
    if sample.rejected:
        at = len(sample.rejected) - 1
        wrong = sample.rejected[at]
        path = f"/rejected/{at}/content"
        rejected = Turn(REJECTED, at, wrong.role, _("Model"), wrong.text, path, editable=isinstance(wrong.content, str))
    return turns, rejected


def _turn(
    message: samples.Message, at: int, index: int | None, raw: Sequence[Finding], tokens: int, *, is_answer: bool
) -> Turn:
    path = f"/messages/{at}"
    labels = {
        "system": _("System"),
        "developer": _("Developer"),
        "user": _("User"),
        "assistant": _("Assistant"),
        "tool": _("Tool"),
    }
    key = ANSWER if is_answer else f"k{at}"
    return Turn(
        key=key,
        index=index,
        role=message.role,
        label=labels.get(message.role, message.role or _("No role")),
        text=message.text,
        path=f"{path}/content",
        tokens=tokens,
        editable=message.content is None or isinstance(message.content, str),
        is_answer=is_answer,
        roles=() if is_answer else tuple(dict.fromkeys((*ROLES, message.role))),
        calls=[
            Call(call.name, call.arguments, f"{key}-call-{nth}", f"{path}/tool_calls/{nth}/arguments")
            for nth, call in enumerate(message.tool_calls)
        ],
        spans=[finding for finding in raw if finding.path == f"{path}/content"],
    )


def original_of(sample: Sample, content: samples.Sample) -> str:
    """What the answer is compared with: the model's rejected answer, else the answer as it was imported."""
    if content.rejected:
        return "\n".join(message.text for message in content.rejected)
    if sample.revision_number > 1:
        first = Revision.objects.filter(sample=sample, number=1).values_list("payload", flat=True).first()
        content = samples.from_json(first) if first else content
    return content.answer.text if content.answer else ""


def desk_context(
    sample: Sample,
    user: User,
    *,
    edit: Edit | None = None,
    base: int | None = None,
    editing: bool = False,
    problem: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """Everything on the desk. `edit` is what the person typed on top of revision `base`, where it is not stored."""
    dataset = sample.dataset
    revisions = list(service.history(sample)[:10])
    revision = revisions[0]
    content = samples.from_json(revision.payload)
    data = samples.to_data(content)
    original = original_of(sample, content)
    if edit and edit.messages is not None:
        data["messages"] = edit.messages
    if edit and edit.rejected is not None:
        data["rejected"] = edit.rejected
    seen = checked(dataset, data, original)
    indices = edit.indices if edit and edit.messages is not None else None
    turns, wrong = turns_of(data, seen.raw, seen.per_turn, indices)
    contract = datasets.checker_of(dataset).contract
    return {
        "sample": sample,
        "dataset": dataset,
        "revision": revision,
        "base_revision": base or revision.number,
        "client_id": uuid4().hex,
        "editing": editing,
        "problem": problem,
        "reason": reason,
        "turns": turns,
        "roles": ROLES,
        "rejected": wrong,
        "original": original,
        "question": content.question.text if content.question else "",
        "checked": seen,
        "labels": contract.labels.values[:30] if contract.labels else (),
        "may_edit": allows(user, dataset.project_id, "samples.edit"),
        "may_overrule": allows(user, dataset.project_id, "samples.overrule"),
        "holder": _holder(sample, user),
        "history": [_said(old) for old in revisions],
        **queue_context(sample, user),
        **tags_context(sample),
        "verdicts": _verdicts(),
    }


def _holder(sample: Sample, user: User) -> str:
    if not (sample.leased_by_id and sample.leased_until and sample.leased_until > timezone.now()):
        return ""
    if sample.leased_by_id != user.pk:
        return _("held by %(who)s") % {"who": sample.leased_by}
    minutes = -(-int((sample.leased_until - timezone.now()).total_seconds()) // 60)
    return ngettext("yours for %(n)d minute", "yours for %(n)d minutes", minutes) % {"n": minutes}


def _said(revision: Any) -> Revision:
    """The revision with the sentence that the history shows for it."""
    who = {"who": revision.author or ""}
    origins = {"edit": _("Edited by %(who)s"), "fix": _("Fixed by %(who)s"), "restore": _("Restored by %(who)s")}
    revision.says = revision.reason or (origins[revision.origin] % who if revision.origin in origins else _("Imported"))
    return revision


def _verdicts() -> list[dict[str, str]]:
    rows = (
        (Verdict.SKIP, _("Skip"), "space", _("Space")),
        (Verdict.FLAG, _("Flag"), "f", "f"),
        (Verdict.REJECT, _("Reject"), "x", "x"),
        (Verdict.ACCEPT, _("Accept"), "a ctrl+enter", "a"),
    )
    return [
        {"value": verdict.value, "label": label, "key": key, "printed": printed, "icon": ICON_OF[verdict.value]}
        for verdict, label, key, printed in rows
    ]


def queue_context(sample: Sample, user: User) -> dict[str, Any]:
    """The rail: progress from kept counters, the neighbours of this sample, the person's last ten decisions."""
    dataset = sample.dataset
    by_status = datasets.counts(dataset)["status"]
    total = max(1, dataset.samples_total)
    parts = parts_of(
        [(str(status.label), by_status.get(status, 0), tone) for status, _v, tone, _i in STATUS_LOOKS], total
    )
    looks = {str(status.label): (verdict, icon) for status, verdict, _tone, icon in STATUS_LOOKS}
    near = Sample.objects.filter(dataset=dataset)
    before = list(near.filter(position__lt=sample.position).order_by("-position")[: QUEUE // 2])
    after = list(near.filter(position__gt=sample.position).order_by("position")[: QUEUE + 2])
    queue = [*reversed(before), sample, *after]
    for other in queue:
        other.sign = SEVERITY.get(other.worst) or "ok"
    mine = Decision.objects.filter(by=user, undone_at=None, sample__dataset=dataset).select_related("sample")
    decisions = list(mine.order_by("-id")[:10])
    for decision in decisions:
        decision.icon = ICON_OF[decision.decision]
    return {
        "progress": {
            "decided": sum(part.n for part in parts),
            "total": dataset.samples_total,
            "pending": by_status.get(Status.PENDING, 0),
            "parts": [StatusPart(part.label, part.n, part.share, part.tone, *looks[part.label]) for part in parts],
        },
        "queue": queue,
        "decisions": decisions,
        "undoable": decisions[0].sample_id if decisions else None,
    }


def tags_context(sample: Sample) -> dict[str, Any]:
    """The tags that the dataset knows, with whether this sample has them; some to begin with when it knows none."""
    on = set(sample.tags.values_list("name", flat=True))
    known = [name for name, _n in sorted(datasets.counts(sample.dataset)["tag"].items(), key=lambda item: -item[1])]
    first = (_("wrong format"), _("off topic"), _("made up"), _("too long"))
    names = list(dict.fromkeys((*known[:20], *sorted(on), *(first if len(known) < 4 else ()))))
    return {"sample": sample, "tags": [{"name": name, "on": name in on} for name in names[:24]]}
