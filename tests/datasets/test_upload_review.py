"""A file that is held: looked at before anything of it is imported, read another way, started, discarded."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from datasets_app import tasks
from datasets_app.models import Sample, Upload
from datasets_app.pipeline import held
from datasets_app.pipeline import ingest as ingesting
from datasets_app.services import uploads
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import browser_of
from tests.datasets.test_unpack import table
from tests.invariants import broken

NO_ECHO = {"text": {"no_echo": True, "ends_with": ["。"]}}
STRANGE = (("下雨吗？", "会下雨。"), ("伞", "伞。"))


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract=NO_ECHO)


def imported(upload: Any) -> Any:
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    return upload


def test_a_held_file_is_recognised_and_nothing_of_it_is_imported(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(3)), hold=True)
    assert (upload.state, upload.container, upload.encoding, upload.needs) == ("held", "jsonl", "utf-8", "")
    imported(upload)
    assert upload.state == "held"
    assert not Sample.objects.exists()


def test_the_look_says_what_would_be_before_anything_is(alice: Any, rain: Any) -> None:
    data = make.jsonl([make.chat("伞", "伞。"), make.chat("风", "看不见的手。")]) + b"not json\n"
    seen = uploads.look(make.upload(alice, rain, data, hold=True))
    assert (seen.codec, seen.looked_at, seen.whole) == ("openai-chat", 3, True)
    assert (len(seen.graded), seen.with_errors, seen.with_findings) == (2, 1, 1)
    assert seen.rules == [("echo", "error", 1)]
    assert [(row.line, row.code, row.raw) for row in seen.refused] == [(3, "json-invalid", "not json")]


def test_a_long_row_that_becomes_no_sample_is_cut_between_characters_with_a_sign(alice: Any, rain: Any) -> None:
    data = make.jsonl(make.chats(2)) + ('{"foo": "' + "晴" * 500 + '"}\n').encode()
    upload = make.upload(alice, rain, data, hold=True)
    (refused,) = uploads.look(upload).refused
    assert refused.raw == '{"foo": "' + "晴" * 391
    page = browser_of(alice).get(f"/uploads/{upload.pk}/").content.decode()
    assert f"{'晴' * 231}…</code>" in page


def test_a_look_at_a_large_file_is_a_look_at_its_beginning(alice: Any, rain: Any) -> None:
    seen = uploads.look(make.upload(alice, rain, make.jsonl(make.chats(500)), hold=True))
    assert (seen.looked_at, seen.whole) == (200, False)


def test_a_held_file_is_started_once(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(3)), hold=True)
    started = uploads.start(actor=alice, upload=upload)
    assert started.state == "waiting"
    assert imported(started).rows_accepted == 3
    for late in (uploads.start, uploads.update):
        with pytest.raises(Conflict) as refusal:
            late(actor=alice, upload=upload)
        assert refusal.value.code == "not_held"
    verbs = AuditEntry.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["uploads.create", "uploads.start"]


def test_the_same_file_that_was_started_meanwhile_is_not_started_again(alice: Any, rain: Any) -> None:
    data = make.jsonl(make.chats(3))
    one, other = (make.upload(alice, rain, data, hold=True) for _ in range(2))
    uploads.start(actor=alice, upload=one)
    with pytest.raises(Conflict) as refusal:
        uploads.start(actor=alice, upload=other)
    assert refusal.value.code == "already_imported"
    imported(one)
    assert uploads.start(actor=alice, upload=other, again=True).state == "waiting"
    third = make.upload(alice, rain, data, hold=True, again=True)  # who was told then is not asked again
    imported(other)
    assert third.state == "held"


def test_a_discarded_file_is_gone_and_so_is_one_that_waited_for_a_week(
    alice: Any, rain: Any, django_capture_on_commit_callbacks: Any
) -> None:
    kept, dropped, old = (make.upload(alice, rain, make.jsonl(make.chats(n)), hold=True) for n in (1, 2, 3))
    Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - held.KEPT - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        uploads.cancel(actor=alice, upload=dropped)
        tasks.sweep()
    states = {upload.pk: upload.state for upload in Upload.objects.all()}
    assert states == {kept.pk: "held", dropped.pk: "cancelled", old.pk: "cancelled"}
    assert [default_storage.exists(upload.file.name) for upload in (kept, dropped, old)] == [True, False, False]
    with pytest.raises(Conflict):
        uploads.cancel(actor=alice, upload=dropped)


def test_an_annotator_may_look_and_change_nothing(alice: Any, bob: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(3)), hold=True)
    page = browser_of(bob).get(f"/uploads/{upload.pk}/").content.decode()
    assert "A reviewer or lead of this project can import it." in page
    assert not [field for field in re.findall(r"<(?:select|input)[^>]*id=.id_[^>]*>", page) if "disabled" not in field]
    for verb in (uploads.start, uploads.update, uploads.cancel):
        with pytest.raises(NotAllowed):
            verb(actor=bob, upload=upload)


# Reading it another way


def test_a_format_that_was_told_is_the_one_that_is_read(alice: Any, rain: Any) -> None:
    rows = [{"prompt": "下雨吗？", "completion": "会下雨。"}]
    upload = make.upload(alice, rain, make.jsonl(rows), hold=True)
    assert uploads.look(upload).codec == "trl-prompt-completion"
    uploads.update(actor=alice, upload=upload, format="openai-chat")
    seen = uploads.look(upload)
    assert (seen.codec, len(seen.refused)) == ("openai-chat", 1)


def test_another_encoding_and_another_kind_of_file_may_be_told(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, table(encoding="gb18030"), name="rows.csv", hold=True)
    assert upload.encoding == "gb18030"
    uploads.update(actor=alice, upload=upload, encoding="utf-8")
    assert uploads.look(upload).refused[0].code == "text-not-unicode"
    uploads.update(actor=alice, upload=upload, container="jsonl")
    assert len(uploads.look(upload).refused) == 4
    uploads.update(actor=alice, upload=upload, container="csv", encoding="gb18030")
    assert imported(uploads.start(actor=alice, upload=upload)).rows_accepted == 3


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("container", "exe"), ("encoding", "klingon"), ("format", "pickle"), ("side", "left"), ("strict", "maybe"),
        ("spread_by", "a..b"), ("licence", "x" * 101), ("sheet", "x" * 101), ("mapping", [1]),
        ("mapping", {"user": "no such column"}), ("mapping", {"nonsense": "instruction"}),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_by_name(option: str, value: Any, alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, table(), name="rows.csv", hold=True)
    with pytest.raises(InvalidInput) as refusal:
        uploads.update(actor=alice, upload=upload, **{option: value})
    assert option in refusal.value.fields
    upload.refresh_from_db()
    assert upload.mapping == {}


# Columns


def test_a_table_whose_columns_nobody_can_tell_waits_and_says_so(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, table(STRANGE, ("甲", "乙")), name="rows.csv")
    assert (upload.state, upload.needs) == ("held", "mapping")
    seen = uploads.look(upload)
    assert (seen.needs, seen.columns, seen.rows[0]) == ("mapping", ("甲", "乙"), list(STRANGE[0]))
    with pytest.raises(InvalidInput) as refusal:
        uploads.start(actor=alice, upload=upload)
    assert refusal.value.code == "needs_mapping"
    uploads.update(actor=alice, upload=upload, mapping={"user": "甲", "assistant": "乙"})
    assert (upload.needs, uploads.look(upload).rules[0][0]) == ("", "echo")
    done = imported(uploads.start(actor=alice, upload=upload))
    assert (done.rows_accepted, done.codec) == (2, "csv")
    assert list(Sample.objects.order_by("position").values_list("title", flat=True)) == ["下雨吗？", "伞"]


def test_columns_that_look_like_something_are_shown_as_a_suggestion_and_wait_for_a_word(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, table(STRANGE, ("提问内容", "标准回复")), name="rows.csv")
    seen = uploads.look(upload)
    assert (upload.state, upload.needs, seen.needs, seen.suggested) == ("held", "mapping", "mapping", True)
    assert seen.mapping is not None
    assert seen.mapping.to_data() == {"user": "提问内容", "assistant": "标准回复"}
    assert [one.title for _line, one in seen.graded] == ["下雨吗？", "伞"]
    upload.refresh_from_db()
    assert upload.mapping == {}


def test_a_script_says_the_columns_with_the_file(api: Any, rain: Any) -> None:
    file = io.BytesIO(table(STRANGE, ("甲", "乙")))
    file.name = "rows.csv"
    mapping = json.dumps({"user": "甲", "assistant": "乙", "keep": False})
    sent = {"file": file, "mapping": mapping, "strict": "true", "side": "test"}
    answer = api.post(f"/api/v1/datasets/{rain.pk}/uploads/", sent, format="multipart").json()
    assert (answer["state"], answer["side"], answer["strict"]) == ("waiting", "test", True)


def test_a_column_that_is_known_or_said_to_be_tags_becomes_the_tags_of_the_samples(alice: Any, rain: Any) -> None:
    known = 'input,output,reasoning,tags\n雨？,会。,想,"short,口语"\n雪？,不会。,,\n'.encode()
    make.imported(alice, rain, known, name="kiln.csv")
    said = "问题,答案,来源类型\n风？,大。,fragment；clean\n".encode()
    mapping = {"user": "问题", "assistant": "答案", "tags": "来源类型"}
    make.imported(alice, rain, said, name="said.csv", mapping=mapping)
    kept = '问题,答案,tags\n雾？,浓。,"a,b"\n'.encode()
    mapping = {"user": "问题", "assistant": "答案"}
    make.imported(alice, rain, kept, name="kept.csv", mapping=mapping)
    tags = [sorted(sample.tags.values_list("name", flat=True)) for sample in rain.samples.order_by("position")]
    assert tags == [["short", "口语"], [], ["clean", "fragment"], []]
    assert broken() == []


def test_a_script_is_told_what_is_missing_and_goes_on(api: Any, rain: Any) -> None:
    file = io.BytesIO(table(STRANGE, ("甲", "乙")))
    file.name = "rows.csv"
    made = api.post(f"/api/v1/datasets/{rain.pk}/uploads/", {"file": file}, format="multipart").json()
    assert (made["state"], made["needs"], made["error"]["code"]) == ("held", "mapping", "needs-mapping")
    upload = f"/api/v1/uploads/{made['id']}/"
    assert api.get(f"{upload}preview/").json()["columns"] == ["甲", "乙"]
    assert api.post(f"{upload}start/").status_code == 422
    wrong = api.patch(upload, {"mapping": {"user": "丙", "assistant": "乙"}}, format="json")
    assert "丙" in wrong.json()["fields"]["mapping.user"]
    told = api.patch(upload, {"mapping": {"user": "甲", "assistant": "乙"}, "licence": "MIT"}, format="json").json()
    assert (told["needs"], told["error"], told["licence"]) == ("", None, "MIT")
    preview = api.get(f"{upload}preview/").json()
    assert (preview["usable"], preview["with_errors"], preview["rules"][0]["rule"]) == (2, 1, "echo")
    assert preview["samples"][0]["messages"][-1]["content"] == "会下雨。"
    assert api.post(f"{upload}start/").status_code == 202


# What is taken


def test_a_strict_import_takes_no_sample_with_an_error_and_says_which_rules_it_breaks(alice: Any, rain: Any) -> None:
    rows = [make.chat("伞", "伞，没有句号"), make.chat("风", "看不见的手。")]
    upload = make.imported(alice, rain, rows, strict=True)
    assert (upload.rows_accepted, upload.rows_rejected) == (1, 1)
    [line] = [json.loads(one) for one in b"".join(uploads.rejected_lines(upload)).splitlines()]
    assert line["line"] == 1
    assert "echo" in line["error"]["message"]
    assert "terminal-punctuation" in line["error"]["message"]


def test_the_spread_over_a_key_is_counted_of_what_was_accepted(alice: Any, rain: Any) -> None:
    domains = ["law", "law", "health", None]
    rows = [{**row, "metadata": {"domain": domain}} for row, domain in zip(make.chats(4), domains, strict=True)]
    upload = make.imported(alice, rain, rows, spread_by="metadata.domain")
    assert upload.spread["law"] == 2
    assert upload.spread["health"] == 1
    assert sum(upload.spread.values()) == 4
    page = browser_of(alice).get(f"/uploads/{upload.pk}/").content.decode()
    assert "Spread over metadata.domain" in page


def test_generated_samples_are_taken_where_every_code_is_copied_and_their_domains_are_counted(
    alice: Any, project: Any
) -> None:
    """What a model wrote after a prompt for corrections: the symbol grader decides row by row what comes in."""
    codes = make.dataset(alice, project, name="Codes", contract={"symbols": {"tight": ["-", "/"], "verbatim": True}})
    written = [
        ("technical", "用什么防水？型号 Sikalastic-609", "用 Sikalastic-609。"),
        ("technical", "型号 Sikalastic-609 防水吗？", "Sikalastic - 609 防水。"),
        ("dialogue", "AW30-02/B 还有货吗？", "AW30-02/B 有货。"),
        ("terminology", "AW30-02/B 是什么？", "AW30-02 / B 是型号。"),
        ("terminology", "ISO-9001 是什么？", "ISO-9001 是标准。"),
    ]
    rows = [{**make.chat(asked, told), "metadata": {"domain": domain}} for domain, asked, told in written]
    upload = make.imported(alice, codes, rows, strict=True, spread_by="metadata.domain")
    assert (upload.rows_accepted, upload.rows_rejected) == (3, 2)
    assert upload.spread == {"technical": 1, "dialogue": 1, "terminology": 1}
    refused = [json.loads(line) for line in b"".join(uploads.rejected_lines(upload)).splitlines()]
    assert [line["line"] for line in refused] == [2, 4]
    assert all("symbol-" in line["error"]["message"] for line in refused)


def test_a_side_that_was_told_belongs_to_every_sample_of_the_file(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(3), side="validation")
    assert set(Sample.objects.values_list("pinned", flat=True)) == {"validation"}


def test_a_script_gets_the_columns_and_the_spread_of_a_file_as_objects(alice: Any, rain: Any, api: Any) -> None:
    upload = make.upload(alice, rain, "q,a\n一,二\n".encode(), name="rows.csv", hold=True, mapping=MAPPING_OF_Q_AND_A)
    said = api.get(f"/api/v1/uploads/{upload.pk}/").json()
    assert (said["mapping"], said["spread"]) == (MAPPING_OF_Q_AND_A, {})


MAPPING_OF_Q_AND_A = {"user": "q", "assistant": "a"}


def test_import_is_refused_on_the_page_while_the_columns_are_not_told_or_the_file_is_here_already(
    alice: Any, rain: Any
) -> None:
    page = browser_of(alice)
    strange = make.upload(alice, rain, table(STRANGE, ("kind", "weather")), name="words.csv", hold=True)
    answer = page.post(f"/uploads/{strange.pk}/start/", {"container": "csv", "encoding": "utf-8", "format": "auto"})
    assert answer.status_code == 422
    assert "Say first which column is the question" in answer.content.decode()
    one, other = (make.upload(alice, rain, make.jsonl(make.chats(3)), hold=True) for _ in range(2))
    uploads.start(actor=alice, upload=one)
    answer = page.post(f"/uploads/{other.pk}/start/", {"container": "jsonl", "encoding": "utf-8", "format": "auto"})
    assert answer.status_code in (409, 422)
    assert 'name="again"' in answer.content.decode()


def test_rows_that_would_stay_out_are_said_above_and_not_only_at_the_end(alice: Any, rain: Any) -> None:
    held = make.upload(alice, rain, make.jsonl(make.chats(2)) + b'{"foo": 1}\n', hold=True)
    html = browser_of(alice).get(f"/uploads/{held.pk}/").content.decode()
    assert "The 2 rows that become samples break no rule." in html
    said = html.index("1 row would not become a sample.")
    assert said < html.index('href="#refused-h"') < html.index('id="quality-h"') < html.index('id="refused-h"')


def test_a_file_without_a_usable_row_says_so_before_its_import(alice: Any, rain: Any) -> None:
    page = browser_of(alice)
    told = {
        b'{"other": 1}\n': "No row of this file becomes a sample.",
        b"\n\n": "There is no row in this file.",
    }
    for data, sentence in told.items():
        upload = make.upload(alice, rain, data, hold=True)
        assert sentence in page.get(f"/uploads/{upload.pk}/").content.decode()
    upload = make.upload(
        alice, rain, book(cover=(HEAD,), 天气=(HEAD, ("下雨吗？", "不会。"))), name="a.xlsx", hold=True
    )
    assert "There is no row in this sheet." in page.get(f"/uploads/{upload.pk}/").content.decode()


# Sheets of a workbook


def book(**sheets: Any) -> bytes:
    """A workbook with these sheets, each of rows of cells."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


NOTES = (("about",), ("made in May",))
HEAD = ("instruction", "output")
BOOK = book(readme=NOTES, 天气=(HEAD, ("下雨吗？", "不会。")), 词语=(HEAD, ("伞", "伞。"), ("风", "看不见的手。")))


def test_a_script_chooses_the_sheet_among_those_that_the_preview_names(api: Any, rain: Any) -> None:
    file = io.BytesIO(BOOK)
    file.name = "rows.xlsx"
    made = api.post(f"/api/v1/datasets/{rain.pk}/uploads/", {"file": file, "hold": True}, format="multipart").json()
    assert (made["sheet"], made["needs"]) == ("", "mapping")
    upload = f"/api/v1/uploads/{made['id']}/"
    preview = api.get(f"{upload}preview/").json()
    assert (preview["sheets"], preview["sheet"]) == (["readme", "天气", "词语"], "readme")
    wrong = api.patch(upload, {"sheet": "月亮"}, format="json")
    assert (wrong.status_code, "readme, 天气, 词语" in wrong.json()["fields"]["sheet"]) == (422, True)
    told = api.patch(upload, {"sheet": "词语"}, format="json").json()
    assert (told["sheet"], told["needs"]) == ("词语", "")
    preview = api.get(f"{upload}preview/").json()
    assert (preview["sheet"], preview["usable"], preview["columns"]) == ("词语", 2, list(HEAD))
    api.post(f"{upload}start/")
    assert imported(Upload.objects.get()).rows_accepted == 2
    assert list(Sample.objects.order_by("position").values_list("title", flat=True)) == ["伞", "风"]


def test_a_sheet_that_is_not_there_is_refused_at_the_door_and_so_is_one_of_a_table(alice: Any, rain: Any) -> None:
    for name, data, sentence in (("rows.xlsx", BOOK, "天气"), ("rows.csv", table(), "no workbook")):
        with pytest.raises(InvalidInput) as refusal:
            make.upload(alice, rain, data, name=name, sheet="月亮")
        assert sentence in str(refusal.value.fields["sheet"])
    assert not Upload.objects.exists()


def test_a_file_that_is_taken_for_another_kind_has_no_chosen_sheet_any_more(alice: Any, rain: Any) -> None:
    upload = make.upload(alice, rain, BOOK, name="rows.xlsx", hold=True, sheet="天气")
    uploads.update(actor=alice, upload=upload, mapping={"user": "instruction", "assistant": "output"})
    uploads.update(actor=alice, upload=upload, sheet="readme")
    assert (upload.mapping, upload.needs) == ({}, "mapping")
    uploads.update(actor=alice, upload=upload, container="jsonl")
    upload.refresh_from_db()
    assert upload.sheet == ""


def test_each_sheet_of_a_workbook_is_taken_in_once(alice: Any, rain: Any) -> None:
    weather = book(天气=(HEAD, ("下雨吗？", "不会。")), 词语=(HEAD, ("伞", "看得见的手。")))
    assert make.imported(alice, rain, weather, name="rows.xlsx").rows_accepted == 1
    assert make.imported(alice, rain, weather, name="rows.xlsx", sheet="词语").rows_accepted == 1
    for repeated in ("", "天气", "词语"):
        with pytest.raises(Conflict) as refusal:
            make.upload(alice, rain, weather, name="rows.xlsx", sheet=repeated)
        assert refusal.value.code == "already_imported"
    upload = make.upload(alice, rain, weather, name="rows.xlsx", hold=True)  # which sheet is said later
    with pytest.raises(Conflict) as refusal:
        uploads.start(actor=alice, upload=upload)
    assert refusal.value.code == "already_imported"
    assert uploads.start(actor=alice, upload=upload, again=True).state == "waiting"


def test_the_page_of_a_workbook_offers_its_sheets_and_shows_the_chosen_one(alice: Any, rain: Any) -> None:
    page = browser_of(alice)
    upload = make.upload(alice, rain, BOOK, name="rows.xlsx", hold=True)
    address = f"/uploads/{upload.pk}/"
    shown = page.get(address).content.decode()
    assert '<option value="readme" selected>' in shown
    assert "If the samples stand in another sheet" in shown
    sent = {"container": "xlsx", "format": "auto", "sheet": "词语", "column-user": "about"}  # of the sheet before
    assert page.post(f"{address}update/", sent).status_code == 302
    shown = page.get(address).content.decode()
    assert '<option value="词语" selected>' in shown
    assert "看不见的手。" in shown
    assert page.post(f"{address}update/", sent | {"sheet": "月亮"}).status_code == 422
    sent |= {"column-user": "instruction", "column-assistant": "output", "keep": "on"}
    assert page.post(f"{address}start/", sent).status_code == 302
    assert "<dd" in page.get(address).content.decode().split("<dt>Sheet</dt>")[1][:10]
    single = make.upload(alice, rain, book(a=(HEAD, ("星", "远。"))), name="rows.xlsx", hold=True)
    assert 'name="sheet"' not in page.get(f"/uploads/{single.pk}/").content.decode()


def test_among_a_thousand_columns_one_is_found_by_typing_and_the_page_stays_small(alice: Any, rain: Any) -> None:
    names = [f"第{n}列 “{n}”" for n in range(1000)]
    data = "\n".join([",".join(names), *(",".join(f"{n}·{row}" for n in range(1000)) for row in range(9))])
    upload = make.upload(alice, rain, data.encode(), name="wide.csv", hold=True)
    client = browser_of(alice)
    address = f"/uploads/{upload.pk}/"
    page = client.get(address).content.decode()
    assert len(page) < 150_000
    assert page.count('<option value="第') == 1000
    assert "940 more columns" in page
    said = {"container": "csv", "encoding": "utf-8", "format": "auto", "keep": "on"}
    wrong = client.post(f"{address}update/", {**said, "column-user": names[999], "column-assistant": "第1001列"})
    assert "no column “第1001列”" in wrong.content.decode()
    client.post(f"{address}update/", {**said, "column-user": names[999], "column-assistant": names[998]})
    upload.refresh_from_db()
    assert upload.mapping == {"user": names[999], "assistant": names[998]}
    page = client.get(address).content.decode()
    assert f'<th scope="col" lang="zh-Hans">{names[999]}</th>' in page
    assert "938 more columns" in page
