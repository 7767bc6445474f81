"""Evaluations and release gates; deployments and second jobs that are remembered; syntheses made from failures."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ftstudio.tables import NewTables


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_notifications_and_preferences"),
        ("datasets_app", "0014_upload_tags_by"),
        ("jobs_app", "0002_whole"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        NewTables(
            [
                migrations.CreateModel(
                    name="Evaluation",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("number", models.PositiveIntegerField()),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("side", models.CharField(max_length=10)),
                        ("seed", models.BigIntegerField(default=0)),
                        ("contract", models.TextField(default=dict)),
                        ("metrics", models.TextField(default=list)),
                        ("group_by", models.CharField(blank=True, max_length=200)),
                        ("verdict", models.TextField(default=dict)),
                        ("total", models.PositiveIntegerField(default=0)),
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
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "advice",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="evaluations",
                                to="jobs_app.advice",
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
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="evaluations",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "family",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="evaluations",
                                to="jobs_app.jobfamily",
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="evaluations",
                                to="accounts.project",
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evaluations",
                                to="datasets_app.snapshot",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.CreateModel(
                    name="Case",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("cluster", models.CharField(blank=True, max_length=64)),
                        ("tags", models.TextField(default=list)),
                        ("sent_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="datasets_app.revision",
                            ),
                        ),
                        (
                            "sample",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets_app.sample"
                            ),
                        ),
                        (
                            "evaluation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="cases",
                                to="jobs_app.evaluation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("number",),
                    },
                ),
                migrations.CreateModel(
                    name="Arm",
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
                        ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("number", models.PositiveSmallIntegerField()),
                        ("written_as", models.CharField(default="text", max_length=20)),
                        ("shots", models.PositiveSmallIntegerField(default=0)),
                        ("asked", models.PositiveIntegerField(default=0)),
                        ("strict", models.PositiveIntegerField(default=0)),
                        ("lenient", models.PositiveIntegerField(default=0)),
                        ("errored", models.PositiveIntegerField(default=0)),
                        ("scores", models.TextField(default=dict)),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="arms",
                                to="jobs_app.connection",
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
                        (
                            "version",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="arms",
                                to="jobs_app.modelversion",
                            ),
                        ),
                        (
                            "evaluation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="arms",
                                to="jobs_app.evaluation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("number",),
                    },
                ),
                migrations.CreateModel(
                    name="Outcome",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("verdict", models.CharField(blank=True, max_length=10)),
                        ("answer", models.TextField(blank=True)),
                        ("calls", models.TextField(default=list)),
                        ("finish_reason", models.CharField(blank=True, max_length=40)),
                        ("findings", models.TextField(default=list)),
                        ("scores", models.TextField(default=dict)),
                        ("tries", models.PositiveSmallIntegerField(default=0)),
                        ("seconds", models.FloatField(blank=True, null=True)),
                        ("prompt_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("completion_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("cost", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "arm",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="jobs_app.arm"
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="jobs_app.case"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("case__number",),
                    },
                ),
                migrations.CreateModel(
                    name="ReleaseGate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("conditions", models.TextField(default=list)),
                        ("least_cases", models.PositiveIntegerField(default=100)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "dataset",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="release_gate",
                                to="datasets_app.dataset",
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="release_gates",
                                to="accounts.project",
                            ),
                        ),
                        (
                            "updated_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.AddConstraint(
                    model_name="evaluation",
                    constraint=models.UniqueConstraint(fields=("project", "number"), name="one_evaluation_per_number"),
                ),
                migrations.AddConstraint(
                    model_name="case",
                    constraint=models.UniqueConstraint(fields=("evaluation", "number"), name="one_case_per_number"),
                ),
                migrations.AddConstraint(
                    model_name="arm",
                    constraint=models.UniqueConstraint(fields=("evaluation", "number"), name="one_arm_per_number"),
                ),
                migrations.AddConstraint(
                    model_name="outcome",
                    constraint=models.UniqueConstraint(fields=("arm", "case"), name="one_outcome_per_arm_and_case"),
                ),
                migrations.AddField(
                    model_name="job",
                    name="twins_at",
                    field=models.DateTimeField(blank=True, null=True),
                ),
                migrations.AddField(
                    model_name="modelversion",
                    name="deploy_asked_at",
                    field=models.DateTimeField(blank=True, null=True),
                ),
                migrations.AddIndex(
                    model_name="job",
                    index=models.Index(
                        condition=models.Q(("twins_at__isnull", False)), fields=["twins_at"], name="job_by_twins"
                    ),
                ),
                migrations.AddField(
                    model_name="synthesis",
                    name="evaluation",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="syntheses",
                        to="jobs_app.evaluation",
                    ),
                ),
            ]
        ),
    ]
