"""What a model answered, read as its inference contract wants it: one value, whichever way it came over the wire.

A tool call, bare JSON and JSON in a Markdown fence all give the same value, so that who calls a model need not follow
its habits; how it came is said beside it, because only one of the three is what the model was trained to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from datasets_app.core import contracts
from datasets_app.core.answers import unfenced
from datasets_app.core.engine import Checker
from datasets_app.core.jsonl import LineError, parse_value
from datasets_app.core.normalisers import NORMALISERS
from datasets_app.core.samples import Message, ToolCall

from .inference import TOOL, Contract
from .judging import SILENT, Errors, errors_in
from .turns import answer_of

TOOL_CALL, BARE, FENCED, PLAIN, NOTHING = "tool-call", "json", "fenced-json", "text", "nothing"
STRICT = (TOOL_CALL, BARE)  # what a strict reader can read


class Read(NamedTuple):
    """`text` is the answer as the rules read it, `value` the JSON in it, `came_as` one of the words above."""

    text: str
    value: Any
    came_as: str


@dataclass(frozen=True, slots=True)
class Heard:
    """`raw` is what came, `text` what is left after the normalisers, `value` the JSON in it: None where there is none
    or the contract wants none. `came_as` is one of the words above; `as_trained` says whether that is the trained form.
    `problems` are (rule, sentence) of the contract's errors in the answer as it came.
    """

    raw: str
    text: str
    value: Any
    came_as: str
    as_trained: bool
    problems: Errors


def hear(
    data: Mapping[str, Any], question: str, content: str | None, tool_calls: Iterable[Mapping[str, Any]] = ()
) -> Heard:
    """Read an answer by the inference contract `data` (`ModelVersion.contract`)."""
    wanted, rules = Contract.of(data), contracts.parse(data.get("contract") or {})
    answer = answer_of(content, tool_calls)
    raw, value, came_as = read(answer, rules)
    trained = {"task-response": TOOL_CALL, "json-content": BARE}.get(wanted.written_as, PLAIN)
    text = raw
    for name in rules.normalisers:
        text = NORMALISERS[name].apply(text, contract=rules, source=question)
    return Heard(
        raw=raw,
        text=text,
        value=value,
        came_as=came_as,
        as_trained=came_as == trained or (trained == PLAIN and came_as == BARE),
        problems=_problems(question, answer, Checker(rules)) if came_as != NOTHING else (SILENT,),
    )


def read(answer: Message, rules: contracts.Contract) -> Read:
    """The answer as text and, where the contract wants JSON, as a value."""
    called = next((call for call in answer.tool_calls if call.name == TOOL), None)
    raw = called.arguments if called else answer.text
    if not raw.strip():
        return Read(raw, None, NOTHING)
    if rules.json is None:
        return Read(raw, None, PLAIN)
    bare = unfenced(raw)
    try:
        value = parse_value(bare.encode("utf-8", "surrogatepass"))
    except LineError:
        return Read(raw, None, PLAIN)
    if bare is not raw:
        return Read(raw, value, FENCED)
    return Read(raw, value, TOOL_CALL if called else BARE)


def _problems(question: str, answer: Message, checker: Checker) -> Errors:
    """The errors that the contract's own rules find in the answer; what they say of the question is not asked."""
    return errors_in((Message("user", question),), answer, checker, [_declared(call) for call in answer.tool_calls])


def _declared(call: ToolCall) -> dict[str, Any]:
    """The call's tool, declared without conditions: whether the call was asked for is not the contract's question."""
    return {"type": "function", "function": {"name": call.name, "parameters": {"type": "object"}}}
