"""A tool call whose arguments the tool would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson

from datasets_app.core.answers import TASK_RESPONSE
from datasets_app.core.contracts.schemas import SchemaProblem, compile_schema
from datasets_app.core.contracts.violations import explained, place
from datasets_app.core.findings import Finding
from datasets_app.core.jsonl import Json, LineError, parse_value
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.traits import CALLS
from ftstudio.errors import Text

MOST = 5  # findings per call
_WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    },
}


def _calling(arguments: str, tool: Json = _WEATHER) -> Sample:
    return Sample((Message("user", "Rain?"), Message("assistant", None, tool_calls=(ToolCall("weather", arguments),))),
                  (tool,))  # fmt: skip


class ToolArgumentsInvalid(Rule):
    name = "tool-arguments-invalid"
    needs = CALLS
    title = Text("Arguments do not fit the tool")
    help = Text("The arguments of a call are JSON that follows the parameters the tool declares.")
    good = (
        _calling('{"city": "上海"}'),
        _calling("{}", {"type": "function", "function": {"name": "weather"}}),
    )
    bad = (
        _calling('{"city": "上海"'),
        _calling('{"town": "上海"}'),
        _calling('["上海"]', {"type": "function", "function": {"name": "weather"}}),
    )

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            for index, call in enumerate(message.tool_calls):
                if context.contract.json is not None and call.name == TASK_RESPONSE:
                    continue  # the answer itself, which the contract's schema judges
                path = f"/messages/{at}/tool_calls/{index}/arguments"
                for reason in islice(problems(call, sample), MOST):
                    yield self.found(Text("{tool}: {reason}.", tool=call.name[:80], reason=reason), path)


def problems(call: ToolCall, sample: Sample) -> Iterator[Text]:
    """What is wrong with the arguments of a call, by the tools that the sample declares."""
    try:
        value = parse_value((call.arguments.strip() or "{}").encode("utf-8", "surrogatepass"))
    except LineError as error:
        yield Text("the arguments are no JSON: {reason}", reason=str(error.text).rstrip("."))
        return
    if not isinstance(value, dict):
        yield Text("the arguments must be a JSON object")
        return
    parameters = _parameters(call.name, sample)
    if not parameters:
        return
    try:
        validator = _validator(orjson.dumps(parameters))
    except (SchemaProblem, TypeError):
        yield Text("its parameters are no JSON Schema, so that nothing can be checked by them")
        return
    if validator.is_valid(value):
        return
    for broken in validator.iter_errors(value):
        yield Text("{pointer} {reason}", pointer=place(broken.instance_path),
                   reason=explained(broken.kind.name, broken.kind.value, broken.message))  # fmt: skip


def _parameters(name: str, sample: Sample) -> Mapping[str, Json] | None:
    functions = sample.extras.get("functions", ())
    for tool in (*sample.tools, *(functions if isinstance(functions, list) else ())):
        inner: Json = tool.get("function", tool) if isinstance(tool, dict) else None
        if isinstance(inner, dict) and inner.get("name") == name:
            parameters = inner.get("parameters")
            return parameters if isinstance(parameters, dict) else None
    return None


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    return compile_schema(orjson.loads(schema))


RULE = ToolArgumentsInvalid()
