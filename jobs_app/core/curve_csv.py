"""A run's curve as a table: written with one stable header, and read from whatever a trainer or a person made.

Written: `HEADER`, a row for each step, an empty cell where nothing was measured, full precision, `nan` and `inf` for a
run that diverged. Read: the same, and tables with other headers, separators and encodings; what cannot be read is
refused with its line, never skipped.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from datasets_app.core.containers.csv import guarded
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.metrics import NAMES, STEP, Point, name_of

HEADER = (STEP, *NAMES)
LARGEST = 8 * 1024 * 1024  # bytes of a file
MOST_FIGURES = 200_000
LARGEST_STEP = 2**31 - 1
_SHOWN = 8  # refusals that are spelled out; more of the same help nobody
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: the figures, which column became which figure, and the columns that were left out.

    `counted_in` is "step", or "epoch" where the table has no steps but counts passes: then a step is a pass.
    """

    points: list[Point]
    columns: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    counted_in: str = STEP


def write(points: Iterable[Point]) -> str:
    """The figures as CSV with `HEADER`; of two reports of one step the last counts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_rows(points))
    return out.getvalue()


def write_several(runs: Iterable[tuple[str, str, Iterable[Point]]]) -> str:
    """The figures of several runs, each with its id and name before `HEADER`.

    A name that a spreadsheet would compute has an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("run", "name", *HEADER))
    for ident, name, points in runs:
        writer.writerows([ident, guarded(name), *row] for row in _rows(points))
    return out.getvalue()


def _rows(points: Iterable[Point]) -> Iterator[list[object]]:
    rows: dict[int, dict[str, str]] = {}
    for point in points:
        rows.setdefault(point.step, {})[point.name] = repr(float(point.value))
    for step, row in sorted(rows.items()):
        yield [step, *(row.get(name, "") for name in NAMES)]


def read(content: bytes, mapping: Mapping[str, str] | None = None) -> Table:
    """The curve in a table with a header: comma, semicolon or tab, UTF-8, UTF-16 or GB 18030, also inside base64.

    `mapping` says of columns what they are (a name of `NAMES`, "step", or "" to leave one out) where their headers do
    not. Raises InvalidInput(file=…) naming the line, or InvalidInput(columns=…) for a mapping that cannot be used.
    """
    if len(content) > LARGEST:
        raise InvalidInput(file=Text("A curve of more than {n} MB is none.", n=LARGEST // 2**20))
    text = _text(content)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next((row for row in lines if any(cell.strip() for cell in row)), None)
        if header is None:
            raise InvalidInput(file=Text("The file is empty."))
        places, ignored = _places([cell.strip() for cell in header], mapping or {})
        points = _points(lines, places)
    except csv.Error:
        raise InvalidInput(file=Text("Line {line}: this is not CSV.", line=lines.line_num)) from None
    columns = {header[place].strip(): name for place, name in places.items()}
    return Table(points, columns, ignored, STEP if STEP in places.values() else "epoch")


def _places(header: list[str], mapping: Mapping[str, str]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Column number → figure, and the columns left out. A figure has one column."""
    if unknown := sorted(set(mapping) - set(header)):
        raise InvalidInput(columns=Text("The file has no column “{name}”.", name=unknown[0][:60]))
    places: dict[int, str] = {}
    for place, cell in enumerate(header):
        name = mapping[cell] if cell in mapping else name_of(cell)
        if name and name not in HEADER:
            known = Listed(HEADER)
            raise InvalidInput(columns=Text("“{name}” is not one of {known}.", name=name[:60], known=known))
        if not name:
            continue
        if name in places.values():
            first = header[next(at for at, taken in places.items() if taken == name)]
            raise InvalidInput(
                columns=Text(
                    "The columns “{first}” and “{second}” are both read as {name}. Say which of them counts.",
                    first=first[:60], second=cell[:60], name=name,
                )
            )  # fmt: skip
        places[place] = name
    found = Listed([cell[:40] for cell in header[:20]])
    if STEP not in places.values() and "epoch" not in places.values():
        raise InvalidInput(file=Text("No column says the step. The file has {found}.", found=found))
    if not set(places.values()) - {STEP, "epoch", "tokens"}:
        raise InvalidInput(
            file=Text("No column says a loss, an accuracy or a rate. The file has {found}.", found=found)
        )
    return places, tuple(cell[:60] for place, cell in enumerate(header) if place not in places)


def _points(lines: Any, places: Mapping[int, str]) -> list[Point]:
    by_name = {name: place for place, name in places.items()}
    at = by_name.get(STEP, by_name.get("epoch", 0))
    found: dict[tuple[int, str], Point] = {}
    wrong: list[Text] = []
    for cells in lines:
        line = lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        step = _number(cells[at] if at < len(cells) else "")
        if step is None or not step.is_integer() or not 0 <= step <= LARGEST_STEP:
            wrong.append(Text("Line {line}: “{cell}” is no step.", line=line, cell=_cell(cells, at)))
            continue
        for place, name in places.items():
            cell = cells[place].strip() if place < len(cells) else ""
            if not cell or name == STEP:
                continue
            if (figure := _number(cell)) is None:
                wrong.append(Text("Line {line}: “{cell}” is no number.", line=line, cell=_cell(cells, place)))
            else:
                found[int(step), name] = Point(int(step), name, figure)
        if len(found) > MOST_FIGURES:
            raise InvalidInput(file=Text("A curve has at most {n} figures.", n=MOST_FIGURES))
        if len(wrong) >= _SHOWN:
            break
    if wrong:
        raise InvalidInput(file=reduce(lambda first, rest: Text("{first} {rest}", first=first, rest=rest), wrong))
    if not found:
        raise InvalidInput(file=Text("The file has a header but no figures."))
    return sorted(found.values())


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python alone would take 1_000
    except ValueError:
        return None


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip()[:40] if place < len(cells) else ""


def _delimiter(text: str) -> str:
    """The separator that the first line with text uses most."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _text(content: bytes) -> str:
    """The table as text. A file that is nothing but base64 is taken out of it first."""
    with suppress(binascii.Error, ValueError):
        content = base64.b64decode(b"".join(content.strip().splitlines()), validate=True) or content
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = _ENCODINGS
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidInput(file=Text("This is no text file. Export the curve as CSV."))
