"""Importing and exporting on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
