"""Rows of a Parquet table, which may hold whole conversations in nested columns."""

from __future__ import annotations

from datasets_app.core.codecs import CODECS, detect
from datasets_app.core.codecs._table import TableCodec
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from datasets_app.core.tables import REST
from ftstudio.errors import Text


class ParquetCodec(TableCodec):
    """A row with nested columns is read by the format that it has the shape of."""

    name = "parquet"
    label = Text("Parquet table")
    precedence = -12

    def decode(self, record: dict[str, Json]) -> Sample:
        if REST not in record and any(isinstance(value, list | dict) for value in record.values()):
            name = detect([record])
            if name and not isinstance(CODECS[name], TableCodec):
                return CODECS[name].decode(record)
        return super().decode(record)


CODEC = ParquetCodec()
