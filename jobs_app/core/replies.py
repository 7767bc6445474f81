"""What a model answered, read as its inference contract wants it: one value, whichever way it came over the wire.

A tool call, bare JSON and JSON in a Markdown fence all give the same value, so that who calls a model need not follow
its habits; how it came is said beside it, because only one of the three is what the model was trained to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
    called = next((call for call in answer.tool_calls if call.name == TOOL), None)
    raw = called.arguments if called else content or ""
    value = came_as = None
    if not raw.strip():
        came_as = NOTHING
    elif rules.json is not None:
        value, came_as = _json(raw, called is not None)
    came_as = came_as or PLAIN
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


def _json(raw: str, called: bool) -> tuple[Any, str]:
    bare = unfenced(raw)
    try:
        value = parse_value(bare.encode("utf-8", "surrogatepass"))
    except LineError:
        return None, PLAIN
    if called:
        return value, TOOL_CALL
    return value, BARE if bare is raw else FENCED


def _problems(question: str, answer: Message, checker: Checker) -> Errors:
    """The errors that the contract's own rules find in the answer; what they say of the question is not asked."""
    return errors_in((Message("user", question),), answer, checker, [_declared(call) for call in answer.tool_calls])


def _declared(call: ToolCall) -> dict[str, Any]:
    """The call's tool, declared without conditions: whether the call was asked for is not the contract's question."""
    return {"type": "function", "function": {"name": call.name, "parameters": {"type": "object"}}}
