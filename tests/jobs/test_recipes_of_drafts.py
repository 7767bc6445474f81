"""A draft on its way to the launch: what its provider would refuse, what it will cost, and what has to be meant."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.models import Revision, Snapshot
from ftstudio.accounts.models import Project, User
from ftstudio.errors import InvalidInput
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.core.presets import SILICONFLOW_PRESETS
from jobs_app.models import Connection, Inspection, Job
from jobs_app.pipeline import inspect_snapshot as inspecting
from jobs_app.services import catalog, inspections, jobs
from jobs_app.services.estimating import estimate_of
from jobs_app.services.recommendations import recommendation_of
from tests.conftest import browser_of

from .rows import make_snapshot

MODEL = "gpt-4.1-mini-2025-04-14"


def connection_of(owner: User, project: Project, kind: str = "openai", **more: Any) -> Connection:
    probed = {"probed_at": timezone.now(), "credential": "sk-0123456789"} | more
    return Connection.objects.create(project=project, name=f"Our {kind}", kind=kind, created_by=owner, **probed)


@pytest.fixture
def data(alice: User, project: Project) -> Snapshot:
    return make_snapshot(alice, project, train=42, validation=22)


def draft_of(owner: User, snapshot: Snapshot, kind: str = "openai", **more: Any) -> Job:
    account = connection_of(owner, snapshot.dataset.project, kind)
    base = more.pop("base_model", MODEL)
    return jobs.create(actor=owner, name="rain", connection=account, snapshot=snapshot, base_model=base, **more)


def items_of(job: Job) -> dict[str, Any]:
    return {item.id: item for item in jobs.preflight(Job.objects.get(pk=job.pk))}


def rewrite(snapshot: Snapshot, position: int, **changes: Any) -> None:
    """Let one row of the snapshot be another one."""
    entry = snapshot.entries.get(position=position)
    sample = samples.from_json(entry.revision.payload)
    fields = {"messages": sample.messages, "tools": sample.tools} | changes
    payload = samples.to_json(samples.Sample(**fields))
    Revision.objects.filter(pk=entry.revision_id).update(payload=payload, content_hash=samples.content_hash(payload))


@pytest.mark.usefixtures("models_go_on")
def test_what_the_provider_would_refuse_keeps_the_job_and_is_named_with_its_rows(alice: User, data: Snapshot) -> None:
    rewrite(data, 3, messages=(samples.Message("user", "hi <|endoftext|>"), samples.Message("assistant", "rain")))
    job = draft_of(alice, data)
    item = items_of(job)["target-rules"]
    assert (item.state, item.about) == ("waits", ("special-token",))
    assert "#3" in item.detail
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=job)
    assert set(refusal.value.fields) == {"target_rules"}
    launched = jobs.launch(actor=alice, job=job, waive={"reason": "old rows", "rules": ["special-token"]})
    assert launched.waivers == [{"rule": "special-token", "reason": "old rows", "by": "alice"}]


def test_a_provider_without_that_rule_does_not_mind(alice: User, data: Snapshot) -> None:
    rewrite(data, 3, messages=(samples.Message("user", "hi <|endoftext|>"), samples.Message("assistant", "rain")))
    assert items_of(draft_of(alice, data, "together", base_model="m"))["target-rules"].ok


def test_a_large_snapshot_is_left_to_a_worker_and_a_killed_one_is_followed(
    alice: User, data: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspections, "AT_ONCE", 10)
    monkeypatch.setattr(inspecting, "CHUNK", 20)
    job = draft_of(alice, data)
    item = items_of(job)["target-rules"]
    assert (item.pending, item.state) == (True, "waits")
    found = Inspection.objects.get()
    # A worker that died after its second chunk left these rows counted and its lease behind.
    checker = inspecting.checker_for(found)
    for entry in data.entries.filter(position__lte=40).select_related("revision"):
        inspecting._take(found, entry.split, entry.position, samples.from_json(entry.revision.payload), checker, set())
    lapsed = timezone.now() - timedelta(minutes=1)
    Inspection.objects.filter(pk=found.pk).update(
        position=40, rows=40, lengths=found.lengths, lease_key="dead", leased_until=lapsed
    )
    inspecting.inspect_snapshot(found.pk)
    inspecting.inspect_snapshot(found.pk)
    found.refresh_from_db()
    assert (found.state, found.rows) == ("done", 64)
    assert (found.lengths_of("train").rows, found.lengths_of("validation").rows) == (42, 22)
    assert items_of(job)["target-rules"].ok


def test_tool_calls_for_a_model_without_them_are_a_reason_and_a_note_of_the_project_counts(
    alice: User, data: Snapshot
) -> None:
    rewrite(data, 1, tools=({"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}},))
    job = draft_of(alice, data)
    assert items_of(job)["capabilities"].ok
    catalog.note(
        actor=alice, project=job.project, kind="openai", base_model=MODEL, source="tried it", values={"tools": False}
    )
    assert "not tuned on tool calls (tried it" in items_of(job)["capabilities"].detail


def test_a_base_model_that_has_stopped_cannot_be_tuned(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data)
    known = {"actor": alice, "project": job.project, "kind": "openai", "base_model": MODEL, "source": "a letter"}
    catalog.note(**known, values={"until": "2020-01-01"})
    assert "was stopped on 2020-01-01" in items_of(job)["base-model"].detail
    soon = (timezone.localdate() + timedelta(days=30)).isoformat()
    catalog.note(**known, values={"until": soon})
    assert items_of(job)["base-model"].state == "warns"


@pytest.mark.usefixtures("models_go_on")
def test_too_many_passes_are_confirmed_for_just_that_many(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, recipe={"epochs": 12})
    assert items_of(job)["exposures"].state == "waits"
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=job)
    assert set(refusal.value.fields) == {"exposures"}
    launched = jobs.launch(actor=alice, job=job, confirm=["exposures"])
    assert [(w["rule"], w["by"]) for w in launched.waivers] == [("guard:exposures:12", "alice")]
    twin = draft_of(alice, make_snapshot(alice, job.project), "rehearsal", recipe={"epochs": 20})
    Job.objects.filter(pk=twin.pk).update(waivers=launched.waivers)
    assert items_of(twin)["exposures"].state == "waits"


@pytest.mark.usefixtures("models_go_on")
@pytest.mark.parametrize("codec", ["json-content", "task-response"])
def test_json_is_trained_without_a_schema_only_where_somebody_says_so(codec: str, alice: User, data: Snapshot) -> None:
    for position in range(1, 65):
        rewrite(data, position, messages=(samples.Message("user", f"q{position}"), samples.Message("assistant", "{}")))
    data.contract = {}
    data.save()
    job = draft_of(alice, data, codec=codec)
    assert items_of(job)["no-schema"].state == "waits"
    assert 'id="confirm-no-schema"' in browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=job)
    assert set(refusal.value.fields) == {"no_schema"}
    launched = jobs.launch(actor=alice, job=job, confirm=["no-schema"])
    assert [waiver["rule"] for waiver in launched.waivers] == [f"guard:no-schema:{codec}"]


@pytest.mark.parametrize(("codec", "contract"), [("json-content", {"json": {"schema": {"type": "object"}}}), ("", {})])
def test_nobody_is_asked_about_a_schema_that_is_there_or_is_not_needed(
    codec: str, contract: dict[str, Any], alice: User, data: Snapshot
) -> None:
    data.contract = contract
    data.save()
    assert "no-schema" not in items_of(draft_of(alice, data, codec=codec))


def test_an_old_probe_is_repeated_by_the_launch_and_a_refusal_keeps_the_job(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data)
    long_ago = timezone.now() - timedelta(hours=2)
    # The address leads nowhere: a refused connection is an answer too.
    Connection.objects.filter(pk=job.connection_id).update(probed_at=long_ago, base_url="https://127.0.0.1:1/v1")
    job = Job.objects.select_related("connection").get(pk=job.pk)
    assert "the launch tries it first" in items_of(job)["credential"].detail
    with pytest.raises(InvalidInput) as refusal:
        jobs.launch(actor=alice, job=job)
    assert set(refusal.value.fields) == {"credential"}
    assert Job.objects.get(pk=job.pk).is_draft


def finished(job: Job, *, estimated: str, cost: str, seconds: int, tokens: int) -> None:
    ended = timezone.now()
    Job.objects.create(
        project=job.project, connection=job.connection, name="before", base_model=job.base_model, state="succeeded",
        created_by=job.created_by, marker=f"m-{Job.objects.count()}", cost=Decimal(cost), currency="USD",
        estimate={"cost": estimated, "currency": "USD"}, trained_tokens=tokens, finished_at=ended,
        started_at=ended - timedelta(seconds=seconds),
    )  # fmt: skip


def test_past_jobs_teach_the_next_estimate(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, recipe={"epochs": 3})
    fresh = estimate_of(job)
    assert (fresh["seconds"], fresh["cost_low"]) == (None, None)
    finished(job, estimated="1.00", cost="1.03", seconds=600, tokens=1_000_000)
    finished(job, estimated="2.00", cost="2.18", seconds=1200, tokens=1_000_000)
    found = estimate_of(job)
    assert found["miss"] == {"low": 1.03, "high": 1.09, "jobs": 2}
    assert Decimal(found["cost"]) <= Decimal(found["cost_low"]) <= Decimal(found["cost_high"])
    assert (found["seconds"], found["pace_jobs"]) == (round(900 * found["tokens"] / 1_000_000), 2)


def test_the_recommendation_of_the_published_case_fills_the_form(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, "ark", base_model="doubao")
    found = recommendation_of(job, steps=2500)
    assert found.values["learning_rate"] == 5e-5
    assert found.values["extras"] == {"save_model_per_epoch": "1", "dyn_bsz": "true"}
    assert [(b.size, round(b.passes or 0, 1)) for b in found.batches if b.size == 4] == [(4, 238.1)]
    jobs.update(actor=alice, job=job, recipe=found.values)
    again = recommendation_of(Job.objects.get(pk=job.pk))
    assert (again.comes_to.updates, again.comes_to.warmup_updates) == (33, 4)
    assert again.comes_to.root_scale == pytest.approx(1.41, abs=0.005)
    page = browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    assert "From the default 1e-5" in page
    assert "1.41" in page


def test_what_the_settings_come_to_follows_each_change(alice: User, data: Snapshot) -> None:
    Snapshot.objects.filter(pk=data.pk).update(counts={**data.counts, "train": 600})
    job = draft_of(alice, Snapshot.objects.get(pk=data.pk), "siliconflow", base_model="Qwen/Qwen2.5-7B-Instruct")
    sent = {"connection": job.connection_id, "name": "rain", "base_model": job.base_model, "snapshot": data.pk}
    said = []
    for batch in ("1", "4"):
        settings = {"epochs": "3", "batch_size": batch, "lora_rank": "8", "lora_alpha": "32", "steps": "2500"}
        answer = browser_of(alice).post(f"/jobs/{job.pk}/edit/", sent | settings, headers={"HX-Request": "true"})
        part = answer.content.decode().partition('id="comes-to"')[2]
        said.append(" ".join(re.sub("<[^>]*>", " ", part).split()))
    assert "⌈600 / 1⌉ × 3 epochs" in said[0]
    assert "⌈600 / 4⌉ × 3 epochs" in said[1]
    for text in said:  # updates an epoch, in all, and passes in 2,500 steps: of every batch size, whichever is chosen
        assert "1 600 1,800 4.2" in text
        assert "4 150 450 16.7" in text
        assert "20.2 of 7,616 million" in text
    whole = browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    meter = whole.partition('id="size-meter"')[2][:1500]
    assert "sev warning" in meter  # amber
    assert "600 rows can show an effect" in meter
    assert "1,000 to 2,000" in meter


def test_one_click_on_a_preset_fills_six_fields_of_the_form(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, "siliconflow", base_model="Qwen/Qwen2.5-7B-Instruct")
    page = browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    filled = [json.loads(unescape(found)) for found in re.findall(r'data-preset="([^"]+)"', page)]
    presets = [values for values in filled if set(values) == set(SILICONFLOW_PRESETS[0].values)]
    assert presets == [dict(preset.values) for preset in SILICONFLOW_PRESETS]
    assert len(presets[0]) == 6
    assert all(f'name="{name}"' in page for name in presets[0])


def test_the_button_waits_until_every_item_is_answered(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, "rehearsal", base_model="rehearsal-small", answers=dict.fromkeys(QUESTIONS, False))
    page = browser_of(alice)

    def locked() -> bool:
        return 'type="submit" disabled' in page.get(f"/jobs/{job.pk}/edit/").content.decode()

    assert locked()
    jobs.update(actor=alice, job=job, answers={"behaviour": True})
    assert locked()
    jobs.update(actor=alice, job=job, answers=dict.fromkeys(QUESTIONS, True))
    assert not locked()
    jobs.update(actor=alice, job=job, recipe={"epochs": 12})  # is confirmed beside the button itself
    assert items_of(job)["exposures"].state == "waits"
    assert not locked()


def test_a_browser_closed_at_the_fourth_step_finds_its_draft_again(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, base_model="")
    sent = {"connection": job.connection_id, "name": "rain-v4", "base_model": MODEL, "snapshot": data.pk}
    first = browser_of(alice)
    assert first.post(f"/jobs/{job.pk}/edit/", sent, headers={"HX-Request": "true"}).status_code == 200
    later = browser_of(alice)
    assert f"/jobs/{job.pk}/edit/" in later.get("/jobs/new/").content.decode()
    form = later.get(f"/jobs/{job.pk}/edit/").context["form"]
    kept = {name: str(form[name].value()) for name in ("name", "base_model", "snapshot")}
    assert kept == {"name": "rain-v4", "base_model": MODEL, "snapshot": str(data.pk)}


def test_a_tenth_is_kept_aside_unless_somebody_says_otherwise(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data)
    Job.objects.filter(pk=job.pk).update(snapshot=None)
    page = browser_of(alice)
    assert "a new one keeps 10 %" in page.get(f"/jobs/{job.pk}/edit/").content.decode()
    form = page.get(f"/datasets/{data.dataset_id}/snapshots/create/").context["form"]
    assert (form["train"].value(), form["validation"].value()) == (90, 10)


def test_the_page_has_a_reason_for_each_format_that_cannot_be_had(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data)
    page = browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    assert page.count("contract names no JSON") == 2
    Snapshot.objects.filter(pk=data.pk).update(contract={"json": {"schema": {"type": "object"}}})
    catalog.note(
        actor=alice, project=job.project, kind="openai", base_model=MODEL, source="tried it", values={"tools": False}
    )
    page = browser_of(alice).get(f"/jobs/{job.pk}/edit/").content.decode()
    assert 'value="task-response" disabled' in page
    assert "not tuned on tool calls" in page
    assert 'value="json-content" disabled' not in page


def test_another_method_brings_its_own_settings_and_lets_the_format_go(alice: User, data: Snapshot) -> None:
    job = draft_of(alice, data, codec="json-content")
    sent = {"connection": job.connection_id, "name": "rain", "base_model": MODEL, "snapshot": data.pk, "method": "dpo"}
    url = f"/jobs/{job.pk}/edit/"
    answer = browser_of(alice).post(
        url, sent | {"codec": "json-content", "epochs": "3"}, headers={"HX-Request": "true"}
    )
    assert 'name="beta"' in answer.content.decode()
    saved = Job.objects.get(pk=job.pk)
    assert (saved.recipe["method"], saved.recipe["epochs"], saved.codec) == ("dpo", 3, "")
    assert "learns from pairs" in items_of(saved)["capabilities"].detail


@pytest.mark.usefixtures("models_go_on")
def test_a_script_reads_the_advice_and_the_estimate(alice: User, api: Any, data: Snapshot) -> None:
    job = draft_of(alice, data, recipe={"epochs": 12}, answers=dict.fromkeys(QUESTIONS, False))
    advice = api.get(f"/api/v1/jobs/{job.pk}/recommendation/?steps=2500").json()
    assert {one["name"] for one in advice["settings"]} >= {"epochs", "batch_size"}
    assert all(one["reason"] and one["source"] for one in advice["settings"])
    assert [guard["id"] for guard in advice["guards"] if guard["asks"] and not guard["confirmed"]] == ["exposures"]
    assert api.get(f"/api/v1/jobs/{job.pk}/recommendation/?steps=lots").status_code == 422
    assert api.get(f"/api/v1/jobs/{job.pk}/estimate/").json()["exposures"] == 42 * 12
    items = {item["id"]: item for item in api.get(f"/api/v1/jobs/{job.pk}/preflight/").json()["items"]}
    assert items["behaviour"]["state"] == "waits"
    assert items["target-rules"]["where"] == "dataset"
    done = {"answers": dict.fromkeys(QUESTIONS, True)}
    assert api.patch(f"/api/v1/jobs/{job.pk}/", done, format="json").status_code == 200
    launch = f"/api/v1/jobs/{job.pk}/launch/"
    assert set(api.post(launch, {}, format="json").json()["fields"]) == {"exposures"}
    assert api.post(launch, {"confirm": ["exposures"]}, format="json").status_code == 202
