"""OpenAI preference: `{"input": {"messages", "tools"?, …}, "preferred_output": […], "non_preferred_output": […]}`.

Together, Fireworks, Zhipu and Azure take the same three keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core.codecs._chat import usable
from datasets_app.core.codecs._dialect import Dialect
from datasets_app.core.codecs._pairs import PairCodec, joined, parted, read_answer
from datasets_app.core.codecs._wire import read_messages, write_messages
from datasets_app.core.codecs.base import (
    FORM,
    KEYS,
    PLAIN,
    RESERVED,
    CodecError,
    Setting,
    looks_like_messages,
    ordered,
    refuse_reserved,
    remembered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_OWN = ("input", "preferred_output", "non_preferred_output")
_INNER = ("tools", "parallel_tool_calls")  # keys of `input` that stand beside the messages of a chat row


class OpenAIPreference(PairCodec):
    """Text only. What else stands in `input` is kept under that key; answers of several turns, as Azure allows."""

    name = "openai-preference"
    label = Text("OpenAI preference pairs")
    precedence = 30
    dialect = Dialect(images="")
    long_answers = True
    examples = (
        {
            "input": {
                "messages": [
                    {"role": "system", "content": "You name capitals."},
                    {"role": "user", "content": "France?"},
                    {"role": "assistant", "content": "Paris"},
                    {"role": "user", "content": "And Australia?"},
                ],
                "tools": [],
                "parallel_tool_calls": True,
            },
            "preferred_output": [{"role": "assistant", "content": "Canberra"}],
            "non_preferred_output": [{"role": "assistant", "content": "Sydney"}],
        },
        {
            "non_preferred_output": [{"role": "assistant", "content": "不会下雨"}],
            "input": {"note": "七月", "messages": [{"role": "user", "content": "明天杭州会下雨吗？"}]},
            "preferred_output": [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "rain", "arguments": "{}"}}],
                },
                {"role": "tool", "content": "有雨", "tool_call_id": "c1"},
                {"role": "assistant", "content": "会下雨"},
            ],
            "metadata": {"doc": "weather"},
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        prompt = record.get("input")
        asked = isinstance(prompt, dict) and looks_like_messages(prompt.get("messages"))
        return asked and ("preferred_output" in record or "non_preferred_output" in record)

    def decode(self, record: dict[str, Json]) -> Sample:
        prompt = record.get("input")
        if not isinstance(prompt, dict):
            raise CodecError(
                "messages-missing", Text("“input” must be an object with the messages of the prompt."), "/input"
            )
        refuse_reserved(record)
        refuse_reserved(prompt, "/input")
        if twice := [key for key in _INNER if key in prompt and key in record]:
            raise CodecError(
                "message-key-unknown",
                Text("“{key}” stands in the row and in its “input”: keep the one inside.", key=twice[0]),
                f"/{twice[0]}",
            )
        tools = prompt.get("tools", record.get("tools")) or ()
        found = joined(
            read_messages(prompt.get("messages"), "/input/messages", self.dialect),
            read_answer(record.get("preferred_output"), "/preferred_output", self.dialect),
            read_answer(record.get("non_preferred_output"), "/non_preferred_output", self.dialect),
            tuple(tools) if usable(tools) else (),
            path="/input/messages",
        )
        extras = {**found.extras, **{key: prompt[key] for key in _INNER if key in prompt}}
        if other := {key: value for key, value in prompt.items() if key not in ("messages", *_INNER)}:
            extras["input"] = other
        extras.update((key, value) for key, value in record.items() if key not in _OWN)
        if found.tools:
            del extras["tools"]
        return self._with_memory(replace(found, extras=extras), record, prompt)

    def _with_memory(self, sample: Sample, record: dict[str, Json], prompt: dict[str, Json]) -> Sample:
        extras = dict(sample.extras)
        form: dict[str, Json] = {}
        if outside := [key for key in _INNER if key in record]:
            form["outside"] = outside
        trial = self._record(replace(sample, extras={**extras, FORM: form}))
        if tuple(trial["input"]) != tuple(prompt):
            form["input"] = list(prompt)
        if form:
            extras[FORM] = form
        if tuple(trial) != tuple(record):
            extras[KEYS] = list(record)
        return replace(sample, extras=extras)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        self.demand(sample)
        return ordered(self._record(sample), sample.extras.get(KEYS))

    def _record(self, sample: Sample) -> dict[str, Json]:
        prompt, answer = parted(sample)
        form = remembered(sample.extras)
        outside = form.get("outside", ())
        extras = {key: value for key, value in sample.extras.items() if key not in RESERVED}
        if sample.tools:
            extras = {"tools": list(sample.tools), **extras}
        inside: dict[str, Json] = {"messages": write_messages(prompt, self.dialect)}
        inside.update((key, extras[key]) for key in _INNER if key in extras and key not in outside)
        inside.update(extras.pop("input", {}))
        return {
            "input": ordered(inside, form.get("input")),
            "preferred_output": write_messages(answer, self.dialect),
            "non_preferred_output": write_messages(sample.rejected, self.dialect),
            **{key: value for key, value in extras.items() if key not in _INNER or key in outside},
        }

    def stray(self, sample: Sample) -> Iterator[str]:
        for key, value in sample.extras.items():
            if key == "input":
                if not (isinstance(value, dict) and value and value.keys().isdisjoint(("messages", *_INNER))):
                    yield key
            elif key in _OWN or (key == "tools" and (sample.tools or usable(value))):
                yield key


CODEC = OpenAIPreference()
