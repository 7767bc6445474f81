"""All tables of the data side at once, for new installations: a tenth of the time of the steps it replaces. Installations
that have made some of those steps make the others."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ftstudio.tables import NewTables

# Text search by trigrams: FTS5 beside SampleText on SQLite (kept by triggers), pg_trgm on PostgreSQL.
SQLITE = [
    """CREATE VIRTUAL TABLE datasets_app_search USING fts5(
        text, content='datasets_app_sampletext', content_rowid='sample_id', tokenize='trigram')""",
    """CREATE VIRTUAL TABLE datasets_app_search_terms USING fts5vocab(datasets_app_search, row)""",
    """CREATE TRIGGER datasets_app_search_insert AFTER INSERT ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(rowid, text) VALUES (new.sample_id, new.text); END""",
    """CREATE TRIGGER datasets_app_search_delete AFTER DELETE ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(datasets_app_search, rowid, text)
        VALUES ('delete', old.sample_id, old.text); END""",
    """CREATE TRIGGER datasets_app_search_update AFTER UPDATE OF text ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(datasets_app_search, rowid, text)
        VALUES ('delete', old.sample_id, old.text);
        INSERT INTO datasets_app_search(rowid, text) VALUES (new.sample_id, new.text); END""",
]
POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX sampletext_trigrams ON datasets_app_sampletext USING gin (text gin_trgm_ops)",
]
# https://www.sqlite.org/fts5.html#configuration_options; the numbers are measured, see benchmarks/README.md
SEARCH = {"hashsize": 16 << 20, "automerge": 16, "crisismerge": 32}


def make_search(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        schema_editor.execute(statement)
    for name, value in SEARCH.items() if sqlite else ():
        schema_editor.execute(
            "INSERT INTO datasets_app_search(datasets_app_search, rank) VALUES (%s, %s)", (name, value)
        )


def take_search_away(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER datasets_app_search_{name}")
        schema_editor.execute("DROP TABLE datasets_app_search_terms")
        schema_editor.execute("DROP TABLE datasets_app_search")
    else:
        schema_editor.execute("DROP INDEX sampletext_trigrams")


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("datasets_app", "0001_datasets_to_exports"),
        ("datasets_app", "0002_trigram_search"),
        ("datasets_app", "0003_data_engine"),
        ("datasets_app", "0004_bulk_changes"),
        ("datasets_app", "0005_loss_reports"),
        ("datasets_app", "0006_chunks_in_order"),
        ("datasets_app", "0007_check_chunks"),
        ("datasets_app", "0008_lists_by_severity"),
        ("datasets_app", "0009_frozen_contrast_template"),
        ("datasets_app", "0010_workbench"),
        ("datasets_app", "0011_first_guidelines"),
        ("datasets_app", "0012_draft_windows"),
        ("datasets_app", "0013_lists_by_tokens_findings_and_change"),
    ]

    dependencies = [
        ("accounts", "0002_notifications_and_preferences"),
        # Only to come before: with the models below about, its changes take ten times as long.
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        NewTables(
            [
                migrations.CreateModel(
                    name="Dataset",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="datasets",
                                to="accounts.project",
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                        ("contract", models.TextField(blank=True, default=dict, verbose_name="output contract")),
                        ("guideline", models.TextField(blank=True, verbose_name="guideline")),
                        ("guideline_version", models.PositiveIntegerField(default=1)),
                        ("profile", models.CharField(default="local", max_length=40, verbose_name="rule profile")),
                        ("system_prompt", models.TextField(blank=True, verbose_name="system prompt")),
                        ("base_model", models.CharField(blank=True, max_length=100, verbose_name="base model")),
                        ("task", models.CharField(blank=True, max_length=20, verbose_name="kind of task")),
                        ("licence", models.CharField(blank=True, max_length=100, verbose_name="licence")),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("single", "one person decides"),
                                    ("overlap", "several people, each alone"),
                                    ("review", "a second person reviews"),
                                ],
                                default="single",
                                max_length=10,
                                verbose_name="mode of work",
                            ),
                        ),
                        ("overlap", models.PositiveSmallIntegerField(default=2, verbose_name="people per sample")),
                        ("gold_rate", models.PositiveSmallIntegerField(default=0, verbose_name="hidden checks")),
                        ("error_tags", models.TextField(blank=True, default=list, verbose_name="error tags")),
                        (
                            "desk",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("text", "text"),
                                    ("form", "form"),
                                    ("labels", "labels"),
                                    ("pair", "two answers"),
                                ],
                                max_length=10,
                                verbose_name="desk",
                            ),
                        ),
                        ("contrast_template", models.TextField(blank=True, verbose_name="contrast template")),
                        ("rule_set_version", models.CharField(blank=True, max_length=12)),
                        ("checking_version", models.CharField(blank=True, max_length=12)),
                        ("checked_to", models.PositiveIntegerField(default=0)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                        ("samples_total", models.PositiveIntegerField(default=0)),
                        ("next_position", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ("name", "id"),
                        "constraints": [
                            models.UniqueConstraint(fields=("project", "name"), name="one_dataset_name_per_project")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Upload",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="uploads",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="file name")),
                        ("file", models.FileField(max_length=200, upload_to="uploads/")),
                        ("size", models.BigIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("format", models.CharField(default="auto", max_length=40, verbose_name="format")),
                        ("codec", models.CharField(blank=True, max_length=40)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("held", "waiting for your go"),
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("failed", "failed"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="waiting",
                                max_length=20,
                            ),
                        ),
                        ("container", models.CharField(blank=True, max_length=10)),
                        ("encoding", models.CharField(blank=True, max_length=20)),
                        ("mapping", models.TextField(blank=True, default=dict)),
                        ("lines", models.FileField(blank=True, max_length=200, upload_to="uploads/")),
                        ("strict", models.BooleanField(default=False)),
                        ("side", models.CharField(blank=True, max_length=10)),
                        ("spread_by", models.CharField(blank=True, max_length=100)),
                        ("spread", models.TextField(blank=True, default=dict)),
                        ("licence", models.CharField(blank=True, max_length=100, verbose_name="licence")),
                        ("offset", models.BigIntegerField(default=0)),
                        ("line", models.PositiveIntegerField(default=1)),
                        ("rows_total", models.PositiveIntegerField(default=0)),
                        ("rows_accepted", models.PositiveIntegerField(default=0)),
                        ("rows_rejected", models.PositiveIntegerField(default=0)),
                        ("rows_duplicate", models.PositiveIntegerField(default=0)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded")),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [models.Index(fields=["dataset", "sha256"], name="upload_by_content")],
                    },
                ),
                migrations.CreateModel(
                    name="Sample",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="samples",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        (
                            "upload",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="samples",
                                to="datasets_app.upload",
                            ),
                        ),
                        ("line", models.PositiveIntegerField(null=True)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "pending"),
                                    ("accepted", "accepted"),
                                    ("rejected", "rejected"),
                                    ("skipped", "skipped"),
                                    ("flagged", "flagged"),
                                    ("in_review", "in review"),
                                    ("sent_back", "sent back"),
                                    ("disputed", "disputed"),
                                    ("trashed", "in the trash"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("split", models.CharField(blank=True, max_length=10)),
                        ("tokens", models.PositiveIntegerField(default=0)),
                        ("worst", models.PositiveSmallIntegerField(default=0)),
                        ("findings_total", models.PositiveSmallIntegerField(default=0)),
                        ("has_rejected", models.BooleanField(default=False)),
                        ("fingerprint", models.CharField(max_length=32)),
                        ("question", models.CharField(blank=True, max_length=32)),
                        ("label", models.CharField(blank=True, max_length=60)),
                        ("cluster", models.PositiveIntegerField(default=0)),
                        ("pinned", models.CharField(blank=True, max_length=10)),
                        ("title", models.CharField(blank=True, max_length=80)),
                        ("snippet", models.CharField(blank=True, max_length=120)),
                        ("revision_number", models.PositiveIntegerField(default=1)),
                        ("changed_at", models.DateTimeField(auto_now=True)),
                        (
                            "changed_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "leased_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        ("shown_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "assigned_to",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("trashed_from", models.CharField(blank=True, db_default="", max_length=10)),
                        ("comments_open", models.PositiveSmallIntegerField(db_default=0, default=0)),
                    ],
                    options={
                        "ordering": ("position",),
                        "indexes": [
                            models.Index(fields=["dataset", "status", "position"], name="sample_by_status"),
                            models.Index(fields=["dataset", "split", "position"], name="sample_by_split"),
                            models.Index(fields=["dataset", "fingerprint", "position"], name="sample_by_fingerprint"),
                            models.Index(fields=["dataset", "question"], name="sample_by_question"),
                            models.Index(
                                condition=models.Q(("label", ""), _negated=True),
                                fields=["dataset", "label", "position"],
                                name="sample_by_label",
                            ),
                            models.Index(
                                condition=models.Q(("cluster", 0), _negated=True),
                                fields=["dataset", "cluster", "position"],
                                name="sample_by_cluster",
                            ),
                            models.Index(
                                condition=models.Q(("leased_by__isnull", False)),
                                fields=["leased_by", "dataset"],
                                name="sample_by_holder",
                            ),
                            models.Index(
                                condition=models.Q(("assigned_to__isnull", False)),
                                fields=["assigned_to", "dataset", "status", "position"],
                                name="sample_by_assignee",
                            ),
                            models.Index(fields=["dataset", "tokens", "position"], name="sample_by_tokens"),
                            models.Index(fields=["dataset", "findings_total", "position"], name="sample_by_findings"),
                            models.Index(fields=["dataset", "changed_at", "position"], name="sample_by_change"),
                            models.Index(
                                condition=models.Q(("worst", 0), _negated=True),
                                fields=["dataset", "worst", "position"],
                                name="sample_by_worst",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "position"), name="one_sample_per_position")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Annotation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="annotations",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("overlap", "overlap"), ("gold", "hidden check")],
                                default="overlap",
                                max_length=10,
                            ),
                        ),
                        ("seat", models.PositiveSmallIntegerField(default=0)),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="annotations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("base_revision", models.PositiveIntegerField()),
                        ("payload", models.TextField()),
                        ("content_hash", models.CharField(max_length=64)),
                        (
                            "verdict",
                            models.CharField(
                                choices=[
                                    ("accept", "accept"),
                                    ("reject", "reject"),
                                    ("skip", "skip"),
                                    ("flag", "flag"),
                                    ("send_back", "send back"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "choice",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("chosen", "the answer"),
                                    ("rejected", "the rejected answer"),
                                    ("tie", "equally good"),
                                    ("neither", "both bad"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("order_seed", models.CharField(blank=True, max_length=16)),
                        ("tags", models.TextField(default=list)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        ("right", models.BooleanField(null=True)),
                        ("took", models.PositiveIntegerField(null=True)),
                        ("guideline_version", models.PositiveIntegerField(default=1)),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                        ("client_id", models.CharField(blank=True, max_length=40, null=True)),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [
                            models.Index(fields=["dataset", "kind", "at"], name="annotation_by_time"),
                            models.Index(fields=["by", "-id"], name="annotation_by_person"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "overlap"), ("withdrawn_at", None)),
                                fields=("sample", "seat"),
                                name="one_annotation_per_seat",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("withdrawn_at", None)),
                                fields=("sample", "by", "kind"),
                                name="one_annotation_per_person",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("client_id__isnull", False)),
                                fields=("sample", "by", "client_id"),
                                name="one_annotation_per_request",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Revision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="revisions",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("payload", models.TextField()),
                        ("content_hash", models.CharField(max_length=64)),
                        ("origin", models.CharField(default="import", max_length=10)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        (
                            "author",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("guideline_version", models.PositiveIntegerField(default=1)),
                        ("rule_set_version", models.CharField(blank=True, max_length=12)),
                        ("style", models.CharField(blank=True, max_length=20)),
                        ("client_id", models.CharField(blank=True, max_length=40, null=True)),
                    ],
                    options={
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("sample", "number"), name="one_revision_per_number"),
                            models.UniqueConstraint(
                                condition=models.Q(("client_id__isnull", False)),
                                fields=("sample", "client_id"),
                                name="one_revision_per_request",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="decisions",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="decisions",
                                to="datasets_app.revision",
                            ),
                        ),
                        (
                            "decision",
                            models.CharField(
                                choices=[
                                    ("accept", "accept"),
                                    ("reject", "reject"),
                                    ("skip", "skip"),
                                    ("flag", "flag"),
                                    ("send_back", "send back"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("status_before", models.CharField(max_length=10)),
                        ("status_after", models.CharField(blank=True, db_default="", max_length=10)),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("first", "first"),
                                    ("review", "review"),
                                    ("judged", "adjudication"),
                                    ("agreed", "agreement"),
                                ],
                                db_default="first",
                                default="first",
                                max_length=10,
                            ),
                        ),
                        (
                            "choice",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("chosen", "the answer"),
                                    ("rejected", "the rejected answer"),
                                    ("tie", "equally good"),
                                    ("neither", "both bad"),
                                ],
                                db_default="",
                                max_length=10,
                            ),
                        ),
                        ("order_seed", models.CharField(blank=True, db_default="", max_length=16)),
                        ("took", models.PositiveIntegerField(null=True)),
                        ("guideline_version", models.PositiveIntegerField(db_default=1, default=1)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decisions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("client_id", models.CharField(blank=True, max_length=40, null=True)),
                        ("undone_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [models.Index(fields=["by", "-id"], name="decision_by_person")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("client_id__isnull", False)),
                                fields=("sample", "client_id"),
                                name="one_decision_per_request",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Adjudication",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="adjudications",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="adjudications",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "decision",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="adjudication",
                                to="datasets_app.decision",
                            ),
                        ),
                        (
                            "way",
                            models.CharField(
                                choices=[
                                    ("pick", "picked one version"),
                                    ("merge", "merged versions"),
                                    ("write", "wrote a new one"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "picked",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="datasets_app.annotation",
                            ),
                        ),
                        (
                            "cause",
                            models.CharField(
                                choices=[
                                    ("ambiguous", "ambiguous input"),
                                    ("guideline", "gap in the guideline"),
                                    ("mistake", "annotator's mistake"),
                                    ("edge_case", "edge case"),
                                    ("subjective", "matter of taste"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=1000)),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "done_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [models.Index(fields=["dataset", "cause", "-id"], name="adjudication_by_cause")],
                    },
                ),
                migrations.CreateModel(
                    name="BulkChange",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="bulk_changes",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("kind", models.CharField(max_length=20)),
                        ("what", models.TextField(default=dict)),
                        ("filter", models.TextField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("preparing", "preparing"),
                                    ("ready", "ready"),
                                    ("applying", "applying"),
                                    ("done", "done"),
                                    ("undoing", "undoing"),
                                    ("undone", "undone"),
                                    ("discarded", "discarded"),
                                    ("failed", "failed"),
                                ],
                                default="preparing",
                                max_length=10,
                            ),
                        ),
                        ("upto", models.PositiveIntegerField(default=0)),
                        ("reached", models.PositiveIntegerField(default=0)),
                        ("planned", models.PositiveIntegerField(default=0)),
                        ("applied", models.PositiveIntegerField(default=0)),
                        ("undone", models.PositiveIntegerField(default=0)),
                        ("skipped", models.PositiveIntegerField(default=0)),
                        ("counts", models.TextField(default=dict)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        (
                            "applied_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "undone_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="BulkChangeEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "change",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="entries",
                                to="datasets_app.bulkchange",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        ("base_revision", models.PositiveIntegerField()),
                        ("edits", models.TextField()),
                        ("counts", models.TextField(default=dict)),
                        ("note", models.TextField(null=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("planned", "planned"),
                                    ("left", "left out"),
                                    ("refused", "not possible"),
                                    ("applied", "applied"),
                                    ("skipped", "skipped"),
                                    ("undone", "undone"),
                                    ("kept", "kept"),
                                ],
                                default="planned",
                                max_length=10,
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(null=True)),
                    ],
                    options={
                        "ordering": ("position",),
                        "constraints": [
                            models.UniqueConstraint(fields=("change", "position"), name="one_bulk_entry_per_position")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CheckChunk",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="check_chunks",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("version", models.CharField(max_length=12)),
                        ("number", models.PositiveIntegerField()),
                        ("first", models.PositiveIntegerField()),
                        ("last", models.PositiveIntegerField()),
                        ("done", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ("number",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("dataset", "version", "number"), name="one_check_per_number"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Comment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="comments",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField()),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("text", models.TextField(max_length=5000)),
                        ("path", models.CharField(blank=True, max_length=300)),
                        ("start", models.PositiveIntegerField(null=True)),
                        ("end", models.PositiveIntegerField(null=True)),
                        ("mentions", models.TextField(default=list)),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("changed_at", models.DateTimeField(blank=True, null=True)),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "resolved_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("client_id", models.CharField(blank=True, max_length=40, null=True)),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("resolved_at", None)),
                                fields=["dataset", "sample"],
                                name="open_comment_by_dataset",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("client_id__isnull", False)),
                                fields=("sample", "client_id"),
                                name="one_comment_per_request",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DatasetCount",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="counts",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("kind", models.CharField(max_length=10)),
                        ("key", models.CharField(max_length=100)),
                        ("n", models.IntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "kind", "key"), name="one_count_per_key")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Draft",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("base_revision", models.PositiveIntegerField()),
                        ("fields", models.TextField(default=dict)),
                        ("sequence", models.BigIntegerField(default=0)),
                        ("window", models.CharField(blank=True, db_default="", max_length=40)),
                        ("at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": ("-at",),
                        "constraints": [models.UniqueConstraint(fields=("sample", "by"), name="one_draft_per_person")],
                    },
                ),
                migrations.CreateModel(
                    name="Snapshot",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="snapshots",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("building", "building"), ("ready", "ready"), ("failed", "failed")],
                                default="building",
                                max_length=10,
                            ),
                        ),
                        ("shares", models.TextField()),
                        ("seed", models.BigIntegerField(default=0)),
                        ("group_by", models.CharField(blank=True, max_length=100)),
                        ("stratify_by", models.CharField(blank=True, max_length=10)),
                        ("mix", models.TextField(blank=True, default=dict)),
                        ("filter", models.TextField(default=dict)),
                        ("upto", models.PositiveIntegerField(default=0)),
                        ("contract", models.TextField(default=dict)),
                        ("guideline", models.TextField(blank=True)),
                        ("guideline_version", models.PositiveIntegerField(default=1)),
                        ("system_prompt", models.TextField(blank=True)),
                        ("contrast_template", models.TextField(blank=True)),
                        ("profile", models.CharField(default="local", max_length=40)),
                        ("rule_set_version", models.CharField(blank=True, max_length=12)),
                        ("content_hash", models.CharField(blank=True, max_length=64)),
                        ("counts", models.TextField(default=dict)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="frozen")),
                    ],
                    options={
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "number"), name="one_snapshot_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Export",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="exports",
                                to="datasets_app.snapshot",
                            ),
                        ),
                        ("codec", models.CharField(max_length=40, verbose_name="format")),
                        ("split", models.CharField(default="all", max_length=10, verbose_name="split")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("held", "waiting for your go"),
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("failed", "failed"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="waiting",
                                max_length=20,
                            ),
                        ),
                        ("options", models.TextField(blank=True, default=dict)),
                        ("waivers", models.TextField(default=list)),
                        ("rows_written", models.PositiveIntegerField(default=0)),
                        ("file", models.FileField(blank=True, max_length=200, upload_to="exports/")),
                        ("size", models.BigIntegerField(default=0)),
                        ("sha256", models.CharField(blank=True, max_length=64)),
                        ("manifest", models.TextField(default=dict)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="FindingRow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="findings",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="findings",
                                to="datasets_app.revision",
                            ),
                        ),
                        ("current", models.BooleanField(default=True)),
                        ("rule", models.CharField(max_length=40)),
                        ("severity", models.CharField(max_length=10)),
                        ("path", models.CharField(blank=True, max_length=300)),
                        ("start", models.PositiveIntegerField(null=True)),
                        ("end", models.PositiveIntegerField(null=True)),
                        ("message", models.TextField()),
                        ("fix", models.TextField(null=True)),
                        ("rule_set_version", models.CharField(blank=True, max_length=12)),
                        ("waived", models.BooleanField(default=False)),
                    ],
                    options={
                        "verbose_name": "finding",
                        "ordering": ("id",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("current", True)),
                                fields=["dataset", "rule", "sample"],
                                name="current_finding_by_rule",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Gold",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="gold",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="gold",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("shown", models.PositiveIntegerField(default=1)),
                        (
                            "verdict",
                            models.CharField(
                                choices=[
                                    ("accept", "accept"),
                                    ("reject", "reject"),
                                    ("skip", "skip"),
                                    ("flag", "flag"),
                                    ("send_back", "send back"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("payload", models.TextField()),
                        ("content_hash", models.CharField(max_length=64)),
                        ("note", models.CharField(blank=True, max_length=300)),
                        ("active", models.BooleanField(default=True)),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [models.Index(fields=["dataset", "active"], name="gold_by_dataset")],
                    },
                ),
                migrations.CreateModel(
                    name="Guideline",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="guidelines",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("text", models.TextField(blank=True)),
                        ("note", models.CharField(blank=True, max_length=300)),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "number"), name="one_guideline_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Image",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="images",
                                to="accounts.project",
                            ),
                        ),
                        ("sha256", models.CharField(max_length=64)),
                        ("media_type", models.CharField(max_length=20)),
                        ("width", models.PositiveIntegerField()),
                        ("height", models.PositiveIntegerField()),
                        ("bytes", models.PositiveIntegerField()),
                        ("file", models.FileField(max_length=200, upload_to="images/")),
                        ("thumbnail", models.FileField(max_length=200, upload_to="images/")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("project", "sha256"), name="one_image_per_content")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LossReport",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "snapshot",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="loss_reports",
                                to="datasets_app.snapshot",
                            ),
                        ),
                        ("codec", models.CharField(max_length=40, verbose_name="format")),
                        ("split", models.CharField(default="all", max_length=10, verbose_name="split")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("held", "waiting for your go"),
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("failed", "failed"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="waiting",
                                max_length=20,
                            ),
                        ),
                        ("rows_seen", models.PositiveIntegerField(default=0)),
                        ("report", models.TextField(default=dict)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("snapshot", "codec", "split"), name="one_loss_report_per_format"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RejectedLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "upload",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="rejected",
                                to="datasets_app.upload",
                            ),
                        ),
                        ("line", models.PositiveIntegerField()),
                        ("offset", models.BigIntegerField()),
                        ("length", models.BigIntegerField()),
                        ("code", models.CharField(max_length=40)),
                        ("message", models.TextField()),
                    ],
                    options={
                        "ordering": ("line",),
                        "constraints": [
                            models.UniqueConstraint(fields=("upload", "line"), name="one_rejection_per_line")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SampleTag",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tags",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("name", models.CharField(max_length=40, verbose_name="tag")),
                    ],
                    options={
                        "ordering": ("name",),
                        "indexes": [models.Index(fields=["dataset", "name", "sample"], name="sample_by_tag")],
                        "constraints": [models.UniqueConstraint(fields=("sample", "name"), name="one_tag_per_sample")],
                    },
                ),
                migrations.CreateModel(
                    name="SampleText",
                    fields=[
                        (
                            "sample",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="search",
                                serialize=False,
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("text", models.TextField()),
                    ],
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="views",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("filter", models.TextField(blank=True, default=dict)),
                        ("columns", models.TextField(blank=True, default=list)),
                        ("order", models.CharField(blank=True, max_length=20)),
                        ("shared", models.BooleanField(default=False, verbose_name="for everybody in the project")),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name", "id"),
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "by", "name"), name="one_view_per_name")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Scan",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scans",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("failed", "failed"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("stage", models.CharField(blank=True, max_length=40)),
                        ("samples_total", models.PositiveIntegerField(default=0)),
                        ("samples_seen", models.PositiveIntegerField(default=0)),
                        ("rule_set_version", models.CharField(blank=True, max_length=12)),
                        ("report", models.TextField(default=dict)),
                        ("error", models.TextField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="Seat",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="seats",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("until", models.DateTimeField()),
                        ("shown_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("sample", "number"),
                        "indexes": [models.Index(fields=["by", "dataset"], name="seat_by_person")],
                        "constraints": [
                            models.UniqueConstraint(fields=("sample", "number"), name="one_seat_per_number"),
                            models.UniqueConstraint(fields=("sample", "by"), name="one_seat_per_person"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Share",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="shares",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("start", models.PositiveSmallIntegerField()),
                        ("percent", models.PositiveSmallIntegerField()),
                    ],
                    options={
                        "ordering": ("start",),
                        "constraints": [
                            models.UniqueConstraint(fields=("dataset", "person"), name="one_share_per_person")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SnapshotEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="entries",
                                to="datasets_app.snapshot",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="datasets_app.sample",
                            ),
                        ),
                        (
                            "revision",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="datasets_app.revision",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        ("split", models.CharField(max_length=10)),
                        ("group", models.CharField(max_length=64)),
                        ("worst", models.PositiveSmallIntegerField(default=0)),
                        ("mixed", models.BooleanField(default=False)),
                        ("pair", models.BooleanField(default=False)),
                        ("negative", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ("position",),
                        "indexes": [models.Index(fields=["snapshot", "split", "position"], name="entry_by_split")],
                        "constraints": [
                            models.UniqueConstraint(fields=("snapshot", "position"), name="one_entry_per_position")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpotCheck",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="spot_checks",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("filter", models.TextField(default=dict)),
                        ("seed", models.PositiveIntegerField()),
                        ("size", models.PositiveIntegerField()),
                        ("population", models.PositiveIntegerField()),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-at",),
                    },
                ),
                migrations.CreateModel(
                    name="SpotCheckEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "spot_check",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="entries",
                                to="datasets_app.spotcheck",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets_app.sample"
                            ),
                        ),
                        ("revision_number", models.PositiveIntegerField()),
                        ("right", models.BooleanField(null=True)),
                        ("note", models.CharField(blank=True, max_length=300)),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("spot_check", "number"), name="one_spot_check_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UploadChunk",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        (
                            "upload",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="chunks",
                                to="datasets_app.upload",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("offset", models.BigIntegerField()),
                        ("length", models.BigIntegerField()),
                        ("line", models.PositiveIntegerField()),
                        ("rows", models.PositiveIntegerField()),
                        ("position", models.PositiveIntegerField()),
                        ("first_sample", models.BigIntegerField(null=True)),
                        ("done", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ("number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("upload", "number"), name="one_chunk_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Waiver",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="waivers",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="waivers",
                                to="datasets_app.sample",
                            ),
                        ),
                        ("rule", models.CharField(max_length=40)),
                        ("reason", models.CharField(max_length=300)),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [models.Index(fields=["dataset", "rule"], name="waiver_by_rule")],
                        "constraints": [models.UniqueConstraint(fields=("sample", "rule"), name="one_waiver_per_rule")],
                    },
                ),
            ]
        ),
        migrations.RunPython(make_search, take_search_away),
    ]
