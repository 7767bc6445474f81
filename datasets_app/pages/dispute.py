"""Versions of one sample side by side, in words: what each person made of it, and what a judge may make of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from datasets_app.core import diffs, samples, workflow
from datasets_app.core.diffs import Op
from datasets_app.core.findings import Finding
from datasets_app.core.roles import role_label
from datasets_app.models import Adjudication, Annotation, Revision, Sample
from datasets_app.models.adjudication import Cause
from datasets_app.pipeline.grading import checker_of
from datasets_app.services import annotations as annotating
from ftstudio.accounts.models import User
from ftstudio.web.texts import say

from .edits import ANSWER
from .merging import Piece, merged
from .stages import Changed, changes

KEYS = "qwertyuiop"  # one for each version; there are ten at most
VERDICTS = ("flag", "reject", "accept")  # as the desk has them: the usual one last


@dataclass(frozen=True, slots=True)
class Version:
    """One annotation as the page shows it. `texts` are its turns by form field, as JSON for the script that takes them
    over into the result."""

    annotation: Annotation
    key: str
    changed: Sequence[Changed]
    findings: Sequence[Finding]
    seconds: int | None
    texts: str
    comparable: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One wording of a turn, with the keys of the versions that have it."""

    who: str
    text: str
    ops: list[Op]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn in the result. `options` are the wordings that versions have, where there are several; for two versions
    `pieces` says the same place by place."""

    key: str
    index: int
    label: str
    text: str
    options: Sequence[Option] = ()
    pieces: Sequence[Piece] = field(default=())
    differs: bool = False

    @property
    def name(self) -> str:
        return f"{self.key}-text"

    @property
    def open(self) -> int:
        return sum(piece.kind == "both" for piece in self.pieces)


def dispute_context(
    sample: Sample, user: User, *, typed: Mapping[str, Any] | None = None, problem: str = ""
) -> dict[str, Any]:
    """What the page shows. `typed` is a form that was refused."""
    given = typed or {}
    revision = Revision.objects.get(sample=sample, number=sample.revision_number)
    base = samples.from_json(revision.payload)
    rows = [one for one in annotating.annotations_on(actor=user, sample=sample) if one.withdrawn_at is None]
    checker = checker_of(sample.dataset)
    contents = [samples.from_json(one.payload) for one in rows]
    turns = _turns(base, contents, given)
    return {
        "sample": sample,
        "dataset": sample.dataset,
        "base": base,
        "base_turns": [(say(role_label(turn.role)), turn.text) for turn in base.messages],
        "base_revision": given.get("base_revision") or revision.number,
        "client_id": uuid4().hex,
        "drafted": 0,
        "versions": [
            _version(one, key, base, content, checker.check(content), turns)
            for one, key, content in zip(rows, KEYS, contents, strict=False)
        ],
        "turns": turns,
        "is_open": sample.status in workflow.JUDGE.sources,
        "judged": Adjudication.objects.filter(sample=sample, decision__undone_at=None).select_related("by").first(),
        "causes": [
            {"value": value, "label": label, "key": at, "on": given.get("cause") == value}
            for at, (value, label) in enumerate(Cause.choices, start=1)
        ],
        "verdicts": VERDICTS,
        "take": given.get("take") or (str(rows[0].pk) if rows else "write"),
        "note": given.get("note", ""),
        "reason": given.get("reason", ""),
        "problem": problem,
    }


def _version(
    one: Annotation, key: str, base: samples.Sample, content: samples.Sample, findings: Sequence[Finding],
    turns: Sequence[Turn],
) -> Version:  # fmt: skip
    comparable = _roles(content) == _roles(base)
    texts = {turn.name: content.messages[turn.index].text for turn in turns} if comparable else {}
    return Version(
        annotation=one,
        key=key,
        changed=changes(base, content),
        findings=findings,
        seconds=None if one.took is None else round(one.took / 1000),
        texts=json.dumps(texts, ensure_ascii=False),
        comparable=comparable,
    )


def _turns(base: samples.Sample, contents: Sequence[samples.Sample], given: Mapping[str, Any]) -> list[Turn]:
    """The base's turns of plain text, as the result begins: with the first version's words."""
    same = [content for content in contents if _roles(content) == _roles(base)]
    last = len(base.messages) - 1
    found = []
    for at, turn in enumerate(base.messages):
        if not isinstance(turn.content, str):
            continue
        key = ANSWER if at == last and turn.role == "assistant" else f"k{at}"
        label = _("Answer") if key == ANSWER else say(role_label(turn.role))
        texts = [content.messages[at].text for content in same]
        apart = dict.fromkeys(texts)
        pieces = merged(turn.text, texts[0], texts[1]) if len(contents) == len(texts) == 2 and len(apart) == 2 else []
        options = [
            Option(", ".join(KEYS[n] for n, one in enumerate(texts) if one == text), text, diffs.diff(turn.text, text))
            for text in apart
        ]
        if pieces and not any(piece.kind == "both" for piece in pieces):  # they changed different places
            both = "".join(piece.text for piece in pieces)
            options.append(Option(f"{KEYS[0]} + {KEYS[1]}", both, diffs.diff(turn.text, both)))
            pieces = []
        text = given.get(f"{key}-text", texts[0] if texts else turn.text)
        differs = len(apart) > 1 or (bool(apart) and texts[0] != turn.text)
        found.append(Turn(key, at, label, text, options if len(apart) > 1 else (), pieces, differs))
    return found


def _roles(content: samples.Sample) -> list[str]:
    return [turn.role for turn in content.messages]
