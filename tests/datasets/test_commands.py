"""Importing and exporting on the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from tests import make


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract={"text": {"no_echo": True}})


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(make.jsonl(make.chats(3)))
    return path


def test_a_file_is_imported_here_and_now(rain: Any, rows: Path, capsys: Any) -> None:
    call_command("import_samples", str(rain.pk), str(rows))
    assert capsys.readouterr().out == "done: 3 samples, 0 rejected lines, 0 duplicates (openai-chat)\n"
    with pytest.raises(CommandError, match="was uploaded to this dataset"):
        call_command("import_samples", str(rain.pk), str(rows))


def test_rejected_lines_are_shown_and_end_with_one(rain: Any, rows: Path, capsys: Any) -> None:
    rows.write_bytes(rows.read_bytes() + b"{bad\n")
    with pytest.raises(CommandError) as end:
        call_command("import_samples", str(rain.pk), str(rows))
    assert end.value.returncode == 1
    assert "line 4" in capsys.readouterr().err


def test_an_unusable_file_ends_with_two(rain: Any, rows: Path) -> None:
    rows.write_bytes(b"nothing\n")
    with pytest.raises(CommandError) as end:
        call_command("import_samples", str(rain.pk), str(rows))
    assert end.value.returncode == 2


@pytest.mark.parametrize("pk", ["not an id", "00000000-0000-0000-0000-000000000000"])
def test_a_dataset_that_is_not_there_is_said_plainly(pk: str, rows: Path, db: None) -> None:
    with pytest.raises(CommandError, match="There is no dataset"):
        call_command("import_samples", pk, str(rows))


def test_a_person_without_the_role_may_not(bob: Any, rain: Any, rows: Path) -> None:
    with pytest.raises(CommandError, match="role"):
        call_command("import_samples", str(rain.pk), str(rows), username="bob")


def test_a_snapshot_is_written_with_its_manifest(alice: Any, rain: Any, tmp_path: Path) -> None:
    make.imported(alice, rain, [make.chat("伞", "伞。")])
    out = tmp_path / "out.jsonl"
    snapshot = make.snapshot(alice, rain)
    with pytest.raises(CommandError, match="echo 1"):
        call_command("export_snapshot", str(snapshot.pk), to="openai-chat", out=out)
    call_command("export_snapshot", str(snapshot.pk), to="openai-chat", out=out, waive="谚语")
    assert out.read_bytes() == make.jsonl([make.chat("伞", "伞。")])
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert (manifest["rows"], manifest["waivers"][0]["reason"]) == (1, "谚语")


def test_what_the_page_offers_the_command_offers_too(alice: Any, project: Any, tmp_path: Path) -> None:
    dataset = make.dataset(alice, project)
    weighed = make.chat("雨？", "会。")
    weighed["messages"][1]["weight"] = 1
    make.imported(alice, dataset, [*make.chats(4), weighed])
    snapshot = str(make.snapshot(alice, dataset, shares={"train": 100}).pk)
    out = tmp_path / "out.jsonl"
    with pytest.raises(CommandError, match="1 samples could not be carried"):
        call_command("export_snapshot", snapshot, to="siliconflow", out=out)
    call_command("export_snapshot", snapshot, "--to", "siliconflow", "--out", out, "--allow-loss", "weight")
    assert len(out.read_bytes().splitlines()) == 5
    with pytest.raises(CommandError, match="too-few-samples"):
        call_command("export_snapshot", snapshot, to="openai-chat", out=out, profile="openai")
    with pytest.raises(CommandError, match="from 0 to 95"):
        call_command("export_snapshot", snapshot, to="openai-chat", out=out, contrast=96)
    call_command("export_snapshot", snapshot, to="openai-chat", out=out, contrast=20, negatives=0)
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert manifest["options"] == {"contrast": 20, "negatives": 0}


TABLE = '问题,答案,备注\n"明天会\n下雨吗？",会下雨。,甲\n冷吗？\n后天呢？,不会。,乙\n'


def document(capsys: Any) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table as a Chinese Excel saves it; its second row lacks cells."""
    path = tmp_path / "表.csv"
    path.write_bytes(TABLE.encode("gbk"))
    return path


def test_a_table_in_gbk_is_graded_with_the_lines_of_its_rows(table: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        call_command("grade", str(table), "--json")
    said = document(capsys)
    assert (said["rows"], said["accepted"]) == (3, 2)
    assert [(one["line"], one["rule"]) for one in said["findings"] if one["severity"] == "error"] == [(4, "row-uneven")]


def test_a_table_becomes_a_chat_and_what_is_refused_is_named_by_its_line(
    table: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(SystemExit):
        call_command("convert", str(table), str(out), "--to", "openai-chat", "--json")
    said = document(capsys)
    assert [entry["line"] for entry in said["refused"]] == [4]
    assert said["normalised"] == {"gb18030": 1}
    first = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert [message["content"] for message in first["messages"]] == ["明天会\n下雨吗？", "会下雨。"]
    assert first["备注"] == "甲"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_chats_go_through_a_table_and_come_back(kind: str, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("pyarrow")
    rows, out, back = tmp_path / "rows.jsonl", tmp_path / f"out.{kind}", tmp_path / "back.jsonl"
    rows.write_bytes(make.jsonl([make.chat("=1+1", "- 二"), make.chat("伞", "伞。")]))
    call_command("convert", str(rows), str(out), "--to", kind)
    call_command("convert", str(out), str(back), "--to", "openai-chat")
    assert back.read_bytes() == rows.read_bytes()


def test_a_zip_and_a_workbook_are_compared_with_each_other(tmp_path: Path, capsys: Any) -> None:
    rows, book, packed = tmp_path / "rows.jsonl", tmp_path / "held.xlsx", tmp_path / "rows.zip"
    rows.write_bytes(make.jsonl([make.chat("伞", "一把伞。"), make.chat("雨", "一场雨。")]))
    call_command("convert", str(rows), str(book), "--to", "xlsx")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(rows, "set/rows.jsonl")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("grade", str(packed), "--against", str(book), "--json")
    said = document(capsys)
    assert [(one["line"], one["rule"]) for one in said["findings"] if one["rule"] == "split-leak"] == [
        (1, "split-leak"), (2, "split-leak"),
    ]  # fmt: skip


def test_a_file_that_cannot_be_opened_is_exit_2_and_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "rows.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    for command in (("grade", str(broken)), ("convert", str(broken), str(tmp_path / "out"), "--to", "csv")):
        with pytest.raises(CommandError, match="damaged") as end:
            call_command(*command)
        assert end.value.returncode == 2
    assert not (tmp_path / "out").exists()


def test_a_table_is_imported_here_and_now(rain: Any, table: Path, capsys: Any) -> None:
    with pytest.raises(CommandError, match="1 lines were rejected"):
        call_command("import_samples", str(rain.pk), str(table))
    said = capsys.readouterr()
    assert "2 samples, 1 rejected" in said.out
    assert "line 4" in said.err


def test_columns_with_names_of_their_own_are_told_by_hand(rain: Any, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes("甲,乙\n明天呢？,会下雨。\n".encode("gbk"))
    with pytest.raises(CommandError, match="--column"):
        call_command("import_samples", str(rain.pk), str(path))
    with pytest.raises(CommandError, match="FIELD=COLUMN"):
        call_command("import_samples", str(rain.pk), str(path), column=["user"])
    with pytest.raises(CommandError, match="no column"):
        call_command("import_samples", str(rain.pk), str(path), column=["user=丙", "assistant=乙"])
    call_command("import_samples", str(rain.pk), str(path), column=["user=甲", "assistant=乙"])
    assert "1 samples, 0 rejected" in capsys.readouterr().out


def test_the_sheet_of_a_workbook_is_told_by_hand(rain: Any, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["about"])
    sheet = book.create_sheet("样本")
    for row in (("instruction", "output"), ("伞", "看得见的手。")):
        sheet.append(row)
    book.save(path)
    with pytest.raises(CommandError, match="Sheet, 样本"):
        call_command("import_samples", str(rain.pk), str(path), sheet="月亮")
    call_command("import_samples", str(rain.pk), str(path), sheet="样本")
    assert "1 samples, 0 rejected" in capsys.readouterr().out
