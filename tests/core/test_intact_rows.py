"""What a damage left alone is imported, under the line that a person sees in an editor: in every text container, in
every encoding. Each damage here stands inside of one row, so all the others must be there."""

from __future__ import annotations

import csv
import io
import json
import random
import time

import pytest

from datasets_app.core.containers import CONTAINERS, HEAD, Entry, Reading, _array_pieces, detect
from datasets_app.core.encodings import encoding_of_records

# No character of theirs is written with the byte of a line's end in it: with a zero beside it, it would be one.
ROWS = [{"input": f"第{n}天，明天会下雨吗？一一", "output": f"第{n}天没有雨；再见{n * n}。"} for n in range(14)]
MARKS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be")
STRAY = (
    b'"',
    b"'",
    b"\0",
    b"\xff",
    b"\x81",
    b"\xa3",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"=1",
    b",",
    b"\t;",
    b"9" * 99,
    b"\xef\xbb\xbf",
)
DAMAGES = 60


def rows_as(kind: str) -> tuple[list[str], str]:
    """What stands before each row of the kind and the row itself, one after the other; and the file's end."""
    texts = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    if kind == "jsonl":
        return [part for text in texts for part in ("", text + "\n")], ""
    if kind == "lines of an array":
        return [part for text in texts for part in (",\n" if part_of(texts, text) else "[\n", text)], "\n]\n"
    if kind == "array":
        return [part for text in texts for part in (", " if part_of(texts, text) else "[", text)], "]"
    out = io.StringIO()
    csv.writer(out, delimiter=kind[-1], lineterminator="\r\n").writerows(
        [list(ROWS[0]), *(row.values() for row in ROWS)]
    )
    heading, *lines = out.getvalue().splitlines(keepends=True)
    return [part for line in lines for part in (heading if line is lines[0] else "", line)], ""


def part_of(texts: list[str], text: str) -> bool:
    return text is not texts[0]


def damaged(row: bytes, chance: random.Random, begin: int) -> bytes:
    """The row with bytes missing, changed or added behind `begin`, no line's end among them, its own end as it was."""
    at = chance.randrange(begin, len(row) - 12)
    gone = chance.choice((0, 0, 1, 2, 3))
    put = chance.choice(STRAY) if not gone or chance.random() < 0.5 else b""
    return row[:at] + put + row[at + gone :]


def entries(data: bytes) -> list[Entry]:
    stream = io.BytesIO(data)
    name = detect(data[:HEAD], "rows.csv")
    encoding = "" if name == "csv" else encoding_of_records(stream)
    return list(CONTAINERS[name].read(stream, Reading(encoding)))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["jsonl", "csv ,", "csv \t", "csv ;", "csv |", "lines of an array", "array"])
def test_a_damage_inside_of_one_row_costs_no_other_row_and_moves_no_line(kind: str, encoding: str) -> None:
    parts, end = rows_as(kind)
    whole = [part.encode(encoding.removesuffix("-sig")) for part in parts]
    first = 2 if kind.startswith("csv") else 1
    # In an array on one line of UTF-16 nothing tells where the characters begin behind a byte that is missing.
    evenly = kind == "array" and encoding.startswith("utf-16")
    for seed in range(DAMAGES):
        chance = random.Random(seed)
        at = chance.randrange(len(ROWS))
        hit = damaged(whole[2 * at + 1], chance, 4 if at else 24)  # by the first one's key the others are told
        if evenly and (len(hit) - len(whole[2 * at + 1])) % 2:
            continue
        data = MARKS.get(encoding, b"") + b"".join([*whole[: 2 * at + 1], hit, *whole[2 * at + 2 :]])
        found = entries(data + end.encode(encoding.removesuffix("-sig")))
        taken = {entry.line: entry.record for entry in found if entry.record is not None}
        said = {entry.line: entry.error for entry in found if entry.error is not None}
        assert len(taken) + len(said) == len(found), seed
        assert all(str(error.text) for error in said.values()), seed
        others = [n for n in range(len(ROWS)) if n != at]
        assert [n for n in others if taken.get(first + n) != ROWS[n]] == [], (seed, at, said)
        assert first + at in taken or first + at in said, seed


def test_an_array_in_which_every_element_is_broken_takes_no_endless_time() -> None:
    row = b'{"input": "' + b"x" * 50 + b'", "output": no mark before"}'
    started = time.process_time()
    found = entries(b"[\n" + b",\n".join([row] * 8_000) + b"\n]\n")
    assert [entry.line for entry in found] == list(range(1, 8_001))
    assert time.process_time() - started < 20


def test_what_is_broken_is_told_early_or_late_but_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["x", {"c": 1}, [{"d": 1}, {"e": [{"f": 2}]}], [1, 2]]
    files = []
    for seed in range(300):
        chance = random.Random(seed)
        rows = [{"a": f"第{n}天", "b": chance.choice(values)} for n in range(8)]
        # Of some the inner objects begin lines too, indented as the elements are.
        text = json.dumps(rows, ensure_ascii=False, indent=0) if seed % 3 == 0 else ""
        data = (text or "[\n" + ",\n".join(json.dumps(row, indent=seed % 2 or None) for row in rows) + "\n]").encode()
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(1, len(data) - 3)
            data = data[:at] + chance.choice((*STRAY, b"", b"\n{")) + data[at + chance.choice((0, 1, 2)) :]
        files.append(data)
    early = [said(data) for data in files]
    monkeypatch.setattr(_array_pieces, "_is_broken", lambda *_held: False)
    assert [said(data) for data in files] == early


def said(data: bytes) -> list[object]:
    found = CONTAINERS["array"].read(io.BytesIO(data), Reading())
    return [(one.line, one.raw, one.record, one.error and str(one.error.text)) for one in found]
