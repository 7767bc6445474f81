"""Volcengine Ark, preference: chat whose last assistant content is a list of scored candidates.

The highest score (the first of equals) is the answer, the lowest (the last of equals) is rejected. Scores other than
1.0 and 0.0, another order and further candidates are kept in the sample's extra key `candidates`: the list as it was,
the texts of the two taken out and their places marked `"is": "answer"` and `"is": "rejected"`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core.codecs._carrying import lost, reduced
from datasets_app.core.codecs._chat import beside, read_beside, stray
from datasets_app.core.codecs._pairs import PairCodec, lost_beside_text, parted
from datasets_app.core.codecs._wire import read_messages, write_messages
from datasets_app.core.codecs.ark_sft import ARK
from datasets_app.core.codecs.base import (
    KEYS,
    PLAIN,
    CodecError,
    Setting,
    in_order,
    ordered,
    refuse_reserved,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

CANDIDATES = "candidates"
_MARKS = ("answer", "rejected")


class ArkDPO(PairCodec):
    """Two candidates scored 1.0 and 0.0, unless the source scored otherwise; both are text and nothing else."""

    name = "ark-dpo"
    label = Text("Volcengine Ark, preference pairs")
    precedence = 30
    dialect = ARK
    examples = (
        {
            "messages": [
                {"role": "user", "content": "明天杭州会下雨吗？"},
                {"role": "assistant", "content": [{"text": "会下雨", "score": 1.0}, {"text": "可能吧", "score": 0.0}]},
            ]
        },
        {
            "messages": [
                {"role": "system", "content": "You name capitals."},
                {"role": "user", "content": "Australia?"},
                {
                    "role": "assistant",
                    "content": [
                        {"text": "Sydney", "score": 0.1},
                        {"text": "It is Canberra", "score": 0.6, "by": "li"},
                        {"text": "Canberra", "score": 0.9},
                    ],
                    "loss_weight": 1.0,
                },
            ],
            "id": 7,
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        last = messages[-1] if isinstance(messages, list) and messages else None
        content = last.get("content") if isinstance(last, dict) else None
        return isinstance(content, list) and bool(content) and isinstance(content[0], dict) and "score" in content[0]

    def decode(self, record: dict[str, Json]) -> Sample:
        if "messages" not in record:
            raise CodecError("messages-missing", Text("The key “messages” is missing: put the turns there."))
        refuse_reserved(record)
        messages = read_messages(record["messages"], "/messages", self.dialect)
        tools, extras = read_beside(record, ("messages",))
        sample = Sample(messages, tools, (), extras)
        sample = in_order(sample, ("messages", *beside(sample)), record)
        return _unscored(sample) if self.recognises(record) else sample

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        self.demand(sample)
        prompt, (answer,) = parted(sample)
        scored = replace(answer, content=_scored(sample, answer.text, sample.rejected[0].text))
        messages = write_messages((*prompt, scored), self.dialect)
        rest = {key: value for key, value in beside(sample).items() if key != CANDIDATES}
        return ordered({"messages": messages, **rest}, sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(super().losses(sample))
        for message in sample.rejected:
            fields.update(dict.fromkeys(lost_beside_text(message)))
        return tuple(fields)

    def lost_of_answer(self, message: Message) -> Iterator[str]:
        yield from lost(message, self.dialect, last=True)
        if message.tool_calls:
            yield "tool_calls"
        if not isinstance(message.content, str):
            yield "content"

    def reduced_answer(self, message: Message, path: str) -> Message:
        kept = replace(reduced(message, self.dialect, path, last=True), tool_calls=())
        if not kept.text:
            raise CodecError("content-missing", Text("A candidate must be a text."), path, ("content",))
        return replace(kept, content=kept.text)

    def reduce(self, sample: Sample) -> Sample:
        kept = super().reduce(sample)
        return replace(kept, rejected=tuple(Message("assistant", message.text) for message in kept.rejected))

    def stray(self, sample: Sample) -> Iterator[str]:
        yield from (key for key in stray(sample, ("messages",), self.dialect.others) if key != CANDIDATES)
        if CANDIDATES in sample.extras and not _fit(sample.extras[CANDIDATES]):
            yield CANDIDATES


def _unscored(sample: Sample) -> Sample:
    """The pair in a list of candidates."""
    last = sample.messages[-1]
    listed = [*last.content] if isinstance(last.content, list) else []
    path = f"/messages/{len(sample.messages) - 1}/content"
    for at, item in enumerate(listed):
        if not isinstance(item.get("text"), str) or not _is_number(item.get("score")) or "is" in item:
            raise CodecError(
                "preference-missing", Text("Each candidate needs a text and a score that is a number."), f"{path}/{at}"
            )
    scores = [item["score"] for item in listed]
    best, worst = scores.index(max(scores)), len(scores) - 1 - scores[::-1].index(min(scores))
    messages = (*sample.messages[:-1], replace(last, content=listed[best]["text"]))
    if best == worst:  # one candidate: there is nothing to prefer it to
        return replace(sample, messages=messages)
    sample = replace(sample, messages=messages, rejected=(Message("assistant", listed[worst]["text"]),))
    if json.dumps(listed) == json.dumps(_scored(sample, listed[best]["text"], listed[worst]["text"])):
        return sample  # as we would write it, 1.0 and not 1, text before score
    kept = list(listed)
    for at, mark in ((best, "answer"), (worst, "rejected")):
        kept[at] = {
            ("is" if key == "text" else key): (mark if key == "text" else value) for key, value in listed[at].items()
        }
    return replace(sample, extras={**sample.extras, CANDIDATES: kept})


def _scored(sample: Sample, answer: str, rejected: str) -> list[Json]:
    texts = {"answer": answer, "rejected": rejected}
    kept = sample.extras.get(CANDIDATES)
    if kept is None:
        return [{"text": answer, "score": 1.0}, {"text": rejected, "score": 0.0}]
    return [
        {("text" if key == "is" else key): (texts[value] if key == "is" else value) for key, value in item.items()}
        for item in kept
    ]


def _fit(kept: Json) -> bool:
    """Whether this is a list as `_unscored` leaves it: both answers marked, and still the best and the worst."""
    if not isinstance(kept, list) or not all(isinstance(item, dict) and _is_number(item.get("score")) for item in kept):
        return False
    marks = [item.get("is") for item in kept]
    whole = all(("is" in item) != isinstance(item.get("text"), str) for item in kept)
    if not whole or sorted(mark for mark in marks if mark is not None) != list(_MARKS):
        return False
    scores = [item["score"] for item in kept]
    worst = len(scores) - 1 - scores[::-1].index(min(scores))
    return (marks[scores.index(max(scores))], marks[worst]) == _MARKS


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CODEC = ArkDPO()
