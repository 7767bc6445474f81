"""One module per wire format; each is both ways: record → sample and sample → record."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from datasets_app.core.codecs.base import PLAIN, Codec, CodecError, Setting
from datasets_app.core.jsonl import Json
from datasets_app.core.registry import Registry

__all__ = ["CODECS", "DEFAULT", "PLAIN", "Codec", "CodecError", "Setting", "detect"]

CODECS: Registry[Codec] = Registry(__name__, "CODEC")
DEFAULT = "openai-chat"  # what a file is read as when nothing recognises it: its errors are the clearest
_LOOKED_AT = 100


def detect(records: Iterable[dict[str, Json]]) -> str | None:
    """The name of the codec that recognises most of the first records; None when no codec recognises any.

    Of two that recognise equally many, the one with the higher `precedence` is taken. A format that refines another
    needs its mark in one row only: the rows without it count for it too.
    """
    seen = list(islice(records, _LOOKED_AT))
    found = {
        codec.name: {at for at, record in enumerate(seen) if codec.recognises(record)} for codec in CODECS.values()
    }
    best: tuple[int, int] = (0, 0)
    name: str | None = None
    for codec in CODECS.values():
        rows = found[codec.name]
        score = (len(rows | found[codec.refines]) if rows and codec.refines else len(rows), codec.precedence)
        if score[0] and score > best:
            best, name = score, codec.name
    return name
