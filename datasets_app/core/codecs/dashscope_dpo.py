"""DashScope (百炼), preference: `{"messages": [… user], "chosen": {…}, "rejected": {…}}`; no pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core.codecs._chat import beside, read_beside, stray
from datasets_app.core.codecs._pairs import PairCodec, joined, parted, read_answer
from datasets_app.core.codecs._thinking import unparted
from datasets_app.core.codecs._wire import read_messages, write_messages
from datasets_app.core.codecs.base import (
    KEYS,
    PLAIN,
    CodecError,
    Setting,
    in_order,
    looks_like_messages,
    ordered,
    refuse_reserved,
)
from datasets_app.core.codecs.dashscope_sft import DASHSCOPE
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_OWN = ("messages", "chosen", "rejected")


class DashScopeDPO(PairCodec):
    """Each answer is one turn, with its reasoning inside <think> tags."""

    name = "dashscope-dpo"
    label = Text("DashScope, preference pairs")
    precedence = 30
    dialect = replace(DASHSCOPE, images="")
    examples = (
        {
            "messages": [{"role": "system", "content": "你是天气助手"}, {"role": "user", "content": "明天呢？"}],
            "chosen": {"role": "assistant", "content": "<think>\n预报有雨。\n</think>\n\n会下雨"},
            "rejected": {"role": "assistant", "content": "可能吧"},
        },
        {
            "rejected": {"content": "Sydney", "role": "assistant"},
            "chosen": {"role": "assistant", "content": "Canberra"},
            "messages": [{"role": "user", "content": "Australia?"}],
            "id": 7,
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        answers = (record.get("chosen"), record.get("rejected"))
        return looks_like_messages(record.get("messages")) and any(
            isinstance(answer, dict) and "content" in answer for answer in answers
        )

    def decode(self, record: dict[str, Json]) -> Sample:
        refuse_reserved(record)
        tools, extras = read_beside(record, _OWN)
        prompt = read_messages(record.get("messages"), "/messages", self.dialect)
        chosen, rejected = self._answer(record, "chosen"), self._answer(record, "rejected")
        if chosen or rejected:
            prompt = unparted(prompt)
        sample = joined(prompt, chosen, rejected, tools, extras, path="/messages")
        return in_order(sample, (*_OWN, *beside(sample)), record)

    def _answer(self, record: dict[str, Json], key: str) -> tuple[Message, ...]:
        value = record.get(key)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise CodecError(
                "not-an-object", Text("“{key}” must be an object with a role and content.", key=key), f"/{key}"
            )
        return read_answer([value], f"/{key}", self.dialect)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        self.demand(sample)
        prompt, answer = parted(sample)
        [chosen] = write_messages(answer, self.dialect)
        [rejected] = write_messages(sample.rejected, self.dialect)
        found = {"messages": write_messages(prompt, self.dialect), "chosen": chosen, "rejected": rejected}
        return ordered({**found, **beside(sample)}, sample.extras.get(KEYS))

    def stray(self, sample: Sample) -> Iterator[str]:
        return stray(sample, _OWN, self.dialect.others)


CODEC = DashScopeDPO()
