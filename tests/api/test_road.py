"""The whole road for a script with a token: what is imported comes out again, and a job is rehearsed on it."""
# ruff: noqa: F811  (a fixture is imported by name and asked for by name)

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from datasets_app import tasks as data_tasks
from ftstudio.accounts.models import Project
from jobs_app import tasks as job_tasks
from tests import make
from tests.jobs.conftest import rehearsal  # noqa: F401  (a fixture)
from tests.jobs.rehearsal import KEY, Rehearsal

V1 = "/api/v1"
CONTRACT = {"text": {"ends_with": ["。"], "no_echo": True, "sentences": {"max": 1}}}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "柳桥"}'}}
# What a chat file may hold, each row with something that a careless decoder would lose.
UNUSUAL: list[dict[str, Any]] = [
    make.chat("带伞吗？", "今天用不着。", system="一句话作答。"),
    make.chat("  两端有空格  ", "空格\t和制表符都留着。"),
    make.chat("emoji 👩‍🚀 and ẛ̣", "组合字符照原样写回。"),
    make.chat("你好", "早。", metadata={"doc": "a/1", "score": 1.5, "none": None}, split="gold"),
    {
        "messages": [
            {"role": "user", "content": "柳桥呢？", "name": "zhang"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "content": "阴", "tool_call_id": "call_1"},
            {"role": "assistant", "content": "那边是阴天。"},
        ],
        "tools": [WEATHER],
    },
    {
        "messages": [
            {"role": "user", "content": "一"},
            {"role": "assistant", "content": "先说这句。", "weight": 0},
            {"role": "user", "content": "二"},
            {"role": "assistant", "content": "再说那句。", "weight": 1},
        ]
    },
]
RECORDS = [*UNUSUAL, *make.chats(34)]
SPACED_OTHERWISE = json.dumps(make.chat("雪", "很白。"), separators=(",", ":")).encode() + b"\r\n"


class Script:
    """Somebody's program: it posts, reads, and stops at the first answer that it did not expect."""

    def __init__(self, client: APIClient) -> None:
        self.client = client

    def post(self, path: str, body: Any = None, *, status: int = 201, format: str = "json") -> Any:
        answer = self.client.post(f"{V1}/{path}", body, format=format)
        assert answer.status_code == status, answer.content
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.client.get(f"{V1}/{path}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows, page = [], self.get(path)
        while True:
            rows += page["results"]
            if page["next"] is None:
                return rows
            page = self.client.get(page["next"]).json()

    def file(self, path: str) -> bytes:
        return b"".join(self.client.get(f"{V1}/{path}").streaming_content)


@pytest.fixture
def script(api: APIClient) -> Script:
    return Script(api)


def test_a_script_walks_the_whole_road(script: Script, project: Project, rehearsal: Rehearsal) -> None:
    dataset = script.post("datasets/", {"name": "Words", "project": str(project.pk), "contract": CONTRACT})["id"]
    canonical = make.jsonl(RECORDS)
    snapshot = frozen(script, dataset, canonical + SPACED_OTHERWISE, RECORDS)
    written = exported(script, snapshot, "openai-chat")
    assert written.startswith(canonical)  # what was canonical comes back byte for byte …
    expected = [*RECORDS, json.loads(SPACED_OTHERWISE)]
    assert [json.loads(line) for line in written.splitlines()] == expected  # … and the rest record for record
    sides = [json.loads(line) for side in ("train", "validation") for line in exported_side(script, snapshot, side)]
    assert sorted(map(json.dumps, sides)) == sorted(map(json.dumps, expected))

    job = launched(script, project, snapshot)
    job_tasks.submit_job(job)
    rehearsal.turn(90)
    job_tasks.poll_job(job)
    read_the_results(script, job)


def frozen(script: Script, dataset: str, data: bytes, records: list[dict[str, Any]]) -> str:
    """Import the bytes, read every sample back, freeze them; returns the snapshot's id."""
    sent = {"file": SimpleUploadedFile("words.jsonl", data), "format": "openai-chat"}
    upload = script.post(f"datasets/{dataset}/uploads/", sent, status=202, format="multipart")["id"]
    data_tasks.ingest_upload(upload)
    seen = script.get(f"uploads/{upload}/")
    assert (seen["state"], seen["rows_accepted"], seen["rows_rejected"]) == ("done", len(records) + 1, 0)
    rows = script.all(f"datasets/{dataset}/samples/")
    assert len(rows) == len(records) + 1
    first = script.get(f"samples/{rows[0]['id']}/")
    assert first["messages"] == records[0]["messages"]
    body = {"shares": {"train": 70, "validation": 30, "test": 0}, "seed": 7}
    snapshot = script.post(f"datasets/{dataset}/snapshots/", body, status=202)["id"]
    data_tasks.freeze_snapshot(snapshot)
    assert script.get(f"snapshots/{snapshot}/")["state"] == "ready"
    return str(snapshot)


def exported(script: Script, snapshot: str, codec: str, split: str = "all") -> bytes:
    export = script.post(f"snapshots/{snapshot}/exports/", {"codec": codec, "split": split}, status=202)["id"]
    data_tasks.write_export(export)
    seen = script.get(f"exports/{export}/")
    assert seen["state"] == "done", seen
    return script.file(f"exports/{export}/file/")


def exported_side(script: Script, snapshot: str, side: str) -> list[bytes]:
    lines = exported(script, snapshot, "openai-chat", side).splitlines()
    assert lines
    return lines


def launched(script: Script, project: Project, snapshot: str) -> str:
    stage = {"name": "Stage", "kind": "rehearsal", "project": str(project.pk), "credential": KEY}
    connection = script.post("connections/", stage)
    assert connection["rehearsal"] is True
    body = {
        "name": "words", "snapshot": snapshot, "connection": connection["id"], "base_model": "rehearsal-small",
        "recipe": {"method": "supervised", "epochs": 3},
    }  # fmt: skip
    job = script.post("jobs/", body)["id"]
    assert script.get(f"jobs/{job}/preflight/")["ready"] is True
    assert script.post(f"jobs/{job}/launch/", status=202)["state"] == "queued"
    return str(job)


def read_the_results(script: Script, job: str) -> None:
    done = script.get(f"jobs/{job}/")
    assert (done["state"], bool(done["result_model"])) == ("succeeded", True)
    events = script.all(f"jobs/{job}/events/")
    assert any("succe" in event["message"].lower() or "complete" in event["message"].lower() for event in events)
    metrics = script.all(f"jobs/{job}/metrics/")
    assert {"train_loss", "valid_loss"} <= {metric["name"] for metric in metrics}
    assert len({(metric["step"], metric["name"]) for metric in metrics}) == len(metrics)
    assert script.all(f"jobs/{job}/checkpoints/")
    [model] = script.get("models/")["results"]
    assert model["model"] == done["result_model"]
    assert script.get(f"models/{model['id']}/")["contract"]["contract"] == CONTRACT
