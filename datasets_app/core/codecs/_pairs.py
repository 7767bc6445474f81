"""A prompt, a right answer and a wrong one: how a preference row and a sample become each other."""

from __future__ import annotations

from dataclasses import replace

from datasets_app.core.codecs.base import ANSWER
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample


def joined(
    prompt: tuple[Message, ...],
    answer: tuple[Message, ...],
    rejected: tuple[Message, ...],
    tools: tuple[Json, ...] = (),
    extras: dict[str, Json] | None = None,
) -> Sample:
    """The sample of a pair. An answer of several turns (a call, its result, the words) is remembered as one."""
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


def turns_of_answer(sample: Sample) -> int:
    """How many turns the answer takes, 1 for nearly every sample."""
    turns = sample.extras.get(ANSWER, 1)
    return turns if isinstance(turns, int) and 1 <= turns <= len(sample.messages) else 1
