"""A call of a tool that the sample does not declare."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.findings import Finding
from datasets_app.core.jsonl import Json
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.traits import CALLS
from ftstudio.errors import Text

_WEATHER = {"type": "function", "function": {"name": "weather"}}


class ToolUnknown(Rule):
    name = "tool-unknown"
    needs = CALLS
    title = Text("Tool is not declared")
    help = Text("A model can only learn to call a tool that the sample declares under “tools”.")
    good = (Sample((Message("user", "Rain?"), Message("assistant", None, tool_calls=(ToolCall("weather", "{}"),))),
                   (_WEATHER,)),)  # fmt: skip
    bad = (Sample((Message("user", "Rain?"), Message("assistant", None, tool_calls=(ToolCall("forecast", "{}"),))),
                  (_WEATHER,)),)  # fmt: skip

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            if message.tool_calls:
                known = declared(sample)
                for index, call in enumerate(message.tool_calls):
                    if call.name not in known:
                        yield self.found(
                            Text("The tool “{name}” is not declared under “tools”.", name=call.name),
                            f"/messages/{at}/tool_calls/{index}/name",
                        )


def declared(sample: Sample) -> set[str]:
    """The names of the tools that a sample declares, in either of the two spellings there are."""
    names: set[str] = set()
    functions = sample.extras.get("functions", ())
    for tool in (*sample.tools, *(functions if isinstance(functions, list) else ())):
        inner: Json = tool.get("function", tool) if isinstance(tool, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            names.add(inner["name"])
    return names


RULE = ToolUnknown()
