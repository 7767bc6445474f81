"""The rehearsal's other dialects: their words for states and refusals, their ways in, and models that answer."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs_app.providers import PROVIDERS
from jobs_app.providers._ark_signing import CONTROL, STORAGE, Signer
from jobs_app.rehearsal import faults
from jobs_app.rehearsal.dialects import DIALECTS
from jobs_app.rehearsal.shapes import instance
from jobs_app.rehearsal.wire import REASONS

from .in_process import KEY, Stage
from .rehearsal_server import training_file

ROOT = "http://127.0.0.1:9"
ARM = (
    "/azure/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/deployments/rain"
    "?api-version=2024-10-01"
)
# The words of facts/providers.md §14.1 that a job shows by itself, and those that a fault has to ask for.
WORDS = {
    "openai": ("validating_files queued running pausing paused succeeded failed cancelled", ""),
    "azure": ("created pending running paused succeeded failed cancelled", ""),
    "ark": ("Preprocessing Queued Running Paused Terminating Completed Failed Terminated", ""),
    "together": (
        "pending queued running compressing uploading cancel_requested completed error cancelled",
        "user_error",
    ),
    "fireworks": (
        "CREATING VALIDATING PENDING RUNNING WRITING_RESULTS PAUSED RE_QUEUEING CANCELLING COMPLETED FAILED CANCELLED",
        "CREATING_INPUT_DATASET IDLE EARLY_STOPPED EXPIRED",
    ),
    "dashscope": ("PENDING QUEUING RUNNING SUSPENDED CANCELING SUCCEEDED FAILED CANCELED", "UNKNOWN"),
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "rehearsal", seconds=100)


class Caller:
    """Speaks one dialect by hand: bare requests, nothing of the product's own clients."""

    def __init__(self, kind: str, stage: Stage, folder: Path) -> None:
        self.kind, self.stage, self.folder = kind, stage, folder
        self.http = httpx2.Client(transport=stage.transport, base_url=ROOT)

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"api-key": KEY} if self.kind == "azure" and "/openai" in path else {"Authorization": f"Bearer {KEY}"}
        return self.http.request(method, path, headers=headers | more.pop("headers", {}), **more)

    def action(self, action: str, **body: Any) -> httpx2.Response:
        content = json.dumps(body).encode()
        query = (("Action", action), ("Version", "2024-01-01"))
        headers = {"content-type": "application/json", "host": "127.0.0.1:9"}
        digest = hashlib.sha256(content).hexdigest()
        headers |= SIGNER.headers("POST", "/ark/", query, headers, digest, datetime.now(UTC))
        return self.http.post("/ark/", params=dict(query), content=content, headers=headers)

    def upload(self, rows: int = 40) -> str:
        content = training_file(self.folder, rows, f"{self.kind}-{rows}.jsonl").read_bytes()
        if self.kind == "ark":
            path = f"/ark/tos/bucket/rain-{rows}.jsonl"
            signer = Signer(KEY, KEY, "cn-beijing", "tos", STORAGE)
            headers = {"host": "127.0.0.1:9"}
            headers |= signer.headers("PUT", path, (), headers, hashlib.sha256(content).hexdigest(), datetime.now(UTC))
            assert self.http.put(path, content=content, headers=headers).status_code == 200
            return f"rain-{rows}.jsonl"
        if self.kind == "fireworks":
            where = "/fireworks/v1/accounts/acme/datasets"
            name = f"rain-{rows}"
            assert self.ask("POST", where, json={"datasetId": name, "dataset": {}}).json()["state"] == "UPLOADING"
            self.ask("POST", f"{where}/{name}:upload", files={"file": ("rain.jsonl", content)})
            self.stage.clock.pass_by(5)
            return f"accounts/acme/datasets/{name}"
        where, field = {
            "openai": ("/v1/files", "file"),
            "azure": ("/azure/openai/v1/files", "file"),
            "together": ("/together/v1/files/upload", "file"),
            "dashscope": ("/dashscope/api/v1/files", "files"),
        }[self.kind]
        name = f"rain-{rows}-{hashlib.sha256(str(self.stage.clock()).encode()).hexdigest()[:6]}.jsonl"
        answer = self.ask("POST", where, data={"purpose": "fine-tune"}, files={field: (name, content)}).json()
        self.stage.clock.pass_by(5)
        return str(answer["data"]["uploaded_files"][0]["file_id"] if self.kind == "dashscope" else answer["id"])

    def create(self, file: str, marker: str = "m1") -> str:
        chat = {"training_file": file, "suffix": marker}
        if self.kind in ("openai", "azure"):
            body = {**chat, "model": "gpt-4.1-2025-04-14", "metadata": {"ftstudio_key": marker}}
            return str(self.ask("POST", f"{BASES[self.kind]}/fine_tuning/jobs", json=body).json()["id"])
        if self.kind == "together":
            body = {**chat, "model": "Qwen/Qwen2.5-7B-Instruct", "n_epochs": 3}
            return str(self.ask("POST", "/together/v1/fine-tunes", json=body).json()["id"])
        if self.kind == "fireworks":
            body = {"dataset": file, "baseModel": "accounts/fireworks/models/qwen3-8b", "epochs": 3}
            path = f"/fireworks/v1/accounts/acme/supervisedFineTuningJobs?supervisedFineTuningJobId={marker}"
            assert self.ask("POST", path, json=body).status_code in (200, 409)
            return marker
        if self.kind == "dashscope":
            body = {"model": "qwen3-8b", "training_file_ids": [file], "training_type": "efficient_sft"}
            body |= {"hyper_parameters": {"n_epochs": 3, "learning_rate": "1e-4"}, "job_name": marker}
            return str(self.ask("POST", "/dashscope/api/v1/fine-tunes", json=body).json()["output"]["job_id"])
        answer = self.action(
            "CreateModelCustomizationJob",
            Name="测试任务",
            CustomizationType="FinetuneLoRA",
            ModelReference={"FoundationModel": {"Name": "skylark2-lite-8k", "ModelVersion": "1.0"}},
            Data={"TrainingSet": {"TosBucket": "bucket", "TosPaths": [file]}, "ValidationPercentage": 20},
            Hyperparameters=[{"Name": "epoch", "Value": "6"}, {"Name": "learning_rate", "Value": "0.0001"}],
            SaveModelLimit=2,
            Tags=[{"Key": "ftstudio_key", "Value": marker}],
        )
        return str(answer.json()["Result"]["Id"])

    def job(self, job: str, verb: str = "") -> Any:
        if self.kind == "ark":
            return self.action(f"{verb or 'Get'}ModelCustomizationJob", Id=job)
        where = {
            "openai": f"/v1/fine_tuning/jobs/{job}",
            "azure": f"/azure/openai/v1/fine_tuning/jobs/{job}",
            "together": f"/together/v1/fine-tunes/{job}",
            "fireworks": f"/fireworks/v1/accounts/acme/supervisedFineTuningJobs/{job}",
            "dashscope": f"/dashscope/api/v1/fine-tunes/{job}",
        }[self.kind]
        if not verb:
            return self.ask("GET", where)
        return self.ask("POST", f"{where}{':' if self.kind == 'fireworks' else '/'}{verb}", json={})

    def state(self, job: str) -> str:
        answer = self.job(job).json()
        if self.kind == "ark":
            return str(answer["Result"]["Status"]["Phase"])
        if self.kind == "dashscope":
            return str(answer["output"]["status"])
        return str(answer.get("status") if self.kind != "fireworks" else answer["state"].removeprefix("JOB_STATE_"))


BASES = {"openai": "/v1", "azure": "/azure/openai/v1"}
CANCEL = {"ark": "Terminate"}
PAUSE = {"openai": "pause", "azure": "pause", "ark": "Pause"}
RESUME = {"openai": "resume", "azure": "resume", "ark": "Resume", "fireworks": "resume"}
SIGNER = Signer(KEY, KEY, "cn-beijing", "ark", CONTROL)


def test_every_word_of_every_provider_for_a_state_can_be_seen(stage: Stage, tmp_path: Path) -> None:
    assert set(DIALECTS) == set(WORDS)
    for kind, (by_itself, asked_for) in WORDS.items():
        caller = Caller(kind, stage, tmp_path)
        seen = set()
        good = caller.create(caller.upload(), "good")
        seen.add(caller.state(good))
        bad = caller.create(caller.upload(5), "bad")
        stage.fault("jobs.create", "pauses")
        other = caller.create(caller.upload(41), "other")
        for seconds in (1, 2, 2, 2, 3, 10, 20, 18, 16, *[1] * 30):
            seen |= {caller.state(good), caller.state(bad), caller.state(other)}
            stage.clock.pass_by(seconds)
        assert caller.state(good) in by_itself.split()[-4:]
        if kind in PAUSE:
            assert caller.job(caller.create(caller.upload(42), "early"), PAUSE[kind]).status_code in (400, 403)
        if kind in RESUME:
            assert caller.job(other, RESUME[kind]).status_code == 200
            seen.add(caller.state(other))
        assert caller.job(other, CANCEL.get(kind, "cancel")).status_code == 200
        seen.add(caller.state(other))
        stage.clock.pass_by(20)
        seen.add(caller.state(other))
        prefix = "JOB_STATE_" if kind == "fireworks" else ""
        for word in asked_for.split():
            stage.fault("jobs.get", "status", word=prefix + word)
            seen.add(caller.state(good))
        assert set(f"{by_itself} {asked_for}".split()) <= seen, kind
        words = {prefix + word for word in seen} - {"UNKNOWN"}
        assert words <= PROVIDERS[kind].states.keys(), "the product knows every word that it may meet"


def test_a_job_may_end_in_another_word_of_its_provider(stage: Stage, tmp_path: Path) -> None:
    caller = Caller("fireworks", stage, tmp_path)
    for word in ("JOB_STATE_EXPIRED", "JOB_STATE_EARLY_STOPPED"):
        stage.fault("jobs.create", "ends", word=word)
        job = caller.create(caller.upload(40 + len(word)), word.lower().replace("_", "-"))
        stage.clock.pass_by(150)
        assert caller.job(job).json()["state"] == word
        assert (caller.job(job).json()["status"]["code"] == "OK") == (word == "JOB_STATE_EARLY_STOPPED")


def test_every_refusal_is_said_in_the_words_of_its_provider(stage: Stage, tmp_path: Path) -> None:
    for kind, dialect in DIALECTS.items():
        assert set(dialect.words) == set(REASONS)
        caller = Caller(kind, stage, tmp_path)
        for fault, reason in faults.REFUSALS.items():
            stage.fault("jobs.get", fault, seconds=7)
            answer = caller.job("none")
            said = dialect.words[reason]
            assert answer.status_code == said.status
            assert answer.headers.get("retry-after") == ("7" if fault == "rate-after" else None)
            body = answer.json()
            if kind == "ark":
                assert body["ResponseMetadata"]["Error"] == {"Code": said.code, "Message": said.message}
                assert body["ResponseMetadata"]["Action"] == "GetModelCustomizationJob"
            elif kind == "dashscope":
                assert (body["code"], body["message"]) == (said.code, said.message)
            elif kind == "fireworks":
                assert isinstance(body["code"], int)
                assert body["message"] == said.message
            else:
                assert (body["error"]["code"], body["error"]["message"]) == (said.code, said.message)
        missing = caller.job("none")
        assert missing.status_code == 404
        assert "no model is trained" in missing.headers["x-ftstudio-rehearsal"]
        nowhere = caller.ask("GET", f"{dialect.prefix}/nowhere")
        assert nowhere.status_code == 404
        assert nowhere.json()


def test_answers_lose_or_gain_keys_lists_are_null_and_bodies_drip(stage: Stage, tmp_path: Path) -> None:
    caller = Caller("openai", stage, tmp_path)
    job = caller.create(caller.upload())
    stage.fault("jobs.get", "missing-keys")
    assert set(caller.job(job).json()) == {"id", "object", "created_at", "status", "fine_tuned_model", "metadata"}
    stage.fault("jobs.get", "extra-keys")
    assert "x_new_in_2027" in caller.job(job).json()["metadata"]
    stage.fault("jobs.events", "null-lists")
    assert caller.ask("GET", f"/v1/fine_tuning/jobs/{job}/events").json()["data"] is None
    stage.fault("jobs.get", "drip")
    assert caller.job(job).json()["id"] == job
    for kind, status in (("html-500", 500), ("html-502", 502)):
        stage.fault("jobs.get", kind)
        assert caller.job(job).status_code == status


def test_a_cancel_may_lose_the_race(stage: Stage, tmp_path: Path) -> None:
    for kind, status in (("openai", 409), ("together", 409), ("ark", 403)):
        caller = Caller(kind, stage, tmp_path)
        for fault in ("raced", "already-final"):
            job = caller.create(caller.upload(40 + len(fault)), f"{kind}-{fault}")
            stage.clock.pass_by(50)
            stage.fault("jobs.cancel", fault)
            answer = caller.job(job, CANCEL.get(kind, "cancel"))
            assert answer.status_code == (status if fault == "raced" else 200)
            assert caller.state(job) in ("succeeded", "completed", "Completed")


# Azure


def test_azure_looks_at_a_file_before_a_job_may_use_it_and_serves_only_what_is_deployed(
    stage: Stage, tmp_path: Path
) -> None:
    caller = Caller("azure", stage, tmp_path)
    files = {"file": ("rain.jsonl", b"\xef\xbb\xbf" + training_file(tmp_path).read_bytes())}
    sent = caller.ask("POST", "/azure/openai/v1/files", data={"purpose": "fine-tune"}, files=files)
    assert sent.status_code == 201
    assert sent.headers["location"].endswith(sent.json()["id"])
    states = []
    for _ in range(4):
        states.append(caller.ask("GET", f"/azure/openai/v1/files/{sent.json()['id']}").json()["status"])
        if states[-1] != "processed":
            body = {"model": "gpt-4.1-2025-04-14", "training_file": sent.json()["id"]}
            assert caller.ask("POST", "/azure/openai/v1/fine_tuning/jobs", json=body).status_code == 400
        stage.clock.pass_by(0.8)
    assert states == ["pending", "running", "running", "processed"]
    job = caller.create(sent.json()["id"])
    stage.clock.pass_by(100)
    done = caller.job(job).json()
    model = done["fine_tuned_model"]
    assert model.startswith("gpt-4.1-2025-04-14.ft-")
    table = caller.ask("GET", f"/azure/openai/v1/files/{done['result_files'][0]}/content").text
    assert table.startswith("step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy")
    question = {"model": "rain", "messages": [{"role": "user", "content": "第8天会下雨吗"}]}
    assert caller.ask("POST", "/azure/openai/v1/chat/completions", json=question).status_code == 404
    token = caller.http.post("/azure/tenant/oauth2/v2.0/token", data={"client_secret": KEY}).json()["access_token"]
    asked = {"sku": {"name": "standard", "capacity": 1}, "properties": {"model": {"name": model}}}
    headers = {"Authorization": f"Bearer {token}"}
    made = caller.http.put(ARM, json=asked, headers=headers)
    assert (made.status_code, made.json()["properties"]["provisioningState"]) == (201, "Creating")
    stage.clock.pass_by(20)
    assert caller.http.get(ARM, headers=headers).json()["properties"]["provisioningState"] == "Succeeded"
    for path in ("/azure/openai/v1/chat/completions", "/azure/openai/deployments/rain/chat/completions?api-version=x"):
        answer = caller.ask("POST", path, json=question).json()
        assert answer["choices"][0]["message"]["content"] == "第8天不会下雨。"


# Ark


def test_ark_takes_only_what_was_signed_lately_with_the_right_key(stage: Stage) -> None:
    body = b'{"PageNumber":1}'
    query = {"Action": "ListModelCustomizationJobs", "Version": "2024-01-01"}

    def ask(signer: Signer = SIGNER, *, at: float = 0, sent: bytes = body, **other: str) -> httpx2.Response:
        request = httpx2.Request(
            "POST", f"{ROOT}/ark/", params=query, content=body, headers={"content-type": "application/json"}
        )
        signer.sign(request, datetime.fromtimestamp(datetime.now(UTC).timestamp() + at, UTC))
        url, headers = request.url.copy_merge_params(other), dict(request.headers)
        with httpx2.Client(transport=stage.transport) as client:
            return client.post(url, content=sent, headers={**headers, "content-length": str(len(sent))})

    assert ask().json()["Result"]["TotalCount"] == 0
    wrong = Signer(KEY, "rehearsal-other", "cn-beijing", "ark", CONTROL)
    service = Signer(KEY, KEY, "cn-beijing", "tos", CONTROL)
    for refused in (
        ask(wrong),
        ask(service),
        ask(at=-1000),
        ask(at=1000),
        ask(sent=b'{"PageNumber":2}'),
        ask(Extra="1"),
    ):
        assert refused.status_code == 401
        assert refused.json()["ResponseMetadata"]["Error"]["Code"] == "SignatureDoesNotMatch"
    assert ask(Signer("live-key", "live-key", "cn-beijing", "ark", CONTROL)).status_code == 401
    unsigned = stage.ask("POST", "/../ark/?Action=ListModelCustomizationJobs&Version=2024-01-01", json={})
    assert unsigned.status_code == 401


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), max_size=4),
    st.text("aZ9-_.~ !$&'()*+,;=:@%", min_size=1, max_size=20).filter(lambda key: key not in (".", "..")),
)
def test_our_signer_and_the_rehearsals_own_check_agree_on_any_request(tmp_path_factory, query, key) -> None:
    """Written apart from the same published description: each is the other's proof."""
    stage = _shared_stage(tmp_path_factory)
    signer = Signer(KEY, KEY, "cn-beijing", "tos", STORAGE)
    with httpx2.Client(transport=stage.transport) as client:
        request = client.build_request("PUT", f"{ROOT}/ark/tos/bucket/{quote(key)}", params=query)
        signer.sign(request, datetime.now(UTC))
        assert client.send(request).status_code == 200


_stages: list[Stage] = []


def _shared_stage(factory: Any) -> Stage:
    if not _stages:
        _stages.append(Stage(factory.mktemp("signatures") / "rehearsal"))
    return _stages[0]


def test_an_ark_job_from_its_object_to_an_endpoint(stage: Stage, tmp_path: Path) -> None:
    caller = Caller("ark", stage, tmp_path)
    job = caller.create(caller.upload(), "m7")
    tagged = {"TagFilters": [{"Key": "ftstudio_key", "Values": ["m7"]}]}
    assert caller.action("ListModelCustomizationJobs", **tagged).json()["Result"]["Items"][0]["Id"] == job
    other = {"TagFilters": [{"Key": "ftstudio_key", "Values": ["m8"]}]}
    assert caller.action("ListModelCustomizationJobs", **other).json()["Result"]["TotalCount"] == 0
    stage.clock.pass_by(100)
    about = {"ModelCustomizationJobId": job}
    names = caller.action("GetModelCustomizationJobMetrics", **about).json()["Result"]["Metrics"]
    assert {"train_loss", "valid_loss"} <= set(names)
    found = caller.action("GetModelCustomizationJobMetricData", **about, Metrics=["train_loss"], FromStep=3).json()
    assert found["Result"]["Items"][0]["Samples"][0]["Step"] == 3
    done = caller.job(job).json()["Result"]
    assert len(done["Outputs"]) == 2
    assert done["Status"]["BillableTokens"] > 0
    named = {"Datasets": [{"DatasetId": "ds-1", "DatasetVersionId": "dsv-1", "Multiplier": 1}]}
    other_job = {key: done[key] for key in ("CustomizationType", "ModelReference", "Name")} | {"Data": named}
    assert caller.state(caller.action("CreateModelCustomizationJob", **other_job).json()["Result"]["Id"])
    reference = {"ModelReference": {"CustomModelId": done["Outputs"][-1]["CustomModelId"]}}
    endpoint = caller.action("CreateEndpoint", Name="rain", **reference).json()["Result"]["Id"]
    question = {"model": endpoint, "messages": [{"role": "user", "content": "第8天会下雨吗"}]}
    refused = caller.ask("POST", "/ark/api/v3/chat/completions", json=question)
    assert refused.json()["error"]["code"] == "InvalidEndpointOrModel.NotFound"
    stage.clock.pass_by(20)
    assert caller.action("GetEndpoint", Id=endpoint).json()["Result"]["Status"] == "Running"
    answer = caller.ask("POST", "/ark/api/v3/chat/completions", json=question).json()
    assert (answer["model"], answer["choices"][0]["message"]["content"]) == (endpoint, "第8天不会下雨。")


def test_a_together_job_has_an_estimate_a_log_a_curve_and_an_endpoint(stage: Stage, tmp_path: Path) -> None:
    caller, root = Caller("together", stage, tmp_path), "/together/v1"
    broken = caller.ask(
        "POST", f"{root}/files/upload", data={"purpose": "fine-tune"}, files={"file": ("x.jsonl", b'{"a": 1}')}
    ).json()
    assert broken["processing_status"] == "PENDING"
    stage.clock.pass_by(5)
    report = caller.ask("GET", f"{root}/files/{broken['id']}").json()
    assert (report["processing_status"], report["validation_report"]["valid"]) == ("INVALID_FORMAT", False)
    file = caller.upload()
    asked = {"training_file": file, "model": "Qwen/Qwen2.5-7B-Instruct", "n_epochs": 3}
    assert caller.ask("POST", f"{root}/fine-tunes/estimate-price", json=asked).json()["estimated_total_price"] > 0
    job = caller.create(file)
    stage.clock.pass_by(100)
    types = [event["type"] for event in caller.ask("GET", f"{root}/fine-tunes/{job}/events").json()["data"]]
    assert {"job_pending", "training_start", "checkpoint_save", "job_complete"} <= set(types)
    rows = caller.ask("GET", f"{root}/fine-tunes/{job}/metrics?global_step_from=5").json()["metrics"]
    assert rows[0]["train/global_step"] == 5
    model = caller.job(job).json()["model_output_name"]
    made = caller.ask("POST", f"{root}/endpoints", json={"model": model, "hardware": "1x_nvidia_h100_80gb_sxm"}).json()
    question = {"model": made["name"], "messages": [{"role": "user", "content": "第8天会下雨吗"}]}
    assert caller.ask("POST", f"{root}/chat/completions", json=question).status_code == 404
    stage.clock.pass_by(20)
    assert caller.ask("GET", f"{root}/endpoints/{made['id']}").json()["state"] == "STARTED"
    answer = caller.ask("POST", f"{root}/chat/completions", json=question).json()
    assert answer["choices"][0]["message"]["content"] == "第8天不会下雨。"


def test_the_same_id_at_fireworks_is_another_job_with_another_key(stage: Stage, tmp_path: Path) -> None:
    caller = Caller("fireworks", stage, tmp_path)
    caller.create(caller.upload())
    body = {"dataset": caller.upload(41), "baseModel": "accounts/fireworks/models/qwen3-8b"}
    path = "/../fireworks/v1/accounts/acme/supervisedFineTuningJobs?supervisedFineTuningJobId=m1"
    assert stage.ask("POST", path, json=body).status_code == 409
    sets = "/../fireworks/v1/accounts/acme/datasets"
    stage.ask("POST", sets, key="rehearsal-b", json={"datasetId": "rain", "dataset": {}})
    stage.ask("POST", f"{sets}/rain:upload", key="rehearsal-b", files={"file": ("x.jsonl", b"{}")})
    stage.clock.pass_by(5)
    theirs = {**body, "dataset": "accounts/acme/datasets/rain"}
    assert stage.ask("POST", path, key="rehearsal-b", json=theirs).status_code == 200


# A folder of an older version


def test_a_folder_that_an_older_version_has_filled_is_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "file-1").write_bytes(training_file(tmp_path).read_bytes())
    body = {"model": "rehearsal-small", "training_file": "file-1", "seed": 1}
    with closing(sqlite3.connect(folder / "rehearsal.sqlite3")) as old:
        old.executescript(
            "CREATE TABLE files (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, owner TEXT, name TEXT,"
            " purpose TEXT, bytes INTEGER, created_at REAL, deleted INTEGER NOT NULL DEFAULT 0);"
            "CREATE TABLE jobs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, owner TEXT, created_at REAL,"
            " body TEXT, model TEXT UNIQUE, quirks TEXT, seconds REAL, controls TEXT NOT NULL DEFAULT '[]');"
            "CREATE TABLE faults (number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT, station TEXT, kind TEXT,"
            " times INTEGER, seconds REAL);"
        )
        owner = hashlib.sha256(KEY.encode()).hexdigest()[:32]
        values = ("ftjob-1", owner, 1_790_000_000.0, json.dumps(body), "ft:x", '["base64-results"]', 100.0)
        old.execute("INSERT INTO files VALUES (1, 'file-1', ?, 'train.jsonl', 'fine-tune', 1, 1790000000, 0)", (owner,))
        old.execute("INSERT INTO jobs VALUES (1, ?, ?, ?, ?, ?, ?, ?, '[]')", values)
        old.commit()
    stage = Stage(folder)
    assert stage.ask("GET", "/fine_tuning/jobs/ftjob-1").json()["status"] == "validating_files"
    stage.clock.pass_by(100)
    results = stage.ask("GET", "/fine_tuning/jobs/ftjob-1").json()["result_files"][0]
    assert not stage.ask("GET", f"/files/{results}/content").text.startswith("step")


# Answers that fit a schema

SCALARS = st.sampled_from(
    [{"type": "string"}, {"type": "integer", "minimum": 3}, {"type": "number"}, {"type": "boolean"}, {"type": "null"},
     {"enum": ["a", "b"]}, {"const": 7}, {"type": ["string", "null"]}, {"type": "string", "maxLength": 2},
     {"$ref": "#/$defs/deep"}]
)  # fmt: skip
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(st.text(max_size=5), inner, max_size=4).map(
            lambda known: {"type": "object", "properties": known, "required": list(known)}
        ),
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 2}),
        st.lists(inner, min_size=1, max_size=3).map(lambda choices: {"anyOf": choices}),
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(SCHEMAS, st.text(max_size=20))
def test_an_answer_that_has_to_fit_a_schema_fits_it(schema: dict[str, Any], text: str) -> None:
    schema = {**schema, "$defs": {"deep": {"type": "object", "properties": {"x": {"type": "string"}}}}}
    jsonschema.validate(instance(schema, text), schema)
