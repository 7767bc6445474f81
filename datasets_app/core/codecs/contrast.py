"""Error → correction as a chat: the user shows the input and the erroneous answer, the answer is the corrected one."""

from __future__ import annotations

import re
from dataclasses import replace

from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._pairs import lost_beside_text, turns_of_answer
from datasets_app.core.codecs.base import PLAIN, CodecError, Setting, no_pair, not_carried
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput, Text

TEMPLATE = "下面的回答有错误，请改正，只输出改正后的回答。\n\n【输入】\n{input}\n\n【错误的回答】\n{wrong}"
MAX_TEMPLATE = 4000  # characters
_PLACE = re.compile(r"\{(input|wrong)\}")


def check_template(text: str) -> str:
    """The template, fit for use ("" is the format's own). Raises `InvalidInput` (`contrast`)."""
    if not text:
        return text
    places = _PLACE.findall(text)
    if sorted(places) != ["input", "wrong"]:
        raise InvalidInput(contrast=Text("The template must hold {places} once each.", places="{input}, {wrong}"))
    if len(text) > MAX_TEMPLATE:
        raise InvalidInput(contrast=Text("The template is longer than {limit} characters.", limit=MAX_TEMPLATE))
    _, between, _ = _PLACE.split(text)[::2]
    if not between.strip():
        raise InvalidInput(contrast=Text("Put some words between {places}.", places="{input}, {wrong}"))
    return text


class Contrast(ChatCodec):
    """Written by the template of the dataset's settings; read back as a pair where the format's own template fits.

    The last user turn before the answer is the input; earlier turns stay as they are. A template of a dataset is
    read back as the chat that it is.
    """

    name = "contrast"
    label = Text("Error and correction as a chat")
    precedence = 20
    pairs = True
    examples = (
        {
            "messages": [
                {"role": "system", "content": "You copy part numbers."},
                {"role": "user", "content": TEMPLATE.format(input="Which grout?", wrong="Sika - 609")},
                {"role": "assistant", "content": "Sika-609"},
            ],
            "metadata": {"doc": "parts"},
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        asked = messages[-2] if isinstance(messages, list) and len(messages) > 1 else None
        content = asked.get("content") if isinstance(asked, dict) and asked.get("role") == "user" else None
        return isinstance(content, str) and unfold(content, TEMPLATE) is not None

    def decode(self, record: dict[str, Json]) -> Sample:
        sample = super().decode(record)
        if sample.answer is None or len(sample.messages) < 2 or sample.messages[-2].role != "user":
            return sample
        asked = sample.messages[-2]
        text = text_of(asked)
        found = unfold(text, TEMPLATE) if text is not None else None
        if found is None:
            return sample
        asked = _with_text(asked, found[0])
        return replace(
            sample,
            messages=(*sample.messages[:-2], asked, sample.messages[-1]),
            rejected=(Message("assistant", found[1]),),
        )

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        if not sample.rejected or sample.answer is None or len(sample.messages) < 2:
            raise no_pair(self)
        template = setting.contrast or TEMPLATE
        asked, wrong = sample.messages[-2], sample.rejected[0].text
        question = text_of(asked) if asked.role == "user" else None
        if question is None:
            raise CodecError(
                "turns-not-alternating",
                Text("The turn before the corrected answer must be the user's, with one text: it is the input."),
                f"/messages/{len(sample.messages) - 2}",
            )
        text = fold(question, wrong, template)
        if unfold(text, template) != (question, wrong):
            raise CodecError(
                "not-carried",
                Text("The words of the template stand in the input or in the wrong answer too: use another template."),
                "/rejected",
                ("rejected",),
            )
        chat = replace(
            sample, messages=(*sample.messages[:-2], _with_text(asked, text), sample.messages[-1]), rejected=()
        )
        return super().encode(chat, setting)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(super().losses(replace(sample, rejected=())))
        if turns_of_answer(sample) > 1:
            fields["answer_turns"] = None
        for message in sample.rejected:
            fields.update(dict.fromkeys(lost_beside_text(message)))
            if message.tool_calls:
                fields["tool_calls"] = None
            if not isinstance(message.content, str):
                fields["content"] = None
        if len(sample.rejected) > 1:
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        if len(sample.rejected) > 1 or turns_of_answer(sample) > 1 or not all(m.text for m in sample.rejected):
            raise CodecError(
                "not-carried", Text("An erroneous answer must be one turn of text."), fields=self.losses(sample)
            )
        kept = super().reduce(replace(sample, rejected=()))
        return replace(kept, rejected=tuple(Message("assistant", message.text) for message in sample.rejected))


def fold(question: str, wrong: str, template: str) -> str:
    """The request to correct: the template with both texts put into their places."""
    texts = {"input": question, "wrong": wrong}
    return _PLACE.sub(lambda match: texts[match.group(1)], template)


def unfold(text: str, template: str) -> tuple[str, str] | None:
    """(input, wrong answer) of a request that `fold` wrote; None when the template fits not, or in two ways."""
    before, first, between, second, after = _PLACE.split(template)
    inner = text[len(before) : len(text) - len(after)]
    if len(before) + len(after) > len(text):
        return None
    if not (text.startswith(before) and text.endswith(after)) or inner.count(between) != 1:
        return None
    found = dict(zip((first, second), inner.split(between), strict=True))
    return found["input"], found["wrong"]


def text_of(asked: Message) -> str | None:
    """The text of the input: all of it, or the one part beside pictures that is text."""
    if isinstance(asked.content, str):
        return asked.content
    texts = [part["text"] for part in asked.content or () if isinstance(part.get("text"), str)]
    return texts[0] if len(texts) == 1 else None


def _with_text(asked: Message, text: str) -> Message:
    if isinstance(asked.content, str) or asked.content is None:
        return replace(asked, content=text)
    return replace(
        asked,
        content=[{**part, "text": text} if isinstance(part.get("text"), str) else part for part in asked.content],
    )


CODEC = Contrast()
