"""Ark: what a job is sent as, what its answers mean, where its files go and when its models can be called."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput
from jobs_app.core import lifecycle
from jobs_app.core.mixing import preset_rows
from jobs_app.core.names import check_name
from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers.ark import Ark
from jobs_app.providers.base import Order, ProviderError, Serving

from .recorded import Exchange

KEYS = {"access_key": "AKLTexample", "api_key": "ark-api-key-of-tests", "tos_bucket": "team-data"}


def ark(answers: dict[str, Any], **options: str) -> tuple[Any, Exchange]:
    exchange = Exchange(answers)
    return exchange.opened("ark", **{**KEYS, **options}), exchange


def action(name: str, result: Any = None, **more: Any) -> dict[str, Any]:
    return {f"POST /?Action={name}": {"body": {"ResponseMetadata": {"Action": name}, "Result": result}, **more}}


def order(recipe: Recipe | None = None, **more: Any) -> Order:
    given = {
        "training_file": "tos://team-data/ftstudio/1/train.jsonl",
        "validation_file": None,
        "base_model": "doubao-lite@240828",
        "recipe": recipe or Recipe(),
        "marker": "marker-1",
        "name": "雨-v1",
        **more,
    }
    return Order(**given)


def sent_for(job: Order, **options: str) -> dict[str, Any]:
    provider, exchange = ark(action("CreateModelCustomizationJob", {"Id": "mcj-1"}), **options)
    assert provider.create(job).job_id == "mcj-1"
    (request,) = exchange.sent
    assert request.headers["authorization"].startswith("HMAC-SHA256 Credential=AKLTexample/")
    return exchange.bodies()[0]


def test_the_case_of_42_samples_is_sent_as_it_was_published() -> None:
    """Capability 46: every value of the published run, all of them text."""
    values = {
        "tuning": "lora", "epochs": 3, "batch_size": 4, "learning_rate": 5e-5, "warmup_ratio": 0.1, "lora_rank": 32,
        "lora_alpha": 8, "save_model_per_epoch": 1, "dyn_bsz": "true",
    }  # fmt: skip
    body = sent_for(order(Recipe.of(parse(values, Ark.parameters))))
    assert body["CustomizationType"] == "FinetuneLoRA"
    assert {item["Name"]: item["Value"] for item in body["Hyperparameters"]} == {
        "epoch": "3", "batch_size": "4", "learning_rate": "0.00005", "warmup_step_rate": "0.1", "lora_rank": "32",
        "lora_alpha": "8", "save_model_per_epoch": "1", "dyn_bsz": "true",
    }  # fmt: skip


def test_a_job_is_sent_with_its_marker_files_and_model() -> None:
    body = sent_for(order(Recipe(checkpoints=3), description="为 42 条样本，第 2 版!", rows=80))
    assert body == {
        "Name": "雨-v1",
        "CustomizationType": "FinetuneLoRA",
        "ModelReference": {"FoundationModel": {"Name": "doubao-lite", "ModelVersion": "240828"}},
        "Data": {"TrainingSet": {"TosBucket": "team-data", "TosPaths": ["ftstudio/1/train.jsonl"]}},
        "Hyperparameters": [],
        "Tags": [{"Key": "ftstudio_key", "Value": "marker-1"}],
        "ProjectName": "default",
        "SaveModelLimit": 3,
        "Description": "为-42-条样本-第-2-版",
    }


@pytest.mark.parametrize(
    ("recipe", "more", "kind"),
    [
        (Recipe(tuning="full"), {}, "FinetuneSft"),
        (Recipe(method="dpo"), {}, "DPOLoRA"),
        (Recipe(method="dpo", tuning="full"), {}, "DPO"),
    ],
)
def test_method_and_tuning_make_arks_kind_of_job(recipe: Recipe, more: Any, kind: str) -> None:
    assert sent_for(order(recipe, **more))["CustomizationType"] == kind


def test_what_only_an_adapter_has_is_not_sent_when_every_weight_is_trained() -> None:
    body = sent_for(order(Recipe(tuning="full", lora_rank=32, lora_alpha=8, epochs=2, beta=0.1)))
    assert body["Hyperparameters"] == [{"Name": "epoch", "Value": "2"}]


def test_names_that_only_ark_knows_pass_untouched() -> None:
    values = parse({"extras": {"kl_coefficient": "1e-3"}}, Ark.parameters, passes=Ark.passes_extras)
    assert {"Name": "kl_coefficient", "Value": "1e-3"} in sent_for(order(Recipe.of(values)))["Hyperparameters"]


def test_a_share_of_preset_data_is_mixed_in() -> None:
    """Capability 48: 20 % of the mix over 80 own rows are 20 preset rows."""
    mixed = order(Recipe(mix_percent=20), rows=80)
    assert sent_for(mixed)["Data"]["TrainingSet"]["PresetDataPercentage"] == 20
    named = sent_for(mixed, preset_dataset="dsv-general")["Data"]["TrainingSet"]
    assert named["PresetDatasets"] == [{"DatasetVersionId": "dsv-general", "InjectSampleCount": 20}]
    assert "PresetDataPercentage" not in named
    assert sent_for(mixed, preset_data="general")["Data"]["TrainingSet"]["PresetData"] == "general"


@given(own=st.integers(0, 10**6), percent=st.integers(0, 99))
def test_the_share_of_the_mix_is_the_one_that_was_asked_for(own: int, percent: int) -> None:
    rows = preset_rows(own, percent)
    assert abs(Decimal(rows) - Decimal(own) * percent / (100 - percent)) <= Decimal("0.5")


def test_rows_set_aside_by_the_team_come_before_a_share_drawn_by_ark() -> None:
    data = sent_for(order(Recipe(validation_percent=10)))["Data"]
    assert data["ValidationPercentage"] == 10
    both = sent_for(order(Recipe(validation_percent=10), validation_file="tos://team-data/v.jsonl"))["Data"]
    assert both["ValidationSet"] == {"TosBucket": "team-data", "TosPaths": ["v.jsonl"]}
    assert "ValidationPercentage" not in both


def test_a_dataset_of_the_platform_can_stand_for_the_files(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("{}\n")
    provider, exchange = ark({}, tos_bucket="", training_dataset="ds-1:dsv-2")
    assert provider.upload(path) == "ds-1:dsv-2"
    assert not exchange.sent
    source = sent_for(order(training_file="ds-1:dsv-2"))["Data"]["TrainingSet"]
    assert source == {"Datasets": [{"DatasetId": "ds-1", "DatasetVersionId": "dsv-2", "Multiplier": 1}]}
    provider, _ = ark({}, tos_bucket="")
    with pytest.raises(ProviderError, match="bucket"):
        provider.upload(path)


def test_each_upload_is_a_new_object_of_the_bucket(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"messages": []}\n')

    class Bucket(Exchange):
        def __call__(self, request: Any) -> Any:
            self.answers = {f"PUT {request.url.path}": {}}
            return super().__call__(request)

    bucket = Bucket({})
    provider = bucket.opened("ark", **KEYS)
    first, second = provider.upload(path), provider.upload(path)
    assert first != second
    for request, stored in zip(bucket.sent, (first, second), strict=True):
        assert request.url.host == "team-data.tos-cn-beijing.volces.com"
        assert stored == f"tos://team-data{request.url.path}"
        assert request.content == path.read_bytes()
        assert request.headers["content-length"] == str(path.stat().st_size)
        assert request.headers["authorization"].startswith("TOS4-HMAC-SHA256 Credential=AKLTexample/")
        assert "secret-of-tests" not in str(request.headers)


def test_a_storage_elsewhere_has_the_bucket_in_its_path(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("{}\n")
    provider, exchange = ark({}, tos_url="http://127.0.0.1:8000/tos", tos_path="")
    with pytest.raises(ProviderError):
        provider.upload(path)
    assert exchange.sent[0].url.path.startswith("/tos/team-data/")


@pytest.mark.parametrize("wrong", [{"tos_bucket": "Team_Data"}, {"tos_bucket": "a/../b"}, {"tos_path": "x" * 81}])
def test_a_bucket_or_folder_that_cannot_be_one_is_refused_before_anything_is_sent(wrong: Any, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("{}\n")
    provider, exchange = ark({}, **wrong)
    with pytest.raises(ProviderError) as caught:
        provider.upload(path)
    assert caught.value.kind == "request"
    assert not exchange.sent


def test_the_probe_looks_into_the_bucket_as_well() -> None:
    jobs = action("ListModelCustomizationJobs", {"Items": []})
    provider, exchange = ark({**jobs, "HEAD /": {}})
    provider.probe()
    assert [request.method for request in exchange.sent] == ["POST", "HEAD"]
    provider, _ = ark({**jobs, "HEAD /": {"status": 404}})
    with pytest.raises(ProviderError, match="team-data") as caught:
        provider.probe()
    assert caught.value.kind == "request"


@pytest.mark.parametrize("name", ["doubao-lite", "@240828", "doubao-lite@"])
def test_a_base_model_needs_its_version(name: str) -> None:
    provider, exchange = ark({})
    with pytest.raises(ProviderError, match="name@version"):
        provider.create(order(base_model=name))
    assert not exchange.sent


def test_training_goes_on_from_an_output_that_has_been_exported() -> None:
    assert sent_for(order(base_model="cm-7"))["ModelReference"] == {"CustomModelId": "cm-7"}
    job = {"Outputs": [{"Name": "global_step_9", "Status": "Exported", "CustomModelId": "cm-9"}]}
    answers = action("GetModelCustomizationJob", job) | action("CreateModelCustomizationJob", {"Id": "mcj-2"})
    provider, exchange = ark(answers)
    provider.create(order(base_model="mcj-1/global_step_9"))
    assert exchange.bodies()[1]["ModelReference"] == {"CustomModelId": "cm-9"}


def test_a_job_is_found_by_its_tag_also_where_the_filter_is_ignored() -> None:
    items = [{"Id": f"mcj-{n}", "Tags": [{"Key": "ftstudio_key", "Value": f"m{n}"}]} for n in range(5)]
    provider, exchange = ark(action("ListModelCustomizationJobs", {"Items": [{"Id": "x", "Tags": None}, *items]}))
    assert provider.find("m3").job_id == "mcj-3"
    assert exchange.bodies()[0]["TagFilters"] == [{"Key": "ftstudio_key", "Values": ["m3"]}]
    assert provider.find("m9") is None


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("cancel", "TerminateModelCustomizationJob"),
        ("resume", "ResumeModelCustomizationJob"),
        ("pause", "PauseModelCustomizationJob"),
    ],
)
def test_a_change_is_asked_for_and_then_looked_up(verb: str, name: str) -> None:
    provider, exchange = ark(action(name) | action("GetModelCustomizationJob", {"Status": {"Phase": "Terminating"}}))
    assert getattr(provider, verb)("mcj-1") == "Terminating"
    assert exchange.bodies() == [{"Id": "mcj-1"}, {"Id": "mcj-1"}]


# Callable


@pytest.mark.parametrize(
    ("output", "state"),
    [
        ({"Status": "Available"}, "undeployed"),
        ({"Status": "Exporting"}, "deploying"),
        ({"Status": "ExportFailed"}, "failed"),
        ({"Status": "Expired"}, "gone"),
        ({"Status": None}, "undeployed"),
    ],
)
def test_an_output_that_is_not_exported_cannot_be_called(output: dict[str, Any], state: str) -> None:
    provider, _ = ark(action("GetModelCustomizationJob", {"Outputs": [{"Name": "global_step_9", **output}]}))
    assert provider.serving("mcj-1/global_step_9").state == state
    assert provider.serving("mcj-1/global_step_10").state == "gone"
    with pytest.raises(ProviderError, match="console"):
        provider.deploy("mcj-1/global_step_9", "rain")


def test_an_exported_output_is_ready_once_an_endpoint_runs() -> None:
    job = action("GetModelCustomizationJob", {"Outputs": [{"Name": "global_step_9", "CustomModelId": "cm-9"}]})
    served = {"Id": "ep-1", "Name": "rain", "ModelReference": {"CustomModelId": "cm-9"}}
    others = {"Id": "ep-0", "Name": "other", "Status": "Running", "ModelReference": {"CustomModelId": "cm-1"}}
    for word, state in {"Scheduling": "deploying", "Running": "ready", "Stopped": "undeployed"}.items():
        provider, _ = ark(job | action("ListEndpoints", {"Items": [others, {**served, "Status": word}]}))
        assert provider.serving("mcj-1/global_step_9") == Serving(state, "ep-1", word)
    provider, _ = ark(job | action("ListEndpoints", {"Items": None}))
    assert provider.serving("mcj-1/global_step_9").state == "undeployed"
    provider, _ = ark(action("GetEndpoint", {"Id": "ep-1", "Status": "Running"}))
    assert provider.serving("ep-1").state == "ready"


def test_a_deployment_is_made_once_for_a_name() -> None:
    there = {"Id": "ep-1", "Name": "rain", "Status": "Running", "ModelReference": {"CustomModelId": "cm-9"}}
    provider, exchange = ark(action("ListEndpoints", {"Items": [there]}) | action("CreateEndpoint", {"Id": "ep-2"}))
    assert provider.deploy("cm-9", "rain").name == "ep-1"
    assert len(exchange.sent) == 1
    assert provider.deploy("cm-9", "snow") == Serving("deploying", "ep-2")
    assert exchange.bodies()[-1]["ModelReference"] == {"CustomModelId": "cm-9"}


def test_models_are_called_on_the_data_plane_with_a_key_of_its_own() -> None:
    choice = {"message": {"content": "会下雨"}, "finish_reason": "stop"}
    provider, exchange = ark({"POST /api/v3/chat/completions": {"body": {"model": "ep-1", "choices": [choice]}}})
    assert provider.chat("ep-1", [{"role": "user", "content": "明天？"}], temperature=0).content == "会下雨"
    (request,) = exchange.sent
    assert request.url.host == "ark.cn-beijing.volces.com"
    assert request.headers["authorization"] == "Bearer ark-api-key-of-tests"
    provider, exchange = ark({}, api_key="")
    with pytest.raises(ProviderError, match="API key"):
        provider.chat("ep-1", [])
    assert not exchange.sent


# Names and bounds


@pytest.mark.parametrize("name", ["a" * 200, "智说新语_v2-3"])
def test_names_of_letters_chinese_digits_hyphens_and_underscores_are_taken(name: str) -> None:
    assert check_name(name, Ark.capabilities.name_rule) == name


@pytest.mark.parametrize("name", ["", "a" * 201, "two words", "a/b", "雨☔", "a\n"])
def test_other_names_are_not(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_name(name, Ark.capabilities.name_rule)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("mix_percent", (1, 99), (0, 100, 1.5)),
        ("lora_rank", (32, 64), (16, 48, 128)),
        ("checkpoints", (1, 10), (0, 11)),
        ("epochs", (1, 10), (0,)),
        ("learning_rate", (1e-6, 5e-5), (0, -1)),
        ("warmup_ratio", (0, 1), (1.1,)),
        ("dyn_bsz", ("true", "false"), ("yes",)),
    ],
)
def test_values_at_the_bounds_are_taken_and_those_beyond_are_not(name: str, good: Any, bad: Any) -> None:
    for value in good:
        parse({name: value}, Ark.parameters)
    for value in bad:
        with pytest.raises(InvalidInput) as refusal:
            parse({name: value}, Ark.parameters)
        assert name in refusal.value.fields


# Answers


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(
    job=st.dictionaries(st.sampled_from(["Id", "Status", "Outputs", "Reason", "Tags", "UpdateTime"]), json_values),
    status=st.none()
    | st.dictionaries(st.sampled_from(["Phase", "PhaseTime", "Message", "BillableTokens"]), json_values),
    curves=json_values,
)
def test_no_answer_of_any_shape_breaks_a_report(job: dict[str, Any], status: Any, curves: Any) -> None:
    answers = action("GetModelCustomizationJob", {**job, **({"Status": status} if status else {})})
    answers |= action("GetModelCustomizationJobMetrics", {"Metrics": ["loss"]})
    answers |= action("GetModelCustomizationJobMetricData", {"Items": [{"Metric": "loss", "Samples": curves}]})
    provider, _ = ark(answers)
    report = provider.report("mcj-1")
    assert report.state is None or report.state in lifecycle.OBSERVED
