"""Writing a snapshot: the same bytes as came in, unless errors stand in the way."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.models import Sample
from datasets_app.pages.exports import figures_of
from datasets_app.pipeline.write_export import write_export, write_lines
from datasets_app.services import exports, samples, snapshots
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import BY_CHANCE, browser_of

RECORDS = [
    make.chat("会下雨吗？", "会。", system="你是预报员"),
    {
        "messages": [
            {"role": "user", "content": "查天气", "name": "li"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "杭州"}'}}
                ],
            },
            {"role": "tool", "content": "雨", "tool_call_id": "c1"},
            {"content": "会下雨。", "role": "assistant", "weight": 0.5},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
        "metadata": {"doc": "a", "n": 1.50, "ok": None},
    },
]


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract={"text": {"no_echo": True}})


def text_of(export: Any) -> bytes:
    with exports.file_of(export) as file:
        data: bytes = file.read()
    return data


def test_what_came_in_goes_out(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, RECORDS)
    export = make.export(alice, make.snapshot(alice, rain))
    assert text_of(export) == make.jsonl(RECORDS)
    assert (export.state, export.rows_written, export.size) == ("done", 2, len(make.jsonl(RECORDS)))
    assert export.sha256 == hashlib.sha256(make.jsonl(RECORDS)).hexdigest()


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": texts}),
    min_size=1,
    max_size=3,
)
reserved = st.dictionaries(texts.filter(lambda key: key not in ("messages", "tools", "$keys")), values, max_size=2)


@settings(max_examples=25, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(messages, reserved), min_size=1, max_size=4))
def test_the_round_trip_loses_nothing(rows: list[Any], alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project, name=f"trip {uuid4()}")
    data = make.jsonl([{"messages": turns, **others} for turns, others in rows])
    upload = make.imported(alice, dataset, data)
    assert upload.rows_rejected == 0
    export = make.export(alice, make.snapshot(alice, dataset), waive={"reason": "as it came"})
    assert text_of(export) == data


def test_splits_together_are_the_whole(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(30))
    snapshot = make.snapshot(alice, rain, shares={"train": 60, "validation": 40, "test": 0})
    parts = [text_of(make.export(alice, snapshot, split=split)).splitlines() for split in ("train", "validation")]
    assert [len(part) for part in parts] == [snapshot.counts["train"], snapshot.counts["validation"]]
    assert sorted(parts[0] + parts[1]) == sorted(text_of(make.export(alice, snapshot)).splitlines())
    assert make.export(alice, snapshot, split="test").error["code"] == "nothing-written"


def test_two_exports_of_one_snapshot_are_equal_byte_for_byte(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(5))
    snapshot = make.snapshot(alice, rain)
    assert make.export(alice, snapshot).sha256 == make.export(alice, snapshot).sha256


def test_a_corrected_sample_is_exported_with_its_correction(alice: Any, rain: Any) -> None:
    sample = make.sample(alice, rain, "伞", "伞。")
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, "挡雨。"))
    export = make.export(alice, make.snapshot(alice, rain))
    assert text_of(export) == make.jsonl([make.chat("伞", "挡雨。")])
    assert export.manifest["reduced"] == {"rows": 1, "listed": [{"position": 1, "fields": ["rejected"]}]}


def test_a_row_that_the_format_cannot_carry_is_refused_and_named(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, RECORDS)
    export = make.export(alice, make.snapshot(alice, rain), codec="siliconflow")
    assert text_of(export) == make.jsonl(RECORDS[:1])
    assert export.manifest["rows"] == 1
    [refused] = export.manifest["refused"]["listed"]
    assert refused["position"] == 2
    assert "tools" in refused["fields"]


def test_a_snapshot_that_no_row_can_leave_fails(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, RECORDS[1:])
    export = make.export(alice, make.snapshot(alice, rain), codec="siliconflow")
    assert (export.state, export.error["code"], bool(export.file)) == ("failed", "nothing-written", False)


def test_the_manifest_says_what_the_file_is(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(3))
    snapshot = make.snapshot(alice, rain, seed=5)
    export = make.export(alice, snapshot)
    manifest = export.manifest
    assert manifest["snapshot"]["content_hash"] == snapshot.content_hash
    assert (manifest["snapshot"]["seed"], manifest["codec"], manifest["rows"]) == (5, "openai-chat", 3)
    assert (manifest["sha256"], manifest["bytes"]) == (export.sha256, export.size)
    assert manifest["contract"] == {"text": {"no_echo": True}}
    json.dumps(manifest)


def test_a_page_says_where_a_share_could_not_be_filled(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [{"prompt": "乙", "chosen": "行。", "rejected": "错。"}])
    snapshot = make.snapshot(alice, rain, shares={"train": 100, "validation": 0, "test": 0})
    told = make.export(alice, snapshot, options={"contrast": 60, "negatives": 30})
    figures = {name: (n, wanted) for name, n, wanted in figures_of(told.manifest)}
    contrast = told.manifest["contrast"]
    assert figures["Contrast rows"] == (contrast["rows"], contrast["wanted"])
    assert figures["Negatives"] == (0, told.manifest["negatives"]["wanted"])
    page = browser_of(alice).get(f"/exports/{told.pk}/").content.decode()
    assert f"{contrast['rows']} of {contrast['wanted']} wanted" in page


def test_errors_stand_in_the_way(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [*make.chats(2), make.chat("伞", "伞。")])
    with pytest.raises(Conflict) as refusal:
        exports.create(actor=alice, snapshot=make.snapshot(alice, rain), codec="openai-chat")
    assert (refusal.value.code, refusal.value.details["rules"]) == ("blocked", {"echo": 1})
    [wrong] = refusal.value.details["samples"]
    assert (wrong["sample"], wrong["position"]) == (Sample.objects.get(position=3).pk, 3)
    [finding] = wrong["findings"]
    assert (finding["rule"], finding["path"]) == ("echo", "/messages/1/content")
    assert "伞" in finding["message"]


def test_a_lead_lets_them_pass_with_a_reason_that_stays(leo: Any, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("伞", "伞。")])
    snapshot = make.snapshot(alice, rain)
    export = make.export(leo, snapshot, waive={"reason": "谚语"})
    assert export.manifest["waivers"] == [{"rule": "echo", "reason": "谚语", "by": "leo"}]
    assert export.manifest["rules"] == {"echo": 1}
    with pytest.raises(InvalidInput):
        exports.create(actor=leo, snapshot=snapshot, codec="openai-chat", waive={"reason": "  "})
    with pytest.raises(Conflict):
        exports.create(actor=leo, snapshot=snapshot, codec="openai-chat", waive={"reason": "x", "rules": ["too-long"]})


def test_a_reviewer_exports_but_does_not_waive(rita: Any, bob: Any, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(1))
    snapshot = make.snapshot(alice, rain)
    assert make.export(rita, snapshot).state == "done"
    with pytest.raises(NotAllowed):
        exports.create(actor=bob, snapshot=snapshot, codec="openai-chat")
    make.imported(alice, rain, [make.chat("伞", "伞。")])
    with pytest.raises(NotAllowed):
        exports.create(actor=rita, snapshot=make.snapshot(alice, rain), codec="openai-chat", waive={"reason": "please"})


@pytest.mark.parametrize(("asked", "field"), [({"codec": "pickle"}, "codec"), ({"split": "dev"}, "split")])
def test_unknown_formats_and_splits_are_refused_by_name(
    asked: dict[str, str], field: str, alice: Any, rain: Any
) -> None:
    make.imported(alice, rain, make.chats(1))
    with pytest.raises(InvalidInput) as refusal:
        exports.create(**{"actor": alice, "snapshot": make.snapshot(alice, rain), "codec": "openai-chat", **asked})
    assert field in refusal.value.fields


def test_a_snapshot_must_be_ready_and_a_file_written_first(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(1))
    unbuilt = snapshots.freeze(actor=alice, dataset=rain, seed=1)
    with pytest.raises(Conflict) as early:
        exports.create(actor=alice, snapshot=unbuilt, codec="openai-chat")
    export = exports.create(actor=alice, snapshot=make.snapshot(alice, rain), codec="openai-chat")
    with pytest.raises(Conflict) as no_file:
        exports.file_of(export)
    assert (early.value.code, no_file.value.code) == ("not_ready", "not_ready")


def test_jobs_get_the_same_lines_without_an_export(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(4))
    out = io.BytesIO()
    written = write_lines(make.snapshot(alice, rain), "openai-chat", "all", out)
    assert out.getvalue() == make.jsonl(make.chats(4))
    assert (written.rows, written.bytes, written.sha256) == (
        4, len(out.getvalue()), hashlib.sha256(out.getvalue()).hexdigest(),
    )  # fmt: skip


def test_the_file_name_says_what_is_inside(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project, name="智说 / 新语")
    make.imported(alice, dataset, make.chats(1))
    export = make.export(alice, make.snapshot(alice, dataset))
    assert exports.name_of(export) == "智说---新语-v1-all-openai-chat.jsonl"


def test_an_export_again_after_a_killed_worker_is_the_same(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(3))
    assert Sample.objects.count() == 3
    export = make.export(alice, make.snapshot(alice, rain))
    type(export).objects.filter(pk=export.pk).update(state="running")
    write_export(export.pk)
    again = type(export).objects.get(pk=export.pk)
    assert (again.sha256, again.rows_written) == (export.sha256, export.rows_written)
    assert again.file.storage.exists(again.file.name)
    assert not export.file.storage.exists(export.file.name), "what the killed worker left is thrown away"


def test_a_sample_without_a_system_turn_is_trained_under_the_datasets_prompt(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project, system_prompt="你是预报员")
    own = make.chat("会下雪吗？", "不会。", system="你是诗人")
    make.imported(alice, dataset, [make.chat("会下雨吗？", "会。"), own])
    export = make.export(alice, make.snapshot(alice, dataset))
    told = [json.loads(line)["messages"][0] for line in text_of(export).splitlines()]
    assert told == [{"role": "system", "content": "你是预报员"}, {"role": "system", "content": "你是诗人"}]
    assert export.manifest["system_prompt_added"] == 1
    assert Sample.objects.filter(dataset=dataset, revision_number=1).count() == 2
