"""TRL's rows of `prompt` and answers, each a text or a list of turns: what its three formats share (facts §13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._carrying import lost, reduced
from datasets_app.core.codecs._chat import stray, usable
from datasets_app.core.codecs._dialect import Dialect
from datasets_app.core.codecs._wire import read_messages, write_messages
from datasets_app.core.codecs.base import CodecError, refuse_reserved, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

TRL = Dialect(weight="", images=images.TAG)  # parts of a content ride along; pictures by address do not
TEXT = "text"  # in FORM: which keys were texts, not lists of turns


def read_side(record: dict[str, Json], key: str, role: str) -> tuple[tuple[Message, ...], bool]:
    """(the turns under a key, whether they were a text). Raises `CodecError` for anything else."""
    value = record.get(key)
    if isinstance(value, str):
        return (Message(role, value),), True
    if not isinstance(value, list):
        raise CodecError("messages-missing", Text("“{key}” must be text or a list of turns.", key=key), f"/{key}")
    return read_messages(value, f"/{key}", TRL), False


def read_answer(record: dict[str, Json], key: str) -> tuple[tuple[Message, ...], bool]:
    """The same for an answer, which must end with a turn of the assistant's."""
    found, text = read_side(record, key, "assistant")
    if found[-1].role != "assistant":
        raise CodecError(
            "last-turn-not-assistant", Text("“{key}” must end with the assistant's turn.", key=key), f"/{key}"
        )
    return found, text


def write_side(sample: Sample, key: str, messages: tuple[Message, ...]) -> Json:
    """A text where the source had one and it still can be one, else a list of turns."""
    role = "user" if key == "prompt" else "assistant"
    if key in remembered(sample.extras).get(TEXT, ()) and messages == (Message(role, messages[0].text),):
        return messages[0].text
    return write_messages(messages, TRL)


def read_beside(record: dict[str, Json], own: tuple[str, ...]) -> tuple[tuple[Json, ...], dict[str, Json]]:
    """(tools, extras) of a row."""
    refuse_reserved(record)
    extras = {key: value for key, value in record.items() if key not in own}
    if usable(extras.get("tools")):
        return tuple(extras.pop("tools")), extras
    return (), extras


def lost_of_row(sample: Sample, own: tuple[str, ...]) -> Iterator[str]:
    """What the turns and the row have that TRL's formats cannot hold."""
    for messages in (sample.messages, sample.rejected):
        for message in messages:
            yield from lost(message, TRL)
    if any(images.addresses(sample)):
        yield "images"
    yield from stray(sample, own, others=True)


def reduced_row(sample: Sample, own: tuple[str, ...], *, rejected: bool) -> Sample:
    """The sample without that. Raises `CodecError` when nothing is left of a turn."""
    gone = set(stray(sample, own, others=True))
    return Sample(
        tuple(_reduced(message, f"/messages/{at}") for at, message in enumerate(sample.messages)),
        sample.tools,
        tuple(_reduced(message, f"/rejected/{at}") for at, message in enumerate(sample.rejected)) if rejected else (),
        {key: value for key, value in sample.extras.items() if key not in gone},
    )


def _reduced(message: Message, path: str) -> Message:
    kept = reduced(message, TRL, path)
    if isinstance(kept.content, list) and any(images.address_of(part) for part in kept.content):
        return replace(kept, content=kept.text)
    return kept
