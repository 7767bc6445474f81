"""A tool call without its result, or a result without its call."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.traits import CALLS, TOOL_TURNS
from ftstudio.errors import Text

_TOOLS = ({"type": "function", "function": {"name": "weather"}},)
_CALL = Message("assistant", None, tool_calls=(ToolCall("weather", "{}", "c1"),))


class ToolCallUnanswered(Rule):
    name = "tool-call-unanswered"
    needs = CALLS | TOOL_TURNS
    title = Text("Tool call without a result")
    help = Text(
        "Each tool call is followed by a tool turn with its id before the conversation goes on; each tool turn "
        "answers a call. Only the last turn may be a call that nobody answers: it is the answer itself."
    )
    good = (
        Sample((Message("user", "Rain?"), _CALL, Message("tool", "yes", tool_call_id="c1"),
                Message("assistant", "It will rain.")), _TOOLS),
        Sample((Message("user", "Rain?"), _CALL), _TOOLS),
    )  # fmt: skip
    bad = (
        Sample((Message("user", "Rain?"), _CALL, Message("user", "Well?"), Message("assistant", "Yes.")), _TOOLS),
        Sample((Message("user", "Rain?"), _CALL, Message("tool", "yes", tool_call_id="c2"),
                Message("assistant", "It will rain.")), _TOOLS),
    )  # fmt: skip

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        waiting: dict[str, str] = {}
        nameless = 0  # calls without an id that wait for a result without one
        for at, message in enumerate(sample.messages):
            if message.role == "tool":
                if message.tool_call_id is None and nameless and not context.profile.call_ids:
                    nameless -= 1
                elif message.tool_call_id is None or message.tool_call_id not in waiting:
                    yield self.found(
                        Text("This tool turn answers no call: its tool_call_id must be that of a call before it."),
                        f"/messages/{at}",
                    )
                else:
                    del waiting[message.tool_call_id]
                continue
            yield from self._unanswered(waiting)
            waiting = {}
            nameless = sum(call.id is None for call in message.tool_calls)
            if message.tool_calls:
                waiting = {
                    call.id: f"/messages/{at}/tool_calls/{index}"
                    for index, call in enumerate(message.tool_calls)
                    if call.id is not None
                }
        if sample.messages and sample.messages[-1].role == "tool":
            yield from self._unanswered(waiting)

    def _unanswered(self, waiting: dict[str, str]) -> Iterator[Finding]:
        for identity, path in waiting.items():
            yield self.found(Text("The call “{id}” has no result: add a tool turn with this id.", id=identity), path)


RULE = ToolCallUnanswered()
