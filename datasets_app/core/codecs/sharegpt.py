"""ShareGPT: `{"conversations": [{"from", "value"}, …]}`, and LLaMA-Factory's rows with pictures (facts §13).

A row of `messages` with a list of `images` for their `<image>` tags is one of LLaMA-Factory's too, and so are
`conversations` whose turns have a role and a content; they are written back as they came.
"""

from __future__ import annotations

from datasets_app.core import images
from datasets_app.core.codecs._sharegpt_row import INSIDE, carried_tools, lost_beside, read_row, write_row
from datasets_app.core.codecs._sharegpt_turns import lost_of_turns, read_turns, reduced_turns, write_turn
from datasets_app.core.codecs._tags import untaggable
from datasets_app.core.codecs._texts import remembering
from datasets_app.core.codecs._wire import read_messages, write_message
from datasets_app.core.codecs.base import (
    ANSWER,
    KEYS,
    PLAIN,
    RESERVED,
    Codec,
    CodecError,
    Setting,
    in_order,
    looks_like_messages,
    not_carried,
    only_rejected,
    ordered,
    remembered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_TURNS = "conversations"
_CHAT = "messages"


class ShareGPT(Codec):
    """Carries whole conversations with tools, pictures and unknown keys; no weights, and no ids of calls."""

    name = "sharegpt"
    label = Text("ShareGPT conversations")
    precedence = 20  # above openai-chat, for rows of messages with pictures beside them
    pictures = images.TAG
    examples = (
        {
            "id": "7",
            "conversations": [
                {"from": "system", "value": "你是天气助手"},
                {"from": "human", "value": "明天呢？"},
                {"from": "function_call", "value": '{"name": "weather", "arguments": {"d": 1}}'},
                {"from": "observation", "value": '{"rain": true}'},
                {"from": "gpt", "value": "<think>\n有雨。\n</think>\n\n会下雨"},
            ],
            "tools": '[{"name": "weather", "description": "", "parameters": {"type": "object"}}]',
        },
        {
            "conversations": [{"from": "user", "value": "France?"}, {"value": "Paris", "from": "gpt", "weight": 1}],
            "system": "You name capitals.",
            "tools": "",
        },
        {
            "conversations": [
                {"from": "human", "value": "<image>What is this?"},
                {"from": "gpt", "value": "A cat"},
            ],
            "images": ["cat.png"],
        },
        {
            "messages": [
                {"content": "What is this?<image>", "role": "user"},
                {"content": "A dog", "role": "assistant"},
            ],
            "images": ["dog.png"],
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        turns = record.get(_TURNS)
        if isinstance(turns, list):
            spoken = not turns or (isinstance(turns[0], dict) and "from" in turns[0])
            return spoken or (_has_roles(turns) and _CHAT not in record)
        return isinstance(record.get("images"), list) and looks_like_messages(record.get(_CHAT))

    def decode(self, record: dict[str, Json]) -> Sample:
        key = _TURNS if _TURNS in record else _CHAT
        if key not in record:
            raise CodecError("messages-missing", Text("The key “conversations” is missing: put the turns there."))
        chat = key == _CHAT or _has_roles(record[key])
        messages = (read_messages if chat else read_turns)(record[key], f"/{key}")
        sample, form = read_row(record, key, (), messages)
        if chat:
            form["messages"] = True if key == _CHAT else _TURNS
            if images.addresses(Sample(messages)):
                form[INSIDE] = True
        sample = remembering(sample, form)
        return in_order(sample, (key, *write_row(sample)[1]), record)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        messages, beside = write_row(sample)
        found: dict[str, Json]
        if chat := remembered(sample.extras).get("messages"):
            found = {_TURNS if chat == _TURNS else _CHAT: [write_message(message) for message in messages], **beside}
        else:
            found = {_TURNS: [write_turn(message) for message in messages], **beside}
        return ordered(found, sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        form = remembered(sample.extras)
        fields: dict[str, None] = {}
        if not form.get(INSIDE):
            fields.update(dict.fromkeys((untaggable if form.get("messages") else lost_of_turns)(sample.messages)))
        fields.update(dict.fromkeys(lost_beside(sample, _own(sample))))
        if not sample.messages:
            fields["messages"] = None
        if sample.rejected:
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        if sample.rejected and sample.answer is None:
            raise only_rejected(sample)
        stray = {*lost_beside(sample, _own(sample)), ANSWER}
        return Sample(
            reduced_turns(sample.messages),
            carried_tools(sample.tools),
            (),
            {key: value for key, value in sample.extras.items() if key not in stray or key in RESERVED - {ANSWER}},
        )


def _has_roles(turns: Json) -> bool:
    return looks_like_messages(turns) and "from" not in turns[0]


def _own(sample: Sample) -> tuple[str, ...]:
    """The keys of a row that are read as its turns: beside `conversations`, `messages` are a key like any other."""
    return (_TURNS, _CHAT) if remembered(sample.extras).get("messages") else (_TURNS,)


CODEC = ShareGPT()
