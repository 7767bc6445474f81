"""From the bytes of a chunk of an uploaded file to graded samples and rejected lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings

from datasets_app.core import codecs, grouping, jsonl, line_style
from datasets_app.core.codecs import CodecError
from datasets_app.core.engine import Checker
from datasets_app.core.jsonl import Line, LineError
from datasets_app.models import UploadChunk
from ftstudio.errors import Listed, Text

from .grading import Graded, grade
from .pictures import settled
from .unpack import unpacked

_LOOKED_AT = 100  # records that the format is recognised by
_SEARCHED = 2000  # lines that are read in order to find them


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that became no sample: where it stands in the file, and why (`code` is a rule id)."""

    line: int
    offset: int
    length: int
    code: str
    text: Text


@dataclass(slots=True)
class Chunk:
    """Some lines of the file, read. `rows` counts those that were not blank, rejected ones included."""

    rows: int = 0
    graded: list[Graded] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of `graded`
    places: list[int] = field(default_factory=list)  # of `graded`: which of the rows each was, from 0
    styles: list[str] = field(default_factory=list)  # of `graded`: as `Revision.style`
    spread: Counter[str] = field(default_factory=Counter)  # of `graded`: by the value at `Upload.spread_by`
    tags: list[tuple[str, ...]] = field(default_factory=list)  # of `graded`; [] where neither upload nor codec has any
    rejected: list[Rejected] = field(default_factory=list)


def recognise(stream: BinaryIO, *, ours: bool = False) -> str:
    """The name of the codec that the file's first readable records speak; the default one if none knows them.

    `ours`: the lines were written by `unpack`.
    """
    lines = islice(jsonl.read_lines(stream, max_bytes=settings.LINE_MAX_BYTES), _SEARCHED)
    return codecs.detect(islice(_records(lines, ours), _LOOKED_AT)) or codecs.DEFAULT


def _records(lines: Iterable[Line], ours: bool) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.raw:
            try:
                raw = unpacked(line.raw)[0] if ours else line.raw
                yield jsonl.parse(raw, max_depth=settings.JSON_MAX_DEPTH)
            except LineError:
                continue


def read_chunk(stream: BinaryIO, part: UploadChunk, checker: Checker) -> Chunk:
    """Read and grade the chunk's lines, as its upload says."""
    upload = part.upload
    chunk = Chunk()
    codec = codecs.CODECS[upload.codec]
    decode = codec.decode
    ours, max_depth = bool(upload.lines), settings.JSON_MAX_DEPTH
    end = part.offset + part.length
    for line in jsonl.read_lines(stream, offset=part.offset, number=part.line, max_bytes=settings.LINE_MAX_BYTES):
        if line.offset >= end:
            break
        if line.blank:
            continue
        chunk.rows += 1
        try:
            raw, arrived = _opened(line, ours)
            record, style = line_style.read(raw, max_depth=max_depth)
            graded = grade(settled(decode(record), arrived), checker)
            if upload.strict:
                _refuse_errors(graded)
        except (LineError, CodecError) as error:
            chunk.rejected.append(Rejected(line.number, line.offset, line.length, error.code, error.text))
            continue
        chunk.graded.append(graded)
        chunk.lines.append(line.number)
        crlf = not ours and line.length - len(raw) == len(b"\r\n")
        chunk.styles.append(line_style.style_of(raw, record, upload.codec, crlf=crlf, known=style))
        chunk.places.append(chunk.rows - 1)
        if upload.tags_by:
            chunk.tags.append(_tags(grouping.value_at(graded.sample.extras, upload.tags_by)))
        elif codec.tagged:
            words = graded.sample.extras.get(codec.tagged)  # text: a column that nobody said to be tags
            chunk.tags.append(_tags(words) if isinstance(words, list) else ())
        if upload.spread_by:
            chunk.spread[(grouping.content_key(graded.sample, upload.spread_by) or "")[:_LONGEST_VALUE]] += 1
    return chunk


_LONGEST_VALUE = 100
_LONGEST_TAG, _MOST_TAGS = 40, 20


def _tags(value: Any) -> tuple[str, ...]:
    """A word or a list of words as tags; what could be none is left out."""
    words = value if isinstance(value, list) else [value]
    found = sorted({" ".join(word.replace("\x00", "").split()) for word in words if isinstance(word, str)} - {""})
    return tuple(name for name in found if len(name) <= _LONGEST_TAG)[:_MOST_TAGS]


def _opened(line: Line, ours: bool) -> tuple[bytes, Mapping[str, str]]:
    """The row in a line, and the pictures that came with it. Only in lines of ours a refusal or a picture is one."""
    if line.raw is None:
        raise LineError(
            "line-too-long",
            Text(
                "This line has {length:,} bytes; at most {limit:,} can be imported: split the sample.",
                length=line.length,
                limit=settings.LINE_MAX_BYTES,
            ),
        )
    return unpacked(line.raw) if ours else (line.raw, {})


def _refuse_errors(graded: Graded) -> None:
    """For an upload that takes in nothing with an error. Raises LineError for the gravest, naming all of them."""
    rules = list(dict.fromkeys(finding.rule for finding in graded.findings if finding.severity == "error"))
    if not rules:
        return
    first = next(finding for finding in graded.findings if finding.severity == "error")
    text = Text(
        "Refused, because samples with errors are not taken in ({rules}): {first}",
        rules=Listed(rules),
        first=first.message,
    )
    raise LineError(rules[0], text)
