"""An answer that is JSON: as text in `content`, and as the arguments of the one call `task_response`.

Only the last turn is the answer; earlier turns stay as they are. Canonical JSON text has ", " and ": " between its
parts and no other white space, nothing escaped that need not be, and the numbers and key order of the source: it is
the text that is rewritten, no value ever passes through a float. A JSON answer inside a Markdown fence is not JSON:
the rule markdown-fence has the fix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from datasets_app.core.codecs.base import FORM, RAW, CodecError, remembered
from datasets_app.core.json_text import tidy
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text

TOOL = "task_response"
CALL_ID = "call_task_response"
ANY_OBJECT: dict[str, Json] = {"type": "object"}

# The answer as JSON


def with_text(sample: Sample, *, reading: bool = False) -> Sample:
    """The sample with its answer as canonical JSON text in `content`, whether it was text or a call before.

    Unchanged when the answer is no JSON. What the source wrote differently is remembered in the answer's `FORM`: its
    declaration and id of the call always, the spacing of its JSON when `reading` a row of the same format.
    """
    answer = sample.answer
    if answer is None:
        return sample
    if answer.content is None and len(answer.tool_calls) == 1:
        return _from_call(sample, answer, answer.tool_calls[0], reading)
    if not isinstance(answer.content, str) or (text := tidy(answer.content)) is None or text == answer.content:
        return sample
    return _answered(sample, replace(answer, content=text), {"text": answer.content} if reading else {})


def text_of(sample: Sample) -> str:
    """The JSON text of the answer. Raises `CodecError` (`json-invalid`) when it is none."""
    answer = sample.answer
    if answer is None:
        raise CodecError("last-turn-not-assistant", Text("There is no answer: the last turn must be the assistant's."))
    path = f"/messages/{len(sample.messages) - 1}/content"
    if isinstance(answer.content, str):
        if (text := tidy(answer.content)) is not None:
            return text
        if answer.content.lstrip().startswith("```"):
            raise CodecError(
                "json-invalid",
                Text("The answer stands inside a Markdown fence: take the fence away (rule markdown-fence)."),
                path,
                ("content",),
            )
    raise CodecError("json-invalid", Text("The answer is not JSON: write it as a JSON text."), path, ("content",))


def object_of(sample: Sample) -> str:
    """The same for an answer that must be an object, as the arguments of a call are."""
    text = text_of(sample)
    if not text.startswith("{"):
        raise CodecError(
            "json-invalid",
            Text("The answer is JSON but no object: the arguments of a call must be an object."),
            f"/messages/{len(sample.messages) - 1}/content",
            ("content",),
        )
    return text


# The answer as a call


def declaration(schema: Json) -> dict[str, Json]:
    """The tool that is answered with, for an answer of this JSON Schema."""
    return {"type": "function", "function": {"name": TOOL, "parameters": schema}}


def declares(tool: Json) -> bool:
    """Whether a declared tool is the one that is answered with."""
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and function.get("name") == TOOL


def call_of(answer: Message, text: str) -> ToolCall:
    """The one call, as the source wrote it where it had another id, order or spacing."""
    form = remembered(answer.extras)
    source = form.get("arguments")
    arguments = source if isinstance(source, str) and tidy(source) == text else text
    extras: dict[str, Any] = {RAW: form["call"]} if isinstance(form.get("call"), dict) else {}
    return ToolCall(TOOL, arguments, form.get("id", CALL_ID), extras)


def _from_call(sample: Sample, answer: Message, call: ToolCall, reading: bool) -> Sample:
    text = tidy(call.arguments)
    if call.name != TOOL or text is None or not text.startswith("{") or not _is_plain(call):
        return sample
    form: dict[str, Json] = {}
    if reading and text != call.arguments:
        form["arguments"] = call.arguments
    if call.id != CALL_ID:
        form["id"] = call.id
    raw = call.extras.get(RAW)
    if raw is not None and isinstance(raw["function"].get("arguments"), str):
        form["call"] = raw
    places = [at for at, tool in enumerate(sample.tools) if declares(tool)]
    extras = dict(sample.extras)
    if places:
        at = places[0]
        tool = sample.tools[at]
        if tool != declaration(ANY_OBJECT) or at != len(sample.tools) - 1:
            extras[FORM] = {**remembered(sample.extras), "tool": tool, "at": at}
        sample = replace(sample, tools=(*sample.tools[:at], *sample.tools[at + 1 :]), extras=extras)
    else:
        sample = replace(sample, extras={**extras, FORM: {**remembered(sample.extras), "tool": None}})
    return _answered(sample, replace(answer, content=text, tool_calls=()), form)


def _is_plain(call: ToolCall) -> bool:
    """A call of nothing but an id, a type, a name and arguments, in whatever order."""
    if not call.extras:
        return True
    raw = call.extras.get(RAW)
    return (
        len(call.extras) == 1
        and isinstance(raw, dict)
        and raw.keys() <= {"id", "type", "function"}
        and raw.get("type", "function") == "function"
        and isinstance(raw.get("id", ""), str)
        and raw["function"].keys() <= {"name", "arguments"}
    )


def _answered(sample: Sample, answer: Message, form: dict[str, Json]) -> Sample:
    if form:
        answer = replace(answer, extras={**answer.extras, FORM: {**remembered(answer.extras), **form}})
    return replace(sample, messages=(*sample.messages[:-1], answer))
