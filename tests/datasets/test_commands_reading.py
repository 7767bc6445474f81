"""A file is read on the command line as an upload of it would be."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from tests import make

ROWS = [
    make.chat("明天会下雨吗？", "会下雨。"),
    make.chat("后天冷不冷？", "不冷。"),
    make.chat("伞在哪里？", "在门后。"),
]
ARRAY = json.dumps(ROWS, ensure_ascii=False, indent=1)
LINES = make.jsonl(ROWS).decode()


def converted(source: Path, *told: str) -> list[Any]:
    out = source.with_name("out.jsonl")
    call_command("convert", str(source), str(out), "--to", "openai-chat", *told)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize(("name", "text"), [("rows.jsonl", LINES), ("rows.json", ARRAY)])
def test_lines_and_arrays_are_read_in_the_encodings_that_an_upload_takes(
    name: str, text: str, encoding: str, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    call_command("grade", str(path), "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["accepted"]) == (3, 3)
    assert converted(path) == ROWS
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.write(path, name)
    assert converted(tmp_path / "rows.zip") == ROWS


def test_a_line_outside_the_encoding_of_its_file_is_named_by_its_number(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "rows.jsonl"
    lines = LINES.encode("gb18030").splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"messages": "\xff\xff"}\n' + lines[1] * 9)
    with pytest.raises(SystemExit):
        call_command("grade", str(path), "--rows-only", "--json")
    said = json.loads(capsys.readouterr().out)
    assert [(one["line"], one["rule"]) for one in said["findings"]] == [(2, "text-not-unicode")]
    assert said["accepted"] == 10


def test_of_a_compressed_file_that_broke_off_what_arrived_is_read(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(make.jsonl(make.chats(300)))[:-200])
    with pytest.raises(SystemExit):
        call_command("grade", str(path), "--rows-only", "--json")
    said = json.loads(capsys.readouterr().out)
    assert 10 < said["accepted"] < 300
    assert [(one["line"], one["rule"]) for one in said["findings"]] == [(said["accepted"] + 1, "file-unreadable")]
    out = tmp_path / "out.jsonl"
    with pytest.raises(SystemExit):
        call_command("convert", str(path), str(out), "--to", "openai-chat", "--json")
    assert out.read_bytes() == make.jsonl(make.chats(said["accepted"]))
    assert f"after line {said['accepted']}" in json.loads(capsys.readouterr().out)["refused"][0]["reason"]


def test_what_cannot_be_found_out_is_told_by_hand(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes("甲~乙\n明天呢？~会下雨。\n".encode("gbk"))
    told = ("--column", "user=甲", "--column", "assistant=乙", "--delimiter", "~", "--encoding", "gb18030")
    with pytest.raises(SystemExit):
        call_command("grade", str(path))
    call_command("grade", str(path), *told)
    assert [message["content"] for message in converted(path, *told)[0]["messages"]] == ["明天呢？", "会下雨。"]
    for wrong, said in (
        (("--column", "user=丙", "--column", "assistant=乙"), "no column"),
        (("--column", "user"), "FIELD=COLUMN"),
        (("--delimiter", "ab"), "one character"),
    ):
        with pytest.raises(CommandError, match=said) as end:
            call_command("grade", str(path), *wrong)
        assert end.value.returncode == 2


def test_columns_that_were_told_hold_for_the_file_it_is_compared_with(tmp_path: Path, capsys: Any) -> None:
    path, other = tmp_path / "own.csv", tmp_path / "held.csv"
    path.write_text("甲,乙\n明天呢？,会下雨。\n", encoding="utf-8")
    other.write_text("甲,乙\n明天呢？,不知道。\n", encoding="utf-8")
    told = ("--column", "user=甲", "--column", "assistant=乙", "--against", str(other), "--json")
    with pytest.raises(SystemExit):
        call_command("grade", str(path), *told)
    assert "split-leak" in json.loads(capsys.readouterr().out)["counts"]


def test_a_sheet_is_chosen_and_lines_have_no_columns(tmp_path: Path) -> None:
    path, lines = tmp_path / "book.xlsx", tmp_path / "rows.jsonl"
    book = openpyxl.Workbook()
    book.active.append(["about"])
    sheet = book.create_sheet("样本")
    for row in (("instruction", "output"), ("伞", "看得见的手。")):
        sheet.append(row)
    book.save(path)
    assert len(converted(path, "--sheet", "样本")) == 1
    lines.write_text(LINES, encoding="utf-8")
    with pytest.raises(CommandError, match="no table"):
        call_command("grade", str(lines), "--column", "user=甲")


def test_of_two_columns_that_could_be_the_answer_it_is_said_which_was_taken(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "two.csv"
    path.write_text("question,answer,output\n雨？,会。,不会。\n", encoding="utf-8")
    call_command("grade", str(path))
    assert "assistant=output" in capsys.readouterr().err
    call_command("grade", str(path), "--column", "user=question", "--column", "assistant=answer")
    assert not capsys.readouterr().err


def test_what_comes_through_a_pipe_is_read_as_a_file_is(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out.jsonl"
    for said in (("grade", "--json"), ("convert", str(out), "--to", "openai-chat")):
        reading, writing = os.pipe()
        os.write(writing, ARRAY.encode("gb18030"))
        os.close(writing)
        call_command(said[0], f"/dev/fd/{reading}", *said[1:])
        os.close(reading)
    assert json.loads(capsys.readouterr().out.splitlines()[0])["accepted"] == 3
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == ROWS
