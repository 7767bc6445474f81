"""Grading and converting whole files, by function and by command."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from datasets_app.core import contracts
from datasets_app.core.converting import convert
from datasets_app.core.grading import grade
from datasets_app.core.opening import Told
from ftstudio.errors import InvalidInput
from ftstudio.forks import in_order

GOOD = {"messages": [{"role": "user", "content": "法国？"}, {"role": "assistant", "content": "巴黎。"}]}
OTHER = {"messages": [{"role": "user", "content": "意大利？"}, {"role": "assistant", "content": "罗马。"}]}


def jsonl(*records: object) -> bytes:
    return b"".join(
        record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode() + b"\n"
        for record in records
    )


def graded(data: bytes, **options):
    return grade(io.BytesIO(data), **options)


def told(report) -> list[tuple[int | None, str]]:
    return [(noted.line, noted.finding.rule) for noted in report.findings]


def test_bom_windows_line_ends_and_blank_lines_are_taken_in_stride():
    data = b"\xef\xbb\xbf" + jsonl(GOOD).replace(b"\n", b"\r\n") + b"\r\n" + jsonl(OTHER)
    report = graded(data)
    assert (report.rows, report.accepted, told(report)) == (2, 2, [])
    assert (report.tokens_total, report.tokens_max) == (12, 6)


def test_a_bad_line_is_told_by_its_number_and_the_rest_is_graded():
    report = graded(jsonl(GOOD, b"\n", b"oops\n", {"messages": []}, b'{"a":1,"a":2}\n', OTHER))
    assert told(report) == [(3, "json-invalid"), (4, "messages-empty"), (5, "json-duplicate-key")]
    assert (report.rows, report.accepted, report.blocking) == (5, 2, True)


def test_a_json_array_is_read_and_its_elements_counted_from_one():
    report = graded(json.dumps([GOOD, {"messages": []}, OTHER]).encode())
    assert (report.rows, report.accepted, told(report)) == (3, 2, [(2, "messages-empty")])


def test_lines_that_are_arrays_are_lines():
    assert told(graded(b'[{"role": "user"}]\n[{"role": "user"}]\n')) == [(1, "not-an-object"), (2, "not-an-object")]


def test_a_file_in_another_encoding_is_read_in_it_and_against_what_was_told_says_so_on_each_line():
    data = jsonl(GOOD).decode().encode("gb18030")
    assert told(graded(data)) == []
    report = graded(data, told=Told("utf-8"))
    assert told(report) == [(1, "text-not-unicode")]
    assert "GB18030" in report.findings[0].finding.message


def test_a_line_that_is_too_long_is_told_and_skipped():
    assert told(graded(jsonl(b"x" * 500 + b"\n", GOOD), max_line=200)) == [(1, "line-too-long")]


def test_a_later_duplicate_names_the_first():
    report = graded(jsonl(GOOD, OTHER, GOOD))
    assert told(report) == [(3, "duplicate")]
    assert "line 1" in report.findings[0].finding.message
    assert not report.blocking


def test_the_same_question_answered_otherwise_names_the_first():
    contrary = {"messages": [GOOD["messages"][0], {"role": "assistant", "content": "里昂。"}]}
    report = graded(jsonl(GOOD, contrary))
    assert told(report) == [(2, "conflicting-answer")]
    assert "line 1" in report.findings[0].finding.message


def test_a_question_that_is_in_the_other_file_too_is_a_leak():
    report = graded(jsonl(GOOD, OTHER), against=io.BytesIO(jsonl(b"oops\n", OTHER)))
    assert told(report) == [(2, "split-leak")]
    assert "line 2" in report.findings[0].finding.message
    assert report.blocking


def test_the_contract_is_graded_and_counted():
    contract = contracts.parse({"text": {"ends_with": ["！"]}})
    report = graded(jsonl(GOOD, OTHER), contract=contract)
    assert report.counts == {"terminal-punctuation": 2}
    data = report.to_data()
    assert set(data) == {"rows", "accepted", "tokens", "findings", "counts"}
    assert data["findings"][0] == {
        "line": 1, "rule": "terminal-punctuation", "severity": "error", "path": "/messages/1/content",
        "message": "The answer must end with “！”, not with “。”.",
    }  # fmt: skip


def test_too_few_samples_is_about_the_file_and_not_a_line():
    report = graded(jsonl(GOOD), profile="openai")
    assert told(report) == [(None, "too-few-samples")]


def test_a_sample_over_the_models_limit_is_told():
    assert told(graded(jsonl(GOOD), max_tokens=2)) == [(1, "too-many-tokens")]


def test_rules_about_the_set_can_be_switched_off():
    contract = contracts.parse({"severity": {"duplicate": "off"}})
    assert told(graded(jsonl(GOOD, GOOD), contract=contract)) == []


def test_rows_by_themselves_say_nothing_about_the_set():
    data = jsonl(GOOD, GOOD, {"messages": []}, OTHER)
    assert told(graded(data)) == [(2, "duplicate"), (3, "messages-empty")]
    alone = graded(data, rows_only=True)
    assert told(alone) == [(3, "messages-empty")]
    assert (alone.rows, alone.accepted, alone.tokens_total) == (4, 3, 18)


def test_the_grade_command_holds_no_second_file_against_rows_by_themselves(good_file, capsys):
    call_command("grade", good_file, "--rows-only")
    assert "2 rows, 2 accepted" in capsys.readouterr().out
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("grade", good_file, "--rows-only", "--against", good_file)


def test_an_unknown_format_is_refused():
    with pytest.raises(InvalidInput):
        graded(jsonl(GOOD), format="word")


# Converting


def converted(data: bytes, **options) -> tuple[bytes, dict, int]:
    out = io.BytesIO()
    done = convert(io.BytesIO(data), out, **options)
    return out.getvalue(), done.to_data(), done.exit_code


def test_within_a_format_a_file_comes_back_in_canonical_bytes_with_its_key_order():
    row = {
        "metadata": {"b": 1, "a": 2},
        "messages": [{"content": "雨", "role": "user"}, {"role": "assistant", "content": "伞"}],
    }
    data, told_, code = converted(json.dumps(row).encode(), to="openai-chat")
    assert data == json.dumps(row, ensure_ascii=False).encode() + b"\n"
    assert (told_["rows"], told_["written"], code) == (1, 1, 0)


def test_across_formats_keys_take_the_targets_order():
    row = {"messages": [{"content": "雨", "role": "user"}]}
    data, _, _ = converted(jsonl(row), to="siliconflow", from_="openai-chat")
    assert data == '{"messages": [{"role": "user", "content": "雨"}]}\n'.encode()


def test_a_row_that_would_lose_something_is_refused_with_line_and_fields():
    row = {**GOOD, "metadata": {}}
    data, told_, code = converted(jsonl(GOOD, b"\n", row), to="siliconflow")
    assert data == jsonl(GOOD)
    assert code == 1
    assert [(entry["line"], entry["fields"]) for entry in told_["refused"]] == [(3, ["metadata"])]
    assert told_["refused"][0]["reason"]
    assert told_["normalised"] == {"blank-line": 1}


def test_a_loss_that_is_allowed_is_written_and_told():
    data, told_, code = converted(jsonl({**GOOD, "metadata": {}}), to="siliconflow", allow_loss=True)
    assert data == jsonl(GOOD)
    assert told_["reduced"] == [{"line": 1, "fields": ["metadata"]}]
    assert code == 1


def test_what_cannot_even_be_reduced_is_refused():
    tool = {"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]}
    _, told_, code = converted(jsonl(tool), to="siliconflow", allow_loss=True)
    assert set(told_["refused"][0]["fields"]) == {"role", "tool_call_id"}
    assert code == 2


# The commands


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_bytes(jsonl(GOOD, OTHER))
    return path


def test_the_grade_command_prints_one_document_and_is_silent_about_success(good_file, capsys):
    call_command("grade", str(good_file), "--json")
    assert json.loads(capsys.readouterr().out)["accepted"] == 2


def test_the_grade_command_exits_with_1_on_errors(good_file, tmp_path, capsys):
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps({"text": {"no_echo": True, "ends_with": ["！"]}}), encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        call_command("grade", str(good_file), "--contract", str(contract))
    assert caught.value.code == 1
    assert "terminal-punctuation" in capsys.readouterr().out


def test_what_is_inside_a_gz_file_is_graded_and_converted(good_file, tmp_path, capsys):
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(Path(good_file).read_bytes()))
    call_command("grade", str(packed))
    assert "2 rows, 2 accepted" in capsys.readouterr().out
    call_command("convert", str(packed), str(tmp_path / "out.jsonl"), "--to", "openai-chat")
    assert (tmp_path / "out.jsonl").read_bytes() == Path(good_file).read_bytes()
    packed.write_bytes(packed.read_bytes()[:11])
    for command in (["grade"], ["convert", str(tmp_path / "other.jsonl"), "--to", "openai-chat"]):
        with pytest.raises(CommandError, match="damaged or cut off") as refusal:
            call_command(command[0], str(packed), *command[1:])
        assert refusal.value.returncode == 2


@pytest.mark.parametrize("contract", ["nothing", "not json", '{"txt": 1}', "[]"])
def test_a_contract_that_cannot_be_used_is_exit_2(good_file, tmp_path, contract):
    path = tmp_path / "contract.json"
    if contract != "nothing":
        path.write_text(contract, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("grade", str(good_file), "--contract", str(path))
    assert caught.value.returncode == 2


def test_an_empty_file_is_exit_2(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"\n\n")
    with pytest.raises(CommandError) as caught:
        call_command("grade", str(path))
    assert caught.value.returncode == 2


def test_the_convert_command_writes_the_file_or_leaves_none(good_file, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    call_command("convert", str(good_file), str(out), "--to", "siliconflow", "--json")
    assert out.read_bytes() == good_file.read_bytes()
    assert json.loads(capsys.readouterr().out)["written"] == 2
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"oops\n")
    with pytest.raises(SystemExit) as caught:
        call_command("convert", str(bad), str(tmp_path / "none.jsonl"), "--to", "siliconflow")
    assert caught.value.code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "good.jsonl", "out.jsonl"]


def test_grading_works_in_a_folder_without_a_database(good_file, tmp_path):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, str(root / "manage.py"), "grade", str(good_file), "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)["rows"]) == (0, 2), done.stderr


def test_the_base_model_counts_the_tokens_and_sets_the_limit(capsys, tmp_path):
    exact = graded(jsonl(GOOD), base_model="gpt-4o")
    assert exact.tokens_exact
    assert exact.tokens_total != graded(jsonl(GOOD)).tokens_total
    file = tmp_path / "a.jsonl"
    file.write_bytes(jsonl(GOOD))
    call_command("grade", str(file), "--base-model", "gpt-4o")
    assert f"; {exact.tokens_total} tokens" in capsys.readouterr().out


def many(count: int = 3000) -> bytes:
    """Rows of all kinds: good, broken, blank, repeated, contradicting, labels in two spellings, JSON of two types."""
    rows: list[object] = []
    for n in range(count):
        answer = ("会下雨", "会下雨。", f'{{"n": {n % 7}, "of": ["{n}"]}}', f"第{n}号可以施工，注意基层干燥平整。" * 3)[
            n % 4
        ]
        if n % 500 == 2:
            answer = '{"n": "七", "of": []}'
        asked = f"第{n % 900}号工地，可以吗？"
        rows.append(
            {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]}
            if n % 100
            else (b"\n" if n % 200 else b"oops\r\n")
        )
    return b"\xef\xbb\xbf" + jsonl(*rows)


def test_several_processes_find_what_one_finds(monkeypatch):
    monkeypatch.setattr("datasets_app.core.blocks.SIZE", 20_000)
    data = many()
    options = {"contract": contracts.parse({"text": {"ends_with": ["。"]}}), "base_model": "gpt-4o"}
    alone = graded(data, **options)
    together = graded(data, spread=partial(in_order, processes=3), threads=2, **options)
    assert together == alone
    assert {"near-duplicate", "duplicate", "conflicting-answer", "label-inconsistent", "schema-type-drift",
            "json-invalid", "terminal-punctuation"} <= set(alone.counts)  # fmt: skip


def test_the_command_says_the_same_of_a_large_file(tmp_path, capsys, monkeypatch):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(many(1000))
    said = []
    for large in (1 << 40, 1):
        monkeypatch.setattr("datasets_app.management.commands.grade.LARGE", large)
        with pytest.raises(SystemExit):
            call_command("grade", str(file), "--json")
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert said[0]["rows"] == 995
