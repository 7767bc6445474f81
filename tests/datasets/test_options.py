"""What an export can be told: contrast rows, negatives, losses, limits; and what it says it did."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from datasets_app.models import LossReport, Sample, SampleTag, Snapshot
from datasets_app.pipeline.write_loss_report import write_loss_report
from datasets_app.services import datasets, exports, loss_reports, samples
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make

ALL_TRAIN = {"train": 100, "validation": 0, "test": 0}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project)


def lines_of(export: Any) -> list[dict[str, Any]]:
    with exports.file_of(export) as file:
        return [json.loads(line) for line in file.read().splitlines()]


def corrected(alice: Any, dataset: Any, count: int) -> None:
    make.imported(alice, dataset, make.chats(count))
    for sample in Sample.objects.select_related("dataset__project").filter(dataset=dataset):
        samples.save(
            actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, f"改正{sample.position}。")
        )


def tagged(dataset: Any, upto: int) -> None:
    for sample in Sample.objects.filter(dataset=dataset, position__lte=upto):
        SampleTag.objects.create(dataset=dataset, sample=sample, name="negative")


def test_one_correction_leaves_in_every_shape(alice: Any, rain: Any) -> None:
    corrected(alice, rain, 1)
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    [plain] = lines_of(make.export(alice, snapshot))
    assert plain["messages"][-1]["content"] == "改正1。"
    [pair] = lines_of(make.export(alice, snapshot, codec="openai-preference"))
    assert pair["preferred_output"][0]["content"] == "改正1。"
    assert pair["non_preferred_output"][0]["content"] == "第1天不会下雨。"
    [contrast] = lines_of(make.export(alice, snapshot, codec="contrast"))
    assert "第1天不会下雨。" in contrast["messages"][-2]["content"]
    assert contrast["messages"][-1]["content"] == "改正1。"


def test_a_template_that_changes_later_does_not_change_what_was_frozen(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project, contrast_template="改正：{input}\n错答：{wrong}")
    corrected(alice, dataset, 2)
    snapshot = make.snapshot(alice, dataset, shares=ALL_TRAIN)
    before = make.export(alice, snapshot, codec="contrast")
    datasets.update(actor=alice, dataset=dataset, contrast_template="{wrong} 是错的，问题是 {input}")
    snapshot = Snapshot.objects.get(pk=snapshot.pk)
    after = make.export(alice, snapshot, codec="contrast")
    assert before.sha256 == after.sha256
    assert after.manifest["contrast_template"] == "改正：{input}\n错答：{wrong}"


def test_contrast_rows_are_the_share_that_was_asked_for(alice: Any, rain: Any) -> None:
    corrected(alice, rain, 8)
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN, seed=3)
    export, again = (make.export(alice, snapshot, options={"contrast": 20}) for _ in range(2))
    assert (export.rows_written, export.manifest["contrast"]) == (10, {"rows": 2, "wanted": 2})
    assert export.sha256 == again.sha256
    assert sum("错误的回答" in line["messages"][-2]["content"] for line in lines_of(export)) == 2


def test_both_shares_are_of_the_whole_file_and_said_before_it_is_written(
    alice: Any, rain: Any, pages: Any, api: Any
) -> None:
    corrected(alice, rain, 10)
    make.imported(alice, rain, make.chats(30)[10:])
    for sample in Sample.objects.filter(dataset=rain, position__gt=14):
        SampleTag.objects.create(dataset=rain, sample=sample, name="negative")
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN, seed=5)
    said = api.get(f"/api/v1/snapshots/{snapshot.pk}/composition/", {"contrast": 20, "negatives": 10}).json()
    export = make.export(alice, snapshot, options={"contrast": 20, "negatives": 10})
    manifest = export.manifest
    assert (said["rows"], said["plain"]) == (export.rows_written, 14)
    assert (said["contrast"], said["contrast_wanted"]) == (manifest["contrast"]["rows"], manifest["contrast"]["wanted"])
    assert (said["negatives"], said["negatives_wanted"]) == (
        manifest["negatives"]["rows"], manifest["negatives"]["wanted"],
    )  # fmt: skip
    assert (said["rows"], said["negatives"], said["contrast"]) == (20, 2, 4)
    address = f"/snapshots/{snapshot.pk}/composition/"
    part = pages.get(f"{address}?contrast=20&negatives=10", headers={"hx-request": "true"}).content.decode()
    assert "<dd>20</dd>" in part
    assert "<html" not in part
    assert pages.get(f"{address}?contrast=20&negatives=10").status_code == 200
    refused = pages.get(f"{address}?contrast=60&negatives=60", headers={"hx-request": "true"})
    assert refused.status_code == 422
    assert "together" in refused.content.decode()


def test_validation_rows_are_never_composed(alice: Any, rain: Any) -> None:
    corrected(alice, rain, 4)
    tagged(rain, 2)
    snapshot = make.snapshot(alice, rain, shares={"train": 0, "validation": 100, "test": 0})
    export = make.export(alice, snapshot, options={"contrast": 50, "negatives": 0})
    assert export.rows_written == 4


def test_formats_for_pairs_take_no_contrast_rows(alice: Any, rain: Any) -> None:
    corrected(alice, rain, 1)
    with pytest.raises(InvalidInput) as refusal:
        exports.create(
            actor=alice, snapshot=make.snapshot(alice, rain), codec="openai-preference", options={"contrast": 10}
        )
    assert "contrast" in refusal.value.fields


def test_negatives_are_kept_at_their_share_as_they_were_frozen(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(30))
    tagged(rain, 20)
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    SampleTag.objects.all().delete()
    export = make.export(alice, snapshot, options={"negatives": 20})
    assert export.manifest["negatives"] == {"rows": 3, "wanted": 3, "left_out": 17}
    assert export.rows_written == 13
    assert make.export(alice, snapshot).rows_written == 30


WEIGHED = make.chat("雨？", "会。")
WEIGHED["messages"][1]["weight"] = 1


def test_a_loss_must_be_named_before_it_is_taken(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(2), WEIGHED])
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    strict = make.export(alice, snapshot, codec="siliconflow")
    assert (strict.rows_written, strict.manifest["refused"]["reasons"]) == (2, {"not-carried": 1})
    lenient = make.export(alice, snapshot, codec="siliconflow", options={"allow_loss": ["weight"]})
    assert lenient.rows_written == 3
    assert lenient.manifest["reduced"]["listed"] == [{"position": 3, "fields": ["weight"]}]


def test_what_would_be_lost_is_counted_before_anything_is_written(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(2), WEIGHED])
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    report = loss_reports.request(actor=alice, snapshot=snapshot, codec="siliconflow", split="train")
    write_loss_report(report.pk)
    report.refresh_from_db()
    assert report.state == "done"
    assert report.report["fields"] == [{"field": "weight", "samples": 1, "positions": [3]}]
    assert {name: report.report[name] for name in ("samples", "whole", "reduced", "refused")} == {
        "samples": 3, "whole": 2, "reduced": 0, "refused": 1,
    }  # fmt: skip
    again = loss_reports.request(actor=alice, snapshot=snapshot, codec="siliconflow", split="train")
    assert (again.pk, again.state, LossReport.objects.count()) == (report.pk, "waiting", 1)
    assert snapshot.exports.count() == 0


def test_an_annotator_does_not_ask_for_losses(bob: Any, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(1))
    with pytest.raises(NotAllowed):
        loss_reports.request(actor=bob, snapshot=make.snapshot(alice, rain), codec="siliconflow")


def test_too_few_rows_for_the_target_stand_in_the_way_until_a_lead_waives(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(9))
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    with pytest.raises(Conflict) as refusal:
        exports.create(actor=alice, snapshot=snapshot, codec="openai-chat", options={"profile": "openai"})
    assert refusal.value.details == {"rules": {"too-few-samples": 1}, "samples": []}
    export = make.export(alice, snapshot, options={"profile": "openai"}, waive={"reason": "a first try"})
    assert export.state == "done"
    assert [waiver["rule"] for waiver in export.manifest["waivers"]] == ["too-few-samples"]
    assert [one["rule"] for one in export.manifest["findings"]] == ["too-few-samples"]


def test_a_file_that_shrank_below_its_targets_least_is_not_handed_out(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(9), WEIGHED, make.chat("雪？", "会。")])
    tagged(rain, 3)
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    export = make.export(alice, snapshot, options={"profile": "openai", "negatives": 0})
    assert (export.state, export.error["code"], bool(export.file)) == ("failed", "too-few-samples", False)


def test_rows_go_out_as_they_came_and_the_manifest_counts_them(alice: Any, rain: Any) -> None:
    compact = (
        b'{"messages":[{"role":"user","content":"\xe9\x9b\xa8\xef\xbc\x9f"},{"role":"assistant","content":"a"}]}\n'
    )
    data = make.jsonl(make.chats(2)) + compact
    make.imported(alice, rain, data)
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    export = make.export(alice, snapshot)
    with exports.file_of(export) as file:
        assert file.read() == data
    assert (export.manifest["as_imported"], export.manifest["rewritten"]) == (3, {})
    sample = Sample.objects.select_related("dataset__project").get(dataset=rain, position=1)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, "改。"))
    edited = make.export(alice, make.snapshot(alice, rain, shares=ALL_TRAIN))
    assert (edited.manifest["as_imported"], edited.manifest["rewritten"]) == (2, {"edited": 1})
    platform = make.export(alice, snapshot, codec="siliconflow")  # in which these rows are the same
    with exports.file_of(platform) as file:
        assert file.read() == data
    assert (platform.manifest["as_imported"], platform.manifest["rewritten"]) == (3, {})
    other = make.export(alice, snapshot, codec="alpaca")
    assert (other.manifest["as_imported"], other.manifest["rewritten"]) == (0, {"other-format": 3})


@pytest.mark.parametrize(
    ("codec", "head"), [("csv", b"instruction,input,output"), ("xlsx", b"PK"), ("parquet", b"PAR1")]
)
def test_a_table_is_a_file_of_its_own_kind_the_same_every_time(codec: str, head: bytes, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(3))
    snapshot = make.snapshot(alice, rain, shares=ALL_TRAIN)
    export, again = (make.export(alice, snapshot, codec=codec) for _ in range(2))
    with exports.file_of(export) as file:
        data = file.read()
    assert data.startswith(head)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (export.size, export.sha256)
    assert export.sha256 == again.sha256
    assert exports.name_of(export).endswith(f".{codec}")
    assert "ndjson" not in exports.content_type_of(export)
