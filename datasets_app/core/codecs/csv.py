"""Rows of a CSV table."""

from __future__ import annotations

from datasets_app.core.codecs._table import TableCodec
from ftstudio.errors import Text


class CsvCodec(TableCodec):
    name = "csv"
    label = Text("CSV table")
    precedence = -10  # its rows are those of other formats too, which say more


CODEC = CsvCodec()
