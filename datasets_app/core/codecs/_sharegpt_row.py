"""The row around the turns of ShareGPT: `tools` is a text of JSON, pictures are `<image>` tags (facts §13)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from datasets_app.core import images
from datasets_app.core.codecs._chat import usable
from datasets_app.core.codecs._sharegpt_calls import value_of
from datasets_app.core.codecs._tags import tagged, untagged
from datasets_app.core.codecs._thinking import spoken
from datasets_app.core.codecs.base import RESERVED, refuse_reserved, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample

_NO_TOOLS = ("", "[]")  # a column that the row does not use
INSIDE = "inside"  # in FORM: pictures stood in the turns of a chat, where others put a tag
LISTED = "list"  # in FORM under `tools`: they stood as a list


def read_tools(value: Json) -> tuple[tuple[Json, ...], bool]:
    """(the tools in OpenAI's shape, whether we would write the same text); () when the value holds none."""
    found = value_of(value) if isinstance(value, str) else None
    if not isinstance(found, list) or not found or not all(isinstance(tool, dict) for tool in found):
        return (), False
    tools = tuple({"type": "function", "function": tool} if _bare(tool) else tool for tool in found)
    return tools, write_tools(tools) == value


def write_tools(tools: tuple[Json, ...]) -> str:
    """The text of the column: functions without the object around them."""
    return json.dumps([_unwrapped(tool) for tool in tools], ensure_ascii=False)


def _unwrapped(tool: Json) -> Json:
    plain = isinstance(tool, dict) and tuple(tool) == ("type", "function") and tool["type"] == "function"
    return tool["function"] if plain and _bare(tool["function"]) else tool


def _bare(tool: Json) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("name"), str) and "function" not in tool


def read_row(
    record: dict[str, Json], key: str, own: tuple[str, ...], messages: tuple[Message, ...]
) -> tuple[Sample, dict[str, Json]]:
    """(the sample of the row's turns with what stands beside them, what is to be remembered of the row)."""
    refuse_reserved(record)
    extras = {name: value for name, value in record.items() if name not in own and name != key}
    form: dict[str, Json] = {}
    tools: tuple[Json, ...] = ()
    if usable(record.get("tools")):  # as a list, where the documented form is a text
        tools = tuple(extras.pop("tools"))
        form["tools"] = LISTED
    elif "tools" in record:
        tools, same = read_tools(record["tools"])
        if tools or record["tools"] in _NO_TOOLS:
            del extras["tools"]
            if not same:
                form["tools"] = record["tools"]
    system = record.get("system")
    if isinstance(system, str) and system and messages[0].role != "system":
        del extras["system"]
        form["system"] = True
        messages = (Message("system", system), *messages)
    pictured = untagged(messages, record.get("images"))
    if pictured is not None:
        del extras["images"]
    return Sample(pictured or messages, tools, (), extras), form


def write_row(sample: Sample) -> tuple[tuple[Message, ...], dict[str, Json]]:
    """(the turns with their content as text, what stands beside them)."""
    form = remembered(sample.extras)
    messages, addresses = (sample.messages, []) if form.get(INSIDE) else tagged(sample.messages)
    if messages and messages[-1].reasoning is not None and not form.get("messages"):
        messages = (*messages[:-1], spoken(messages[-1]))
    beside: dict[str, Json] = {}
    if form.get("system") and len(messages) > 1 and messages[0].role == "system" and messages[0].content:
        beside["system"], messages = messages[0].text, messages[1:]
    if sample.tools:
        text = form.get("tools")
        if text == LISTED:
            beside["tools"] = list(sample.tools)
        else:
            beside["tools"] = text if read_tools(text)[0] == sample.tools else write_tools(sample.tools)
    elif form.get("tools") in _NO_TOOLS:
        beside["tools"] = form["tools"]
    if addresses:
        beside["images"] = addresses
    beside.update((key, value) for key, value in sample.extras.items() if key not in RESERVED and key not in beside)
    return messages, beside


def lost_beside(sample: Sample, own: tuple[str, ...]) -> Iterator[str]:
    """The extra keys that would be read as something else."""
    yield from (key for key, value in sample.extras.items() if key in own or _is_ours(sample, key, value))
    if remembered(sample.extras).get("tools") != LISTED and carried_tools(sample.tools) != sample.tools:
        yield "tools"


def carried_tools(tools: tuple[Json, ...]) -> tuple[Json, ...]:
    """The tools that are read back as they are: a bare function would come back with a wrapping."""
    return tuple(tool for tool in tools if isinstance(tool, dict) and not _bare(tool))


def _is_ours(sample: Sample, key: str, value: Json) -> bool:
    """Whether an extra of this name would be read as the row's own tools, pictures or system text."""
    if key == "tools":
        return bool(sample.tools or read_tools(value)[0]) or value in _NO_TOOLS or usable(value)
    if key == "images":
        shown = bool(images.addresses(sample)) and not remembered(sample.extras).get(INSIDE)
        return shown or untagged(sample.messages, value) is not None
    return key == "system" and isinstance(value, str) and bool(value) and not _led(sample)


def _led(sample: Sample) -> bool:
    return bool(sample.messages) and sample.messages[0].role == "system" and not remembered(sample.extras).get("system")
