"""Whether the right tools are called, and with the right arguments."""

from __future__ import annotations

from collections import Counter

from datasets_app.core.answers import TASK_RESPONSE
from datasets_app.core.jsonl import Json, LineError, parse_value
from datasets_app.core.rules.tool_arguments_invalid import problems
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text
from jobs_app.core.fields import Fields, compared
from jobs_app.core.pooling import F1, Statistic

from .base import Answered, Example, Scorer

_WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    },
}


def _calling(arguments: str, name: str = "weather") -> Message:
    return Message("assistant", None, tool_calls=(ToolCall(name, arguments),))


_WANTED = _calling('{"city": "上海"}')


def calls_of(message: Message | None, answered: Answered) -> tuple[ToolCall, ...]:
    """The calls of a turn, but for the one that stands for a JSON answer."""
    if message is None:
        return ()
    is_answer = answered.contract.json is not None
    return tuple(call for call in message.tool_calls if not (is_answer and call.name == TASK_RESPONSE))


class ToolCallRight(Scorer):
    name = "tool-call"
    label = Text("Right tool, arguments valid")
    help = Text(
        "The answer calls the tools that the reference calls, each as often, and with arguments that the tool's own "
        "schema accepts; where the reference calls none, no tool is called."
    )
    good = (Example(_calling('{"city": "北京"}'), _WANTED, tools=(_WEATHER,)), Example("晴", "晴。", tools=(_WEATHER,)))
    bad = (
        Example(_calling("{}"), _WANTED, tools=(_WEATHER,)),
        Example(_calling('{"city": "上海"}', "forecast"), _WANTED, tools=(_WEATHER,)),
        Example("晴", _WANTED, tools=(_WEATHER,)),
    )

    def score(self, answered: Answered) -> float | None:
        wanted = calls_of(answered.reference, answered)
        if answered.reference is None or not (wanted or answered.tools):
            return None
        given = calls_of(answered.answer, answered)
        if not answered.came or Counter(call.name for call in given) != Counter(call.name for call in wanted):
            return 0.0
        sample = Sample((answered.answer,), answered.tools)
        return float(all(next(problems(call, sample), None) is None for call in given))


class ToolArguments(Scorer):
    name = "tool-arguments"
    label = Text("Arguments of calls, F1")
    help = Text(
        "The calls of the answers against those of the references, leaf by leaf: the tool's name and each argument. "
        "All leaves are counted together."
    )
    kind = "share"
    unit = ""
    terms = ("right", "given", "wanted")
    good = (Example(_calling('{"city": " 上海"}'), _WANTED, tools=(_WEATHER,)),)
    bad = (Example(_calling('{"city": "北京"}'), _WANTED, tools=(_WEATHER,)), Example("晴", _WANTED, tools=(_WEATHER,)))

    @property
    def statistic(self) -> Statistic:
        return F1

    def score(self, answered: Answered) -> float | None:
        found = _fields(answered)
        return None if found is None else found.f1

    def parts(self, answered: Answered) -> tuple[float, ...] | None:
        found = _fields(answered)
        return None if found is None else (found.right, found.given, found.wanted)


def _fields(answered: Answered) -> Fields | None:
    wanted = calls_of(answered.reference, answered)
    if not wanted:
        return None
    return compared(
        [_as_data(call) for call in calls_of(answered.answer, answered)], [_as_data(each) for each in wanted]
    )


def _as_data(call: ToolCall) -> Json:
    try:
        arguments = parse_value((call.arguments.strip() or "{}").encode("utf-8", "surrogatepass"))
    except LineError:
        arguments = None
    return {"tool": call.name, "arguments": arguments}


SCORER = (ToolCallRight(), ToolArguments())
