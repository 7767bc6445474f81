"""Asking a model held-out questions: which ones, in which words, and whether an answer keeps to the contract."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from datasets_app.core.answers import unfenced
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text
from jobs_app.core.recipes import read_numbers

MOST_CASES = 200
MOST_SHOTS = 8
SHOTS = (0, 1, 3)  # what the page offers: none, one, a few
CASES = 50

Outcome = Literal["passed", "fenced", "failed"]


@dataclass(frozen=True, slots=True)
class Graded:
    """`fenced`: wrong as it stands, right without the fence around it. `errors` are (rule, sentence) of the answer."""

    outcome: Outcome
    errors: tuple[tuple[str, Text], ...] = ()


def drawn(ids: Iterable[int], n: int, seed: int, salt: str) -> list[int]:
    """The first `n` ids in an order by chance that the seed fixes, whatever else is there."""

    def place(pk: int) -> bytes:
        return hashlib.sha256(f"{seed}:{salt}:{pk}".encode()).digest()

    return sorted(ids, key=place)[:n]


def asked(sample: Sample, system_prompt: str, examples: Sequence[Sample] = ()) -> tuple[Message, ...]:
    """The turns that are sent: the dataset's prompt (else the sample's own), the examples, and the question."""
    own = sample.system.text if sample.system else ""
    system = system_prompt or own
    turns = [Message("system", system)] if system else []
    for example in examples:
        turns += _without_system(example.messages)
    turns += _without_system(sample.messages[:-1] if sample.answer else sample.messages)
    return tuple(turns)


def wire(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The turns as the OpenAI chat API has them."""
    rows = []
    for message in messages:
        row: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.name is not None:
            row["name"] = message.name
        if message.tool_call_id is not None:
            row["tool_call_id"] = message.tool_call_id
        if message.tool_calls:
            row["tool_calls"] = [
                {"id": call.id or "", "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.tool_calls
            ]
        rows.append(row)
    return rows


def answer_of(content: str | None, tool_calls: Iterable[Mapping[str, Any]] = ()) -> Message:
    """A model's answer as a turn. Calls that name no function are left out."""
    calls = []
    for call in tool_calls:
        function = call.get("function")
        if isinstance(function, Mapping) and function.get("name"):
            calls.append(ToolCall(str(function["name"]), str(function.get("arguments") or ""), call.get("id")))
    return Message("assistant", content, tool_calls=tuple(calls))


def graded(turns: Sequence[Message], answer: Message, checker: Checker, tools: Sequence[Any] = ()) -> Graded:
    """By the same rules that grade training samples; only what they say about the answer counts, and only errors."""
    if not answer.text.strip() and not answer.tool_calls:
        return Graded("failed", (("content-empty", Text("The model gave no answer.")),))
    errors = errors_in(turns, answer, checker, tools)
    bare = unfenced(answer.text)
    data = checker.contract.json is not None or checker.contract.labels is not None
    if bare is answer.text or not data:
        return Graded("failed" if errors else "passed", errors)
    fence = errors or (("markdown-fence", Text("Remove the code fence around the answer.")),)
    right = not errors_in(turns, replace(answer, content=bare), checker, tools)
    return Graded("fenced" if right else "failed", fence)


def read_plan(*, shots: object, n: object, seed: object, temperature: object) -> tuple[int, int, int, float]:
    """The four numbers of a trial. Raises InvalidInput with a field for each that cannot be used."""
    read = read_numbers(
        shots=(shots, 0, MOST_SHOTS), n=(n, 1, MOST_CASES), seed=(seed, 0, 2**31 - 1), temperature=(temperature, 0, 2.0)
    )
    return int(read["shots"]), int(read["n"]), int(read["seed"]), read["temperature"]


def _without_system(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.role not in ("system", "developer")]


def errors_in(
    turns: Sequence[Message], answer: Message, checker: Checker, tools: Sequence[Any]
) -> tuple[tuple[str, Text], ...]:
    path = f"/messages/{len(turns)}"
    found = checker.check(Sample((*turns, answer), tuple(tools)))
    return tuple(
        (finding.rule, finding.message if isinstance(finding.message, Text) else Text("{text}", text=finding.message))
        for finding in found
        if finding.severity == "error" and (finding.path == path or finding.path.startswith(f"{path}/"))
    )
