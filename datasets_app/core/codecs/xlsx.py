"""Rows of an Excel sheet."""

from __future__ import annotations

from datasets_app.core.codecs._table import TableCodec
from ftstudio.errors import Text


class XlsxCodec(TableCodec):
    name = "xlsx"
    label = Text("Excel table")
    precedence = -11


CODEC = XlsxCodec()
