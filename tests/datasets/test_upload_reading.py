"""How a file is read, as a person says it: which file of an archive, what stands between the cells of a table."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from zeal import zeal_ignore

from datasets_app.models import Upload
from datasets_app.pipeline.ingest import ingest
from datasets_app.services import uploads
from ftstudio.errors import Conflict, InvalidInput
from tests import make

ROWS = [("明天会下雨吗？", "会下雨。", "一"), ("后天冷不冷？", "不冷。", "二")]


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name.replace("_DOT_", "."), data)
    return out.getvalue()


def table(*headings: str, between: str = ",", rows: Any = ROWS) -> bytes:
    return "".join(between.join(row) + "\n" for row in (headings, *rows)).encode("gb18030")


def workbook(*headings: str, title: str = "样本") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in (headings, *ROWS):
        book.active.append(row)
    book.create_sheet("另一个").append(headings)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def questions(upload: Upload) -> set[str]:
    return {make.content_of(one)["messages"][0]["content"] for one in upload.dataset.samples.all()}


def started(upload: Upload, alice: Any, **how: Any) -> Upload:
    uploads.start(actor=alice, upload=upload, **how)
    ingest(upload.pk)
    upload.refresh_from_db()
    return upload


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_columns_of_a_table_in_an_archive_are_mapped_on_its_page(
    kind: str, alice: Any, rain: Any, client: Any
) -> None:
    data = table("甲", "乙", "丙") if kind == "csv" else workbook("甲", "乙", "丙")
    upload = make.upload(alice, rain, archive(**{f"rows_DOT_{kind}": data, "readme_DOT_txt": b"x"}), name="rows.zip")
    assert (upload.state, upload.needs, upload.container, upload.inside) == ("held", "mapping", "zip", kind)
    client.force_login(alice)
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert 'name="column-user"' in page
    assert "明天会下雨吗？" in page
    sent = {"container": "zip", "format": "auto", "column-user": "甲", "column-assistant": "乙", "keep": "on"}
    sent |= {"encoding": "gb18030", "delimiter": ","} if kind == "csv" else {"sheet": "样本"}
    assert client.post(f"/uploads/{upload.pk}/start/", sent).status_code == 302
    ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.codec, upload.rows_accepted, upload.rows_rejected) == ("done", kind, 2, 0)
    assert questions(upload) == {row[0] for row in ROWS}
    again = make.upload(
        alice, rain, archive(new_DOT_csv=table("甲", "乙", "丙", rows=ROWS[:1])), name="b.zip", hold=True
    )
    assert again.mapping == {"user": "甲", "assistant": "乙"}  # what was said once holds for the next


def test_a_table_in_an_archive_keeps_the_pictures_that_it_names(alice: Any, rain: Any, drawn: Any) -> None:
    rows = "问题,答案,image\n这是什么？,猫。,cat.png\n".encode()
    upload = make.imported(alice, rain, archive(rows_DOT_csv=rows, cat_DOT_png=drawn), name="rows.zip")
    assert (upload.rows_accepted, upload.rows_rejected) == (1, 0)


def test_a_formula_that_nobody_computed_stands_in_the_way_of_no_row_that_does_not_need_it(
    alice: Any, rain: Any
) -> None:
    book = openpyxl.Workbook()
    for row in (["甲", "乙", "字数"], ["雨？", "有雨", "=LEN(A2)"], ["=A2", "有雪", 1]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    upload = make.upload(alice, rain, out.getvalue(), name="a.xlsx")
    assert upload.needs == "mapping"
    uploads.update(actor=alice, upload=upload, mapping={"user": "甲", "assistant": "乙"})
    seen = uploads.look(upload)
    assert (seen.columns, len(seen.rows), len(seen.graded), len(seen.refused)) == (("甲", "乙", "字数"), 2, 1, 1)
    started(upload, alice)
    assert (upload.rows_accepted, [row.line for row in upload.rejected.all()]) == (1, [3])


@pytest.fixture
def drawn() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


def test_of_several_files_in_an_archive_a_person_says_which(alice: Any, rain: Any, client: Any) -> None:
    data = archive(
        **{
            "a/甲_DOT_csv": table("问题", "答案", "备注"),
            "b_DOT_jsonl": make.jsonl(make.chats(3)),
            "c_DOT_xlsx": workbook("问题", "答案", "备注"),
        }
    )
    upload = make.upload(alice, rain, data, name="rows.zip")
    assert (upload.state, upload.needs) == ("held", "member")
    with pytest.raises(InvalidInput) as refusal:
        uploads.start(actor=alice, upload=upload)
    assert refusal.value.code == "needs_member"
    client.force_login(alice)
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert "Say which file of the archive is meant." in page
    assert client.get(f"/api/v1/uploads/{upload.pk}/preview/").json()["members"] == ["a/甲.csv", "b.jsonl", "c.xlsx"]
    answer = client.patch(f"/api/v1/uploads/{upload.pk}/", {"member": "d.csv"}, content_type="application/json")
    assert answer.status_code == 422
    assert "use one of a/甲.csv" in answer.json()["fields"]["member"]
    sent = {"container": "zip", "format": "auto", "member": "c.xlsx"}
    assert client.post(f"/uploads/{upload.pk}/update/", sent).status_code == 302
    upload.refresh_from_db()
    assert (upload.member, upload.inside, upload.needs, upload.encoding) == ("c.xlsx", "xlsx", "", "")
    sent |= {"member": "a/甲.csv", "sheet": "样本"}  # the sheet on the page is of the old one
    assert client.post(f"/uploads/{upload.pk}/update/", sent).status_code == 302
    upload.refresh_from_db()
    assert (upload.member, upload.inside, upload.sheet, upload.encoding) == ("a/甲.csv", "csv", "", "gb18030")
    assert started(upload, alice).rows_accepted == 2
    other = make.imported(alice, rain, data, name="rows.zip", member="b.jsonl")  # another file of it is no repetition
    assert (other.state, other.rows_accepted) == ("done", 3)
    with pytest.raises(Conflict):
        make.upload(alice, rain, data, name="rows.zip", member="b.jsonl")
    held = make.upload(alice, rain, data, name="rows.zip", hold=True)
    assert held.needs == "member"


def test_of_an_archive_that_is_cut_off_too_a_person_says_which(alice: Any, rain: Any) -> None:
    data = archive(a_DOT_jsonl=make.jsonl(make.chats(3)), b_DOT_csv=table("问题", "答案", "备注"))
    upload = make.upload(alice, rain, data[: data.index(b"b.csv") + 20], name="rows.zip", hold=True)
    assert (upload.needs, uploads.look(upload).members) == ("member", ("a.jsonl", "b.csv"))
    uploads.update(actor=alice, upload=upload, member="a.jsonl")
    started(upload, alice)
    assert (upload.state, upload.rows_accepted, upload.rows_rejected) == ("done", 3, 1)


@pytest.mark.parametrize("names", [("rows.jsonl", "rows_jsonl"), (f"{'a' * 401}.jsonl", f"{'b' * 401}.jsonl")])
def test_an_archive_of_files_that_nobody_can_tell_apart_is_refused(
    names: tuple[str, str], alice: Any, rain: Any
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, make.jsonl(make.chats(2)))
    data = out.getvalue().replace(b"rows_jsonl", b"rows.jsonl")  # two of one name, as some tools pack them
    with pytest.raises(InvalidInput, match="Several files of the archive"):
        make.upload(alice, rain, data, name="rows.zip", hold=True)
    assert not Upload.objects.exists()


def test_an_archive_of_workbooks_is_read_as_one_and_of_each_one_sheet(alice: Any, rain: Any) -> None:
    data = archive(
        a_DOT_xlsx=workbook("问题", "答案", "备注"), b_DOT_xlsx=workbook("问题", "答案", "备注", title="第二")
    )
    upload = make.upload(alice, rain, data, name="rows.zip", member="b.xlsx", hold=True)
    seen = uploads.look(upload)
    assert (seen.sheets, seen.sheet, len(seen.graded)) == (("第二", "另一个"), "第二", 2)
    uploads.update(actor=alice, upload=upload, sheet="另一个")
    assert uploads.look(upload).graded == []
    uploads.update(actor=alice, upload=upload, member="a.xlsx")
    assert (upload.sheet, len(uploads.look(upload).graded)) == ("", 2)


def test_what_stands_between_the_cells_is_found_out_shown_and_can_be_said(alice: Any, rain: Any, client: Any) -> None:
    upload = make.upload(alice, rain, table("问题", "答案", "备注", between="\t"), name="a.csv", hold=True)
    assert (upload.delimiter, upload.needs) == ("\t", "")
    client.force_login(alice)
    assert '<option value="tab" selected>' in client.get(f"/uploads/{upload.pk}/").content.decode()
    odd = "问题,,,^答案\n雨，雪,,,？^有雨\n雷？^有雷\n".encode()
    upload = make.upload(alice, rain, odd, name="b.csv", hold=True)
    assert (upload.delimiter, upload.needs) == (",", "mapping")
    page = f"/uploads/{upload.pk}/"
    sent = {"container": "csv", "encoding": "utf-8", "delimiter": "^", "format": "auto"}
    assert client.post(page + "update/", sent).status_code == 302
    upload.refresh_from_db()
    assert upload.delimiter == "^"
    assert '<option value="^" selected>' in client.get(page).content.decode()
    assert client.get(f"/api/v1{page}preview/").json()["delimiter"] == "^"
    for wrong in ("^^", '"', "\n"):
        answer = client.patch(f"/api/v1{page}", {"delimiter": wrong}, content_type="application/json")
        assert answer.status_code == 422
        assert "delimiter" in answer.json()["fields"]
    answer = client.patch(f"/api/v1{page}", {"delimiter": ""}, content_type="application/json")
    assert (answer.status_code, answer.json()["delimiter"]) == (200, ",")  # "" finds it out again
    told = client.patch(
        f"/api/v1{page}",
        {"delimiter": "^", "mapping": {"user": "问题,,,", "assistant": "答案"}},
        content_type="application/json",
    )
    assert told.json()["needs"] == ""
    upload.refresh_from_db()
    assert started(upload, alice).rows_accepted == 2


def test_in_another_encoding_the_separator_is_looked_for_anew(alice: Any, rain: Any, client: Any) -> None:
    upload = make.upload(alice, rain, b"question;answer\nrain?;yes\n", name="a.csv", hold=True)
    assert (upload.encoding, upload.delimiter) == ("utf-8", ";")
    uploads.update(actor=alice, upload=upload, encoding="gb18030", delimiter="|")
    assert upload.delimiter == "|"
    client.force_login(alice)
    sent = {"container": "csv", "encoding": "utf-8", "delimiter": "|", "format": "auto"}
    assert client.post(f"/uploads/{upload.pk}/update/", sent).status_code == 302
    upload.refresh_from_db()
    assert (upload.encoding, upload.delimiter) == ("utf-8", ";")


def test_the_command_line_says_it_too(alice: Any, rain: Any, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "rows.zip"
    path.write_bytes(archive(a_DOT_csv=table("q", "a", "x", between="^"), b_DOT_csv=table("问题", "答案", "备注")))
    for command in (["grade", str(path)], ["import_samples", str(rain.pk), str(path)]):
        with pytest.raises(CommandError, match=r"say which of a\.csv, b\.csv is meant"):
            call_command(*command)
    told = ["--member", "a.csv", "--delimiter", "^", "--column", "user=q", "--column", "assistant=a"]
    call_command("grade", str(path), *told)
    assert "2 rows, 2 accepted" in capsys.readouterr().out
    call_command("import_samples", str(rain.pk), str(path), *told)
    assert "done: 2 samples" in capsys.readouterr().out
    plain = tmp_path / "a.csv"
    plain.write_bytes(table("问题", "答案", "备注"))
    with pytest.raises(CommandError, match="no archive"):
        call_command("grade", str(plain), "--member", "b.csv")


def test_several_files_are_taken_in_at_once_and_one_that_is_refused_holds_up_no_other(
    alice: Any, rain: Any, client: Any
) -> None:
    """As a browser without our script sends them; with it each is sent by itself."""
    client.force_login(alice)
    files = [
        SimpleUploadedFile("a.jsonl", make.jsonl(make.chats(2))),
        SimpleUploadedFile("b.pdf", b"%PDF"),
        SimpleUploadedFile("c.csv", table("问题", "答案", "备注")),
        SimpleUploadedFile("d.jsonl", b""),
    ]
    with zeal_ignore():  # each file is taken in by itself, in a transaction of its own
        answer = client.post(f"/datasets/{rain.pk}/upload/", {"file": files, "format": "auto"})
    made = {upload.name: upload for upload in Upload.objects.all()}
    assert (answer.status_code, made.keys()) == (200, {"a.jsonl", "c.csv"})
    assert {upload.state for upload in made.values()} == {"held"}
    page = answer.content.decode()
    assert all(f"/uploads/{upload.pk}/" in page for upload in made.values())
    assert "must end in one of" in page
    assert "The file is empty." in page
    refused = client.post(f"/datasets/{rain.pk}/upload/", {"file": [SimpleUploadedFile("e.pdf", b"%PDF")] * 2})
    assert refused.status_code == 422
    none = client.post(f"/datasets/{rain.pk}/upload/", {"format": "auto"})
    assert (none.status_code, Upload.objects.count()) == (422, 2)
