"""A prompt, a right answer and a wrong one: how a preference row and a sample become each other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from datasets_app.core.codecs._carrying import lost, reduced
from datasets_app.core.codecs._dialect import OPENAI, Dialect
from datasets_app.core.codecs._wire import read_messages
from datasets_app.core.codecs.base import ANSWER, MEMORY, Codec, CodecError, no_pair, not_carried
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text


def joined(
    prompt: tuple[Message, ...],
    answer: tuple[Message, ...],
    rejected: tuple[Message, ...],
    tools: tuple[Json, ...] = (),
    extras: dict[str, Json] | None = None,
    *,
    path: str = "",
) -> Sample:
    """The sample of a pair. An answer of several turns (a call, its result, the words) is remembered as one.

    Raises `CodecError` at `path` when a turn of the prompt would pass for the right answer, of which there is none.
    """
    if rejected and not answer and prompt and prompt[-1].role == "assistant":
        raise CodecError("turns-not-alternating", Text("Two answers follow each other."), path)
    sample = Sample((*prompt, *answer), tools, rejected, extras or {})
    if len(answer) > 1:
        return replace(sample, extras={**sample.extras, ANSWER: len(answer)})
    return sample


def parted(sample: Sample) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """(prompt, answer): the answer is the last turn, or those that `joined` remembered; () when none is written."""
    if sample.answer is None:
        return sample.messages, ()
    turns = turns_of_answer(sample)
    return sample.messages[:-turns], sample.messages[-turns:]


def is_pair(sample: Sample) -> bool:
    """Whether there are two answers to choose from."""
    return bool(sample.rejected) and sample.answer is not None


def turns_of_answer(sample: Sample) -> int:
    """How many turns the answer takes, 1 for nearly every sample."""
    turns = sample.extras.get(ANSWER, 1)
    return turns if isinstance(turns, int) and 1 <= turns <= len(sample.messages) else 1


def read_answer(value: Json, path: str, dialect: Dialect) -> tuple[Message, ...]:
    """The turns of one side of a pair; () when the side is absent or empty, which a rule reports."""
    if value is None or value == []:
        return ()
    messages = read_messages(value, path, dialect)
    if messages[-1].role != "assistant":
        raise CodecError("last-turn-not-assistant", Text("The last turn of an answer must be the assistant's."), path)
    return messages


def lost_beside_text(message: Message) -> Iterator[str]:
    """What a wrong answer has beside its text, for formats that hold it as a text."""
    names = {"name": "name", "tool_call_id": "tool_call_id", "weight": "weight", "reasoning": "reasoning_content"}
    yield from (wire for name, wire in names.items() if getattr(message, name) is not None)
    yield from (key for key in message.extras if key not in MEMORY)
    if message.role != "assistant":
        yield "role"


class PairCodec(Codec):
    """A format whose row holds a prompt and two answers, the turns in its dialect."""

    pairs = True
    ranked = True
    dialect: ClassVar[Dialect] = OPENAI
    long_answers: ClassVar[bool] = False  # whether an answer may have several turns

    @property
    def pictures(self) -> str:
        return self.dialect.images

    @abstractmethod
    def stray(self, sample: Sample) -> Iterator[str]:
        """The extra keys of the sample that cannot ride along."""

    def lost_of_answer(self, message: Message) -> Iterator[str]:
        """What cannot be carried of the last turn of either answer, for formats that are narrower there."""
        yield from lost(message, self.dialect, last=True)

    def demand(self, sample: Sample) -> None:
        """Raises `CodecError` unless the sample is a pair that can be carried whole."""
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        prompt, answer = parted(sample)
        if not (prompt and answer and sample.rejected and sample.rejected[-1].role == "assistant"):
            raise no_pair(self)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields: dict[str, None] = {}
        prompt, answer = parted(sample)
        for message in (*prompt, *answer[:-1], *sample.rejected[:-1]):
            fields.update(dict.fromkeys(lost(message, self.dialect)))
        for message in (*answer[-1:], *sample.rejected[-1:]):
            fields.update(dict.fromkeys(self.lost_of_answer(message)))
        if sample.tools and not self.dialect.tools:
            fields["tools"] = None
        fields.update(dict.fromkeys(self.stray(sample)))
        if not self.long_answers:
            if len(answer) > 1:
                fields["answer_turns"] = None
            if len(sample.rejected) > 1:
                fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        prompt, answer = parted(sample)
        if not self.long_answers and (len(answer) > 1 or len(sample.rejected) > 1):
            raise CodecError(
                "not-carried",
                Text(
                    "{format} knows answers of one turn only: put the other turns into the prompt.", format=self.label
                ),
                fields=self.losses(sample),
            )
        stray = set(self.stray(sample))
        return Sample(
            messages=(*self._reduced(prompt, "/messages"), *self._reduced_answer(answer, "/messages")),
            tools=sample.tools if self.dialect.tools else (),
            rejected=self._reduced_answer(sample.rejected, "/rejected"),
            extras={key: value for key, value in sample.extras.items() if key not in stray},
        )

    def reduced_answer(self, message: Message, path: str) -> Message:
        """The last turn of an answer without what `lost_of_answer` names."""
        return reduced(message, self.dialect, path, last=True)

    def _reduced(self, messages: tuple[Message, ...], path: str) -> tuple[Message, ...]:
        return tuple(reduced(message, self.dialect, f"{path}/{at}") for at, message in enumerate(messages))

    def _reduced_answer(self, messages: tuple[Message, ...], path: str) -> tuple[Message, ...]:
        return (*self._reduced(messages[:-1], path), *(self.reduced_answer(last, path) for last in messages[-1:]))
