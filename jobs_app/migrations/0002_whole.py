"""All tables of the job side at once, for new installations. Those that have made some of the steps make the others."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ftstudio.tables import NewTables


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("jobs_app", "0001_connections_and_jobs"),
        ("jobs_app", "0002_every_provider"),
    ]

    dependencies = [
        ("accounts", "0002_notifications_and_preferences"),
        ("datasets_app", "0014_upload_tags_by"),
    ]

    operations = [
        NewTables(
            [
                migrations.CreateModel(
                    name="Advice",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="advice",
                                to="accounts.project",
                            ),
                        ),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="advice",
                                to="datasets_app.dataset",
                            ),
                        ),
                        ("title", models.CharField(max_length=200, verbose_name="title")),
                        ("answers", models.TextField(default=dict)),
                        ("constraints", models.TextField(default=dict)),
                        ("measured", models.TextField(default=list)),
                        ("options", models.TextField(default=list)),
                        ("outcome", models.CharField(blank=True, max_length=40)),
                        ("unmeasured", models.CharField(blank=True, max_length=300)),
                        ("record", models.TextField(default=dict)),
                        (
                            "follows",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="followers",
                                to="jobs_app.advice",
                            ),
                        ),
                        (
                            "filed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("filed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "verbose_name_plural": "advice",
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="Budget",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="budgets",
                                to="accounts.project",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="a month")),
                        ("stops", models.BooleanField(default=True, verbose_name="stop launching there")),
                        (
                            "changed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("changed_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": ("currency",),
                        "constraints": [
                            models.UniqueConstraint(fields=("project", "currency"), name="one_budget_per_currency")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Connection",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="connections",
                                to="accounts.project",
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("kind", models.CharField(max_length=40, verbose_name="provider")),
                        ("base_url", models.CharField(blank=True, max_length=300, verbose_name="base URL")),
                        ("credential", models.TextField(blank=True, verbose_name="credential")),
                        ("credential_hint", models.CharField(blank=True, max_length=12)),
                        ("options", models.TextField(default=dict)),
                        ("secrets", models.TextField(blank=True)),
                        (
                            "permitted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("permitted_at", models.DateTimeField(blank=True, null=True)),
                        ("concurrency", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("requests_per_minute", models.PositiveIntegerField(blank=True, null=True)),
                        ("rate_left", models.FloatField(default=0)),
                        ("rate_at", models.DateTimeField(blank=True, null=True)),
                        ("quiet_until", models.DateTimeField(blank=True, null=True)),
                        ("stopped", models.CharField(blank=True, max_length=20)),
                        ("stopped_at", models.DateTimeField(blank=True, null=True)),
                        ("stopped_says", models.CharField(blank=True, max_length=300)),
                        ("webhook_secret", models.TextField(blank=True)),
                        ("models_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("probed_at", models.DateTimeField(blank=True, null=True)),
                        ("probe_error", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "ordering": ("name", "id"),
                        "constraints": [
                            models.UniqueConstraint(fields=("project", "name"), name="one_connection_name_per_project")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Synthesis",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("model", models.CharField(max_length=200, verbose_name="model")),
                        ("seed", models.BigIntegerField(default=0)),
                        ("decoding", models.TextField(default=dict)),
                        ("system_prompt", models.TextField(blank=True)),
                        ("contract", models.TextField(default=dict)),
                        ("examples", models.TextField(default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("cancelled", "cancelled"),
                                    ("failed", "failed"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("prompt_tokens", models.PositiveBigIntegerField(default=0)),
                        ("completion_tokens", models.PositiveBigIntegerField(default=0)),
                        ("price_input", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("price_output", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("estimate", models.TextField(default=dict)),
                        ("cost", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("next_at", models.DateTimeField(blank=True, null=True)),
                        ("says", models.CharField(blank=True, max_length=300)),
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
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="syntheses",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="syntheses",
                                to="jobs_app.connection",
                            ),
                        ),
                        ("template", models.TextField()),
                        ("domains", models.TextField(default=list)),
                        ("wanted", models.PositiveIntegerField()),
                        ("asks", models.PositiveIntegerField(default=0)),
                        ("most_asks", models.PositiveIntegerField()),
                        ("verified", models.PositiveIntegerField(default=0)),
                        ("refused", models.PositiveIntegerField(default=0)),
                        (
                            "upload",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="datasets_app.upload",
                            ),
                        ),
                        ("taken_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "syntheses",
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="Candidate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "synthesis",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="candidates",
                                to="jobs_app.synthesis",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("domain", models.CharField(blank=True, max_length=40)),
                        ("question", models.TextField(blank=True)),
                        ("wrong", models.TextField(blank=True)),
                        ("right", models.TextField(blank=True)),
                        ("reason", models.CharField(blank=True, max_length=20)),
                        ("findings", models.TextField(default=list)),
                        ("fingerprint", models.CharField(blank=True, max_length=32)),
                        ("chosen", models.BooleanField(default=True)),
                    ],
                    options={
                        "ordering": ("number",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("synthesis", "number"), name="one_candidate_per_number_of_a_synthesis"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CatalogEntry",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="catalog_entries",
                                to="accounts.project",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40, verbose_name="provider")),
                        ("base_model", models.CharField(blank=True, max_length=200, verbose_name="base model")),
                        ("values", models.TextField(default=dict)),
                        ("source", models.CharField(max_length=300, verbose_name="source")),
                        ("checked_on", models.DateField(verbose_name="checked on")),
                        (
                            "changed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("changed_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": ("kind", "base_model"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("project", "kind", "base_model"), name="one_entry_per_base_model"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JobFamily",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="job_families",
                                to="accounts.project",
                            ),
                        ),
                        ("kind", models.CharField(max_length=20)),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("axes", models.TextField(default=dict)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "verbose_name_plural": "job families",
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="Job",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="accounts.project"
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="jobs",
                                to="datasets_app.snapshot",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="jobs",
                                to="jobs_app.connection",
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                        ("base_model", models.CharField(max_length=200, verbose_name="base model")),
                        ("codec", models.CharField(blank=True, max_length=40)),
                        ("recipe", models.TextField(default=dict)),
                        ("train_percent", models.PositiveSmallIntegerField(default=100)),
                        ("contract", models.TextField(default=dict)),
                        ("answers", models.TextField(default=dict)),
                        ("waivers", models.TextField(default=list)),
                        ("state", models.CharField(default="draft", max_length=20)),
                        ("raw_state", models.CharField(blank=True, max_length=60)),
                        ("marker", models.CharField(max_length=64, unique=True)),
                        ("training_file", models.CharField(blank=True, max_length=200)),
                        ("validation_file", models.CharField(blank=True, max_length=200)),
                        ("training_sha256", models.CharField(blank=True, max_length=64)),
                        ("validation_sha256", models.CharField(blank=True, max_length=64)),
                        ("rows_train", models.PositiveIntegerField(default=0)),
                        ("rows_validation", models.PositiveIntegerField(default=0)),
                        ("create_tried_at", models.DateTimeField(blank=True, null=True)),
                        ("create_tries", models.PositiveSmallIntegerField(default=0)),
                        ("provider_job", models.CharField(blank=True, max_length=200)),
                        ("result_model", models.CharField(blank=True, max_length=200)),
                        ("trained_tokens", models.BigIntegerField(blank=True, null=True)),
                        ("estimate", models.TextField(default=dict)),
                        ("raw", models.TextField(null=True)),
                        ("cost_source", models.CharField(blank=True, max_length=20)),
                        ("cost", models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("error", models.TextField(blank=True, null=True)),
                        ("cancel_wanted", models.BooleanField(default=False)),
                        ("rank", models.FloatField(default=0)),
                        ("hold_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "after",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="followers",
                                to="jobs_app.job",
                            ),
                        ),
                        ("after_step", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "family",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="jobs",
                                to="jobs_app.jobfamily",
                            ),
                        ),
                        (
                            "advice",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="jobs",
                                to="jobs_app.advice",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="clones",
                                to="jobs_app.job",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("launched_at", models.DateTimeField(blank=True, null=True)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("next_poll_at", models.DateTimeField(blank=True, null=True)),
                        ("polled_at", models.DateTimeField(blank=True, null=True)),
                        ("poll_failures", models.PositiveIntegerField(default=0)),
                        ("poll_error", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [
                            models.Index(fields=["project", "-created_at"], name="job_by_project"),
                            models.Index(fields=["project", "state", "-created_at"], name="job_by_state"),
                            models.Index(fields=["next_poll_at"], name="job_by_next_poll"),
                            models.Index(fields=["connection", "state", "rank"], name="job_queue_of_connection"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Checkpoint",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="checkpoints",
                                to="jobs_app.job",
                            ),
                        ),
                        ("provider_id", models.CharField(max_length=200)),
                        ("step", models.PositiveIntegerField()),
                        ("model", models.CharField(max_length=200)),
                        ("metrics", models.TextField(default=dict)),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("step",),
                        "constraints": [
                            models.UniqueConstraint(fields=("job", "provider_id"), name="one_row_per_checkpoint")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Hook",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="hooks", to="accounts.project"
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("url", models.CharField(max_length=300, verbose_name="address")),
                        ("secret", models.TextField(verbose_name="secret")),
                        ("kinds", models.TextField(default=list)),
                        ("active", models.BooleanField(default=True, verbose_name="active")),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name", "id"),
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "hook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="jobs_app.hook",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        ("payload", models.TextField(default=dict)),
                        ("state", models.CharField(default="waiting", max_length=20)),
                        ("tries", models.PositiveSmallIntegerField(default=0)),
                        ("next_try_at", models.DateTimeField(blank=True, null=True)),
                        ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("error", models.CharField(blank=True, max_length=300)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("delivered_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "ordering": ("-created_at",),
                        "indexes": [models.Index(fields=["state", "next_try_at"], name="delivery_by_next_try")],
                    },
                ),
                migrations.CreateModel(
                    name="ImportedRun",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="imported_runs",
                                to="accounts.project",
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("sha256", models.CharField(max_length=64)),
                        ("columns", models.TextField(default=dict)),
                        ("counted_in", models.CharField(default="step", max_length=10)),
                        ("points", models.TextField(default=dict)),
                        ("steps", models.PositiveIntegerField(default=0)),
                        ("figures", models.PositiveIntegerField(default=0)),
                        ("recipe", models.TextField(default=dict)),
                        ("rows_train", models.PositiveIntegerField(blank=True, null=True)),
                        ("rows_validation", models.PositiveIntegerField(blank=True, null=True)),
                        ("epochs", models.FloatField(blank=True, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [models.Index(fields=["project", "-created_at"], name="imported_run_by_project")],
                    },
                ),
                migrations.CreateModel(
                    name="Inspection",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="inspections",
                                to="datasets_app.snapshot",
                            ),
                        ),
                        ("profile", models.CharField(max_length=40)),
                        ("base_model", models.CharField(blank=True, max_length=200)),
                        ("version", models.CharField(max_length=12)),
                        ("state", models.CharField(default="waiting", max_length=10)),
                        ("position", models.PositiveIntegerField(default=0)),
                        ("rows", models.PositiveIntegerField(default=0)),
                        ("findings", models.TextField(default=dict)),
                        ("lengths", models.TextField(default=dict)),
                        ("traits", models.TextField(default=dict)),
                        ("encoder", models.CharField(blank=True, max_length=40)),
                        ("exact", models.BooleanField(default=False)),
                        ("limit", models.PositiveIntegerField(blank=True, null=True)),
                        ("asked_at", models.DateTimeField(auto_now_add=True)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("snapshot", "profile", "base_model"), name="one_inspection_per_target"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JobEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="events",
                                to="jobs_app.job",
                            ),
                        ),
                        ("provider_id", models.CharField(max_length=100)),
                        ("at", models.DateTimeField()),
                        ("level", models.CharField(max_length=10)),
                        ("message", models.TextField()),
                        ("data", models.TextField(null=True)),
                        ("raw", models.TextField(null=True)),
                    ],
                    options={
                        "ordering": ("at", "id"),
                        "constraints": [
                            models.UniqueConstraint(fields=("job", "provider_id"), name="one_row_per_event")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JobMetric",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="metrics",
                                to="jobs_app.job",
                            ),
                        ),
                        ("step", models.PositiveIntegerField()),
                        ("name", models.CharField(max_length=60)),
                        ("value", models.FloatField()),
                    ],
                    options={
                        "ordering": ("step", "name"),
                        "constraints": [
                            models.UniqueConstraint(fields=("job", "name", "step"), name="one_value_per_step")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JobMove",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="moves", to="jobs_app.job"
                            ),
                        ),
                        ("before", models.CharField(max_length=20)),
                        ("after", models.CharField(max_length=20)),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "ordering": ("id",),
                    },
                ),
                migrations.CreateModel(
                    name="ModelVersion",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="model_versions",
                                to="accounts.project",
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="model_versions",
                                to="jobs_app.job",
                            ),
                        ),
                        (
                            "checkpoint",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="model_versions",
                                to="jobs_app.checkpoint",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="model_versions",
                                to="jobs_app.connection",
                            ),
                        ),
                        ("alias", models.CharField(max_length=100, verbose_name="alias")),
                        ("model", models.CharField(max_length=200, verbose_name="model")),
                        ("contract", models.TextField(default=dict)),
                        ("stage", models.CharField(default="candidate", max_length=20)),
                        ("serving", models.CharField(default="ready", max_length=20)),
                        ("serving_says", models.CharField(blank=True, max_length=300)),
                        ("deployment", models.CharField(blank=True, max_length=200)),
                        ("serving_checked_at", models.DateTimeField(blank=True, null=True)),
                        ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "constraints": [
                            models.UniqueConstraint(fields=("project", "alias"), name="one_model_alias_per_project"),
                            models.UniqueConstraint(fields=("job", "model"), name="one_version_per_tuned_model"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Price",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="prices",
                                to="accounts.project",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40, verbose_name="provider")),
                        ("base_model", models.CharField(max_length=200, verbose_name="base model")),
                        ("item", models.CharField(max_length=20)),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=12, verbose_name="price")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("valid_from", models.DateField(verbose_name="valid from")),
                        ("source", models.CharField(max_length=300, verbose_name="source")),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("kind", "base_model", "item", "-valid_from", "-created_at"),
                        "indexes": [models.Index(fields=["project", "kind", "base_model"], name="price_of_a_model")],
                    },
                ),
                migrations.CreateModel(
                    name="Receipt",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="receipts",
                                to="jobs_app.connection",
                            ),
                        ),
                        ("webhook_id", models.CharField(max_length=200)),
                        ("kind", models.CharField(blank=True, max_length=100)),
                        ("received_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-received_at",),
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "webhook_id"), name="one_receipt_per_webhook")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SeenModel",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="seen_models",
                                to="jobs_app.connection",
                            ),
                        ),
                        ("model", models.CharField(max_length=200)),
                        ("sunset_at", models.DateField(blank=True, null=True)),
                        ("seen_at", models.DateTimeField()),
                        ("raw", models.TextField(null=True)),
                    ],
                    options={
                        "ordering": ("model",),
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "model"), name="one_row_per_seen_model")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Trial",
                    fields=[
                        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                        ("model", models.CharField(max_length=200, verbose_name="model")),
                        ("seed", models.BigIntegerField(default=0)),
                        ("decoding", models.TextField(default=dict)),
                        ("system_prompt", models.TextField(blank=True)),
                        ("contract", models.TextField(default=dict)),
                        ("examples", models.TextField(default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("cancelled", "cancelled"),
                                    ("failed", "failed"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("prompt_tokens", models.PositiveBigIntegerField(default=0)),
                        ("completion_tokens", models.PositiveBigIntegerField(default=0)),
                        ("price_input", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("price_output", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("estimate", models.TextField(default=dict)),
                        ("cost", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("next_at", models.DateTimeField(blank=True, null=True)),
                        ("says", models.CharField(blank=True, max_length=300)),
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
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "advice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="trials", to="jobs_app.advice"
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="trials",
                                to="jobs_app.connection",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="trials",
                                to="jobs_app.modelversion",
                            ),
                        ),
                        ("shots", models.PositiveSmallIntegerField(default=0)),
                        ("side", models.CharField(max_length=10)),
                        ("snapshot_number", models.PositiveIntegerField()),
                        ("total", models.PositiveIntegerField(default=0)),
                        ("asked", models.PositiveIntegerField(default=0)),
                        ("strict", models.PositiveIntegerField(default=0)),
                        ("lenient", models.PositiveIntegerField(default=0)),
                        ("errored", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="TrialCase",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "trial",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="jobs_app.trial"
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets_app.sample"
                            ),
                        ),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.revision",
                            ),
                        ),
                        ("outcome", models.CharField(blank=True, max_length=10)),
                        ("answer", models.TextField(blank=True)),
                        ("finish_reason", models.CharField(blank=True, max_length=40)),
                        ("findings", models.TextField(default=list)),
                        ("prompt_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("completion_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("cost", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("number",),
                        "constraints": [
                            models.UniqueConstraint(fields=("trial", "number"), name="one_case_per_number_of_a_trial")
                        ],
                    },
                ),
            ]
        ),
    ]
