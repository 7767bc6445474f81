"""The data side through the API: the whole road with a token, and what each door says when it stays shut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from datasets_app import tasks
from tests import make
from tests.conftest import api_of

NO_ECHO = {"text": {"no_echo": True}}
RECORDS = [make.chat("伞", "伞。", system="你是诗人"), *make.chats(3), make.chat("雪", "白。", metadata={"doc": 1})]


def file_of(data: bytes, name: str = "rows.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project, contract=NO_ECHO)
    make.imported(alice, dataset, make.jsonl(RECORDS) + b"{bad\n")
    return dataset


def at(dataset: Any, position: int) -> Any:
    return dataset.samples.get(position=position)


def test_the_whole_road_ends_in_what_was_imported(api: APIClient, project: Any) -> None:
    made = api.post("/api/v1/datasets/", {"name": "Rain", "project": project.pk, "contract": NO_ECHO}, format="json")
    assert made.status_code == 201
    dataset = f"/api/v1/datasets/{made.json()['id']}/"

    data = make.jsonl(RECORDS[1:])
    upload = api.post(f"{dataset}uploads/", {"file": file_of(data), "format": "auto"})
    assert (upload.status_code, upload.json()["state"]) == (202, "waiting")
    tasks.ingest_upload(upload.json()["id"])
    seen = api.get(f"/api/v1/uploads/{upload.json()['id']}/").json()
    assert (seen["state"], seen["rows_total"], seen["rows_accepted"], seen["rows_rejected"]) == ("done", 4, 4, 0)

    page = api.get(f"{dataset}samples/").json()
    assert [row["position"] for row in page["results"]] == [1, 2, 3, 4]
    assert "messages" not in page["results"][0]

    shares = {"train": 80, "validation": 20, "test": 0}
    frozen = api.post(f"{dataset}snapshots/", {"shares": shares, "seed": 3}, format="json")
    assert (frozen.status_code, frozen.json()["state"]) == (202, "building")
    tasks.freeze_snapshot(frozen.json()["id"])
    snapshot = f"/api/v1/snapshots/{frozen.json()['id']}/"
    assert api.get(snapshot).json()["state"] == "ready"

    asked = api.post(f"{snapshot}exports/", {"codec": "openai-chat", "split": "all"}, format="json")
    assert asked.status_code == 202
    tasks.write_export(asked.json()["id"])
    export = f"/api/v1/exports/{asked.json()['id']}/"
    assert api.get(export).json()["manifest"]["rows"] == 4
    answer = api.get(f"{export}file/", HTTP_ACCEPT="application/x-ndjson")
    assert b"".join(answer.streaming_content) == data
    assert "attachment" in answer["Content-Disposition"]


def test_the_rejected_lines_are_downloaded(api: APIClient, rain: Any) -> None:
    upload = rain.uploads.get()
    answer = api.get(f"/api/v1/uploads/{upload.pk}/rejected/")
    [line] = [json.loads(text) for text in b"".join(answer.streaming_content).splitlines()]
    assert (line["line"], line["raw"]) == (6, "{bad")
    assert line["error"]["code"] == "json-invalid"


def test_a_dataset_says_what_is_wrong_with_it(api: APIClient, rain: Any) -> None:
    seen = api.get(f"/api/v1/datasets/{rain.pk}/").json()
    assert seen["counts"] == {
        "status": {"pending": 5}, "rule": {"echo": 1}, "split": {}, "tag": {}, "worst": {"clean": 4, "error": 1},
    }  # fmt: skip
    [quality] = seen["quality"]
    assert (quality["rule"], quality["severity"], quality["n"], quality["total"]) == ("echo", "error", 1, 5)
    assert [row["id"] for row in api.get("/api/v1/datasets/").json()["results"]] == [str(rain.pk)]


def test_a_dataset_is_changed_and_checked_again(api: APIClient, rain: Any) -> None:
    changed = api.patch(f"/api/v1/datasets/{rain.pk}/", {"contract": {}, "guideline": " 短。\n"}, format="json").json()
    assert (changed["checking"], changed["guideline"], changed["guideline_version"]) == (True, " 短。\n", 2)


def test_a_list_is_filtered_and_paged(api: APIClient, alice: Any, rain: Any) -> None:
    samples = f"/api/v1/datasets/{rain.pk}/samples/"
    assert [row["position"] for row in api.get(samples, {"rule": "echo"}).json()["results"]] == [1]
    assert [row["position"] for row in api.get(samples, {"q": "不会下雨"}).json()["results"]] == [2, 3, 4]
    make.imported(alice, rain, [make.chat(f"q{n}", "a") for n in range(60)])
    first = api.get(samples, {"worst": "clean"}).json()
    assert (len(first["results"]), first["total"], first["previous"]) == (50, 64, None)
    second = api.get(first["next"]).json()
    assert (len(second["results"]), second["next"]) == (14, None)
    assert api.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("query", [{"status": "x"}, {"rule": "echo__in"}, {"cursor": "x"}, {"cursor": ">1 OR 1"}])
def test_what_is_no_filter_is_refused(query: dict[str, str], api: APIClient, rain: Any) -> None:
    answer = api.get(f"/api/v1/datasets/{rain.pk}/samples/", query)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, list(query))


def test_a_sample_is_read_corrected_and_read_again(api: APIClient, rain: Any) -> None:
    address = f"/api/v1/samples/{at(rain, 1).pk}/"
    seen = api.get(address).json()
    assert (seen["revision"], seen["status"]) == (1, "pending")
    assert (seen["tags"], seen["rejected"], seen["tools"]) == ([], [], [])
    assert [finding["rule"] for finding in seen["findings"]] == ["echo"]
    turns = [*seen["messages"][:-1], {"role": "assistant", "content": "挡雨。"}]
    saved = api.patch(address, {"base_revision": 1, "messages": turns, "tags": ["诗"], "client_id": "k"}, format="json")
    assert saved.status_code == 200
    assert (saved.json()["revision"], saved.json()["findings"], saved.json()["tags"]) == (2, [], ["诗"])
    assert saved.json()["rejected"] == [seen["messages"][-1]]
    assert api.get(address).json() == saved.json()


def test_who_was_slower_gets_all_three_texts(api: APIClient, rain: Any) -> None:
    address = f"/api/v1/samples/{at(rain, 1).pk}/"
    turns = api.get(address).json()["messages"]
    for answer in ("一。", "二。"):
        said = [*turns[:-1], {"role": "assistant", "content": answer}]
        last = api.patch(address, {"base_revision": 1, "messages": said}, format="json")
    assert (last.status_code, last.json()["code"]) == (409, "stale")
    fields = last.json()["fields"]
    assert [fields[name]["messages"][-1]["content"] for name in ("base", "mine", "theirs")] == ["伞。", "二。", "一。"]


def test_the_history_is_listed_and_each_revision_read(api: APIClient, alice: Any, rain: Any) -> None:
    address = f"/api/v1/samples/{at(rain, 1).pk}/"
    turns = api.get(address).json()["messages"]
    api.patch(address, {"base_revision": 1, "messages": turns[1:], "reason": "short"}, format="json")
    rows = api.get(f"{address}revisions/").json()["results"]
    assert [(row["number"], row["origin"], row["author"]["name"]) for row in rows] == [
        (2, "edit", "Alice"),
        (1, "import", "Alice"),
    ]
    assert "content" not in rows[0]
    assert api.get(f"{address}revisions/1/").json()["content"]["messages"] == turns


def test_an_annotator_works_through_the_queue(bob: Any, rain: Any) -> None:
    api = api_of(bob)
    given = api.post(f"/api/v1/datasets/{rain.pk}/next/").json()
    decisions = f"/api/v1/samples/{given['id']}/decisions/"
    refused = api.post(decisions, {"decision": "accept", "revision": 1}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "open_errors")
    assert refused.json()["fields"]["rules"] == ["echo"]
    for _ in range(2):
        made = api.post(decisions, {"decision": "flag", "revision": 1, "client_id": "one"}, format="json")
        assert made.status_code == 201
    assert [row["decision"] for row in api.get(decisions).json()["results"]] == ["flag"]
    assert api.get(f"/api/v1/samples/{given['id']}/").json()["status"] == "flagged"
    assert api.post(f"/api/v1/samples/{given['id']}/undo/").json()["status"] == "pending"
    assert api.post(f"/api/v1/datasets/{rain.pk}/next/", {"after": 1}, format="json").json()["position"] == 2
    rain.samples.update(status="accepted")
    assert api.post(f"/api/v1/datasets/{rain.pk}/next/").status_code == 204


def test_a_stale_verdict_is_a_conflict(api: APIClient, rain: Any) -> None:
    address = f"/api/v1/samples/{at(rain, 2).pk}/decisions/"
    answer = api.post(address, {"decision": "accept", "revision": 3}, format="json")
    assert (answer.status_code, answer.json()["fields"]) == (409, {"revision": 1})


def test_an_export_is_blocked_until_a_lead_waives(api: APIClient, alice: Any, rain: Any) -> None:
    address = f"/api/v1/snapshots/{make.snapshot(alice, rain).pk}/exports/"
    answer = api.post(address, {"codec": "openai-chat"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "blocked")
    assert answer.json()["fields"]["rules"] == {"echo": 1}
    waived = api.post(address, {"codec": "openai-chat", "waive": {"reason": "谚语"}}, format="json")
    assert (waived.status_code, waived.json()["waivers"][0]["rule"]) == (202, "echo")
    assert api.get(f"/api/v1/exports/{waived.json()['id']}/file/").status_code == 409
    assert len(api.get(address).json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"codec": "openai-chat", "waive": {}}, "waive.reason"),
        ({"codec": "openai-chat", "waive": {"reason": "谚语", "rules": [{}]}}, "waive.rules.0"),
        ({"codec": "openai-chat", "waive": "谚语"}, "waive"),
    ],
)
def test_what_is_wrong_within_a_field_is_named_by_its_path(
    body: dict[str, Any], field: str, api: APIClient, alice: Any, rain: Any
) -> None:
    answer = api.post(f"/api/v1/snapshots/{make.snapshot(alice, rain).pk}/exports/", body, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_a_manifest_and_a_loss_report_say_their_reasons_in_the_readers_language(
    api: APIClient, alice: Any, rain: Any
) -> None:
    tools = [{"type": "function", "function": {"name": "weather"}}]
    make.imported(alice, rain, [make.chat("雪？", "会。", tools=tools)])
    snapshot = make.snapshot(alice, rain)
    export = make.export(alice, snapshot, codec="siliconflow", waive={"reason": "谚语"})
    assert set(export.manifest["refused"]["listed"][-1]["reason"]) == {"template", "params"}
    read = f"/api/v1/exports/{export.pk}/"
    *_, english = api.get(read).json()["manifest"]["refused"]["listed"]
    assert english["reason"] == "SiliconFlow chat messages cannot carry tools: remove them, or allow the loss."
    *_, chinese = api.get(read, headers={"Accept-Language": "zh-hans"}).json()["manifest"]["refused"]["listed"]
    assert chinese["reason"] != english["reason"]
    asked, losses = {"codec": "siliconflow", "split": "all"}, f"/api/v1/snapshots/{snapshot.pk}/loss-report/"
    tasks.write_loss_report(api.post(losses, asked, format="json").json()["id"])
    assert api.get(losses, asked).json()["report"]["refusals"][-1] == english


def test_the_same_file_twice_is_a_conflict_that_names_the_first(api: APIClient, rain: Any) -> None:
    uploads = f"/api/v1/datasets/{rain.pk}/uploads/"
    data = make.jsonl(make.chats(9))
    first = api.post(uploads, {"file": file_of(data)}).json()
    again = api.post(uploads, {"file": file_of(data)})
    assert (again.status_code, again.json()["code"]) == (409, "already_imported")
    assert again.json()["fields"]["upload"] == first["id"]
    assert api.post(uploads, {"file": file_of(data), "again": "true"}).status_code == 202
    cancelled = api.post(f"/api/v1/uploads/{first['id']}/cancel/")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert len(api.get(uploads).json()["results"]) == 3


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("datasets/", {"name": "x"}, "project"),
        ("datasets/", {"name": "x", "contract": []}, "contract"),
        ("datasets/{dataset}/", {"contract": {"unknown": 1}}, "contract"),
        ("datasets/{dataset}/snapshots/", {"shares": {"train": 80}}, "shares"),
        ("datasets/{dataset}/snapshots/", {"filter": {"x": "y"}}, "filter"),
        ("samples/{sample}/", {"messages": []}, "base_revision"),
        ("samples/{sample}/", {"base_revision": 1, "messages": []}, "messages"),
        ("samples/{sample}/decisions/", {"decision": "maybe", "revision": 1}, "decision"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(path: str, body: Any, field: str, api: APIClient, rain: Any) -> None:
    url = "/api/v1/" + path.format(dataset=rain.pk, sample=at(rain, 1).pk)
    send = api.patch if path in ("datasets/{dataset}/", "samples/{sample}/") else api.post
    answer = send(url, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert field in answer.json()["fields"]


def test_roles_are_asked_for(bob: Any, rain: Any, project: Any) -> None:
    api = api_of(bob)
    answers = [
        api.post("/api/v1/datasets/", {"name": "x", "project": project.pk}, format="json"),
        api.patch(f"/api/v1/datasets/{rain.pk}/", {"name": "x"}, format="json"),
        api.post(f"/api/v1/datasets/{rain.pk}/uploads/", {"file": file_of(b"{}")}),
        api.post(f"/api/v1/datasets/{rain.pk}/snapshots/", {}, format="json"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "not_allowed")}


def test_a_token_that_may_only_read_only_reads(alice: Any, rain: Any) -> None:
    api = api_of(alice, scopes="read")
    assert api.get(f"/api/v1/datasets/{rain.pk}/").status_code == 200
    assert api.patch(f"/api/v1/datasets/{rain.pk}/", {"name": "x"}, format="json").status_code == 403


def test_a_stranger_sees_nothing_and_puts_nothing_in(mallory: Any, rain: Any, project: Any) -> None:
    api = api_of(mallory)
    assert api.get("/api/v1/datasets/").json()["results"] == []
    assert api.get(f"/api/v1/samples/{at(rain, 1).pk}/").status_code == 404
    made = api.post("/api/v1/datasets/", {"name": "x", "project": project.pk}, format="json")
    assert made.status_code == 404


def test_a_script_works_through_a_part_of_the_list(api: APIClient, rain: Any) -> None:
    asked = {"filter": {"rule": "echo"}}
    given = api.post(f"/api/v1/datasets/{rain.pk}/next/", asked, format="json").json()
    assert "echo" in {finding["rule"] for finding in given["findings"]}
    odd = api.post(f"/api/v1/datasets/{rain.pk}/next/", {"filter": {"status": "odd"}}, format="json")
    assert (odd.status_code, list(odd.json()["fields"])) == (422, ["status"])
    assert api.post(f"/api/v1/datasets/{rain.pk}/next/", {"filter": [1]}, format="json").status_code == 422
