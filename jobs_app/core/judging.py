"""Whether an answer keeps to its contract, by the same rules that grade training samples.

Only the answer as it stands counts. What is right inside a fence is told apart, and never added to what passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from datasets_app.core.answers import TASK_RESPONSE, unfenced
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

Verdict = Literal["passed", "fenced", "failed", "errored"]
Errors = tuple[tuple[str, Text], ...]  # (rule, sentence)
_TASK_RESPONSE = {"type": "function", "function": {"name": TASK_RESPONSE, "parameters": {"type": "object"}}}
SILENT = ("content-empty", Text("The model gave no answer."))


@dataclass(frozen=True, slots=True)
class Graded:
    """`fenced`: wrong as it stands, right without the fence around it. `errors` are (rule, sentence) of the answer."""

    verdict: Verdict
    errors: Errors = ()


def graded(turns: Sequence[Message], answer: Message, checker: Checker, tools: Sequence[Any] = ()) -> Graded:
    """By the same rules that grade training samples; only what they say about the answer counts, and only errors."""
    if not answer.text.strip() and not answer.tool_calls:
        return Graded("failed", (SILENT,))
    errors = errors_in(turns, answer, checker, tools)
    bare = unfenced(answer.text)
    data = checker.contract.json is not None or checker.contract.labels is not None
    if bare is answer.text or not data:
        return Graded("failed" if errors else "passed", errors)
    fence = errors or (("markdown-fence", Text("Remove the code fence around the answer.")),)
    right = not errors_in(turns, replace(answer, content=bare), checker, tools)
    return Graded("fenced" if right else "failed", fence)


def errors_in(turns: Sequence[Message], answer: Message, checker: Checker, tools: Sequence[Any]) -> Errors:
    """What the contract's rules find wrong in the answer. Where the answer is JSON, it may come as the one tool call
    that asks for it, whether or not the sample declares that tool."""
    path = f"/messages/{len(turns)}"
    known = (*tools, _TASK_RESPONSE) if checker.contract.json is not None else tuple(tools)
    found = checker.check(Sample((*turns, answer), known))
    return tuple(
        (finding.rule, finding.message if isinstance(finding.message, Text) else Text("{text}", text=finding.message))
        for finding in found
        if finding.severity == "error" and (finding.path == path or finding.path.startswith(f"{path}/"))
    )
