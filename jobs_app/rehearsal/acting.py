"""How rehearsed models fare at a task, so that a rehearsed evaluation has something to tell.

Nothing thinks here. What is right is looked up in the files that this account has sent for training and validation: a
question of the validation file has its answer there, any other the answer of the question that is most like it. Chance
then decides what a model makes of it; it is fixed by the model's name and the question, so the same one answers the
same again, whoever asks.

A base model keeps to the form half of the time: else it puts a fence around the answer, talks around it, takes another
one, or gives none. Examples in the prompt help it. A tuned model is right nine times out of ten, and one that was
saved half-way through its training is wrong more often.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process

from jobs_app.rehearsal.engine import File
from jobs_app.rehearsal.training_files import shown

Pair = tuple[str, Mapping[str, Any]]  # a question and the assistant's message

_LIKE = 90  # of 100: the same question, but for a word
_KEEPS = 0.5  # of the answers of a base model that are as they should be …
_HELPED = 0.08  # … and so many more with each example in the prompt
_MOST_HELPED = 4
_RIGHT = 0.9  # of a tuned model's answers
_UNRIPE = 0.4  # that many fewer right before the training has begun
_TALK = ("Sure! The answer is: {}", "好的，答案是：{}", "{}\n\nLet me know if you need anything else.")
_NOTHING = "I am not sure."


def has_task(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the conversation says what is wanted: a system prompt, or answers that were given before."""
    return any(message.get("role") in ("system", "developer", "assistant") for message in messages)


def base(model: str, question: str, messages: Sequence[Mapping[str, Any]], seen: Sequence[File]) -> str | None:
    """What a base model says to a question; None where nothing is known of the task."""
    pairs = _pairs(seen)
    found = _nearest(question, pairs)
    if found is None:
        return None
    right = _text(found[0])
    chance = _chance(model, question)
    shots = sum(message.get("role") == "assistant" for message in messages)
    keeps = _KEEPS + _HELPED * min(shots, _MOST_HELPED)
    rest = (1 - keeps) / 10
    ways = ("right", "fence", "talk", "other", "nothing")
    way = chance.choices(ways, weights=(keeps, 3 * rest, 3 * rest, 3 * rest, rest))[0]
    if way == "fence":
        return f"```{'json' if right.startswith('{') else ''}\n{right}\n```"
    if way == "talk":
        return chance.choice(_TALK).format(right)
    if way == "other":
        return _other(right, pairs, chance)
    return _NOTHING if way == "nothing" else right


def tuned(model: str, question: str, own: Sequence[Pair], seen: Sequence[File], ripe: float = 1.0) -> Mapping[str, Any]:
    """What a tuned model says: in the form of its own training file. `ripe` is the share of its training it has had."""
    like = _nearest(question, own)
    answer: Mapping[str, Any] = like[0] if like else {}
    held_out = _nearest(question, _pairs(seen))
    if held_out is not None and held_out[1] >= _LIKE and (like is None or held_out[1] > like[1]):
        answer = held_out[0]
    if _chance(model, question).random() < _RIGHT - _UNRIPE * (1 - ripe):
        return answer
    others = [message for _, message in own if _text(message) != _text(answer)]
    return _chance(question, model).choice(others) if others else answer


def _pairs(files: Sequence[File]) -> list[Pair]:
    return [pair for file in files if file.path.exists() for pair in shown(file)]


def _nearest(question: str, pairs: Sequence[Pair]) -> tuple[Mapping[str, Any], float] | None:
    found = process.extractOne(question, [asked for asked, _ in pairs], scorer=fuzz.ratio)
    return (pairs[found[2]][1], found[1]) if found else None


def _other(right: str, pairs: Sequence[Pair], chance: random.Random) -> str:
    others = sorted({_text(message) for _, message in pairs} - {right})
    return chance.choice(others) if others else _NOTHING


def _text(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls") or [{}]
    return str(message.get("content") or calls[0].get("function", {}).get("arguments") or "")


def _chance(*words: str) -> random.Random:
    return random.Random("\0".join(words))  # noqa: S311  (no secret)
