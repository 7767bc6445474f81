"""JSON answers as a tool call: `content` null and one call `task_response` whose arguments are the answer."""

from __future__ import annotations

from dataclasses import replace

from datasets_app.core.codecs._answers import (
    ANY_OBJECT,
    TOOL,
    call_of,
    declaration,
    declares,
    object_of,
    with_text,
)
from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs.base import PLAIN, Setting, not_carried, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class TaskResponse(ChatCodec):
    """The sample holds the answer as JSON text; the call and the declared tool are this format's way to write it.

    The tool's parameters are the contract's schema, else those that the source declared, else any object.
    """

    name = "task-response"
    label = Text("JSON as a tool call (task_response)")
    precedence = 30
    exact = False  # a row with text comes back with a call
    examples = (
        {
            "messages": [
                {"role": "user", "content": "一件一元五角的衬衫"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_task_response",
                            "type": "function",
                            "function": {"name": "task_response", "arguments": '{"item": "衬衫", "price": 1.50}'},
                        }
                    ],
                },
            ],
            "tools": [{"type": "function", "function": {"name": "task_response", "parameters": {"type": "object"}}}],
        },
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "task_response",
                        "description": "Answer here.",
                        "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
                        "strict": True,
                    },
                },
                {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}},
            ],
            "messages": [
                {"role": "user", "content": "shirt"},
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "type": "function",
                            "function": {"arguments": '{"item":"shirt"}', "name": "task_response"},
                            "id": "call_7",
                        }
                    ],
                    "weight": 1,
                },
            ],
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        last = messages[-1] if isinstance(messages, list) and messages else None
        calls = last.get("tool_calls") if isinstance(last, dict) else None
        call = calls[0] if isinstance(calls, list) and len(calls) == 1 else None
        function = call.get("function") if isinstance(call, dict) else None
        return isinstance(function, dict) and function.get("name") == TOOL

    def decode(self, record: dict[str, Json]) -> Sample:
        return with_text(super().decode(record), reading=True)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        sample = with_text(sample)
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        answer = sample.messages[-1]
        call = call_of(answer, object_of(sample))
        sample = replace(
            sample,
            messages=(*sample.messages[:-1], replace(answer, content=None, tool_calls=(call,))),
            tools=_declared(sample, setting),
        )
        return super().encode(sample, setting)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        sample = with_text(sample)
        fields = dict.fromkeys(super().losses(sample))
        if any(declares(tool) for tool in sample.tools) or "tools" in sample.extras:
            fields["tools"] = None
        if sample.answer and sample.answer.content is not None and sample.answer.tool_calls:
            fields["tool_calls"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        sample = super().reduce(with_text(sample))
        answer = sample.answer
        if answer and answer.content is not None and answer.tool_calls:
            sample = replace(sample, messages=(*sample.messages[:-1], replace(answer, tool_calls=())))
        return replace(
            sample,
            tools=tuple(tool for tool in sample.tools if not declares(tool)),
            extras={key: value for key, value in sample.extras.items() if key != "tools"},
        )


def _declared(sample: Sample, setting: Setting) -> tuple[Json, ...]:
    """The sample's tools and the one to answer with, where and as the source declared it."""
    form = remembered(sample.extras)
    source = form.get("tool")
    if "tool" in form and source is None and setting.schema is None:
        return sample.tools
    tool = source if isinstance(source, dict) else declaration(ANY_OBJECT)
    if setting.schema is not None:
        tool = {**tool, "function": {**tool["function"], "parameters": dict(setting.schema)}}
    at = form.get("at", len(sample.tools))
    return (*sample.tools[:at], tool, *sample.tools[at:])


CODEC = TaskResponse()
