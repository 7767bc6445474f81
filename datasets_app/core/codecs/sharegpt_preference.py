"""ShareGPT pairs: `conversations` with `chosen` and `rejected`, or one answer and a `kto_tag` (facts §13).

A `kto_tag` of false says that the last turn is a wrong answer: such a row is a sample whose answer is still to be
written. A trainer of pairs leaves rows with a tag out and one of tags those without, so a file has rows of one kind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from datasets_app.core import images
from datasets_app.core.codecs._pairs import is_pair, parted
from datasets_app.core.codecs._sharegpt_row import carried_tools, lost_beside, read_row, write_row
from datasets_app.core.codecs._sharegpt_turns import lost_of_turns, read_turn, read_turns, reduced_turns, write_turn
from datasets_app.core.codecs._texts import remembering
from datasets_app.core.codecs._thinking import spoken, thoughtful, unparted
from datasets_app.core.codecs.base import (
    ANSWER,
    KEYS,
    PLAIN,
    RESERVED,
    Codec,
    CodecError,
    Kinds,
    Setting,
    in_order,
    no_pair,
    not_carried,
    ordered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_TURNS = "conversations"
_TAG = "kto_tag"
_ANSWERS = ("chosen", "rejected")


class ShareGPTPreference(Codec):
    """Carries what `sharegpt` carries, and a rejected answer of one turn."""

    name = "sharegpt-preference"
    label = Text("ShareGPT preference pairs")
    precedence = 25
    pairs = True
    ranked = True
    mixes = True
    pictures = images.TAG
    examples: ClassVar[tuple[dict[str, Json], ...]] = (
        {
            "conversations": [{"from": "system", "value": "你是天气助手"}, {"from": "human", "value": "明天呢？"}],
            "chosen": {"from": "gpt", "value": "会下雨"},
            "rejected": {"from": "gpt", "value": "会下雨，会下雨。"},
        },
        {
            "conversations": [{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "3"}],
            "kto_tag": False,
        },
        {
            "conversations": [{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "2"}],
            "kto_tag": True,
            "id": 3,
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        if not isinstance(record.get(_TURNS), list):
            return False
        return isinstance(record.get("kto_tag"), bool) or (
            isinstance(record.get("chosen"), dict) and isinstance(record.get("rejected"), dict)
        )

    def decode(self, record: dict[str, Json]) -> Sample:
        turns = read_turns(record.get(_TURNS), f"/{_TURNS}")
        tag = record.get(_TAG)
        rejected: tuple[Message, ...] = ()
        own = (_TAG,) if isinstance(tag, bool) else _ANSWERS
        if isinstance(tag, bool):
            if turns[-1].role != "assistant":
                raise CodecError(
                    "last-turn-not-assistant", Text("The answer that “kto_tag” judges is missing."), f"/{_TURNS}"
                )
            if not tag:
                turns, rejected = turns[:-1], turns[-1:]
                if turns and turns[-1].role == "assistant":
                    raise CodecError("turns-not-alternating", Text("Two answers follow each other."), f"/{_TURNS}")
        elif "chosen" in record and "rejected" in record:
            turns = (*unparted(turns), _answer(record["chosen"], "/chosen"))
            rejected = (_answer(record["rejected"], "/rejected"),)
        else:
            raise CodecError("preference-missing", Text("“chosen” and “rejected” or “kto_tag” must be there."))
        if not turns:
            raise CodecError("messages-empty", Text("There is no question before the answer."), f"/{_TURNS}")
        sample, form = read_row(record, _TURNS, own, turns)
        sample = remembering(replace(sample, rejected=rejected), form)
        return in_order(sample, _written(sample), record)

    def for_file(self, kinds: Kinds) -> Codec:
        return _JUDGED if kinds.came_right or kinds.came_wrong else _PAIRS

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        if not parted(sample)[0] or (sample.answer is None and not sample.rejected):
            raise no_pair(self)
        return ordered(_written(sample), sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(lost_of_turns(sample.messages))
        fields.update(dict.fromkeys(lost_beside(sample, self.own(sample))))
        if not _single(sample):
            fields["rejected"] = None
        return tuple(fields)

    def own(self, sample: Sample) -> tuple[str, ...]:
        """The keys of the row that are read as its answers. Others of that name ride along: columns left empty."""
        if not is_pair(sample):
            return (_TURNS, _TAG)
        return (_TURNS, *_ANSWERS, *((_TAG,) if isinstance(sample.extras.get(_TAG), bool) else ()))

    def reduce(self, sample: Sample) -> Sample:
        if not _single(sample):
            raise no_pair(self)
        stray = {*lost_beside(sample, self.own(sample)), ANSWER}
        return Sample(
            reduced_turns(sample.messages),
            carried_tools(sample.tools),
            reduced_turns(sample.rejected),
            {key: value for key, value in sample.extras.items() if key not in stray or key in RESERVED - {ANSWER}},
        )


class _Pairs(ShareGPTPreference):
    """Pairs and nothing else."""

    mixes = False

    def for_file(self, kinds: Kinds) -> Codec:
        return self

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if not is_pair(sample) and not self.losses(sample):
            raise no_pair(self)
        return super().encode(sample, setting)


class Judged(ShareGPTPreference):
    """Answers that are each judged good or bad: a pair is two rows."""

    mixes = False

    def for_file(self, kinds: Kinds) -> Codec:
        return self

    def own(self, sample: Sample) -> tuple[str, ...]:
        return (_TURNS, _TAG)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        rows = self.rows(sample, setting)
        if len(rows) > 1:
            raise CodecError(
                "not-carried", Text("{format} writes a pair as two rows.", format=self.label), fields=("rejected",)
            )
        return rows[0]

    def rows(self, sample: Sample, setting: Setting = PLAIN) -> tuple[dict[str, Json], ...]:
        if not is_pair(sample):
            return (super().encode(sample, setting),)
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        prompt, _answer = parted(sample)
        if not prompt:
            raise no_pair(self)
        if prompt[-1].role == "assistant":
            raise CodecError(
                "turns-not-alternating", Text("Two answers follow each other."), f"/messages/{len(prompt) - 1}"
            )
        apart = (replace(sample, rejected=()), replace(sample, messages=prompt))
        return tuple(ordered(_written(one), sample.extras.get(KEYS)) for one in apart)


def _answer(value: Json, path: str) -> Message:
    return thoughtful(read_turn(value, path))


def _single(sample: Sample) -> bool:
    """Whether the rejected answer, if any, is one turn that can be written."""
    if sample.rejected and ANSWER in sample.extras:
        return False
    return len(sample.rejected) <= 1 and not any(
        message.role != "assistant" or isinstance(message.content, list) for message in sample.rejected
    ) and not any(lost_of_turns(sample.rejected))  # fmt: skip


def _written(sample: Sample) -> dict[str, Json]:
    messages, beside = write_row(sample)
    turns = [write_turn(message) for message in messages]
    wrong = [write_turn(spoken(message) if message.reasoning is not None else message) for message in sample.rejected]
    if wrong and sample.answer is not None:
        return {_TURNS: turns[:-1], "chosen": turns[-1], "rejected": wrong[0], **beside}
    return {_TURNS: turns + wrong, _TAG: not wrong, **beside}


_PAIRS = _Pairs()
_JUDGED = Judged()
CODEC = ShareGPTPreference()
