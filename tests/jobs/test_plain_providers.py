"""What is particular to one provider: what it is sent, and what of its answers means more than it says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput
from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers import PROVIDERS, _dashscope_log

from .contract import JOBS, MARKER, MESSAGES, SECRET, opened, order


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "train.jsonl"
    path.write_text('{"messages": []}\n', encoding="utf-8")
    return path


def test_siliconflow_tells_every_value_that_is_to_be_typed() -> None:
    provider = PROVIDERS["siliconflow"]
    for preset in provider.presets:
        values = {
            step.label: step.value for step in provider.checklist(order("siliconflow", recipe=Recipe.of(preset.values)))
        }
        for name in ("learning_rate", "epochs", "batch_size", "lora_rank", "lora_alpha", "lora_dropout"):
            label = next(parameter.label for parameter in provider.parameters if parameter.name == name)
            assert float(values[f"Set “{label}”."]) == preset.values[name]
    assert "10 %" in values.values()
    with_file = [step.value for step in provider.checklist(order("siliconflow", validation_file="validation.jsonl"))]
    assert "validation.jsonl" in with_file
    assert "10 %" not in with_file


TUNED = "ft:LoRA/Qwen/Qwen2.5-7B-Instruct:d1abcdef2:rain-v2:abcdefghijklmnopqrst"


@pytest.mark.parametrize("text", [TUNED, f" {TUNED}\n", f"{TUNED}-ckpt_step_120"])
def test_a_tuned_model_of_siliconflow_is_registered_by_its_whole_id(text: str) -> None:
    assert PROVIDERS["siliconflow"].tuned_model(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "Qwen/Qwen2.5-7B-Instruct", TUNED[:-1], f"{TUNED} x", "ft:LoRA/x", f"{TUNED}-ckpt_step_"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match="ft:LoRA/Qwen"):
        PROVIDERS["siliconflow"].tuned_model(text)


def test_dashscope_takes_the_learning_rate_as_text_and_leaves_the_split_to_a_validation_file() -> None:
    recipe = Recipe.of(
        parse(
            {"learning_rate": 1.6e-5, "extras": {"freeze_vit": "true"}}, PROVIDERS["dashscope"].parameters, passes=True
        )
    )
    answers = {"POST *": {"body": {"output": {"job_id": "ft-1"}}}}
    for validation, split in ((None, 0.8), ("file-v", None)):
        provider, exchange = opened("dashscope", answers)
        provider.create(order("dashscope", recipe=recipe, validation_file=validation))
        (body,) = exchange.bodies()
        assert body["hyper_parameters"]["learning_rate"] == "0.000016"
        assert body["hyper_parameters"].get("split") == split
        assert body["hyper_parameters"]["freeze_vit"] is True
        assert body["job_name"] == MARKER
        assert body["training_type"] == "efficient_sft"


def test_every_upload_to_dashscope_has_a_name_of_its_own(file: Path) -> None:
    answer = {"body": {"data": {"uploaded_files": [{"file_id": "f"}]}}}
    provider, exchange = opened("dashscope", {"POST *": answer})
    provider.upload(file)
    provider.upload(file)
    assert len({sent.content.split(b"filename=")[1].split(b"\r")[0] for sent in exchange.sent}) == 2


def test_a_dashscope_log_is_read_on_from_its_last_line() -> None:
    lines = [f"line {n}" for n in range(5)]
    job = {"body": {"output": {"status": "RUNNING"}}}
    path = "GET /api/v1/fine-tunes/ft-1"
    provider, exchange = opened("dashscope", {path: job, f"{path}/logs": {"body": {"output": {"logs": lines}}}})
    first = provider.report("ft-1")
    assert [event.message for event in first.events] == lines
    have = {event.id for event in first.events}
    exchange.answers = {path: job, f"{path}/logs": {"body": {"output": {"logs": [*lines[4:], "line 5"]}}}}
    again = provider.report("ft-1", after_event=first.events[-1].id, have=have)
    assert [event.message for event in again.events] == ["line 5"]
    assert [sent.url.params["offset"] for sent in exchange.sent if sent.url.path.endswith("logs")] == ["0", "4"]


def test_a_log_that_is_always_whole_brings_only_what_is_new() -> None:
    path = "GET /v1/fine-tunes/ft-1"
    events = [
        {"created_at": f"2026-11-20T08:{n // 60:02}:{n % 60:02}Z", "message": f"m{n}", "type": "warning"}
        for n in range(300)
    ]
    answers = {path: {"body": {"status": "running"}}, f"{path}/events": {"body": {"data": events[:250]}}}
    provider, exchange = opened("together", answers)
    first = provider.report("ft-1").events
    newest = [event.id for event in reversed(first)][:200]
    late = {"created_at": "2026-11-20T08:03:30Z", "message": "late", "type": "warning"}
    exchange.answers = {**answers, f"{path}/events": {"body": {"data": [*events, late]}}}
    again = provider.report("ft-1", after_event=newest[0], have=newest).events
    assert {event.message for event in again} >= {"late", *(f"m{n}" for n in range(250, 300))}
    assert len(again) <= 52


def test_a_model_of_the_account_itself_is_where_fireworks_goes_on_from() -> None:
    for model, key in (
        ("accounts/acme/models/rain", "warmStartFrom"),
        ("accounts/fireworks/models/qwen3-8b", "baseModel"),
    ):
        provider, exchange = opened("fireworks", {"POST *": {"body": {}}})
        provider.create(order("fireworks", base_model=model))
        assert exchange.bodies()[0][key] == model


def test_a_signed_address_is_never_sent_our_key(file: Path) -> None:
    job = {"state": "JOB_STATE_RUNNING", "metricsFileSignedUrl": "https://storage.example/m.jsonl?X-Signature=abc"}
    path = f"GET /v1/accounts/acme/{JOBS['fireworks']}"
    answers = {path: {"body": job}, "GET storage.example/m.jsonl": {"text": '{"step": 1, "loss": 2}'}}
    provider, exchange = opened("fireworks", answers)
    report = provider.report(JOBS["fireworks"])
    assert [point.value for point in report.points] == [2.0]
    assert "X-Signature" not in repr(report)
    assert [request.headers.get("authorization") for request in exchange.sent] == [f"Bearer {SECRET}", None]


def test_together_goes_on_from_a_tuned_model_and_counts_evaluations_only_with_a_file() -> None:
    tuned = f"acme/Qwen2.5-7B-Instruct-{MARKER}-1a2b"
    for model, key in (
        (tuned, "from_checkpoint"),
        ("ft-1:50", "from_checkpoint"),
        ("Qwen/Qwen2.5-7B-Instruct", "model"),
    ):
        provider, exchange = opened("together", {"POST *": {"body": {"id": "ft-2"}}})
        provider.create(order("together", base_model=model))
        (body,) = exchange.bodies()
        assert body[key] == model
        assert body["n_evals"] == 0
        assert body["suffix"] == MARKER


def test_zhipu_gets_a_temperature_that_it_takes() -> None:
    provider, exchange = opened("zhipu", {"POST *": {"body": {"choices": [{"message": {"content": "x"}}]}}})
    for asked in (0, 0.5, 1):
        provider.chat("glm-4-flash", MESSAGES, temperature=asked)
    assert [body["temperature"] for body in exchange.bodies()] == [0.01, 0.5, 0.99]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\{'(loss|step|global_step)': [^}]{0,12}\}", fullmatch=True))
def test_no_line_of_a_log_breaks_its_reading(line: str) -> None:
    made = datetime.fromisoformat("2026-11-20T08:00:00+00:00")
    entry = _dashscope_log.event(3, line, made, made.tzinfo or UTC)
    assert _dashscope_log.number_of(entry.id) == 3
    assert all(point.step >= 0 for point in _dashscope_log.points([line]))
