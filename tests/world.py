"""One of everything in Alice's project, keyed by the word that stands before its id in an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from datasets_app.core import duplicates, samples
from datasets_app.models import (
    Adjudication,
    Annotation,
    BulkChange,
    BulkChangeEntry,
    Comment,
    Dataset,
    Decision,
    Export,
    FindingRow,
    Gold,
    Guideline,
    Image,
    RejectedLine,
    Revision,
    Sample,
    SampleTag,
    SampleText,
    SavedView,
    Scan,
    Snapshot,
    SnapshotEntry,
    SpotCheck,
    SpotCheckEntry,
    Upload,
    Waiver,
)
from ftstudio.accounts.models import ApiToken, AuditEntry, Invitation, Membership, Notification, Project, User
from jobs_app.models import (
    Advice,
    Arm,
    Budget,
    Candidate,
    Case,
    CatalogEntry,
    Checkpoint,
    Connection,
    Delivery,
    Evaluation,
    Hook,
    ImportedRun,
    Job,
    JobEvent,
    JobFamily,
    JobMetric,
    JobMove,
    ModelVersion,
    Outcome,
    Price,
    ReleaseGate,
    Synthesis,
)

DAY = timedelta(days=1)


def make_world(owner: User, project: Project, text: str = "It rains.") -> dict[str, Any]:
    """Rows with `text` in every field a person or a file or a provider can fill; no service is asked, so that even
    text which a form would refuse is there."""
    now = timezone.now()
    short = text[:40]
    dataset = Dataset.objects.create(
        project=project, name=text[:100], description=text, guideline=text, system_prompt=text, created_by=owner,
        contract={"labels": {"values": [text, "rain"]}, "text": {"ends_with": [text]}}, samples_total=1,
        next_position=2,
    )  # fmt: skip
    upload = Upload.objects.create(
        dataset=dataset, name=text[:200], file=ContentFile(text.encode(), name="rows.jsonl"), size=len(text.encode()),
        sha256="0" * 64, state="done", rows_total=2, rows_accepted=1, rows_rejected=1, created_by=owner,
        codec="openai-chat", finished_at=now, started_at=now,
    )  # fmt: skip
    RejectedLine.objects.create(
        upload=upload, line=1, offset=0, length=len(text.encode()), code="json-invalid",
        message={"template": "{text}", "params": {"text": text}},
    )  # fmt: skip
    content = samples.Sample(
        messages=(
            samples.Message("system", text),
            samples.Message("user", text, name=text),
            samples.Message("assistant", text, reasoning=text),
        ),
        rejected=(samples.Message("assistant", f"{text} {text}"),),
        tools=({"type": "function", "function": {"name": text, "description": text}},),
        extras={"metadata": {text: text}},
    )
    payload = samples.to_json(content)
    sample = Sample.objects.create(
        dataset=dataset, position=1, upload=upload, line=2, title=text[:80], snippet=text[:120], tokens=9, worst=3,
        findings_total=1, has_rejected=True, fingerprint=duplicates.fingerprint(content), changed_by=owner,
        split="train", comments_open=1,
    )  # fmt: skip
    SampleText.objects.create(sample=sample, dataset=dataset, text=text)
    SampleTag.objects.create(dataset=dataset, sample=sample, name=short)
    revision = Revision.objects.create(
        sample=sample, number=1, payload=payload, content_hash=samples.content_hash(payload), author=owner, reason=text
    )
    FindingRow.objects.create(
        dataset=dataset, sample=sample, revision=revision, rule="label-unknown", severity="error",
        path="/messages/2/content", start=0, end=4, message={"template": "{text}", "params": {"text": text}},
        fix={"start": 0, "end": 1, "replacement": text},
    )  # fmt: skip
    judged = Decision.objects.create(
        sample=sample, revision=revision, decision="accept", stage="judged", status_before="disputed", reason=text,
        by=owner, undone_at=None,
    )  # fmt: skip
    Annotation.objects.create(
        dataset=dataset, sample=sample, seat=1, by=owner, base_revision=1, payload=payload, verdict="accept",
        content_hash=revision.content_hash, tags=[short], reason=text[:300], took=1234,
    )  # fmt: skip
    adjudication = Adjudication.objects.create(
        dataset=dataset, sample=sample, decision=judged, way="write", cause="guideline", note=text[:1000], by=owner
    )
    Decision.objects.create(
        sample=sample, revision=revision, decision="flag", status_before="pending", reason=text, by=owner
    )
    waiver = Waiver.objects.create(dataset=dataset, sample=sample, rule="echo", reason=text[:300], by=owner)
    change = BulkChange.objects.create(
        dataset=dataset, kind="fix", what={"rules": ["label-unknown"]}, filter={"q": text[:200]}, state="ready",
        upto=1, reached=1, planned=1, counts={"label-unknown": 1}, created_by=owner,
        error={"code": "internal", "template": "{text}", "params": {"text": text}},
    )  # fmt: skip
    BulkChangeEntry.objects.create(
        change=change, sample=sample, position=1, base_revision=1, counts={"label-unknown": 1},
        edits=[{"path": "/messages/2/content", "before": text, "after": f"{text} {text}"}],
        note={"template": "{text}", "params": {"text": text}},
    )  # fmt: skip
    scan = Scan.objects.create(
        dataset=dataset, state="done", samples_total=1, samples_seen=1, finished_at=now, created_by=owner,
        error={"code": "internal", "template": "{text}", "params": {"text": text}},
        report={
            "near-duplicate": {"clusters": 1, "samples": 2, "largest": [{"first": 1, "n": 2}]},
            "label-inconsistent": [{"label": text, "n": 2, "others": [{"text": text, "n": 1}]}],
            "schema-type-drift": {"answers": 1, "drifting": 1, "fields": [
                {"path": text, "types": {"text": 2, "list": 1}, "usual": "text", "drifts": True}]},
            "completeness": {"answers": 1, "required": {"n": 1, "of": 1}, "fields": [
                {"path": text, "n": 1, "of": 1, "share": 1.0, "declared": True, "required": True}]},
            "balance": {"closed": True, "answers": 1, "evenness": 0, "labels": [{"label": text, "n": 1, "share": 1}]},
            "private": [{"rule": "secret", "kind": text, "samples": 1, "findings": 1,
                         "examples": [{"masked": text, "at": 1}]}],
            "slices": [{"tag": text, "n": 1, "clean": 1, "low": 0.2, "high": 1.0}],
            "spread": [{"path": text, "values": 1, "without": 0, "evenness": 0, "most": [{"value": text, "n": 1}]}],
        },
    )  # fmt: skip
    view = SavedView.objects.create(
        dataset=dataset, name=text[:60], filter={"q": text[:200]}, columns=["tags"], order="-tokens", shared=True,
        by=owner,
    )  # fmt: skip
    check = SpotCheck.objects.create(dataset=dataset, filter={"q": text[:200]}, seed=1, size=1, population=1, by=owner)
    SpotCheckEntry.objects.create(
        spot_check=check, number=1, sample=sample, revision_number=1, right=False, note=text[:300], by=owner, at=now
    )
    image = Image.objects.create(
        project=project, sha256="3" * 64, media_type="image/png", width=1, height=1, bytes=4,
        file=ContentFile(b"\x89PNG", name="one.png"), thumbnail=ContentFile(b"RIFF", name="one.webp"),
    )  # fmt: skip
    snapshot = Snapshot.objects.create(
        dataset=dataset, number=1, state="ready", shares={"train": 90, "validation": 10, "test": 0}, group_by=short,
        contract=dataset.contract, guideline=text, system_prompt=text, content_hash="1" * 64, created_by=owner,
        counts={"train": 1, "validation": 0, "test": 0, "tokens": 9, "errors": 1, "groups": 1,
                "rules": {"train": {"label-unknown": 1}}},
    )  # fmt: skip
    SnapshotEntry.objects.create(
        snapshot=snapshot, sample=sample, revision=revision, position=1, split="train", group="g", worst=3
    )
    export = Export.objects.create(
        snapshot=snapshot, codec="openai-chat", state="done", rows_written=1, sha256="2" * 64, created_by=owner,
        file=ContentFile(b"{}\n", name="rows.jsonl"), size=3, finished_at=now,
        waivers=[{"rule": "label-unknown", "reason": text, "by": text}], manifest={"rows": 1, "note": text},
    )  # fmt: skip
    connection = Connection.objects.create(
        project=project, name=text[:100], kind="rehearsal", credential="rehearsal-key", credential_hint="-key",
        created_by=owner, probe_error=text[:300], probed_at=now,
    )  # fmt: skip
    job = Job.objects.create(
        project=project, snapshot=snapshot, connection=connection, name=text[:200], description=text[:300],
        base_model=text[:200], recipe={"method": "supervised"}, state="succeeded", raw_state=short,
        marker=f"marker-{project.pk.hex}",
        provider_job=short, result_model=text[:200], created_by=owner, launched_at=now, started_at=now, finished_at=now,
        contract={"system_prompt": text}, answers={"note": text}, rows_train=1,
        waivers=[{"rule": "echo", "reason": text, "by": text}],
        error={"template": "{text}", "params": {"text": text}}, poll_error=text[:300],
    )  # fmt: skip
    JobMove.objects.create(job=job, before="draft", after="queued", actor=owner, note=text)
    family = JobFamily.objects.create(
        project=project, kind="sweep", name=text[:200], axes={"epochs": [1, 2], "suffix": [text]}, created_by=owner
    )
    advice = Advice.objects.create(
        project=project, dataset=dataset, title=text[:200], created_by=owner,
        constraints={"target": 95.0, "time": text},
        answers={"prompt-ok": {"answer": "no", "reasons": ["too-complex"], "note": text},
                 "new-pattern": {"answer": "yes", "reasons": [], "note": text},
                 "enough-data": {"answer": "yes", "reasons": [], "note": text}},
        options=[{"option": "prompt", "what": text, "cost": "1", "currency": "USD", "reason": text}],
    )  # fmt: skip
    evaluation = Evaluation.objects.create(
        project=project, dataset=dataset, snapshot=snapshot, number=1, name=text[:200], side="validation",
        contract=dataset.contract, metrics=["compliance", "exact-match"], total=1, state="done", advice=advice,
        created_by=owner, finished_at=now,
        verdict={"a": 0, "b": 1, "metric": "compliance", "word": "too-few", "size": "anecdote", "n": 1,
                 "difference": 0.0, "low": None, "high": None},
    )  # fmt: skip
    case = Case.objects.create(evaluation=evaluation, number=1, sample=sample, revision=revision, tags=[short])
    arms = [
        Arm.objects.create(
            evaluation=evaluation, number=number, connection=connection, model=text[:200], state="done",
            decoding={"temperature": 0}, system_prompt=text, asked=1, says=text[:300], created_by=owner,
            finished_at=now, estimate={"prompt_tokens": 9, "completion_tokens": 9, "cost": "0"},
            scores={"compliance": {"value": 0.0, "n": 1, "low": 0.0, "high": 0.8}},
        )
        for number in (0, 1)
    ]  # fmt: skip
    for arm in arms:
        Outcome.objects.create(
            arm=arm, case=case, verdict="failed", answer=text, finish_reason=short, asked_at=now, tries=1,
            scores={"compliance": 0.0, "exact-match": 0.0}, seconds=1.5, prompt_tokens=9, completion_tokens=9,
            calls=[{"id": text, "function": {"name": text, "arguments": text}}],
            findings=[{"rule": "echo", "message": {"template": "{text}", "params": {"text": text}}}],
        )  # fmt: skip
    Advice.objects.filter(pk=advice.pk).update(measured=[arms[0].summary])
    synthesis = Synthesis.objects.create(
        dataset=dataset, connection=connection, model=text[:200], template=text, domains=[text[:40]], wanted=1, asks=1,
        most_asks=6, verified=1, refused=1, state="done", decoding={"temperature": 0.9}, system_prompt=text,
        says=text[:300], created_by=owner, finished_at=now,
    )  # fmt: skip
    for number, reason in enumerate(("", "contract"), start=1):
        Candidate.objects.create(
            synthesis=synthesis, number=number, domain=text[:40], question=text, wrong=text, right=text, reason=reason,
            findings=[{"rule": "echo", "message": {"template": "{text}", "params": {"text": text}}}],
        )  # fmt: skip
    Job.objects.filter(pk=job.pk).update(family=family, advice=advice)
    event = JobEvent.objects.create(job=job, provider_id="e1", at=now, level="info", message=text, data={"note": text})
    for step in (1, 2, 3):
        JobMetric.objects.create(job=job, step=step, name="train_loss", value=2.5 / step)
    checkpoint = Checkpoint.objects.create(
        job=job, provider_id="c1", step=3, model=text[:200], at=now, metrics={"valid_loss": 0.5}
    )
    model = ModelVersion.objects.create(
        project=project, job=job, connection=connection, alias=text[:100], model=text[:200], contract={"note": text}
    )
    Arm.objects.filter(evaluation=evaluation, number=1).update(version=model)
    ReleaseGate.objects.create(
        project=project, dataset=dataset, updated_by=owner,
        conditions=[{"metric": "compliance", "bound": "low", "limit": 0.9, "not_worse": True, "margin": 0.1}],
    )  # fmt: skip
    hook = Hook.objects.create(
        project=project, name=text[:100], url="https://hooks.example.org/in", secret="whsec_c2VjcmV0", created_by=owner
    )
    delivery = Delivery.objects.create(
        hook=hook, kind="job.failed", payload={"type": text[:100]}, state="failed", tries=9, error=text[:300]
    )
    entry = CatalogEntry.objects.create(
        project=project, kind="openai", base_model=text[:200], values={"tools": False}, source=text[:300],
        checked_on=now.date(), changed_by=owner,
    )  # fmt: skip
    price = Price.objects.create(
        project=project, kind="openai", base_model=text[:200], item="train", amount=3, currency="USD",
        valid_from=now.date(), source=text[:300], created_by=owner,
    )  # fmt: skip
    run = ImportedRun.objects.create(
        project=project, name=text[:200], note=text[:300], source=text[:200], sha256="4" * 64, created_by=owner,
        columns={text[:40]: "train_loss"}, points={"train_loss": [[1, 2.5], [2, "nan"]]}, steps=2, figures=2,
        recipe={text[:60]: text[:200]},
    )  # fmt: skip
    budget = Budget.objects.create(project=project, currency="USD", amount=1000, changed_by=owner)
    token = ApiToken.objects.create(
        user=owner, name=text[:100], prefix="fts_aaaa", secret_hash=project.pk.hex * 2, scopes="read",
        expires_at=now + DAY,
    )  # fmt: skip
    invitation = Invitation.objects.create(
        project=project, role="annotator", email="x@example.org", secret_hash=project.pk.hex * 2, created_by=owner,
        expires_at=now + DAY,
    )  # fmt: skip
    AuditEntry.objects.record(actor=owner, verb="datasets.create", target=dataset, project=project, note=text)
    return {
        "projects": project,
        "datasets": dataset,
        "uploads": upload,
        "samples": sample,
        "adjudications": adjudication,
        "scans": scan,
        "waivers": waiver,
        "guideline": Guideline.objects.create(dataset=dataset, number=1, text=text, note=text, by=owner).number,
        "guidelines": 1,
        "comments": Comment.objects.create(dataset=dataset, sample=sample, revision=1, by=owner, text=text),
        "bulk-changes": change,
        "gold": Gold.objects.create(
            dataset=dataset, sample=sample, verdict="accept", payload=payload, note=text[:300], active=False, by=owner
        ),
        "views": view,
        "spot-checks": check,
        "entries": 1,
        "images": image.sha256,
        "pictures": 0,
        "revisions": 1,
        "snapshots": snapshot,
        "exports": export,
        "connections": connection,
        "in": connection,
        "jobs": job,
        "advice": advice,
        "evaluations": evaluation,
        "arms": arms[0],
        "cases": case.number,
        "syntheses": synthesis,
        "families": family,
        "models": model,
        "runs": run,
        "catalog": entry,
        "prices": price,
        "budgets": budget,
        "events": event,
        "checkpoints": checkpoint,
        "hooks": hook,
        "deliveries": delivery,
        "tokens": token,
        "invitations": invitation,
        "members": Membership.objects.get(project=project, user=owner),
        "notifications": Notification.objects.create(
            person=owner,
            project=project,
            kind="mentioned",
            text={"template": "{text}", "params": {"text": text}},
            url="/account/",
        ),
        "audit": AuditEntry.objects.filter(project=project).latest("id"),
    }
