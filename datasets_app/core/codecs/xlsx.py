"""Rows of an Excel sheet."""

from __future__ import annotations

import re

from datasets_app.core.cell_text import escaped
from datasets_app.core.codecs._table import TableCodec
from datasets_app.core.codecs.base import CodecError
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_LONGEST = 32_767  # characters in a cell, by the format; the library counts those of an escape
_IMPOSSIBLE = re.compile("[\ud800-\udfff]")  # the rest of what XML cannot hold is written as _x0007_


class XlsxCodec(TableCodec):
    """A table whose cells hold 32,767 characters."""

    name = "xlsx"
    label = Text("Excel table")
    precedence = -11

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(super().losses(sample))
        if any(not _fits(message) for message in sample.messages):
            fields["content"] = None
        if any(not _fits(message) for message in sample.rejected):
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        kept = super().reduce(sample)
        if any(not _fits(message) for message in (*kept.messages, *kept.rejected)):
            raise CodecError(
                "not-carried",
                Text("A cell holds at most {n} characters and no half ones: export as CSV.", n=_LONGEST),
                fields=self.losses(sample),
            )
        return kept


def _fits(message: Message) -> bool:
    return len(escaped(message.text)) <= _LONGEST and not _IMPOSSIBLE.search(message.text)


CODEC = XlsxCodec()
