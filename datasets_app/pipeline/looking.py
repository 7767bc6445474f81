"""A look at the first rows of a file before it is imported: read, decoded and graded as the import would."""

from __future__ import annotations

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from datasets_app.core import damage
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.containers import Entry
from datasets_app.core.findings import RANK
from datasets_app.core.jsonl import LineError
from datasets_app.core.tables import Mapping
from datasets_app.models import Upload
from ftstudio.errors import InvalidInput, Text

from . import archives, opening
from .grading import Graded, checker_of, grade
from .pictures import check

ROWS = 200  # looked at
BYTES = 8 << 20  # of their text, at most: rows of a megabyte are looked at only so far
TABLE_ROWS = 8  # shown as they stand in a table
SHOWN = 400  # characters of a row that would become no sample


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that would become no sample. `raw` is what stands in the file, cut at SHOWN characters."""

    line: int
    code: str
    text: Text
    raw: str


@dataclass(slots=True)
class Look:
    """What a file would become. `problem` says why it cannot be read at all, or any further than this.

    `codec` is the format its records are taken for. Of an archive: `members`, the files in it that could hold the rows,
    and `member`, the one that is read. Of a workbook: its `sheets` in their order, and the `sheet` that is read. Of a
    table: `columns`, the first `rows` as they stand, and the `mapping` in force.

    `needs` is "member" where nobody said which file of an archive is read and several could be; then nothing is read.
    It is "mapping" where nobody said and the headings do not tell: the mapping is None then, or one that was only
    `suggested` by parts of the headings and waits for a person's word.
    """

    container: str
    encoding: str
    codec: str = ""
    delimiter: str = ""
    members: tuple[str, ...] = ()
    member: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    columns: tuple[str, ...] = ()
    rows: list[list[str]] = field(default_factory=list)
    mapping: Mapping | None = None
    needs: str = ""
    suggested: bool = False
    looked_at: int = 0
    whole: bool = False  # every row of the file was looked at
    graded: list[tuple[int, Graded]] = field(default_factory=list)  # with their lines
    refused: list[Refusal] = field(default_factory=list)
    problem: Text | None = None

    @property
    def with_errors(self) -> int:
        return sum(any(finding.severity == "error" for finding in one.findings) for _line, one in self.graded)

    @property
    def with_findings(self) -> int:
        return sum(bool(one.findings) for _line, one in self.graded)

    @property
    def rules(self) -> list[tuple[str, str, int]]:
        """(rule, severity, samples), the gravest and most frequent first."""
        found: Counter[tuple[str, str]] = Counter()
        for _line, one in self.graded:
            found.update({(finding.rule, finding.severity) for finding in one.findings})
        ordered = sorted(found.items(), key=lambda item: (-RANK[item[0][1]], -item[1], item[0]))
        return [(rule, severity, n) for (rule, severity), n in ordered]


def look(upload: Upload) -> Look:
    """Look at the upload's first rows. Raises FileNotFoundError when its file has gone."""
    seen = Look(upload.container, upload.encoding, upload.codec, upload.delimiter, member=upload.member)
    with upload.file.open("rb") as stream:
        try:
            seen.members = opening.members_of(upload, stream)
            if upload.needs == "member":
                seen.needs = "member"
                return seen
            seen.sheets = opening.sheets_of(upload, stream)
            seen.sheet = upload.sheet or next(iter(seen.sheets), "")
            if opening.is_table(upload):
                _read_table(upload, stream, seen)
            if seen.suggested and seen.mapping:
                upload = copy(upload)  # looked at as if it had been said; nothing of it is stored
                upload.mapping = seen.mapping.to_data()
            if not seen.needs or seen.suggested:
                _read_rows(upload, stream, seen)
        except InvalidInput as error:
            seen.problem = error.message if isinstance(error.message, Text) else Text("{text}", text=error.message)
    if upload.damage and seen.problem is None:
        seen.problem = damage.SAID[upload.damage]
    return seen


def _read_table(upload: Upload, stream: Any, seen: Look) -> None:
    plain = opening.table_rows(upload, stream, TABLE_ROWS)
    seen.columns = opening.columns_of(upload, stream)
    seen.rows = [[_shown(row.get(column)) for column in seen.columns] for row in plain]
    if opening.takes_mapping(upload):
        seen.mapping = Mapping.parse(upload.mapping) if upload.mapping else Mapping.certain(seen.columns)
    if opening.needs_mapping(upload, seen.columns):
        seen.needs = "mapping"
        seen.mapping = Mapping.suggest(seen.columns)
        seen.suggested = seen.mapping is not None


def _shown(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _read_rows(upload: Upload, stream: Any, seen: Look) -> None:
    taken: list[Entry] = []
    size = 0
    try:
        for entry in opening.entries(upload, stream):
            if len(taken) == ROWS or size > BYTES:
                break
            taken.append(entry)
            size += len(entry.raw or b"")
        else:
            seen.whole = True
    except InvalidInput as error:  # what was read until then is shown
        seen.problem = error.message if isinstance(error.message, Text) else Text("{text}", text=error.message)
    records = [entry.record for entry in taken if entry.record is not None]
    seen.codec = opening.codec_of(upload, islice(records, ROWS))
    decode = CODECS[seen.codec].decode
    taken_along = archives.pictures_in(upload, stream) if upload.container == archives.ZIP else None
    checker = checker_of(upload.dataset)
    seen.looked_at = len(taken)
    for entry in taken:
        try:
            if entry.record is None:
                raise entry.error or LineError("not-an-object", Text("This row cannot be read."))
            sample = decode(entry.record)
            check(sample, taken_along.names_in(entry.record) if taken_along else ())
            seen.graded.append((entry.line, grade(sample, checker)))
        except (LineError, CodecError) as error:
            raw = (entry.raw or b"")[: 4 * SHOWN].decode("utf-8", "backslashreplace")  # no character takes more bytes
            seen.refused.append(Refusal(entry.line, error.code, error.text, raw[:SHOWN]))
