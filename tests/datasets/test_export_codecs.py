"""One set that holds everything a sample can hold leaves in every format: whole, or with its losses counted."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from typing import Any

import pytest
from PIL import Image as Pillow

from datasets_app.core import images
from datasets_app.core import samples as core
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.codecs.base import Kinds, canonical
from datasets_app.core.records import Source
from datasets_app.core.samples import Message
from datasets_app.core.samples import Sample as Conversation
from datasets_app.models import Sample, SampleTag
from datasets_app.pipeline.write_loss_report import write_loss_report
from datasets_app.services import exports, loss_reports, samples
from tests import make
from tests.core.test_codecs_across import meaning

pytestmark = pytest.mark.once  # what a format writes is the same whichever database the samples came from

ALL_TRAIN = {"train": 100, "validation": 0, "test": 0}
JUDGED = ("trl-kto", "sharegpt-kto")
PREFERENCES = ("openai-preference", "trl-preference", "ark-dpo", "dashscope-dpo", "sharegpt-preference", *JUDGED)
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "杭州"}'}}


def turn(role: str, content: Any, **others: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **others}


def seen(*addresses: str) -> list[dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": one}} for one in addresses] + [{"type": "text", "text": "雨？"}]


EVERYTHING: dict[str, make.Record] = {
    "plain": make.chat("明天会下雨吗？", "不会。"),
    "system": make.chat("后天呢？", "会。", system="你是预报员"),
    "turns": {
        "messages": [
            turn("user", "冷吗？"), turn("assistant", "冷。"), turn("user", "多冷？"), turn("assistant", "零下。"),
        ]
    },
    "tools": {
        "messages": [
            turn("user", "查杭州的天气"), turn("assistant", None, tool_calls=[CALL]),
            turn("tool", "雨", tool_call_id="c1"), turn("assistant", "有雨。"),
        ],
        "tools": [WEATHER],
    },
    "reasoning": {
        "messages": [turn("user", "为什么？"), turn("assistant", "气压低。", reasoning_content="先看气压。")],
    },
    "weights": {
        "messages": [
            turn("user", "一"), turn("assistant", "壹。", weight=0),
            turn("user", "二"), turn("assistant", "贰。", weight=1),
        ]
    },
    "name": {"messages": [turn("user", "我是谁？", name="li"), turn("assistant", "李。")]},
    "json": make.chat("给我 JSON", '{"rain": true, "mm": 1.5}'),
    "extras": make.chat("带元数据", "好。", metadata={"doc": "甲", "n": 3}),
    "kept picture": {"messages": [turn("user", seen("sky.png")), turn("assistant", "没有。")]},
    "picture elsewhere": {"messages": [turn("user", seen("https://acme.cn/a.png")), turn("assistant", "有。")]},
    "emoji and separators": make.chat("“引号”\u2028换行\n制表\t🌧️", "=1+1"),
    "corrected": make.chat("Sika 多少？", "Sika - 609"),
    "corrected json": make.chat("再给我 JSON", '{"rain": "是"}'),
}  # fmt: skip
CORRECTIONS = {"corrected": "Sika-609", "corrected json": '{"rain": true}'}


@pytest.fixture
def snapshot(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project)
    sky, archive = io.BytesIO(), io.BytesIO()
    Pillow.new("RGB", (8, 8), "blue").save(sky, "PNG")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("data.jsonl", make.jsonl(EVERYTHING.values()))
        packed.writestr("sky.png", sky.getvalue())
    upload = make.imported(alice, dataset, archive.getvalue(), name="everything.zip")
    assert (upload.state, upload.codec, upload.rows_accepted) == ("done", "openai-chat", len(EVERYTHING))
    for name, answer in CORRECTIONS.items():
        position = list(EVERYTHING).index(name) + 1
        sample = Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)
        samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, answer))
    return make.snapshot(alice, dataset, shares=ALL_TRAIN)


def bytes_of(export: Any) -> bytes:
    assert export.state == "done", export.error
    with exports.file_of(export) as file:
        data: bytes = file.read()
    return data


def read_back(data: bytes, codec: str) -> list[Conversation]:
    """The samples of a written file, read as anybody would."""
    rows = list(Source(io.BytesIO(data), codec).rows())
    assert [row.error for row in rows] == [None] * len(rows)
    return [row.sample for row in rows if row.sample is not None]


def bare(sample: Conversation) -> Conversation:
    """What the sample says, whatever its pictures are called."""
    return meaning(images.readdress(sample, lambda _address: "picture"))


def frozen(snapshot: Any) -> list[tuple[int, Conversation]]:
    entries = snapshot.entries.order_by("position").values_list("position", "revision__payload")
    return [(position, canonical(core.from_json(payload))) for position, payload in entries]


@pytest.mark.parametrize("codec", list(CODECS))
def test_everything_leaves_in_every_format_and_the_manifest_adds_up(codec: str, alice: Any, snapshot: Any) -> None:
    if codec == "parquet":
        pytest.importorskip("pyarrow")
    report = loss_reports.request(actor=alice, snapshot=snapshot, codec=codec)
    write_loss_report(report.pk)
    report.refresh_from_db()
    export, again = (make.export(alice, snapshot, codec=codec) for _ in range(2))
    data, manifest = bytes_of(export), export.manifest

    # The same inputs give the same bytes, and what is said of them is so.
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (export.sha256, export.size)
    assert (manifest["sha256"], manifest["bytes"], manifest["rows"]) == (export.sha256, len(data), export.rows_written)
    assert bytes_of(again) == data

    # Every sample is in the file, or named with what it would lose.
    of_file = CODECS[codec].for_file(Kinds(pairs=True, right=True))
    found = iter(read_back(data, codec))
    reduced = {row["position"]: row["fields"] for row in manifest["reduced"]["listed"]}
    refused = {row["position"]: row["fields"] for row in manifest["refused"]["listed"]}
    expected: dict[int, list[str]] = {}
    rows = 0
    for position, sample in frozen(snapshot):
        losses = list(of_file.losses(sample))
        try:
            # Nothing may be lost but what everybody knows of: a format for answers takes a pair's right answer.
            written = of_file.reduce(sample) if losses == ["rejected"] else sample
            records = of_file.rows(written)
        except CodecError as error:
            expected[position] = list(error.fields)
            continue
        assert reduced.pop(position, []) == losses
        rows += len(records)
        back = next(found)
        if len(records) == 2:
            wrong = next(found)
            assert [bare(wrong).rejected, bare(back).messages] == [bare(written).rejected, bare(written).messages]
        else:
            assert bare(back) == bare(of_file.decode(of_file.encode(written)))
            if not losses:
                assert bare(back) == bare(sample)
    assert next(found, None) is None
    assert (refused, reduced) == (expected, {})
    assert rows == manifest["rows"]

    # The figures add up, and the report said them before.
    assert manifest["as_imported"] + sum(manifest["rewritten"].values()) == rows
    out, less = manifest["refused"]["rows"], manifest["reduced"]["rows"]
    assert (out, less) == (len(manifest["refused"]["listed"]), len(manifest["reduced"]["listed"]))
    assert sum(manifest["refused"]["reasons"].values()) == out
    said = report.report
    assert (said["samples"], said["rows"]) == (len(EVERYTHING), rows)
    assert (said["whole"], said["reduced"], said["refused"]) == (len(EVERYTHING) - out - less, less, out)
    assert (said["as_imported"], said["reasons"]) == (manifest["as_imported"], manifest["refused"]["reasons"])
    assert said["refusals"] == manifest["refused"]["listed"]
    lost = Counter(field for _position, sample in frozen(snapshot) for field in of_file.losses(sample))
    assert {line["field"]: line["samples"] for line in said["fields"]} == dict(lost)


def test_in_its_own_format_only_what_was_edited_or_has_a_kept_picture_is_written_anew(
    alice: Any, snapshot: Any
) -> None:
    export = make.export(alice, snapshot)
    assert export.manifest["refused"]["rows"] == 0
    assert export.manifest["rewritten"] == {"edited": 2, "picture": 1}
    lines = dict(zip(EVERYTHING, bytes_of(export).splitlines(), strict=True))
    for name in set(EVERYTHING) - set(CORRECTIONS) - {"kept picture"}:
        assert lines[name] == json.dumps(EVERYTHING[name], ensure_ascii=False).encode(), name


# One correction, many shapes

RIGHT = Conversation((Message("user", "雨？"), Message("assistant", '{"rain": true}')))


def corrected(alice: Any, dataset: Any, count: int) -> None:
    make.imported(alice, dataset, make.chats(count))
    for sample in Sample.objects.select_related("dataset__project").filter(dataset=dataset):
        answer = f"改正{sample.position}。"
        samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, answer))


@pytest.mark.parametrize("codec", [*PREFERENCES, "alpaca", "contrast"])
def test_one_correction_is_a_pair_of_right_over_wrong(codec: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    corrected(alice, dataset, 1)
    data = bytes_of(make.export(alice, make.snapshot(alice, dataset, shares=ALL_TRAIN), codec=codec))
    read = read_back(data, codec)
    right, wrong = read if codec in JUDGED else (read[0], read[0])
    assert right.messages[0].text == "第1天下雨吗？"
    assert right.messages[-1].text == "改正1。"
    assert [message.text for message in wrong.rejected] == ["第1天不会下雨。"]


JUDGED_ALONE = {"reason": "wrong answers are judged, nobody has to write the right ones"}


def rows_of(export: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bytes_of(export).splitlines()]


def test_a_file_of_pairs_leaves_single_answers_out_and_the_report_says_how_many_before(
    alice: Any, project: Any
) -> None:
    dataset = make.dataset(alice, project)
    corrected(alice, dataset, 1)
    make.imported(alice, dataset, [make.chat("明天呢？", "会。"), make.chat("后天呢？", "不会。")])
    snapshot = make.snapshot(alice, dataset, shares=ALL_TRAIN)
    report = loss_reports.request(actor=alice, snapshot=snapshot, codec="sharegpt-preference")
    write_loss_report(report.pk)
    report.refresh_from_db()
    assert (report.report["whole"], report.report["reasons"]) == (1, {"preference-missing": 2})
    assert [row["position"] for row in report.report["refusals"]] == [2, 3]
    export = make.export(alice, snapshot, codec="sharegpt-preference")
    assert [row.keys() for row in rows_of(export)] == [{"conversations", "chosen", "rejected"}]
    assert export.manifest["refused"]["reasons"] == {"preference-missing": 2}
    answers = make.export(alice, snapshot, codec="alpaca")
    assert [row.keys() for row in rows_of(answers)] == [{"instruction", "input", "output"}] * 3
    assert answers.manifest["reduced"]["listed"] == [{"position": 1, "fields": ["rejected"]}]


@pytest.mark.parametrize(
    ("codec", "record"),
    [
        ("sharegpt-preference", CODECS["sharegpt-kto"].examples[0]),
        ("alpaca", {"instruction": "1+1?", "input": "", "output": "3", "kto_tag": False}),
    ],
)
def test_judged_answers_stay_judged_when_a_person_writes_the_right_one_or_others_join_them(
    codec: str, record: make.Record, alice: Any, project: Any
) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [record, {**record, "id": 2}], format=codec)
    make.imported(alice, dataset, [make.chat("明天呢？", "会。")])
    sample = Sample.objects.select_related("dataset__project").get(dataset=dataset, position=1)
    right = [turn("user", "1+1?"), turn("assistant", "2")]
    samples.save(actor=alice, sample=sample, base_revision=1, messages=right)
    export = make.export(alice, make.snapshot(alice, dataset, shares=ALL_TRAIN), codec=codec, waive=JUDGED_ALONE)
    assert [row["kto_tag"] for row in rows_of(export)] == [True, False, False, True]
    assert bytes_of(export).splitlines()[2] == json.dumps({**record, "id": 2}, ensure_ascii=False).encode()
    assert (export.manifest["as_imported"], export.manifest["rewritten"]) == (1, {"edited": 2, "other-format": 1})


@pytest.mark.parametrize("codec", ["sharegpt-preference", "alpaca"])
def test_a_file_that_came_in_mixed_goes_out_as_it_came(codec: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    records = [one for one in CODECS[codec].examples if "images" not in one]
    make.imported(alice, dataset, records, format=codec)
    export = make.export(alice, make.snapshot(alice, dataset, shares=ALL_TRAIN), codec=codec, waive=JUDGED_ALONE)
    assert rows_of(export) == records
    assert export.manifest["as_imported"] == len(records)


@pytest.mark.parametrize("codec", [name for name, one in CODECS.items() if not one.pairs and name != "parquet"])
def test_one_correction_is_the_right_answer_where_a_format_holds_one(codec: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [make.chat("雨？", '{"rain": "是"}')])
    sample = Sample.objects.select_related("dataset__project").get(dataset=dataset)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, '{"rain": true}'))
    data = bytes_of(make.export(alice, make.snapshot(alice, dataset, shares=ALL_TRAIN), codec=codec))
    [read] = read_back(data, codec)
    assert bare(read).messages[-1] == bare(CODECS[codec].decode(CODECS[codec].encode(RIGHT))).messages[-1]
    assert not read.rejected


@pytest.mark.parametrize("codec", ["openai-chat", "siliconflow", "sharegpt", "ark-sft", "fireworks-sft"])
def test_contrast_rows_are_exactly_the_share_as_far_as_there_are_pairs(codec: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    corrected(alice, dataset, 40)
    snapshot = make.snapshot(alice, dataset, shares=ALL_TRAIN, seed=7)
    for contrast, wanted in [(10, 4), (20, 10), (50, 40), (95, 760)]:
        export, again = (make.export(alice, snapshot, codec=codec, options={"contrast": contrast}) for _ in range(2))
        assert export.manifest["contrast"] == {"rows": min(wanted, 40), "wanted": wanted}
        assert export.rows_written == 40 + min(wanted, 40)
        assert bytes_of(export).count("【错误的回答】".encode()) == min(wanted, 40)
        assert export.sha256 == again.sha256


def test_both_shares_hold_together_and_another_seed_draws_others(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    corrected(alice, dataset, 40)
    SampleTag.objects.bulk_create(
        SampleTag(dataset=dataset, sample=sample, name="negative")
        for sample in Sample.objects.filter(dataset=dataset, position__lte=20)
    )
    files = set()
    for seed in (1, 2):
        snapshot = make.snapshot(alice, dataset, shares=ALL_TRAIN, seed=seed)
        options = {"contrast": 20, "negatives": 20}
        export = make.export(alice, snapshot, options=options)
        assert export.manifest["negatives"] == {"rows": 7, "wanted": 7, "left_out": 13}
        assert export.manifest["contrast"] == {"rows": 7, "wanted": 7}
        assert export.rows_written == 34
        files.add(export.sha256)
        assert make.export(alice, snapshot, options=options).sha256 == export.sha256
    assert len(files) == 2


def test_a_contrast_row_that_the_format_cannot_carry_keeps_its_sample_out_and_is_named(
    alice: Any, project: Any
) -> None:
    dataset = make.dataset(alice, project)
    corrected(alice, dataset, 1)
    export = make.export(
        alice, make.snapshot(alice, dataset, shares=ALL_TRAIN), codec="json-content", options={"contrast": 50}
    )
    assert (export.state, export.error["code"]) == ("failed", "nothing-written")
    assert export.manifest["refused"]["reasons"] == {"json-invalid": 1}
