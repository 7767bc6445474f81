"""What every codec is. What formats share is in the modules beside it that begin with an underscore: turns in `_wire`,
as a `_dialect` says, rows in `_chat`.

How a round trip keeps everything: what `Message` and `Sample` have a field for goes there; a known key with a
value that its field cannot hold, and every unknown key, is kept in `extras` as it was. What only its own format
needs to write a row as its source did is *memory*, in `extras` too: the key order under `KEYS`, anything else under
`FORM`, each only when it differs from what we would write. `canonical` drops it when a sample moves to another format.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from datasets_app.core.images import NONE
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Listed, Text

KEYS = "$keys"  # in extras: the source's own key order, only when it differs from ours
FORM = "$form"  # in extras: an object of whatever else the source wrote in another way than we would
RAW = "$raw"  # in a tool call's extras: the call as written, only when it has another shape than ours
ANSWER = "$answer"  # in a sample's extras: of how many last turns the answer of a pair consists, when not of one
MEMORY = frozenset((KEYS, FORM))
RESERVED = frozenset((KEYS, FORM, RAW, ANSWER))  # no source may bring these keys


class CodecError(Exception):
    """A record without a usable sample in it, or a sample that a format cannot carry.

    `code` is a rule id (or `not-carried`), `text` says what to do, `path` is a JSON Pointer into the record,
    `fields` names what would be lost.
    """

    def __init__(self, code: str, text: Text, path: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(str(text))
        self.code = code
        self.text = text
        self.path = path
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Setting:
    """What a dataset tells those formats that ask for more than the sample holds.

    `schema` is the JSON Schema of the contract (`task-response` declares its tool with it), `contrast` the template of
    the request that `contrast` writes ("": the format's own).
    """

    schema: Mapping[str, Json] | None = None
    contrast: str = ""


PLAIN = Setting()


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the samples of one file are: some `pairs` of a right and a wrong answer, some with the `right` one alone.

    `came_right` and `came_wrong`: rows of the same format, which nobody changed, came in with one answer alone, judged
    right or wrong.
    """

    pairs: bool = False
    right: bool = False
    came_right: bool = False
    came_wrong: bool = False


class Codec(ABC):
    """One wire format. `decode` is lenient where a rule is the better judge; `encode` loses nothing, ever."""

    name: str
    label: ClassVar[Text]
    examples: ClassVar[tuple[dict[str, Json], ...]]  # records of this format; encode(decode(example)) == example
    precedence: ClassVar[int] = 0  # of two codecs that both recognise a record, the higher is meant
    refines: ClassVar[str] = ""  # the general format that rows of this one look like when they lack its mark
    exact: ClassVar[bool] = True  # what `encode` writes of what `decode` read is the record, key by key
    pairs: ClassVar[bool] = False  # whether it is made for a right answer beside a wrong one
    ranked: ClassVar[bool] = (
        False  # whether the one is the better of two, as somebody preferred, rather than the right one
    )

    tagged: ClassVar[str] = ""  # under which key `decode` leaves a list of words that was said to be tags
    mixes: ClassVar[bool] = False  # whether its rows are of kinds that no trainer reads side by side: see `for_file`

    def for_file(self, kinds: Kinds) -> Codec:
        """The format as a whole file needs it: every row of one kind. Itself where all rows are of one kind anyway.

        It writes what is put into a file. A row that came in this format and goes out as it came needs nobody's leave.
        """
        return self

    @property
    def pictures(self) -> str:
        """Which addresses of pictures it can write: a form of `core.images`."""
        return NONE

    @abstractmethod
    def recognises(self, record: dict[str, Json]) -> bool:
        """Whether this record looks like one of ours (cheap, and True for slightly broken ones too)."""

    @abstractmethod
    def decode(self, record: dict[str, Json]) -> Sample:
        """The sample in the record. Raises `CodecError` only when there is none to be had."""

    @abstractmethod
    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        """The record for the sample.

        Raises `CodecError` when `losses` is not empty, naming them in `fields`; and when the sample lacks what the
        format is made of, such as a rejected answer (`preference-missing`) or an answer in JSON (`json-invalid`).
        """

    def rows(self, sample: Sample, setting: Setting = PLAIN) -> tuple[dict[str, Json], ...]:
        """All records for the sample, for formats that write more than one; raises as `encode`."""
        return (self.encode(sample, setting),)

    @abstractmethod
    def losses(self, sample: Sample) -> tuple[str, ...]:
        """The names of the fields that this format cannot carry, in the order met; () when it carries all."""

    @abstractmethod
    def reduce(self, sample: Sample) -> Sample:
        """The sample without what this format cannot carry. Raises `CodecError` when nothing useful is left."""


def not_carried(codec: Codec, fields: tuple[str, ...]) -> CodecError:
    """The refusal of `encode`, naming the fields."""
    return CodecError(
        "not-carried",
        Text(
            "{format} cannot carry {fields}: remove them, or allow the loss.",
            format=codec.label,
            fields=Listed(fields),
        ),
        fields=fields,
    )


def no_pair(codec: Codec) -> CodecError:
    """The refusal of a format for pairs when the sample has not both answers."""
    return CodecError(
        "preference-missing",
        Text(
            "{format} needs a right answer as the last turn and a rejected one beside it: write what is missing.",
            format=codec.label,
        ),
        fields=("rejected",),
    )


def only_rejected(sample: Sample) -> CodecError:
    """The refusal of a format for right answers when the sample has a wrong one alone."""
    return CodecError(
        "no-assistant",
        Text("There is only a rejected answer: write the right one."),
        f"/messages/{len(sample.messages)}",
        ("rejected",),
    )


def refuse_reserved(keys: Iterable[str], path: str = "") -> None:
    """Raises `CodecError` when a source uses a key that has a meaning of its own inside ftstudio."""
    if RESERVED.isdisjoint(keys):
        return
    for key in keys:
        if key in RESERVED:
            raise CodecError("message-key-unknown", Text("The key “{key}” is reserved: rename it.", key=key), path)


def ordered(found: dict[str, Json], order: Sequence[str] | None) -> dict[str, Json]:
    """The record with its keys in the source's order, those that the source had not at the end."""
    if not order:
        return found
    return {key: found[key] for key in (*order, *(key for key in found if key not in order)) if key in found}


def in_order(sample: Sample, written: Iterable[str], record: Mapping[str, Json]) -> Sample:
    """The sample with the order of the record's keys in its memory, unless `written`, ours, is the same."""
    keys = tuple(record)
    return sample if tuple(written) == keys else replace(sample, extras={**sample.extras, KEYS: list(keys)})


def looks_like_messages(value: Json) -> bool:
    """A non-empty list whose first entry is an object with a role or content."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and ("role" in value[0] or "content" in value[0])
    )


def remembered(extras: Mapping[str, Json]) -> Mapping[str, Json]:
    """What a source did in another way than we would, beside the order of keys; empty for nearly every sample."""
    form = extras.get(FORM)
    return form if isinstance(form, dict) else {}


def canonical(sample: Sample) -> Sample:
    """The sample without any memory of its source, for writing it in another format."""
    messages = tuple(forgotten(message) for message in sample.messages)
    rejected = tuple(forgotten(message) for message in sample.rejected)
    extras = {key: value for key, value in sample.extras.items() if key not in MEMORY}
    return replace(sample, messages=messages, rejected=rejected, extras=extras)


def forgotten(message: Message) -> Message:
    """The turn without any memory of its source."""
    if not message.extras or MEMORY.isdisjoint(message.extras):
        return message
    return replace(message, extras={key: value for key, value in message.extras.items() if key not in MEMORY})
