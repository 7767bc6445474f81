"""When two samples are the same to a reader: one fingerprint for the whole, one for the question alone."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

from datasets_app.core.samples import Message, Sample

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
    return _digest(_parts((sample.answer,))) if sample.answer is not None else ""


def _digest(parts: Iterable[str]) -> str:
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=_SIZE).hexdigest()


def _parts(messages: Iterable[Message]) -> Iterable[str]:
    for message in messages:
        yield message.role
        text = message.text
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text)
        yield " ".join(text.split())
        if isinstance(message.content, list):
            for part in message.content:
                if not isinstance(part.get("text"), str):
                    yield json.dumps(part, sort_keys=True)
        for call in message.tool_calls:
            yield f"\x01{call.name}\x01{call.arguments}"
