"""The browser and the API are two doors to one room: the same request gives the same rows or the same refusal.

Every case is sent through both doors, each in a transaction of its own that is undone afterwards.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from datasets_app.core import samples
from datasets_app.models import (
    BulkChange,
    Dataset,
    Decision,
    Export,
    Gold,
    Revision,
    Sample,
    SavedView,
    Share,
    Snapshot,
    SpotCheck,
    SpotCheckEntry,
    Upload,
    Waiver,
)
from ftstudio.accounts.models import ApiToken, Invitation, Membership, Project
from jobs_app.models import Advice, Budget, Connection, Hook, Job, ModelVersion, Price, ReleaseGate
from tests.conftest import api_of, browser_of, make_user
from tests.walk import routes
from tests.world import make_world

World = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`page` and `api` give (path, data) of the two doors; `rows` what to compare; `refusal` the expected status."""

    name: str
    page: Callable[[World], tuple[str, dict[str, Any]]]
    api: Callable[[World], tuple[str, str, dict[str, Any]]]
    rows: Callable[[], Any]
    who: str = "owner"
    refusal: int | None = None


def lines() -> SimpleUploadedFile:
    row = {"messages": [{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": "It rains."}]}
    return SimpleUploadedFile("more.jsonl", json.dumps(row).encode() + b"\n")


def answered(world: World, text: str) -> list[dict[str, Any]]:
    data = samples.to_data(samples.from_json(Revision.objects.get(sample=world["samples"], number=1).payload))
    return [*data["messages"][:-1], {**data["messages"][-1], "content": text}]


def typed(text: str, base: int = 1) -> dict[str, Any]:
    """The desk's form with the answer changed to `text`."""
    return {
        "base_revision": base, "turn": ["0", "1", "a"], "0-from": 0, "1-from": 1, "a-from": 2, "a-text": text,
    }  # fmt: skip


def revisions() -> Any:
    return list(Revision.objects.order_by("sample_id", "number").values_list("number", "content_hash", "origin"))


def decisions() -> Any:
    return [
        list(Decision.objects.order_by("id").values_list("decision", "status_before", "reason")),
        list(Sample.objects.values_list("status", "revision_number")),
    ]


def trashed() -> Any:
    return list(Sample.objects.order_by("pk").values_list("status", "trashed_from", "fingerprint"))


def waived() -> Any:
    return list(Waiver.objects.order_by("pk").values_list("rule", "reason", "by"))


def bulk_changes() -> Any:
    rows = BulkChange.objects.order_by("created_at")
    return list(rows.values_list("kind", "what", "filter", "state", "planned", "created_by", "applied_by"))


def saved_views() -> Any:
    rows = SavedView.objects.order_by("name")
    return list(rows.values_list("name", "filter", "columns", "order", "shared", "by"))


def spot_checks() -> Any:
    drawn = SpotCheckEntry.objects.order_by("pk").values_list("number", "sample", "right")
    return list(SpotCheck.objects.order_by("at").values_list("filter", "seed", "size", "population")), list(drawn)


def snapshots() -> Any:
    return list(Snapshot.objects.order_by("number").values_list("number", "shares", "seed", "group_by", "filter"))


def jobs() -> Any:
    return list(Job.objects.order_by("created_at").values_list("name", "state", "base_model", "recipe", "description"))


def tuned() -> Any:
    return list(ModelVersion.objects.order_by("created_at").values_list("alias", "stage", "model", "note"))


def release_gates() -> Any:
    return list(ReleaseGate.objects.values_list("conditions", "least_cases", "updated_by"))


def datasets() -> Any:
    return list(
        Dataset.objects.order_by("name").values_list("name", "contract", "guideline", "profile", "system_prompt")
    )


def prices() -> Any:
    lines = Price.objects.order_by("base_model").values_list("base_model", "item", "amount", "currency", "source")
    return [list(lines), list(Budget.objects.values_list("currency", "amount"))]


def connections() -> Any:
    columns = ("name", "kind", "base_url", "credential_hint", "options", "concurrency", "requests_per_minute")
    return list(Connection.objects.order_by("name").values_list(*columns))


def members() -> Any:
    return list(Membership.objects.order_by("pk").values_list("user__username", "role"))


CONTRACT = {"text": {"no_echo": True}}
CASES = [
    Case(
        "a dataset is created",
        lambda w: (
            "/datasets/create/",
            {"name": "New", "profile": "local", "contract": json.dumps(CONTRACT), "view": "raw"},
        ),
        lambda w: (
            "post",
            "/api/v1/datasets/",
            {"name": "New", "project": str(w["projects"].pk), "contract": CONTRACT},
        ),
        lambda: [row[0] for row in datasets()],
    ),
    Case(
        "a second dataset of the same name",
        lambda w: ("/datasets/create/", {"name": w["datasets"].name, "profile": "local"}),
        lambda w: ("post", "/api/v1/datasets/", {"name": w["datasets"].name, "project": str(w["projects"].pk)}),
        datasets,
        refusal=409,
    ),
    Case(
        "an annotator creates a dataset",
        lambda w: ("/datasets/create/", {"name": "New", "profile": "local"}),
        lambda w: ("post", "/api/v1/datasets/", {"name": "New", "project": str(w["projects"].pk)}),
        datasets,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a file is uploaded",
        lambda w: (f"/datasets/{w['datasets'].pk}/upload/", {"file": lines(), "format": "auto"}),
        lambda w: (
            "upload",
            f"/api/v1/datasets/{w['datasets'].pk}/uploads/",
            {"file": lines(), "format": "auto", "hold": True},
        ),
        lambda: list(Upload.objects.order_by("created_at").values_list("name", "sha256", "state", "format")),
    ),
    Case(
        "an empty file is uploaded",
        lambda w: (f"/datasets/{w['datasets'].pk}/upload/", {"file": SimpleUploadedFile("none.jsonl", b"")}),
        lambda w: (
            "upload",
            f"/api/v1/datasets/{w['datasets'].pk}/uploads/",
            {"file": SimpleUploadedFile("none.jsonl", b"")},
        ),
        lambda: Upload.objects.count(),
        refusal=422,
    ),
    Case(
        "a correction is saved",
        lambda w: (f"/samples/{w['samples'].pk}/save/", typed("It pours.")),
        lambda w: (
            "patch",
            f"/api/v1/samples/{w['samples'].pk}/",
            {"base_revision": 1, "messages": answered(w, "It pours.")},
        ),
        revisions,
        who="annotator",
    ),
    Case(
        "an accept",
        lambda w: (f"/samples/{w['samples'].pk}/decide/", {**typed("rain"), "decision": "reject", "reason": "dull"}),
        lambda w: (
            "post",
            f"/api/v1/samples/{w['samples'].pk}/decisions/",
            {"decision": "reject", "revision": 1, "reason": "dull"},
        ),
        lambda: list(Decision.objects.order_by("id").values_list("decision", "reason")),
        who="annotator",
    ),
    Case(
        "a verdict that does not exist",
        lambda w: (f"/samples/{w['samples'].pk}/decide/", {**typed("It rains."), "decision": "maybe"}),
        lambda w: ("post", f"/api/v1/samples/{w['samples'].pk}/decisions/", {"decision": "maybe", "revision": 1}),
        decisions,
        refusal=422,
    ),
    Case(
        "a sample is put into the trash",
        lambda w: (f"/samples/{w['samples'].pk}/trash/", {}),
        lambda w: ("delete", f"/api/v1/samples/{w['samples'].pk}/", {}),
        trashed,
    ),
    Case(
        "an annotator puts a sample into the trash",
        lambda w: (f"/samples/{w['samples'].pk}/trash/", {}),
        lambda w: ("delete", f"/api/v1/samples/{w['samples'].pk}/", {}),
        trashed,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a finding is let pass",
        lambda w: (f"/samples/{w['samples'].pk}/waive/?of=label-unknown", {"reason": "A quotation."}),
        lambda w: (
            "post",
            f"/api/v1/samples/{w['samples'].pk}/waivers/",
            {"rule": "label-unknown", "reason": "A quotation."},
        ),
        waived,
    ),
    Case(
        "an annotator lets a finding pass",
        lambda w: (f"/samples/{w['samples'].pk}/waive/?of=label-unknown", {"reason": "A quotation."}),
        lambda w: (
            "post",
            f"/api/v1/samples/{w['samples'].pk}/waivers/",
            {"rule": "label-unknown", "reason": "A quotation."},
        ),
        waived,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a finding is let pass without a reason",
        lambda w: (f"/samples/{w['samples'].pk}/waive/?of=label-unknown", {"reason": " "}),
        lambda w: ("post", f"/api/v1/samples/{w['samples'].pk}/waivers/", {"rule": "label-unknown", "reason": " "}),
        waived,
        refusal=422,
    ),
    Case(
        "a bulk change is prepared",
        lambda w: (
            f"/datasets/{w['datasets'].pk}/bulk-changes/create/?kind=tag&status=pending",
            {"what-tag": "new", "what-do": "add"},
        ),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/bulk-changes/",
            {"kind": "tag", "what": {"do": "add", "tag": "new"}, "filter": {"status": "pending"}},
        ),
        bulk_changes,
    ),
    Case(
        "a bulk change is applied",
        lambda w: (f"/bulk-changes/{w['bulk-changes'].pk}/apply/", {"count": "1"}),
        lambda w: ("post", f"/api/v1/bulk-changes/{w['bulk-changes'].pk}/apply/", {"count": 1}),
        bulk_changes,
    ),
    Case(
        "a bulk change of another number of samples is applied",
        lambda w: (f"/bulk-changes/{w['bulk-changes'].pk}/apply/", {"count": "2"}),
        lambda w: ("post", f"/api/v1/bulk-changes/{w['bulk-changes'].pk}/apply/", {"count": 2}),
        bulk_changes,
        refusal=409,
    ),
    Case(
        "a sample is left out of a bulk change",
        lambda w: (f"/bulk-changes/{w['bulk-changes'].pk}/entries/1/leave-out/", {"left": "1"}),
        lambda w: ("patch", f"/api/v1/bulk-changes/{w['bulk-changes'].pk}/entries/1/", {"left": True}),
        bulk_changes,
    ),
    Case(
        "a snapshot is frozen",
        lambda w: (
            f"/datasets/{w['datasets'].pk}/snapshots/create/",
            {"train": 80, "validation": 10, "test": 10, "seed": 7, "group_by": "metadata.doc"},
        ),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/snapshots/",
            {"shares": {"train": 80, "validation": 10, "test": 10}, "seed": 7, "group_by": "metadata.doc"},
        ),
        snapshots,
    ),
    Case(
        "shares that do not add up",
        lambda w: (
            f"/datasets/{w['datasets'].pk}/snapshots/create/",
            {"train": 80, "validation": 10, "test": 5, "seed": 7},
        ),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/snapshots/",
            {"shares": {"train": 80, "validation": 10, "test": 5}, "seed": 7},
        ),
        snapshots,
        refusal=422,
    ),
    Case(
        "an annotator freezes a snapshot",
        lambda w: (
            f"/datasets/{w['datasets'].pk}/snapshots/create/",
            {"train": 90, "validation": 10, "test": 0, "seed": 0},
        ),
        lambda w: ("post", f"/api/v1/datasets/{w['datasets'].pk}/snapshots/", {}),
        snapshots,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a view is saved and shared",
        lambda w: (
            f"/datasets/{w['datasets'].pk}/views/create/?where=tokens.min(5)&columns=tags&order=-tokens",
            {"name": "Long ones", "shared": "on"},
        ),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/views/",
            {
                "name": "Long ones",
                "shared": True,
                "filter": {"where": "tokens.min(5)"},
                "columns": ["tags"],
                "order": "-tokens",
            },
        ),
        saved_views,
    ),
    Case(
        "an annotator shares a view",
        lambda w: (f"/datasets/{w['datasets'].pk}/views/create/", {"name": "Mine", "shared": "on"}),
        lambda w: ("post", f"/api/v1/datasets/{w['datasets'].pk}/views/", {"name": "Mine", "shared": True}),
        saved_views,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a spot check is drawn",
        lambda w: (f"/datasets/{w['datasets'].pk}/spot-checks/create/?where=tokens.min(5)", {"size": 3, "seed": 7}),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/spot-checks/",
            {"size": 3, "seed": 7, "filter": {"where": "tokens.min(5)"}},
        ),
        spot_checks,
    ),
    Case(
        "a spot check of nothing",
        lambda w: (f"/datasets/{w['datasets'].pk}/spot-checks/create/?where=tokens.min(500)", {"size": 3}),
        lambda w: (
            "post",
            f"/api/v1/datasets/{w['datasets'].pk}/spot-checks/",
            {"size": 3, "filter": {"where": "tokens.min(500)"}},
        ),
        spot_checks,
        refusal=409,
    ),
    Case(
        "an export that errors block",
        lambda w: (f"/snapshots/{w['snapshots'].pk}/exports/create/", {"codec": "openai-chat", "split": "all"}),
        lambda w: ("post", f"/api/v1/snapshots/{w['snapshots'].pk}/exports/", {"codec": "openai-chat", "split": "all"}),
        lambda: Export.objects.count(),
        refusal=409,
    ),
    Case(
        "an export with a waiver",
        lambda w: (
            f"/snapshots/{w['snapshots'].pk}/exports/create/",
            {"codec": "openai-chat", "split": "train", "reason": "known"},
        ),
        lambda w: (
            "post",
            f"/api/v1/snapshots/{w['snapshots'].pk}/exports/",
            {"codec": "openai-chat", "split": "train", "waive": {"reason": "known"}},
        ),
        lambda: [
            (codec, split, [(waiver["rule"], waiver["reason"]) for waiver in waivers])
            for codec, split, waivers in Export.objects.order_by("created_at").values_list("codec", "split", "waivers")
        ],
    ),
    Case(
        "a connection is made",
        lambda w: ("/connections/new/", {"name": "Second", "kind": "rehearsal", "credential": "rehearsal-abcdef"}),
        lambda w: (
            "post",
            "/api/v1/connections/",
            {"name": "Second", "kind": "rehearsal", "credential": "rehearsal-abcdef", "project": str(w["projects"].pk)},
        ),
        connections,
    ),
    Case(
        "an account at Ark",
        lambda w: (
            "/connections/new/",
            {"name": "Ark", "kind": "ark", "credential": "x", "access_key": "AK", "tos_bucket": "b", "concurrency": 2},
        ),
        lambda w: (
            "post",
            "/api/v1/connections/",
            {
                "name": "Ark",
                "kind": "ark",
                "credential": "x",
                "options": {"access_key": "AK", "tos_bucket": "b"},
                "concurrency": 2,
                "project": str(w["projects"].pk),
            },
        ),
        connections,
    ),
    Case(
        "a connection to a place inside the house",
        lambda w: (
            "/connections/new/",
            {"name": "Second", "kind": "openai", "credential": "x", "base_url": "https://169.254.169.254/v1"},
        ),
        lambda w: (
            "post",
            "/api/v1/connections/",
            {
                "name": "Second",
                "kind": "openai",
                "credential": "x",
                "base_url": "https://169.254.169.254/v1",
                "project": str(w["projects"].pk),
            },
        ),
        connections,
        refusal=422,
    ),
    Case(
        "a price is noted",
        lambda w: (
            "/prices/new/?kind=openai&model=gpt-x",
            {"item": "train", "amount": "4.5", "currency": "USD", "source": "a mail"},
        ),
        lambda w: (
            "post",
            "/api/v1/prices/",
            {
                "project": str(w["projects"].pk),
                "kind": "openai",
                "base_model": "gpt-x",
                "amount": "4.5",
                "currency": "USD",
                "source": "a mail",
            },
        ),
        prices,
    ),
    Case(
        "a budget that an annotator would like to have",
        lambda w: ("/budgets/", {"amount": "5", "currency": "USD", "stops": "on"}),
        lambda w: ("put", "/api/v1/budgets/", {"project": str(w["projects"].pk), "currency": "USD", "amount": "5"}),
        prices,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a finished job is launched again",
        lambda w: (f"/jobs/{w['jobs'].pk}/launch/", {}),
        lambda w: ("post", f"/api/v1/jobs/{w['jobs'].pk}/launch/", {}),
        jobs,
        refusal=409,
    ),
    Case(
        "a check of all samples that is not on is stopped",
        lambda w: (f"/datasets/{w['datasets'].pk}/check/cancel/", {}),
        lambda w: ("post", f"/api/v1/datasets/{w['datasets'].pk}/check/cancel/", {}),
        lambda: list(Dataset.objects.values_list("checking_version", "rule_set_version")),
        refusal=409,
    ),
    Case(
        "a finished job is cancelled",
        lambda w: (f"/jobs/{w['jobs'].pk}/cancel/", {}),
        lambda w: ("post", f"/api/v1/jobs/{w['jobs'].pk}/cancel/", {}),
        jobs,
        refusal=409,
    ),
    Case(
        "a finished job is tried again",
        lambda w: (f"/jobs/{w['jobs'].pk}/retry/", {}),
        lambda w: ("post", f"/api/v1/jobs/{w['jobs'].pk}/retry/", {}),
        jobs,
        refusal=409,
    ),
    Case(
        "a model gets another name",
        lambda w: (f"/models/{w['models'].pk}/edit/", {"alias": "rain", "stage": "retired", "note": "Old."}),
        lambda w: ("patch", f"/api/v1/models/{w['models'].pk}/", {"alias": "rain", "stage": "retired", "note": "Old."}),
        tuned,
    ),
    Case(
        "a model that does not meet its gate is kept out of production",
        lambda w: (f"/models/{w['models'].pk}/promote/", {}),
        lambda w: ("patch", f"/api/v1/models/{w['models'].pk}/", {"stage": "production"}),
        tuned,
        refusal=409,
    ),
    Case(
        "an owner promotes it nevertheless",
        lambda w: (f"/models/{w['models'].pk}/promote/", {"reason": "The other one is down."}),
        lambda w: (
            "patch",
            f"/api/v1/models/{w['models'].pk}/",
            {"stage": "production", "override": "The other one is down."},
        ),
        tuned,
    ),
    Case(
        "a release gate is set",
        lambda w: (f"/datasets/{w['datasets'].pk}/gate/", {"compliance-limit": "98", "least_cases": "200"}),
        lambda w: (
            "put",
            f"/api/v1/datasets/{w['datasets'].pk}/gate/",
            {"conditions": [{"metric": "compliance", "limit": 0.98}], "least_cases": 200},
        ),
        release_gates,
    ),
    Case(
        "a release gate without a condition is none",
        lambda w: (f"/datasets/{w['datasets'].pk}/gate/", {"least_cases": "200"}),
        lambda w: ("put", f"/api/v1/datasets/{w['datasets'].pk}/gate/", {"conditions": []}),
        release_gates,
        refusal=422,
    ),
    Case(
        "a model tuned elsewhere",
        lambda w: (
            "/models/register/",
            {"connection": w["connections"].pk, "snapshot": w["snapshots"].pk, "model": "ft:elsewhere:x"},
        ),
        lambda w: (
            "post",
            "/api/v1/models/",
            {"connection": str(w["connections"].pk), "snapshot": str(w["snapshots"].pk), "model": "ft:elsewhere:x"},
        ),
        tuned,
    ),
    Case(
        "a webhook to a place inside the house",
        lambda w: ("/hooks/new/", {"name": "Chat", "url": "https://127.0.0.1/in"}),
        lambda w: (
            "post",
            "/api/v1/hooks/",
            {"name": "Chat", "url": "https://127.0.0.1/in", "project": str(w["projects"].pk)},
        ),
        lambda: Hook.objects.count(),
        refusal=422,
    ),
    Case(
        "an annotator cancels a job",
        lambda w: (f"/jobs/{w['jobs'].pk}/cancel/", {}),
        lambda w: ("post", f"/api/v1/jobs/{w['jobs'].pk}/cancel/", {}),
        jobs,
        who="annotator",
        refusal=403,
    ),
    Case(
        "a job is cloned",
        lambda w: (f"/jobs/{w['jobs'].pk}/clone/", {}),
        lambda w: ("post", f"/api/v1/jobs/{w['jobs'].pk}/clone/", {}),
        lambda: Job.objects.filter(parent__isnull=False, state="draft").count(),
    ),
    Case(
        "settings are swept over",
        lambda w: (f"/jobs/{w['jobs'].pk}/sweep/", {"name": "Epochs", "axis_epochs": "1, 2"}),
        lambda w: (
            "post",
            f"/api/v1/jobs/{w['jobs'].pk}/sweep/",
            {"name": "Epochs", "axes": {"epochs": [1, 2]}},
        ),
        lambda: list(Job.objects.filter(family__name="Epochs").order_by("name").values_list("name", "recipe")),
    ),
    Case(
        "a question of the advisor is answered",
        lambda w: (f"/advice/{w['advice'].pk}/answer/", {"decision": "target-met", "answer": "no", "note": "Not yet."}),
        lambda w: (
            "post",
            f"/api/v1/advice/{w['advice'].pk}/answer/",
            {"decision": "target-met", "answer": "no", "note": "Not yet."},
        ),
        lambda: list(Advice.objects.values_list("answers", "outcome")),
    ),
    Case(
        "a decision record that says too little is filed",
        lambda w: (f"/advice/{w['advice'].pk}/file/", {"file": "1"}),
        lambda w: ("post", f"/api/v1/advice/{w['advice'].pk}/file/", {}),
        lambda: Advice.objects.filter(filed_at=None).count(),
        refusal=422,
    ),
    Case(
        "somebody is invited",
        lambda w: (
            f"/projects/{w['projects'].pk}/invite/",
            {"invite-role": "reviewer", "invite-email": "new@example.org", "invite-days": 7},
        ),
        lambda w: (
            "post",
            f"/api/v1/projects/{w['projects'].pk}/invitations/",
            {"role": "reviewer", "email": "new@example.org"},
        ),
        lambda: list(Invitation.objects.order_by("created_at").values_list("role", "email")),
    ),
    Case(
        "the last owner steps down",
        lambda w: (f"/members/{w['members'].pk}/update/", {"role": "annotator"}),
        lambda w: (
            "patch",
            f"/api/v1/projects/{w['projects'].pk}/members/{w['members'].pk}/",
            {"role": "annotator"},
        ),
        members,
        refusal=409,
    ),
    Case(
        "a share of the queue is kept for somebody",
        lambda w: (f"/datasets/{w['datasets'].pk}/shares/", {"share-ann": 30}),
        lambda w: ("put", f"/api/v1/datasets/{w['datasets'].pk}/assignments/", {"shares": {"ann": 30}}),
        lambda: list(Share.objects.values_list("person__username", "start", "percent")),
    ),
    Case(
        "a sample is assigned by somebody who may not",
        lambda w: (f"/samples/{w['samples'].pk}/assign/", {"to": "ann"}),
        lambda w: ("post", f"/api/v1/samples/{w['samples'].pk}/assign/", {"to": "ann"}),
        lambda: list(Sample.objects.values_list("assigned_to__username", flat=True)),
        who="annotator",
        refusal=403,
    ),
    Case(
        "a sample is assigned",
        lambda w: (f"/samples/{w['samples'].pk}/assign/", {"to": "ann"}),
        lambda w: ("post", f"/api/v1/samples/{w['samples'].pk}/assign/", {"to": "ann"}),
        lambda: list(Sample.objects.values_list("assigned_to__username", flat=True)),
    ),
    Case(
        "what is not decided becomes no hidden check",
        lambda w: (f"/samples/{w['samples'].pk}/gold/", {"shown": 1}),
        lambda w: ("post", f"/api/v1/samples/{w['samples'].pk}/gold/", {"shown": 1}),
        lambda: list(Gold.objects.values_list("active", flat=True)),
        refusal=409,
    ),
    Case(
        "nothing but hidden checks",
        lambda w: (f"/datasets/{w['datasets'].pk}/gold/rate/", {"rate": 51}),
        lambda w: ("patch", f"/api/v1/datasets/{w['datasets'].pk}/gold/", {"rate": 51}),
        lambda: list(Dataset.objects.values_list("gold_rate", flat=True)),
        refusal=422,
    ),
    Case(
        "a token is made",
        lambda w: ("/tokens/create/", {"token-name": "script", "token-scopes": ["read", "write"], "token-days": 30}),
        lambda w: ("post", "/api/v1/tokens/", {"name": "script", "scopes": ["read", "write"], "days": 30}),
        lambda: list(ApiToken.objects.exclude(name="test").order_by("created_at").values_list("name", "scopes")),
    ),
    Case(
        "a project is created",
        lambda w: ("/projects/create/", {"name": "Another"}),
        lambda w: ("post", "/api/v1/projects/", {"name": "Another"}),
        lambda: sorted(Project.objects.values_list("name", flat=True)),
    ),
]


@pytest.fixture
def world(alice: Any, project: Any) -> World:
    made = make_world(alice, project)
    annotator = make_user("Ann")
    Membership.objects.create(user=annotator, project=project, role="annotator")
    return {**made, "owner": alice, "annotator": annotator}


def send(world: World, case: Case, door: str) -> tuple[int, str, Any]:
    """Status, body and rows behind one door; nothing of it stays."""
    point = transaction.savepoint()
    person = world[case.who]
    person.__dict__.pop("_roles", None)
    if door == "page":
        path, data = case.page(world)
        answer = browser_of(person).post(path, data)
    else:
        method, path, data = case.api(world)
        client = api_of(person)
        if method == "upload":
            answer = client.post(path, data, format="multipart")
        else:
            answer = getattr(client, method)(path, data, format="json")
    found = answer.status_code, answer.content.decode(), case.rows()
    transaction.savepoint_rollback(point)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_doors_lead_to_the_same_room(case: Case, world: World) -> None:
    page_status, page_body, page_rows = send(world, case, "page")
    api_status, api_body, api_rows = send(world, case, "api")
    assert page_rows == api_rows, (page_status, api_status, page_body[-6000:])
    if case.refusal is None:
        assert page_status in (200, 201, 302), page_body[:2000]
        assert api_status in (200, 201, 202), api_body
    else:
        assert (page_status, api_status) == (case.refusal, case.refusal), (page_body[:2000], api_body)
        refused = json.loads(api_body)
        said = [refused["message"], *(text for text in refused["fields"].values() if isinstance(text, str))]
        assert any(text in html.unescape(page_body) for text in said), (said, page_body[:3000])


# What the pages can do and under which name the API does it: a new verb on either side must say its twin here.
TWINS = {
    "view-create": "view-list",
    "view-update": "view-detail",
    "view-delete": "view-detail",
    "sample-preview": "sample-detail",
    "spot-check-create": "spot-check-list",
    "dataset-create": "dataset-list",
    "dataset-update": "dataset-detail",
    "dataset-trial-create": "project-trial",
    "dataset-upload": "upload-list",
    "upload-update": "upload-detail",
    "image-thumbnail": "image-file",
    "sample-picture": "sample-detail",
    "sample-picture-create": "image-list",
    "dataset-annotate": "sample-next",
    "dataset-ahead": "sample-next",
    "share-update": "assignment-list",
    "gold-rate": "gold-list",
    "gold-retire": "gold-detail",
    "annotate": "sample-next",
    "dataset-adjudicate": "sample-next",
    "adjudication-done": "adjudication-detail",
    "scan-create": "scan-list",
    "bulk-change-create": "bulk-change-list",
    "bulk-change-leave-out": "bulk-change-entry",
    "sample-waive": "waiver-list",
    "waiver-take-back": "waiver-detail",
    "snapshot-create": "snapshot-list",
    "export-create": "export-list",
    "snapshot-card-file": "snapshot-card",
    "sample-save": "sample-detail",
    "sample-tag": "sample-detail",
    "sample-decide": "decision-list",
    "sample-draft-forget": "sample-draft",
    "revision-restore": "sample-detail",
    "job-create": "job-list",
    "job-update": "job-detail",
    "job-delete": "job-detail",
    "run-create": "run-list",
    "run-delete": "run-detail",
    "connection-create": "connection-list",
    "connection-update": "connection-detail",
    "playground": "model-ask",
    "playground-stream": "model-ask",
    "playground-read": "model-ask",
    "playground-table": "model-ask",
    "catalog-list": "catalog",
    "catalog-model": "catalog",
    "catalog-forget": "catalog-detail",
    "price-create": "price-list",
    "price-delete": "price-detail",
    "budget-delete": "budget-detail",
    "invitation-create": "invitation-list",
    "invitation-withdraw": "invitation-detail",
    "preferences-reset": "preferences-keys",
    "member-update": "member-detail",
    "member-remove": "member-detail",
    "project-create": "project-list",
    "project-update": "project-detail",
    "token-create": "token-list",
    "token-revoke": "token-detail",
    "gate-clear": "gate",
    "model-promote": "model-detail",
    "advice-create": "advice-list",
    "advice-update": "advice-detail",
    "advice-measure": "evaluation-list",
    "evaluation-create": "evaluation-list",
    "synthesis-create": "synthesis-list",
    "account": "me",
    "guideline": "guideline-list",
    "guideline-version": "guideline-detail",
    "sample-trash": "sample-detail",
    "sample-restore": "sample-restore",
    "sample-comment": "comment-list",
    "comment-change": "comment-detail",
    "notification-open": "notification-read",
    "model-register": "model-list",
    "model-update": "model-detail",
    "hook-create": "hook-list",
    "hook-update": "hook-detail",
    "hook-delete": "hook-detail",
}
# Only for eyes: places to stand, not verbs.
# The demo project is `manage.py seed_demo` for those who have no browser.
# A webhook comes from a provider, and has one door.
PAGES_ONLY = {"webhook", "home", "project-switch", "search", "demo-create"}


def test_every_page_has_a_twin_in_the_api() -> None:
    pages = {route.name for route in routes() if route.namespace == "pages"} - PAGES_ONLY
    api = {route.name for route in routes() if route.namespace == "api"}
    assert {name for name in pages if TWINS.get(name, name) not in api} == set()
