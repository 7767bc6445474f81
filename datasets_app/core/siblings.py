"""Formats whose rows can be the same row: a platform's chat in which nothing is its own is OpenAI's chat as well.

Such a file is recognised as the general format. Who exports it for its platform gets the rows that came, and is told
so.
"""

from __future__ import annotations

from datasets_app.core.codecs import CODECS, PLAIN, Codec, CodecError, Setting
from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.jsonl import Json
from datasets_app.core.line_style import COMPACT, dump, reproducible
from datasets_app.core.samples import Sample


def same_rows(
    sample: Sample, came: str | None, codec: Codec, style: str, setting: Setting = PLAIN
) -> tuple[dict[str, Json], ...] | None:
    """The rows that `codec` writes of a sample with its memory, where they are those of the format it `came` in, byte
    by byte; else None: it is another format, and writes the sample without what the first one remembers."""
    source = CODECS.get(came or "")
    if not isinstance(source, ChatCodec) or not isinstance(codec, ChatCodec) or not reproducible(style):
        return None
    try:
        rows = codec.rows(sample, setting)
        before = source.rows(sample, setting)
    except CodecError:
        return None
    # In any one style: what is the same in one is the same in all, and this one is the quickest to write.
    same = [dump(row, COMPACT) for row in rows] == [dump(row, COMPACT) for row in before]
    return rows if same else None
