"""Write a file in another format, row by row; what the format cannot carry is refused, never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from datasets_app.core.codecs import CODECS, Codec, CodecError
from datasets_app.core.codecs._pairs import is_pair
from datasets_app.core.codecs.base import Kinds, canonical
from datasets_app.core.containers.writing import writer
from datasets_app.core.jsonl import Json
from datasets_app.core.opening import Told
from datasets_app.core.records import MAX_LINE, Source
from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput, Listed, Text

_PAIR = ("rejected",)  # the one declared exception: a format for answers takes a pair's right answer


@dataclass(slots=True)
class Conversion:
    """What became of each row. `refused`: line, fields, reason; `reduced`: line, fields; `normalised`: how often;
    `doubt` as of `Source`."""

    rows: int = 0
    written: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    reduced: list[dict[str, Any]] = field(default_factory=list)
    normalised: dict[str, int] = field(default_factory=dict)
    doubt: Text | None = None

    @property
    def exit_code(self) -> int:
        """0: every row carried whole; 1: some refused or reduced; 2: nothing usable."""
        if not self.written:
            return 2
        return 1 if self.refused or self.reduced else 0

    def to_data(self) -> dict[str, Any]:
        """The `--json` document."""
        return {
            "rows": self.rows,
            "written": self.written,
            "refused": [{**entry, "reason": str(entry["reason"])} for entry in self.refused],
            "reduced": self.reduced,
            "normalised": self.normalised,
        }


def convert(
    stream: BinaryIO,
    target: BinaryIO,
    *,
    to: str,
    from_: str = "auto",
    allow_loss: bool = False,
    max_line: int = MAX_LINE,
    told: Told | None = None,
) -> Conversion:
    """Read `stream` (seekable, at its start) and write to `target` in canonical bytes.

    `told` is what a person said of the file. Within one format the keys keep the source's order, across formats they
    take the target's. Raises `InvalidInput` for an unknown format, for a file that cannot be read at all, and for a
    column or sheet that it lacks.
    """
    if to not in CODECS:
        raise InvalidInput(to=Text("“{name}” is no format: use one of {names}", name=to, names=Listed(CODECS)))
    source = Source(stream, from_, max_line, told=told or Told())
    codec = of_file(CODECS[to], source)
    out = writer(to, target)
    done = Conversion()
    for row in source.rows():
        done.rows += 1
        if row.sample is None:
            reason = row.error.text if row.error is not None else Text("There is no sample on this line.")
            done.refused.append({"line": row.line, "fields": [], "reason": reason})
            continue
        sample = row.sample if source.format == to else canonical(row.sample)
        try:
            records, lost = _carried(codec, sample, allow_loss)
        except CodecError as error:
            done.refused.append({"line": row.line, "fields": list(error.fields), "reason": error.text})
            continue
        for record in records:
            out.write(record)
        done.written += 1
        if lost:
            done.reduced.append({"line": row.line, "fields": list(lost)})
    out.close()
    done.doubt = source.doubt
    done.normalised = {reason: count for reason, count in source.normalised.items() if count}
    return done


def of_file(codec: Codec, source: Source) -> Codec:
    """The format as this file needs it. Where that depends on what is in the file, the file is read through once;
    a file of the same format goes out row by row as it came."""
    if not codec.mixes:
        return codec
    pairs = right = False
    look = source.again()
    for row in look.rows():
        if look.format == codec.name:
            break
        if row.sample is not None:
            pairs, right = pairs or is_pair(row.sample), right or not row.sample.rejected
    source.stream.seek(0)
    return codec if look.format == codec.name else codec.for_file(Kinds(pairs=pairs, right=right))


def _carried(codec: Codec, sample: Sample, allow_loss: bool) -> tuple[tuple[dict[str, Json], ...], tuple[str, ...]]:
    """The records (a KTO pair takes two) and the names of what they had to leave behind."""
    lost = codec.losses(sample)
    if lost and (allow_loss or lost == _PAIR):
        return codec.rows(codec.reduce(sample)), lost
    return codec.rows(sample), ()
