"""JSON answers as text: OpenAI chat whose answer is one JSON text in `content`."""

from __future__ import annotations

from dataclasses import replace

from datasets_app.core.codecs._answers import text_of, with_text
from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs.base import PLAIN, Setting, not_carried, remembered
from datasets_app.core.json_text import tidy
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class JSONContent(ChatCodec):
    """The answer is written as canonical JSON text, its numbers and key order as they are; what is no JSON is refused.

    An answer that calls `task_response` is read as the text of its arguments. Its rows are openai-chat rows, and
    detection says so: this format is asked for by name.
    """

    name = "json-content"
    label = Text("JSON in the answer's text")
    exact = False  # a row with a call comes back with text
    examples = (
        {
            "messages": [
                {"role": "system", "content": "Answer in JSON."},
                {"role": "user", "content": "一件一元五角的衬衫"},
                {"role": "assistant", "content": '{"item": "衬衫", "price": 1.50, "stock": 1e30}'},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "nothing"},
                {"role": "assistant", "content": '{"item":null,"tags":[]}', "weight": 1},
            ],
            "metadata": {"doc": "shop"},
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        last = messages[-1] if isinstance(messages, list) and messages else None
        if not isinstance(last, dict) or last.get("role") != "assistant":
            return False
        content = last.get("content")
        return isinstance(content, str) and content.lstrip()[:1] in ("{", "[")

    def decode(self, record: dict[str, Json]) -> Sample:
        return with_text(super().decode(record), reading=True)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        sample = with_text(sample)
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        text = text_of(sample)
        answer = sample.messages[-1]
        source = remembered(answer.extras).get("text")
        if isinstance(source, str) and tidy(source) == text:
            text = source
        return super().encode(replace(sample, messages=(*sample.messages[:-1], replace(answer, content=text))), setting)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        return super().losses(with_text(sample))

    def reduce(self, sample: Sample) -> Sample:
        return super().reduce(with_text(sample))


CODEC = JSONContent()
