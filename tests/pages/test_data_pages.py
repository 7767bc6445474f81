"""The data side's pages: who sees them, what they refuse, and that they work as plain forms without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from datasets_app.models import Dataset, Export, Sample, Snapshot, Upload
from datasets_app.models.upload import UploadState
from ftstudio import heart
from tests.browser.steps import CONTRACT, rows, work_off, written
from tests.conftest import browser_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def dataset(alice: Any, project: Any, tmp_path: Any) -> Dataset:
    """Ten samples of which three repeat their input."""
    page = browser_of(alice)
    answer = page.post(
        reverse("pages:dataset-create"),
        {"name": "Words", "profile": "local", "ends_with": "。", "sentences_max": "1", "no_echo": "on",
         "no_repeated_punctuation": "on"},
    )  # fmt: skip
    made = Dataset.objects.get()
    assert answer["Location"] == reverse("pages:dataset-detail", args=[made.pk])
    assert made.contract == CONTRACT
    send(page, made, written(tmp_path, rows(broken=3)).read_bytes())
    made.refresh_from_db()
    return made


def send(page: Client, dataset: Dataset, content: bytes, name: str = "words.jsonl", **more: str) -> Any:
    """Upload, and press Import on the page that shows what the file would become. The answer is the upload's."""
    file = SimpleUploadedFile(name, content)
    answer = page.post(reverse("pages:dataset-upload", args=[dataset.pk]), {"file": file, "format": "auto", **more})
    for held in Upload.objects.filter(dataset=dataset, state=UploadState.HELD):
        started = page.post(reverse("pages:upload-start", args=[held.pk]), {"format": held.format})
        assert started.status_code == 302, started.content.decode()
    work_off()
    return answer


def url(name: str, *args: Any) -> str:
    return reverse(f"pages:{name}", args=args)


def body(sample: Sample, text: str, **more: Any) -> dict[str, Any]:
    """What the desk's form sends."""
    return {
        "base_revision": sample.revision_number, "client_id": f"c{sample.pk}{len(text)}", "turn": ["k0", "k1", "a"],
        "k0-from": "0", "k1-from": "1", "a-from": "2", "a-text": text, **more,
    }  # fmt: skip


GOOD = "晴天被忘在门后。"
NO_WORKER = "No worker has been heard from"


# --- datasets and uploads ---------------------------------------------------------------------------------------


def test_the_headline_says_how_many_answers_break_the_rule(pages: Client, dataset: Dataset) -> None:
    html = pages.get(url("dataset-detail", dataset.pk)).content.decode()
    assert "30.0 % of the answers break your own rule" in html
    assert "Show the 3" in html


def test_quality_stands_above_the_amount(pages: Client, dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(base_model="Qwen/Qwen2.5-7B-Instruct")
    page = pages.get(url("dataset-detail", dataset.pk)).content.decode()
    assert 0 < page.index('id="quality-h"') < page.index('id="size-h"')


def test_a_rule_that_the_contract_does_not_state_is_not_called_its_own(pages: Client, dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(contract={})
    html = pages.get(url("dataset-detail", dataset.pk)).content.decode()
    assert "30.0 % of the samples break the rule" in html


def test_a_filter_is_an_address_and_answers_as_a_part(pages: Client, dataset: Dataset) -> None:
    address = url("dataset-detail", dataset.pk) + "?rule=echo&status=pending"
    whole = pages.get(address).content.decode()
    part = pages.get(address, headers={**HTMX, "HX-Target": "samples"}).content.decode()
    assert "<html" in whole
    assert part.strip().startswith('<div id="samples">')
    assert 'id="tabs-fresh"' in part
    assert 'id="id_q"' not in part, "what is being typed is never replaced"
    assert part.count("<tr data-row") == 3
    assert "hx-get" in part


def test_chinese_text_is_found(pages: Client, dataset: Dataset) -> None:
    html = pages.get(url("dataset-detail", dataset.pk) + "?q=最懂离别", headers={**HTMX, "HX-Target": "samples"})
    assert html.content.decode().count("<tr data-row") == 3


@pytest.mark.parametrize("query", ["rule=no-such-rule", "status=lost", "cursor=;drop", "split=left"])
def test_a_filter_that_does_not_exist_is_said_and_breaks_nothing(pages: Client, dataset: Dataset, query: str) -> None:
    answer = pages.get(f"{url('dataset-detail', dataset.pk)}?{query}")
    assert answer.status_code == 200
    assert "notice error" in answer.content.decode()


def test_a_name_that_is_taken_is_a_conflict_on_its_field(pages: Client, dataset: Dataset) -> None:
    answer = pages.post(url("dataset-create"), {"name": "Words", "profile": "local", "guideline": "keep me"})
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "keep me" in html
    assert "id_name_error" in html


def test_a_contract_that_cannot_be_used_is_422_and_nothing_is_lost(pages: Client, dataset: Dataset) -> None:
    answer = pages.post(
        url("dataset-update", dataset.pk), {"name": "Words", "profile": "local", "schema": "{", "ends_with": "！"}
    )
    assert answer.status_code == 422
    assert "！" in answer.content.decode()
    dataset.refresh_from_db()
    assert dataset.contract == CONTRACT


def test_an_annotator_neither_uploads_nor_changes_the_contract(bob: Any, dataset: Dataset) -> None:
    page = browser_of(bob)
    html = page.get(url("dataset-detail", dataset.pk)).content.decode()
    assert url("dataset-update", dataset.pk) not in html
    assert url("dataset-upload", dataset.pk) not in html
    assert page.post(url("dataset-update", dataset.pk), {"name": "Mine", "profile": "local"}).status_code == 403
    assert send(page, dataset, b"{}\n").status_code == 403
    assert page.get(url("dataset-create")).status_code == 403


def test_bad_lines_are_shown_with_number_reason_and_raw_text(pages: Client, dataset: Dataset) -> None:
    content = b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}\nnot json\n'
    answer = send(pages, dataset, content, "odd.jsonl")
    upload = Upload.objects.get(name="odd.jsonl")
    assert answer["Location"] == url("upload-detail", upload.pk)
    html = pages.get(url("upload-detail", upload.pk)).content.decode()
    assert "not json" in html
    assert "hx-trigger" not in html.split('id="status"')[1].split(">")[0]
    file = pages.get(url("upload-rejected", upload.pk))
    assert file["Content-Disposition"].startswith("attachment")
    assert b'"line": 2' in b"".join(file.streaming_content)  # type: ignore[arg-type]


def test_an_upload_that_waits_is_polled_and_can_be_stopped(pages: Client, dataset: Dataset, alice: Any) -> None:
    upload = Upload.objects.get()
    Upload.objects.filter(pk=upload.pk).update(state="running", offset=10)
    part = pages.get(url("upload-detail", upload.pk), headers={**HTMX, "HX-Target": "status"}).content.decode()
    assert "every 1s" in part
    assert pages.post(url("upload-cancel", upload.pk)).status_code == 302
    assert pages.post(url("upload-cancel", upload.pk)).status_code == 409


def test_the_same_file_again_is_a_conflict_until_it_is_meant(pages: Client, dataset: Dataset, tmp_path: Any) -> None:
    content = written(tmp_path, rows(broken=3)).read_bytes()
    refused = send(pages, dataset, content)
    assert refused.status_code == 409
    assert 'name="again"' in refused.content.decode()
    assert send(pages, dataset, content, again="1").status_code == 302
    dataset.refresh_from_db()
    assert dataset.samples_total == 20


# --- the desk -----------------------------------------------------------------------------------------------------


def first(dataset: Dataset) -> Sample:
    return Sample.objects.get(dataset=dataset, position=1)


def test_the_desk_shows_findings_fixes_and_the_contract(pages: Client, dataset: Dataset) -> None:
    html = pages.get(url("sample-detail", first(dataset).pk)).content.decode()
    assert 'id="findings"' in html
    assert "echo" in html
    assert "3 of 4 hold" in html
    for key in ("a ctrl+enter", "x", "f", "space", "backspace", "ctrl+s"):
        assert f'data-key="{key}"' in html, key


def test_the_text_area_gives_leading_line_breaks_back(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    pages.post(url("sample-save", sample.pk), body(sample, "\n\n晴天被忘在门后。"))
    html = pages.get(url("sample-detail", sample.pk)).content.decode()
    shown = re.search(r'<textarea[^>]*id="answer"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    assert shown is not None
    assert shown[1] == "\n\n晴天被忘在门后。"


def test_checking_answers_with_parts_and_stores_nothing(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    html = pages.post(url("sample-check", sample.pk), body(sample, "晴天被忘在门后")).content.decode()
    parts = ["findings", "diff", "tokens", "requirements", "characters"]
    assert re.findall(rf'id="({"|".join(parts)})"', html) == parts
    assert "<textarea" not in html
    assert "terminal-punctuation" in html
    sample.refresh_from_db()
    assert sample.revision_number == 1


def test_saving_makes_a_revision_and_keeps_the_wrong_answer(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    assert pages.post(url("sample-save", sample.pk), body(sample, GOOD)).status_code == 302
    sample.refresh_from_db()
    assert (sample.revision_number, sample.worst, sample.has_rejected) == (2, 0, True)
    html = pages.get(url("sample-detail", sample.pk)).content.decode()
    assert "kept as rejected" in html


def test_a_fix_button_works_without_a_script(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    text = "晴天被忘在门后"
    html = pages.post(url("sample-check", sample.pk), body(sample, text)).content.decode()
    fix = re.search(r'name="fix" value="([^"]+)"', html)
    assert fix is not None
    pages.post(url("sample-save", sample.pk), body(sample, text, fix=fix[1]))
    assert Sample.objects.get(pk=sample.pk).revisions.get(number=2).origin == "fix"
    assert GOOD in pages.get(url("sample-detail", sample.pk)).content.decode()


def test_a_stale_save_is_409_with_all_three_texts_and_can_be_saved_on_top(
    pages: Client, bob: Any, dataset: Dataset
) -> None:
    sample = first(dataset)
    browser_of(bob).post(url("sample-save", sample.pk), body(sample, "鲍勃写的一句。"))
    answer = pages.post(url("sample-save", sample.pk), body(sample, "爱丽丝写的一句。", client_id="alice"))
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing of yours is lost" in html
    assert "爱丽丝" in html
    assert "鲍勃" in html
    assert 'name="base_revision" value="2"' in html
    sample.refresh_from_db()
    assert pages.post(url("sample-save", sample.pk), body(sample, "合在一起的一句。", client_id="x")).status_code == 302
    sample.refresh_from_db()
    assert sample.revision_number == 3


def test_a_verdict_on_what_was_not_seen_is_409_and_shows_what_is_new(pages: Client, bob: Any, dataset: Dataset) -> None:
    sample = first(dataset)
    browser_of(bob).post(url("sample-save", sample.pk), body(sample, GOOD))
    sent = body(sample, "雨伞最懂离别。", decision="accept", client_id="y")
    answer = pages.post(url("sample-decide", sample.pk), sent)
    assert answer.status_code == 409
    assert GOOD in answer.content.decode()
    assert 'name="base_revision" value="2"' in answer.content.decode()


def test_a_refused_verdict_keeps_what_was_typed_and_the_form_goes_on(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    sent = body(sample, "雨伞也要休息。", decision="accept")
    refused = pages.post(url("sample-decide", sample.pk), sent).content.decode()
    assert 'name="base_revision" value="2"' in refused  # saved, only not accepted
    sent = {**sent, "base_revision": "2", "client_id": "next", "a-text": GOOD}
    assert pages.post(url("sample-decide", sample.pk), sent).status_code == 302
    sample.refresh_from_db()
    assert (sample.status, sample.revision_number) == ("accepted", 3)


def test_other_words_under_the_same_request_id_are_never_dropped(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    assert pages.post(url("sample-save", sample.pk), body(sample, GOOD, client_id="same")).status_code == 302
    assert pages.post(url("sample-save", sample.pk), body(sample, GOOD, client_id="same")).status_code == 302
    assert sample.revisions.count() == 2
    assert pages.post(url("sample-save", sample.pk), body(sample, "别的话。", client_id="same")).status_code == 409


def test_a_verdict_leads_to_the_next_sample_and_can_be_undone(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    second = Sample.objects.get(dataset=dataset, position=2)
    answer = pages.post(url("sample-decide", sample.pk), body(sample, GOOD, decision="accept"))
    assert answer["Location"] == url("sample-detail", second.pk)
    sample.refresh_from_db()
    assert (sample.status, sample.revision_number) == ("accepted", 2)
    html = pages.get(url("sample-detail", second.pk)).content.decode()
    assert url("sample-undo", sample.pk) in html
    assert pages.post(url("sample-undo", sample.pk))["Location"] == url("sample-detail", sample.pk)
    sample.refresh_from_db()
    assert sample.status == "pending"
    assert pages.post(url("sample-undo", sample.pk)).status_code == 409


def test_an_open_error_is_not_accepted_without_a_reason(pages: Client, bob: Any, dataset: Dataset) -> None:
    sample = first(dataset)
    broken = "雨伞最懂离别。"
    refused = browser_of(bob).post(url("sample-decide", sample.pk), body(sample, broken, decision="accept"))
    assert refused.status_code == 422
    assert "data-problem" in refused.content.decode()
    assert pages.post(url("sample-decide", sample.pk), body(sample, broken, decision="accept")).status_code == 422
    taken = pages.post(url("sample-decide", sample.pk), body(sample, broken, decision="accept", reason="a proverb"))
    assert taken.status_code == 302
    sample.refresh_from_db()
    assert sample.status == "accepted"


def test_tags_are_set_and_shown_as_a_part(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    part = pages.post(url("sample-tag", sample.pk), {"tags": ["pun", ""]}, headers={**HTMX, "HX-Target": "tags"})
    assert part.content.decode().strip().startswith('<section id="tags">')
    assert list(sample.tags.values_list("name", flat=True)) == ["pun"]
    assert pages.post(url("sample-tag", sample.pk), {"tags": ["x" * 50]}).status_code == 422


def test_turns_are_edited_added_and_removed_without_a_script(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    html = pages.get(url("sample-detail", sample.pk) + "?view=turns").content.decode()
    assert 'name="k1-text"' in html
    assert 'name="n00000000-text"' in html
    more = {"view": "turns", "k0-remove": "1", "k1-text": "雨衣", "turn": ["k0", "k1", "n00000000", "a"],
            "n00000000-text": "", "n00000000-role": "user"}  # fmt: skip
    answer = pages.post(url("sample-save", sample.pk), {**body(sample, GOOD), **more})
    assert answer["Location"].endswith("?view=turns")
    payload = sample.revisions.get(number=2).payload
    assert "雨衣" in payload
    assert "system" not in payload


def test_an_old_revision_is_compared_and_restored(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    pages.post(url("sample-save", sample.pk), body(sample, GOOD))
    html = pages.get(url("revision-detail", sample.pk, 2)).content.decode()
    assert "<del>" in html
    assert "<ins>" in html
    assert "2" in pages.get(url("revision-list", sample.pk)).content.decode()
    assert pages.post(url("revision-restore", sample.pk, 1)).status_code == 302
    one, _two, three = sample.revisions.order_by("number")
    assert three.payload == one.payload
    assert three.origin == "restore"


def test_a_form_without_its_revision_is_refused_in_words(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    assert pages.post(url("sample-save", sample.pk), {"a-text": "x"}).status_code == 422
    assert pages.post(url("sample-check", sample.pk), {"a-text": "x"}).status_code == 422


def test_annotating_goes_on_until_nothing_waits(pages: Client, dataset: Dataset) -> None:
    assert pages.get(url("annotate"))["Location"] == url("dataset-annotate", dataset.pk)
    assert pages.get(url("dataset-annotate", dataset.pk))["Location"] == url("sample-detail", first(dataset).pk)
    Sample.objects.update(status="accepted")
    answer = pages.get(url("dataset-annotate", dataset.pk), follow=True)
    assert "Nothing waits here any more" in answer.content.decode()


def test_imported_markup_stays_text(pages: Client, dataset: Dataset) -> None:
    sample = first(dataset)
    pages.post(url("sample-save", sample.pk), body(sample, "</textarea><script>alert(1)</script>"))
    one, two = url("sample-detail", sample.pk), url("revision-detail", sample.pk, 2)
    for address in (one, two, url("dataset-detail", dataset.pk)):
        assert "<script>alert" not in pages.get(address).content.decode(), address


# --- snapshots and exports ---------------------------------------------------------------------------------------


def test_shares_that_do_not_add_up_are_said_on_the_form(pages: Client, dataset: Dataset) -> None:
    shares = {"train": "90", "validation": "1", "test": "0", "seed": "0"}
    answer = pages.post(url("snapshot-create", dataset.pk), shares)
    assert answer.status_code == 422
    assert "91" in answer.content.decode()


def test_a_snapshot_is_frozen_exported_and_downloaded(pages: Client, dataset: Dataset) -> None:
    pages.post(url("snapshot-create", dataset.pk), {"train": "90", "validation": "10", "test": "0", "seed": "7"})
    snapshot = Snapshot.objects.get()
    assert "every 1s" in pages.get(url("snapshot-detail", snapshot.pk)).content.decode()
    assert pages.get(url("dataset-detail", dataset.pk)).status_code == 200
    work_off()
    html = pages.get(url("snapshot-detail", snapshot.pk)).content.decode()
    snapshot.refresh_from_db()
    assert snapshot.content_hash in html
    assert "none of them on two sides" in html

    blocked = pages.post(url("export-create", snapshot.pk), {"codec": "openai-chat", "split": "all"})
    assert blocked.status_code == 409
    assert "echo" in blocked.content.decode()
    assert "<code>/messages/" in blocked.content.decode(), "the place in the first wrong sample"
    wanted = {"codec": "openai-chat", "split": "all", "reason": "to try"}
    pages.post(url("export-create", snapshot.pk), wanted)
    export = Export.objects.get()
    assert pages.get(url("export-file", export.pk)).status_code == 409
    work_off()
    assert "to try" in pages.get(url("export-detail", export.pk)).content.decode()
    file = pages.get(url("export-file", export.pk))
    assert file["Content-Disposition"].startswith("attachment")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert len(b"".join(file.streaming_content).splitlines()) == 10  # type: ignore[arg-type]


# --- strangers ----------------------------------------------------------------------------------------------------


def test_a_stranger_cannot_see_that_any_of_it_exists(mallory: Any, dataset: Dataset) -> None:
    page = browser_of(mallory)
    sample, upload = first(dataset), Upload.objects.get()
    for address in (
        url("dataset-detail", dataset.pk), url("dataset-update", dataset.pk), url("upload-detail", upload.pk),
        url("upload-rejected", upload.pk), url("sample-detail", sample.pk), url("revision-list", sample.pk),
        url("dataset-annotate", dataset.pk),
    ):  # fmt: skip
        assert page.get(address).status_code == 404, address
    for address in (url("sample-save", sample.pk), url("sample-decide", sample.pk), url("upload-cancel", upload.pk)):
        assert page.post(address, {}).status_code == 404, address
    assert "Words" not in page.get(url("dataset-list")).content.decode()


def test_nobody_sees_anything_without_signing_in(client: Client, dataset: Dataset) -> None:
    answer = client.get(url("dataset-detail", dataset.pk))
    assert answer.status_code == 302
    assert "/login" in answer["Location"]


# --- working through a part of the list ---------------------------------------------------------------------------


def test_the_headline_leads_to_exactly_the_samples_it_counts(pages: Client, dataset: Dataset) -> None:
    html = pages.get(url("dataset-detail", dataset.pk)).content.decode()
    address = url("dataset-annotate", dataset.pk) + "?rule=echo"
    assert f'href="{address}"' in html
    assert "Correct the 3" in html
    seen = []
    desk = pages.get(address)
    while "/samples/" in desk["Location"]:
        assert desk["Location"].endswith("?rule=echo")
        sample = Sample.objects.get(pk=re.search(r"/samples/(\d+)/", desk["Location"])[1])  # type: ignore[index]
        seen.append(sample.position)
        html = pages.get(desk["Location"]).content.decode()
        assert f'formaction="{url("sample-decide", sample.pk)}?rule=echo"' in html
        sent = body(sample, GOOD, decision="accept")
        desk = pages.post(url("sample-decide", sample.pk) + "?rule=echo", sent)
    assert seen == [1, 2, 3]
    assert desk["Location"] == url("dataset-detail", dataset.pk)


def test_saving_and_taking_back_stay_in_the_part_of_the_list(pages: Client, dataset: Dataset) -> None:
    sample = Sample.objects.get(dataset=dataset, position=1)
    saved = pages.post(url("sample-save", sample.pk) + "?rule=echo", body(sample, GOOD, view="turns"))
    assert saved["Location"] == url("sample-detail", sample.pk) + "?rule=echo&view=turns"
    pages.post(url("sample-decide", sample.pk), body(Sample.objects.get(pk=sample.pk), GOOD, decision="flag"))
    undone = pages.post(url("sample-undo", sample.pk) + "?rule=echo")
    assert undone["Location"] == url("sample-detail", sample.pk) + "?rule=echo"


def test_a_part_that_does_not_exist_is_refused_before_anything_is_saved(pages: Client, dataset: Dataset) -> None:
    sample = Sample.objects.get(dataset=dataset, position=1)
    answer = pages.post(url("sample-decide", sample.pk) + "?status=odd", body(sample, GOOD, decision="accept"))
    assert answer.status_code == 422
    assert Sample.objects.get(pk=sample.pk).revision_number == 1


def test_an_imported_revision_is_not_said_to_be_written_by_the_uploader(pages: Client, dataset: Dataset) -> None:
    sample = Sample.objects.get(dataset=dataset, position=1)
    assert "revision 1, imported" in pages.get(url("sample-detail", sample.pk)).content.decode()


def test_a_reviewer_reads_why_a_sample_was_flagged_and_what_was_taken_back(
    pages: Client, bob: Any, dataset: Dataset
) -> None:
    sample = Sample.objects.get(dataset=dataset, position=4)
    annotator = browser_of(bob)
    for verdict, reason in (("reject", "off topic"), ("flag", "two meanings")):
        annotator.post(url("sample-decide", sample.pk), {**body(sample, GOOD), "decision": verdict, "reason": reason,
                                                         "client_id": verdict})  # fmt: skip
        sample.refresh_from_db()
        if verdict == "reject":
            annotator.post(url("sample-undo", sample.pk))
    html = pages.get(url("sample-detail", sample.pk)).content.decode()
    assert "two meanings" in html
    assert "off topic" in html
    assert "<s>reject</s>" in html


# --- no worker ------------------------------------------------------------------------------------------------------


def test_who_waits_for_an_import_is_told_when_nobody_can_do_it(pages: Client, dataset: Dataset) -> None:
    cache.clear()
    upload = Upload.objects.get()
    address = url("upload-detail", upload.pk)
    assert NO_WORKER not in pages.get(address).content.decode(), "this one is done"
    Upload.objects.update(state="waiting")
    assert NO_WORKER in pages.get(address).content.decode()
    assert NO_WORKER in pages.get(url("dataset-detail", dataset.pk)).content.decode()
    heart.beat("one")
    assert NO_WORKER not in pages.get(address).content.decode()
    cache.clear()


def test_who_waits_for_a_snapshot_is_told_too(pages: Client, dataset: Dataset) -> None:
    cache.clear()
    frozen = pages.post(url("snapshot-create", dataset.pk), {"train": 90, "validation": 10, "test": 0, "seed": 0})
    assert NO_WORKER in pages.get(frozen["Location"]).content.decode()
