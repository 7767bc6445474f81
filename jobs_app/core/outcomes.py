"""What came of a case: the answer, read whichever way it came, judged by the contract, ready for every metric.

Strict only counts. What could be read once a fence was taken off is told apart ("fenced"), shown beside it, and never
added to what passed; the measures of what is *in* an answer read it either way, because how it came has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets_app.core.contracts.model import Contract
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message

from .judging import graded
from .replies import NOTHING, PLAIN, Read, read
from .scorers.base import Answered, Example
from .turns import answer_of

__all__ = ("answered", "example", "unanswered", "unreadable")


def answered(
    turns: Sequence[Message],
    content: str | None,
    tool_calls: Iterable[Mapping[str, Any]] = (),
    *,
    checker: Checker,
    reference: Message | None = None,
    tools: Sequence[Any] = (),
    finish_reason: str | None = "",
    prompt_tokens: int | None = None,
    completion_tokens: int | None = None,
    seconds: float | None = None,
    cost: Any = None,
    tries: int = 1,
) -> Answered:
    """An answer that came: `content` and `tool_calls` as the provider gave them.

    `turns` are those it is judged by: the system prompt and the sample's own. Examples that were sent as well are left
    out, so that a number in them grounds no answer and every arm has the same yardstick.
    `checker` holds the contract, `reference` is the sample's own answer, `tools` are those of the sample.
    """
    turn = answer_of(content, tool_calls)
    judged = graded(turns, turn, checker, tools)
    return Answered(
        turns=tuple(turns),
        answer=turn,
        verdict=judged.verdict,
        errors=judged.errors,
        checker=checker,
        tools=tuple(tools),
        finish_reason=finish_reason or "",
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        seconds=seconds,
        cost=None if cost is None else float(cost),
        tries=tries,
        **_read(turns, turn, reference, checker.contract),
    )


def unanswered(
    turns: Sequence[Message],
    *,
    checker: Checker,
    reference: Message | None = None,
    tools: Sequence[Any] = (),
    tries: int = 1,
) -> Answered:
    """A case to which no answer came, though it was asked for: it counts as failed."""
    turn = Message("assistant", None)
    return Answered(
        turns=tuple(turns), answer=turn, verdict="errored", errors=(), checker=checker, tools=tuple(tools), tries=tries,
        **_read(turns, turn, reference, checker.contract),
    )  # fmt: skip


def unreadable(reference: Message | None, contract: Contract) -> bool:
    """Whether the contract wants JSON and the sample's own answer is none, so that no field can be compared with it."""
    return contract.json is not None and (reference is None or read(reference, contract).came_as in (PLAIN, NOTHING))


def example(shown: Example, checker: Checker) -> Answered:
    """An example of a metric as an answer that came."""
    turn = shown.answer if isinstance(shown.answer, Message) else Message("assistant", shown.answer)
    calls = [{"id": call.id, "function": {"name": call.name, "arguments": call.arguments}} for call in turn.tool_calls]
    reference = Message("assistant", shown.reference) if isinstance(shown.reference, str) else shown.reference
    return answered(
        (Message("user", shown.question),), turn.text or None, calls,
        checker=checker, reference=reference, tools=shown.tools, finish_reason=shown.finish_reason,
    )  # fmt: skip


def _read(turns: Sequence[Message], turn: Message, reference: Message | None, contract: Contract) -> dict[str, Any]:
    mine = read(turn, contract)
    theirs = read(reference, contract) if reference else Read("", None, NOTHING)
    source = next((each.text for each in reversed(turns) if each.role == "user"), "")
    return {
        "reference": reference, "source": source,
        "text": mine.text, "value": mine.value, "came_as": mine.came_as,
        "reference_text": theirs.text, "reference_value": theirs.value, "reference_came_as": theirs.came_as,
    }  # fmt: skip
