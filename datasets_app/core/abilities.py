"""What each format cannot carry, found by asking it: samples with one feature each go through its `losses`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from datasets_app.core.codecs import CODECS, DEFAULT
from datasets_app.core.images import part_of, stored
from datasets_app.core.profiles import PROFILES
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text

TABLES = ("csv", "xlsx", "parquet")

_ASKED = Message("user", "?")
_SAID = Message("assistant", "!")
_TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def _calling(name: str | None) -> Sample:
    """A chat with a tool whose call has this id."""
    call = Message("assistant", None, tool_calls=(ToolCall("weather", "{}", id=name),))
    return Sample((_ASKED, call, Message("tool", "7", tool_call_id=name), _SAID), tools=(_TOOL,))


# feature → a sample that has it and nothing else that is asked about before
_FEATURES: tuple[tuple[Text, Sample], ...] = (
    (Text("several turns"), Sample((_ASKED, _SAID, _ASKED, _SAID))),
    (Text("tools"), _calling(None)),
    (Text("ids of calls"), _calling("c1")),
    (Text("reasoning"), Sample((_ASKED, Message("assistant", "!", reasoning="…")))),
    (Text("turns with weight 0"), Sample((_ASKED, Message("assistant", "!", weight=0), _ASKED, _SAID))),
    (Text("pictures"), Sample((Message("user", [part_of(stored("0" * 64)), {"type": "text", "text": "?"}]), _SAID))),
    (Text("names"), Sample((Message("user", "?", name="li"), _SAID))),
    (Text("other keys"), Sample((_ASKED, _SAID), extras={"metadata": {"doc": "a"}})),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Formats of one kind, by name, the most general first."""

    title: Text
    codecs: tuple[str, ...]


@cache
def groups() -> tuple[Group, ...]:
    """Every format once: chats that many trainers read, those of one platform, pairs, tables."""
    kinds: dict[str, list[str]] = {"chat": [DEFAULT], "platform": [], "pairs": [], "table": []}
    for codec in CODECS.values():
        if codec.name != DEFAULT:
            kinds[_kind(codec.name)].append(codec.name)
    titles = {
        "chat": Text("Conversations"), "platform": Text("Conversations, for one platform"),
        "pairs": Text("A right answer beside a wrong one"), "table": Text("Tables"),
    }  # fmt: skip
    return tuple(Group(titles[kind], tuple(names)) for kind, names in kinds.items())


def _kind(name: str) -> str:
    if name in TABLES:
        return "table"
    if CODECS[name].pairs:
        return "pairs"
    return "platform" if name.partition("-")[0] in PROFILES else "chat"


@cache
def lacking(name: str) -> tuple[Text, ...]:
    """The features that the format of this name cannot carry, in a fixed order; () when it carries all of them.

    That a format for answers has no place for a wrong one is not said: it is what the groups are about.
    """
    found = [feature for feature, sample in _FEATURES if CODECS[name].losses(sample)]
    whole = {Text("ids of calls")} if Text("tools") in found else set()
    return tuple(feature for feature in found if feature not in whole)
