"""Bringing a file in: what is taken, what is refused, and what happens to every line of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from datasets_app.models import FindingRow, Revision, Sample, SampleText, Upload
from datasets_app.pipeline import ingest as ingesting
from datasets_app.services import datasets, uploads
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from ftstudio.web.texts import from_row
from tests import make

NO_ECHO = {"text": {"no_echo": True, "ends_with": ["。"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract=NO_ECHO)


def rejected(upload: Any) -> list[dict[str, Any]]:
    text = b"".join(uploads.rejected_lines(upload))
    return [json.loads(line) for line in text.split(b"\n") if line]


def stored(upload: Any) -> bytes:
    with upload.file.open("rb") as file:
        data: bytes = file.read()
    return data


def lines_of(dataset: Any) -> list[int]:
    return list(Sample.objects.filter(dataset=dataset).order_by("position").values_list("line", flat=True))


class AfterFirstChunk:
    """Lets something happen in the database between the first chunk of an import and the second."""

    def __init__(self, happens: Callable[[], Any]) -> None:
        self.happens: Callable[[], Any] | None = happens

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if self.happens and sql.startswith('UPDATE "datasets_app_upload"') and '"offset" = ' in sql:
            happens, self.happens = self.happens, None
            happens()
        return result


def test_every_line_becomes_a_sample_with_revision_text_and_findings(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, [make.chat("伞", "伞是雨的朋友。"), make.chat("风", "看不见的手。")])
    assert (upload.state, upload.codec) == ("done", "openai-chat")
    assert (upload.rows_total, upload.rows_accepted, upload.rows_rejected) == (2, 2, 0)
    first, second = Sample.objects.filter(dataset=rain).order_by("position")
    assert (first.position, first.title, first.worst, first.findings_total) == (1, "伞", 3, 1)
    assert (second.worst, second.findings_total, second.status) == (0, 0, "pending")
    assert FindingRow.objects.get(sample=first).rule == "echo"
    assert Revision.objects.get(sample=second, number=1).author == alice
    assert "看不见的手" in SampleText.objects.get(sample=second).text
    assert datasets.counts(rain) == make.counted(rain)


def test_the_lead_is_told_which_share_breaks_the_rule(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("伞", "伞。"), *make.chats(3)])
    worst = datasets.headline(rain)
    assert worst is not None
    assert (worst.rule, worst.n, worst.total, worst.share) == ("echo", 1, 4, 0.25)
    assert 0.04 < worst.low < 0.25 < worst.high < 0.71


def test_a_dataset_without_samples_has_no_headline(rain: Any) -> None:
    assert datasets.headline(rain) is None
    assert datasets.quality(rain) == []


def test_a_byte_order_mark_windows_line_ends_and_empty_lines_are_no_obstacle(alice: Any, rain: Any) -> None:
    one, two = make.chats(2)
    data = b"\xef\xbb\xbf" + make.jsonl([one]).replace(b"\n", b"\r\n") + b"\r\n   \n\n" + make.jsonl([two])[:-1]
    upload = make.imported(alice, rain, data)
    assert (upload.state, upload.rows_total, upload.rows_accepted, upload.rows_rejected) == ("done", 2, 2, 0)
    assert lines_of(rain) == [1, 5]


def test_a_bad_line_in_the_middle_is_kept_with_its_number_reason_and_bytes(alice: Any, rain: Any) -> None:
    bad = b'{"messages": [{"role": "user" "content": "?"}]}'
    upload = make.imported(alice, rain, make.jsonl(make.chats(1)) + bad + b"\r\n" + make.jsonl(make.chats(3)[1:]))
    assert (upload.rows_accepted, upload.rows_rejected) == (3, 1)
    [line] = rejected(upload)
    assert (line["line"], line["error"]["code"], line["raw"].encode()) == (2, "json-invalid", bad)
    assert "raw_base64" not in line
    assert "column 31" in line["error"]["message"]
    assert lines_of(rain) == [1, 3, 4]


def test_a_line_of_ten_megabytes_is_kept_back_whole_and_its_neighbours_are_imported(alice: Any, rain: Any) -> None:
    one, two = make.chats(2)
    long = make.jsonl([make.chat("长", "雨" * 3_500_000)])
    upload = make.imported(alice, rain, make.jsonl([one]) + long + make.jsonl([two]))
    assert (upload.rows_accepted, upload.rows_rejected) == (2, 1)
    [line] = rejected(upload)
    assert (line["line"], line["error"]["code"]) == (2, "line-too-long")
    assert line["raw"].encode() + b"\n" == long
    assert lines_of(rain) == [1, 3]


def test_a_line_that_is_not_utf_8_comes_back_byte_for_byte(alice: Any, rain: Any) -> None:
    bad = json.dumps(make.chat("雨", "晴"), ensure_ascii=False).encode("gb18030")
    upload = make.imported(alice, rain, make.jsonl(make.chats(1)) + bad + b"\n")
    [line] = rejected(upload)
    assert line["error"]["code"] == "text-not-unicode"
    assert "GB18030" in line["error"]["message"]
    assert base64.b64decode(line["raw_base64"]) == bad
    assert "\\x" in line["raw"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "gb18030"])
def test_a_file_in_another_encoding_is_read_as_what_it_is(encoding: str, alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, make.jsonl(make.chats(3)).decode().encode(encoding))
    assert (upload.state, upload.rows_accepted, upload.rows_rejected) == ("done", 3, 0)
    assert lines_of(rain) == [1, 2, 3]
    assert Sample.objects.get(dataset=rain, position=2).title == "第2天下雨吗？"


def test_a_line_outside_the_encoding_that_was_chosen_is_named_and_costs_no_other(alice: Any, rain: Any) -> None:
    data = make.jsonl(make.chats(3)).decode().encode("gb18030") + b'{"messages": "\xff\xff"}\n'
    upload = make.imported(alice, rain, data, encoding="gb18030")
    assert (upload.state, upload.rows_accepted) == ("done", 3)
    assert [(line["line"], line["error"]["code"]) for line in rejected(upload)] == [(4, "text-not-unicode")]


def test_a_file_without_a_usable_line_fails_and_names_the_first_reason(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, b'\n{"text": "no turns"}\n[1, 2]\n')
    assert upload.state == "failed"
    assert upload.error["params"]["line"] == 2
    assert [line["error"]["code"] for line in rejected(upload)] == ["messages-missing", "not-an-object"]


def test_a_file_of_white_space_fails(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, b" \n\n  \r\n")
    assert (upload.state, upload.error["code"]) == ("failed", "file-empty")


def test_lines_nested_too_deep_and_half_characters_are_kept_back(alice: Any, rain: Any) -> None:
    deep = b'{"messages": [{"role": "user", "content": "?"}], "x": ' + b"[" * 200 + b"]" * 200 + b"}\n"
    half = b'{"messages": [{"role": "user", "content": "\\ud83d"}]}\n'
    upload = make.imported(alice, rain, deep + half + make.jsonl(make.chats(1)))
    assert [line["error"]["code"] for line in rejected(upload)] == ["json-invalid", "text-not-unicode"]
    assert upload.rows_accepted == 1


def test_a_nul_in_a_text_is_stored_and_comes_back(alice: Any, rain: Any) -> None:
    one = make.sample(alice, rain, "a\x00b", "c。")
    assert make.turns_of(one)[0]["content"] == "a\x00b"
    assert "\x00" not in one.title


def test_a_list_shows_no_key_and_no_number_of_a_person(alice: Any, rain: Any) -> None:
    key = "sk-" + "4fG7hJ2kL9mN3pQ5rS8t"
    one = make.sample(alice, rain, "怎么找他？" + "请说。" * 20 + "13912345678", f"密钥在此：{key}")
    other = make.sample(alice, rain, "拨 139-1234-5678", "好。")
    shown = one.title + one.snippet + other.title
    assert key not in shown
    assert "1391234" not in shown
    assert (one.snippet, other.title) == ("密钥在此：sk-********", "拨 139********")
    assert key in make.turns_of(one)[-1]["content"]


def test_the_same_content_twice_is_noticed_inside_a_file_and_across_files(alice: Any, rain: Any) -> None:
    same, other = make.chats(2)
    first = make.imported(alice, rain, [same, other, same])
    second = make.imported(alice, rain, [make.chat("新", "旧。"), {**other, "metadata": {"doc": "b"}}])
    assert (first.rows_duplicate, second.rows_duplicate) == (1, 1)
    said = FindingRow.objects.filter(rule="duplicate").order_by("sample__position").select_related("sample")
    assert [(row.sample.position, row.severity, str(from_row(row.message))) for row in said] == [
        (3, "warning", "The same content as sample 0001: keep one of them."),
        (5, "warning", "The same content as sample 0002: keep one of them."),
    ]
    assert datasets.counts(rain) == make.counted(rain)


def test_chunks_do_not_show(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 3
    upload = make.imported(alice, rain, make.jsonl(make.chats(5)) + b"\n\nnot json\n" + make.jsonl(make.chats(9)[5:]))
    assert (upload.rows_total, upload.rows_accepted, upload.rows_rejected) == (10, 9, 1)
    # The rejected line's position stays unused: the chunks behind it have theirs already.
    assert list(Sample.objects.filter(dataset=rain).values_list("position", flat=True)) == [*range(1, 6), *range(7, 11)]
    assert upload.offset == upload.size
    rain.refresh_from_db()
    assert (rain.samples_total, rain.next_position) == (9, 11)
    assert datasets.counts(rain) == make.counted(rain)


def test_importing_again_what_is_done_changes_nothing(alice: Any, rain: Any) -> None:
    upload = make.imported(alice, rain, make.chats(2))
    ingesting.ingest(upload.pk)
    assert Sample.objects.filter(dataset=rain).count() == 2


def test_a_second_worker_leaves_a_held_import_alone(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(2)))
    assert type(upload).objects.claim(upload.pk, "somebody else")
    ingesting.ingest(upload.pk)
    assert not Sample.objects.filter(dataset=rain).exists()


def test_the_same_file_again_is_refused_unless_asked_for(alice: Any, rain: Any) -> None:
    data = make.jsonl(make.chats(1))
    first = make.imported(alice, rain, data)
    before = len(default_storage.listdir("uploads")[1])
    with pytest.raises(Conflict) as refusal:
        make.upload(alice, rain, data, name="copy.jsonl")
    assert refusal.value.code == "already_imported"
    assert refusal.value.details["upload"] == str(first.pk)
    assert "rows.jsonl" in refusal.value.message
    assert len(default_storage.listdir("uploads")[1]) == before
    assert make.imported(alice, rain, data, again=True).rows_duplicate == 1


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [(b"", "a.jsonl", "empty"), (b"{}", "a.exe", "unknown_extension"), (b"x" * 100, "a.jsonl", "too_large")],
)
def test_files_that_cannot_be_used_are_refused_and_not_kept(
    data: bytes, name: str, code: str, alice: Any, rain: Any, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 99
    with pytest.raises(InvalidInput) as refusal:
        make.upload(alice, rain, data, name=name)
    assert refusal.value.code == code
    assert not rain.uploads.exists()


def test_an_unknown_format_is_refused_by_name(alice: Any, rain: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make.upload(alice, rain, b"{}", format="pickle")
    assert "format" in refusal.value.fields


def test_a_browsers_file_keeps_its_name_but_not_its_path(alice: Any, rain: Any) -> None:
    file = SimpleUploadedFile("rows.jsonl", make.jsonl(make.chats(1)))
    upload = uploads.receive(actor=alice, dataset=rain, file=file, name="..\\..\\etc/evil\x00.jsonl")
    assert upload.name == "evil.jsonl"
    assert upload.file.name.startswith("uploads/")
    assert stored(upload) == make.jsonl(make.chats(1))


def test_an_annotator_may_not_import(bob: Any, rain: Any) -> None:
    with pytest.raises(NotAllowed):
        make.upload(bob, rain, b"{}")


def test_a_cancelled_import_stops_and_keeps_what_came_in(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 2
    upload = make.upload(alice, rain, make.jsonl(make.chats(6)))
    with connection.execute_wrapper(AfterFirstChunk(lambda: uploads.cancel(actor=alice, upload=upload))):
        ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_accepted) == ("cancelled", 2)
    assert Sample.objects.filter(dataset=rain).count() == 2
    with pytest.raises(Conflict):
        uploads.cancel(actor=alice, upload=upload)


def test_a_contract_that_changes_during_an_import_counts_for_every_row(alice: Any, rain: Any, settings: Any) -> None:
    settings.INGEST_CHUNK_ROWS = 2
    upload = make.upload(alice, rain, make.jsonl(make.chats(6)))
    strict = {"text": {"ends_with": ["！"]}}
    meddling = AfterFirstChunk(lambda: datasets.update(actor=alice, dataset=rain, contract=strict))
    with connection.execute_wrapper(meddling):
        ingesting.ingest(upload.pk)
    wrong = FindingRow.objects.filter(rule="terminal-punctuation").values_list("sample__position", flat=True)
    assert sorted(wrong) == [3, 4, 5, 6]  # the first two wait for the re-check, which the change has asked for
    rain.refresh_from_db()
    assert rain.checking_version


def test_the_audit_log_names_who_brought_the_file(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, b"{}")
    entry = AuditEntry.objects.get(verb="uploads.create")
    assert (entry.actor, entry.target_id, entry.detail["bytes"]) == (alice, str(upload.pk), 2)


def test_a_lost_file_is_a_failure_that_says_so(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, b"{}")
    default_storage.delete(upload.file.name)
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.error["code"]) == ("failed", "file-missing")


def test_a_file_object_from_the_command_line_is_taken_as_well(alice: Any, rain: Any, tmp_path: Any) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(make.jsonl(make.chats(1)))
    with path.open("rb") as file:
        upload = uploads.receive(actor=alice, dataset=rain, file=file, name=path.name)
    assert upload.size == path.stat().st_size
    assert stored(upload) == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "an image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b\x08\x00", "a compressed file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"<!DOCTYPE html><html>", "a web page"),
    ],
)
def test_what_holds_no_rows_at_all_is_refused_at_the_door(content: bytes, said: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    with pytest.raises(InvalidInput) as refusal:
        uploads.receive(actor=alice, dataset=dataset, file=BytesIO(content), name="rows.jsonl")
    assert refusal.value.code == "not_lines"
    assert said in str(refusal.value.fields["file"])
    assert not Upload.objects.exists()
