"""A question and an answer as plain texts: what the formats share that have no list of turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._carrying import lost
from datasets_app.core.codecs._dialect import THINK, Dialect
from datasets_app.core.codecs._tags import untaggable
from datasets_app.core.codecs._thinking import spoken, thoughtful
from datasets_app.core.codecs.base import FORM, RESERVED, CodecError, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

SPLIT = (
    "instruction"  # in FORM: how many characters of the question are its instruction; a newline and the input follow
)

ROLES = ("system", "user", "assistant")
TEXTS = Dialect(
    roles=ROLES, weight="", reasoning=THINK, images=images.TAG, tools=False, names=False, others=False
)  # fmt: skip


def asked(instruction: str, more: str) -> tuple[str, dict[str, Json]]:
    """(the question, what is to be remembered of its two parts)."""
    if not more:
        return instruction, {}
    if not instruction:
        return more, {SPLIT: -1}
    return f"{instruction}\n{more}", {SPLIT: len(instruction)}


def parts_of_question(sample: Sample, question: str) -> tuple[str, str]:
    """The inverse: (instruction, input). After an edit that moved the border all of it is the instruction."""
    at = remembered(sample.extras).get(SPLIT)
    if at == -1:
        return "", question
    if isinstance(at, int) and question[at : at + 1] == "\n" and question[at + 1 :]:
        return question[:at], question[at + 1 :]
    return question, ""


def remembering(sample: Sample, form: dict[str, Json]) -> Sample:
    """The sample with `form` in its memory, if there is anything to remember."""
    return replace(sample, extras={**sample.extras, FORM: form}) if form else sample


def answer_from(text: str) -> Message:
    """The assistant's turn, its reasoning apart."""
    return thoughtful(Message("assistant", text))


def answer_text(message: Message | None) -> str:
    """The inverse; "" for no answer."""
    if message is None:
        return ""
    return (spoken(message) if message.reasoning is not None else message).text


def text_of(record: dict[str, Json], key: str, *, needed: bool = False) -> str:
    """The text under a key, "" when it is absent or null. Raises `CodecError` for another type, or when `needed`."""
    value = record.get(key)
    if isinstance(value, str):
        return value
    if value is None and not needed:
        return ""
    raise CodecError("content-missing", Text("“{key}” must be text.", key=key), f"/{key}")


def lost_of_texts(messages: tuple[Message, ...], rejected: tuple[Message, ...], dialect: Dialect) -> Iterator[str]:
    """What turns have that plain texts cannot hold; more than one rejected turn is lost as a whole."""
    final = len(messages) - 1
    for at, message in enumerate(messages):
        yield from (name for name in lost(message, dialect, last=at == final) if name not in RESERVED)
    yield from untaggable(messages)
    if len(rejected) > 1 or any(
        message.role != "assistant" or not isinstance(message.content, str) or tuple(lost(message, dialect, last=True))
        for message in rejected
    ):
        yield "rejected"
