"""A row with a list of `messages`: what the chat formats share, each saying in its `Dialect` what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from datasets_app.core.codecs._carrying import lost, reduced
from datasets_app.core.codecs._dialect import OPENAI, Dialect
from datasets_app.core.codecs._wire import read_messages, write_messages
from datasets_app.core.codecs.base import (
    ANSWER,
    KEYS,
    PLAIN,
    RESERVED,
    Codec,
    CodecError,
    Setting,
    in_order,
    looks_like_messages,
    not_carried,
    only_rejected,
    ordered,
    refuse_reserved,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class ChatCodec(Codec):
    """`{"messages": […], "tools": […]?, …}` in the format's dialect. A rejected answer it cannot carry."""

    dialect: ClassVar[Dialect] = OPENAI
    also: ClassVar[tuple[str, ...]] = ()  # keys of a row that a dialect without `others` takes all the same

    @property
    def pictures(self) -> str:
        return self.dialect.images

    def recognises(self, record: dict[str, Json]) -> bool:
        return looks_like_messages(record.get("messages"))

    def decode(self, record: dict[str, Json]) -> Sample:
        if "messages" not in record:
            raise CodecError("messages-missing", Text("The key “messages” is missing: put the turns there."))
        messages = read_messages(record["messages"], "/messages", self.dialect)
        if len(record) == 1:
            return Sample(messages)
        refuse_reserved(record)
        if "tools" not in record and next(iter(record)) == "messages":  # as most rows, and in our order of keys
            rest = record.copy()
            del rest["messages"]
            return Sample(messages, (), (), rest)
        tools, extras = read_beside(record, ("messages",))
        sample = Sample(messages, tools, (), extras)
        return in_order(sample, keys_of(sample), record)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        found: dict[str, Json] = {"messages": write_messages(sample.messages, self.dialect)}
        if sample.tools or sample.extras:
            found.update(beside(sample))
        return ordered(found, sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields: dict[str, None] = {}
        final = len(sample.messages) - 1
        for at, message in enumerate(sample.messages):
            for name in lost(message, self.dialect, last=at == final):
                fields[name] = None
        if sample.tools and not self.dialect.tools:
            fields["tools"] = None
        if sample.extras:
            fields.update(dict.fromkeys(self._stray(sample)))
        if sample.rejected:
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        if sample.rejected and sample.answer is None:
            raise only_rejected(sample)
        final = len(sample.messages) - 1
        stray = {ANSWER, *self._stray(sample)}
        return Sample(
            messages=tuple(
                reduced(message, self.dialect, f"/messages/{at}", last=at == final)
                for at, message in enumerate(sample.messages)
            ),
            tools=sample.tools if self.dialect.tools else (),
            extras={key: value for key, value in sample.extras.items() if key not in stray},
        )

    def _stray(self, sample: Sample) -> Iterator[str]:
        return stray(sample, ("messages",), self.dialect.others, self.also)


# What stands beside the turns of a row


def usable(tools: Json) -> bool:
    """Whether a row's `tools` can be the sample's; anything else is kept as it came."""
    return isinstance(tools, list) and bool(tools)


def read_beside(record: dict[str, Json], own: tuple[str, ...]) -> tuple[tuple[Json, ...], dict[str, Json]]:
    """(tools, extras): what stands beside the format's `own` keys; tools that are no list of any stay an extra key."""
    extras = {key: value for key, value in record.items() if key not in own}
    tools = tuple(extras.pop("tools")) if usable(record.get("tools")) else ()
    return tools, extras


def beside(sample: Sample) -> dict[str, Json]:
    """The keys of a row beside its turns: the tools and whatever the source had."""
    found: dict[str, Json] = {}
    if sample.tools:
        found["tools"] = list(sample.tools)
    elif "tools" in sample.extras:
        found["tools"] = sample.extras["tools"]
    found.update((key, value) for key, value in sample.extras.items() if key != "tools" and key not in RESERVED)
    return found


def keys_of(sample: Sample) -> tuple[str, ...]:
    """The keys of the row in the order we would write them."""
    return ("messages", *beside(sample))


def stray(sample: Sample, own: tuple[str, ...], others: bool, also: tuple[str, ...] = ()) -> Iterator[str]:
    """The extra keys that cannot ride along in a row whose `own` keys mean something else."""
    for key, value in sample.extras.items():
        if key in RESERVED:
            continue
        if key == "tools" and others and not sample.tools and not usable(value):
            continue
        if key in own or key == "tools" or not (others or key in also):
            yield key
