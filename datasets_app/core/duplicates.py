"""When two samples are the same to a reader: one fingerprint for the whole, one for the question alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from datasets_app.core.samples import Message, Sample
from datasets_app.core.widths import nfkc

_SIZE = 16  # bytes: two different samples of a billion meet with a chance below 10⁻²⁰


def fingerprint(sample: Sample) -> str:
    """32 hex digits over roles and texts, NFKC-normalised, white space collapsed; key order and extras do not count.

    Images, tool calls and the rejected answer count, so two questions about different pictures differ.
    """
    return _digest([*_parts(sample.messages), *(["\x02", *_parts(sample.rejected)] if sample.rejected else [])])


def question_fingerprint(sample: Sample) -> str:
    """The same over everything before the answer: equal for samples that ask the same."""
    answered = sample.answer is not None
    return _digest(_parts(sample.messages[:-1] if answered else sample.messages))


def answer_fingerprint(sample: Sample) -> str:
    """The same over the answer alone: two that ask the same and differ in it contradict each other. "" for none."""
    answer = sample.answer
    if answer is None or not (answer.tool_calls or answer.text.strip()):
        return ""
    return _digest(_parts((answer,)))


def fingerprints(sample: Sample) -> tuple[str, str]:
    """`fingerprint` and `question_fingerprint` of one sample, for little more than the price of the first."""
    return _fingerprints(sample, _answering(sample))


def all_fingerprints(sample: Sample) -> tuple[str, str, str]:
    """`fingerprint`, `question_fingerprint` and `answer_fingerprint` of one sample, its texts read once."""
    answering = _answering(sample)
    answer = sample.messages[-1] if answering else None
    says = answer is not None and (answer.tool_calls or answer.text.strip())
    return *_fingerprints(sample, answering), _digest(answering) if says else ""


def _answering(sample: Sample) -> list[str]:
    """The parts of the answer; none where there is no answer."""
    return [] if sample.answer is None else _parts(sample.messages[-1:])


def _fingerprints(sample: Sample, answering: list[str]) -> tuple[str, str]:
    before = sample.messages[:-1] if answering else sample.messages
    question = blake2b(_joined(_parts(before)), digest_size=_SIZE)
    rest = [*answering, "\x02", *_parts(sample.rejected)] if sample.rejected else answering
    whole = question.copy()
    if rest:
        whole.update(b"\x00" + _joined(rest) if before else _joined(rest))
    return whole.hexdigest(), question.hexdigest()


def _digest(parts: Iterable[str]) -> str:
    return blake2b(_joined(parts), digest_size=_SIZE).hexdigest()


def _joined(parts: Iterable[str]) -> bytes:
    return "\x00".join(parts).encode("utf-8", "surrogatepass")


def plain(text: str) -> str:
    """The text in NFKC, each run of white space as one space, none at its ends."""
    return _plain_again(text) if len(text) <= _LONGEST_KEPT else _plain(text)


def _plain(text: str) -> str:
    return " ".join(nfkc(text).split())


_LONGEST_KEPT = 10_000  # characters
# Several ask for the texts of one sample, one after the other, and thousands of samples share a system prompt.
_plain_again = lru_cache(maxsize=64)(_plain)


def _parts(messages: Iterable[Message]) -> list[str]:
    found: list[str] = []
    for message in messages:
        content = message.content
        if isinstance(content, str) and not message.tool_calls:  # as nearly always
            found += (message.role, plain(content))
            continue
        found += (message.role, plain(message.text))
        if isinstance(content, list):
            found += [json.dumps(part, sort_keys=True) for part in content if not isinstance(part.get("text"), str)]
        if message.tool_calls:
            found += [f"\x01{call.name}\x01{call.arguments}" for call in message.tool_calls]
    return found
