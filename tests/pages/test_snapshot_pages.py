"""The pages around a snapshot: freezing with groups and mixing, its card, what changed, and what would be lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets_app.models import Export, LossReport, Sample, Snapshot
from datasets_app.pipeline.freeze import freeze
from datasets_app.pipeline.write_export import write_export
from datasets_app.pipeline.write_loss_report import write_loss_report
from datasets_app.services import cards, samples
from tests import make
from tests.conftest import browser_of

WEIGHED = make.chat("雨？", "会。")
WEIGHED["messages"][1]["weight"] = 1


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [*make.chats(20), WEIGHED])
    return dataset


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    answer = client.get(reverse(f"pages:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_lead_groups_stratifies_and_mixes_under_the_fold(pages: Client, alice: Any, rain: Any) -> None:
    general = make.dataset(alice, rain.project, name="General")
    make.imported(alice, general, [make.chat(f"问{n}", f"答{n}") for n in range(9)])
    url = reverse("pages:snapshot-create", args=[rain.pk])
    form = pages.get(url).content.decode()
    assert "<details" in form
    assert "near-duplicates" in form
    sent = {
        "train": "80", "validation": "20", "test": "0", "seed": "1", "group_by": "conversation", "stratify_by": "tag",
        "mix_dataset": str(general.pk), "mix_percent": "20",
    }  # fmt: skip
    refused = pages.post(url, {**sent, "mix_percent": ""})
    assert refused.status_code == 422
    assert '<details class="in fold" open' in refused.content.decode()
    assert pages.post(url, sent).status_code == 302
    snapshot = Snapshot.objects.get()
    assert (snapshot.group_by, snapshot.stratify_by, snapshot.mix["percent"]) == ("conversation", "tag", 20)
    freeze(snapshot.pk)
    assert "4 general samples of General" in page(pages, "snapshot-detail", snapshot.pk)


def test_tokens_are_called_about_only_where_they_are_estimated(pages: Client, alice: Any, project: Any) -> None:
    for base_model, said in (("", True), ("Qwen/Qwen2.5-7B-Instruct", False)):
        dataset = make.dataset(alice, project, name=base_model or "any", base_model=base_model)
        make.imported(alice, dataset, make.chats(10))
        snapshot = make.snapshot(alice, dataset)
        assert ("about" in page(pages, "snapshot-detail", snapshot.pk).split("Tokens</dt>")[1][:40]) is said


def test_a_lead_freezes_what_the_list_shows(pages: Client, alice: Any, bob: Any, rain: Any) -> None:
    assert browser_of(bob).get(reverse("pages:snapshot-create", args=[rain.pk])).status_code == 403
    samples.tag(actor=alice, sample=Sample.objects.select_related("dataset__project").get(position=3), names=["雨"])
    assert f"/datasets/{rain.pk}/snapshots/create/?tag=%E9%9B%A8" in page(pages, "dataset-detail", rain.pk, tag="雨")
    form = page(pages, "snapshot-create", rain.pk, tag="雨")
    assert "tag: 雨" in form
    assert 'name="status"' not in page(pages, "snapshot-create", rain.pk, status="accepted")
    sent = {"train": "100", "validation": "0", "test": "0", "seed": "0", "status": ""}
    pages.post(reverse("pages:snapshot-create", args=[rain.pk]) + "?tag=%E9%9B%A8", sent)
    snapshot = Snapshot.objects.get()
    freeze(snapshot.pk)
    assert list(snapshot.entries.values_list("position", flat=True)) == [3]
    for name in ("snapshot-detail", "snapshot-card"):
        assert "tag: 雨" in page(pages, name, snapshot.pk)
    Snapshot.objects.update(filter={"rule": "of-a-release-before"})
    for name in ("snapshot-detail", "snapshot-card"):
        assert "of-a-release-before" in page(pages, name, snapshot.pk), "the past is shown also where it is not known"


def test_the_card_is_a_page_and_a_file(pages: Client, alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    html = page(pages, "snapshot-card", snapshot.pk)
    assert "Only 2 validation samples" in html
    assert "rows.jsonl" in html
    file = pages.get(reverse("pages:snapshot-card-file", args=[snapshot.pk]))
    assert file["Content-Disposition"].startswith("attachment")
    card = json.loads(file.content)
    assert (card["samples"], card["split"]["leaks"], card["lineage"][0]["samples"]) == (21, 0, 21)


def test_samples_that_no_file_brought_stand_in_the_card_too(pages: Client, alice: Any, rain: Any) -> None:
    Sample.objects.filter(dataset=rain, position__gt=15).update(upload=None)
    snapshot = make.snapshot(alice, rain)
    assert "Made here, not imported" in page(pages, "snapshot-card", snapshot.pk)
    made = cards.card_of(snapshot)
    assert [(one["kind"], one["samples"]) for one in made["lineage"]] == [("upload", 15), ("own", 6)]
    assert sum(one["samples"] for one in made["licences"]) == made["samples"] == 21


def test_what_changed_is_shown_character_by_character(pages: Client, alice: Any, rain: Any) -> None:
    first = make.snapshot(alice, rain)
    assert "Nothing to compare with" in page(pages, "snapshot-diff", first.pk)
    sample = Sample.objects.select_related("dataset__project").get(dataset=rain, position=1)
    samples.save(actor=alice, sample=sample, base_revision=1, messages=make.corrected(sample, "第1天会下雨。"))
    second = make.snapshot(alice, rain)
    assert "<del>不</del>" in page(pages, "snapshot-diff", second.pk)
    assert "None." in page(pages, "snapshot-diff", second.pk, kind="added")
    assert "What changed" in page(pages, "snapshot-detail", second.pk)


def test_what_was_frozen_otherwise_is_said_in_words_and_not_in_json(pages: Client, alice: Any, rain: Any) -> None:
    make.snapshot(alice, rain)
    other = make.dataset(alice, rain.project, name="General")
    make.imported(alice, other, make.chats(3))
    second = make.snapshot(
        alice, rain, shares={"train": 80, "validation": 20}, stratify_by="tag", filter={"status": "pending"},
        mix={"dataset": str(other.pk), "percent": 10},
    )  # fmt: skip
    html = page(pages, "snapshot-diff", second.pk)
    for word in ("<del>90</del><ins>80</ins> %", "<ins>General, 10 %</ins>", "<ins>each tag</ins>", "pending"):
        assert word in html
    assert "{" not in html.split('id="settings-h"')[1].split("</section>\n<section")[0]


def test_what_blocks_an_export_leads_to_what_is_to_be_corrected(pages: Client, alice: Any, rain: Any) -> None:
    strict = make.dataset(alice, rain.project, "Strict", {"text": {"no_echo": True}})
    make.imported(alice, strict, [make.chat("伞", "伞。")])
    html = page(pages, "snapshot-detail", make.snapshot(alice, strict).pk)
    assert f'<a href="/datasets/{strict.pk}/?rule=echo#samples"><code>echo</code></a> 1' in html


def test_the_form_of_an_export_begins_with_chat_rows(pages: Client, alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    assert '<option value="openai-chat" selected>' in page(pages, "snapshot-detail", snapshot.pk)


def test_losses_are_seen_and_let_go_before_the_export(pages: Client, alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    wanted = {"codec": "siliconflow", "split": "all"}
    answer = pages.post(reverse("pages:loss-report", args=[snapshot.pk]), wanted)
    assert answer["Location"].endswith("?codec=siliconflow&split=all#losses")
    assert "every 1s" in page(pages, "snapshot-detail", snapshot.pk, **wanted)
    write_loss_report(LossReport.objects.get().pk)
    html = page(pages, "snapshot-detail", snapshot.pk, **wanted)
    assert "<code>weight</code>" in html
    assert 'name="allow_loss" value="weight"' in html
    pages.post(reverse("pages:export-create", args=[snapshot.pk]), {**wanted, "allow_loss": ["weight"]})
    export = Export.objects.get()
    write_export(export.pk)
    export.refresh_from_db()
    assert (export.options, export.rows_written) == ({"allow_loss": ["weight"]}, 21)
    assert "Written with a loss" in page(pages, "export-detail", export.pk)


def test_a_file_that_lacks_samples_says_which_and_why(pages: Client, alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    pages.post(reverse("pages:export-create", args=[snapshot.pk]), {"codec": "siliconflow", "split": "all"})
    export = Export.objects.get()
    write_export(export.pk)
    html = page(pages, "export-detail", export.pk)
    assert "1 of 21 samples is not in the file." in html
    assert "<code>0021</code>" in html
    assert "weight" in html
    assert f"/snapshots/{snapshot.pk}/?codec=siliconflow&amp;split=all#losses" in html


def test_a_script_asks_the_same(api: Any, alice: Any, rain: Any) -> None:
    snapshot = make.snapshot(alice, rain)
    base = f"/api/v1/snapshots/{snapshot.pk}"
    query = "?codec=siliconflow&split=all"
    assert api.get(f"{base}/loss-report/{query}").status_code == 404
    assert api.post(f"{base}/loss-report/", {"codec": "siliconflow"}, format="json").status_code == 202
    write_loss_report(LossReport.objects.get().pk)
    assert api.get(f"{base}/loss-report/{query}").json()["report"]["fields"][0]["field"] == "weight"
    assert api.get(f"{base}/card/").json()["samples"] == 21
    assert api.get(f"{base}/diff/").json()["against"] is None
    grown = make.snapshot(alice, rain, seed=5)
    found = api.get(f"/api/v1/snapshots/{grown.pk}/diff/", {"kind": "moved"}).json()
    assert found["against"] == str(snapshot.pk)
    assert len(found["results"]) == found["counts"]["moved"]
    assert api.get(f"/api/v1/snapshots/{grown.pk}/").json()["warnings"][0]["code"] == "few-validation"
