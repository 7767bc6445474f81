import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_projects_and_audit"),
        ("datasets_app", "0002_trigram_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
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
                ("error", models.TextField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="BulkChangeEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("base_revision", models.PositiveIntegerField()),
                ("edits", models.TextField()),
                ("state", models.CharField(default="planned", max_length=10)),
                ("revision", models.PositiveIntegerField(null=True)),
            ],
            options={
                "ordering": ("position",),
            },
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("media_type", models.CharField(max_length=20)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("bytes", models.PositiveIntegerField()),
                ("file", models.FileField(max_length=200, upload_to="images/")),
                ("thumbnail", models.FileField(max_length=200, upload_to="images/")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
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
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="UploadChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("lease_key", models.CharField(blank=True, editable=False, max_length=32)),
                ("number", models.PositiveIntegerField()),
                ("offset", models.BigIntegerField()),
                ("length", models.BigIntegerField()),
                ("line", models.PositiveIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("position", models.PositiveIntegerField()),
                ("done", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=40)),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.AddField(
            model_name="dataset",
            name="base_model",
            field=models.CharField(blank=True, max_length=100, verbose_name="base model"),
        ),
        migrations.AddField(
            model_name="dataset",
            name="contrast_template",
            field=models.TextField(blank=True, verbose_name="contrast template"),
        ),
        migrations.AddField(
            model_name="dataset",
            name="licence",
            field=models.CharField(blank=True, max_length=100, verbose_name="licence"),
        ),
        migrations.AddField(
            model_name="dataset",
            name="task",
            field=models.CharField(blank=True, max_length=20, verbose_name="kind of task"),
        ),
        migrations.AddField(
            model_name="export",
            name="options",
            field=models.TextField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="findingrow",
            name="waived",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="revision",
            name="style",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="sample",
            name="cluster",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="sample",
            name="label",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="sample",
            name="pinned",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="sample",
            name="question",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="mix",
            field=models.TextField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="stratify_by",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="snapshotentry",
            name="mixed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="upload",
            name="container",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="upload",
            name="encoding",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="upload",
            name="licence",
            field=models.CharField(blank=True, max_length=100, verbose_name="licence"),
        ),
        migrations.AddField(
            model_name="upload",
            name="lines",
            field=models.FileField(blank=True, max_length=200, upload_to="uploads/"),
        ),
        migrations.AddField(
            model_name="upload",
            name="mapping",
            field=models.TextField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="upload",
            name="side",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="upload",
            name="spread",
            field=models.TextField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="upload",
            name="spread_by",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="upload",
            name="strict",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="export",
            name="state",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="upload",
            name="state",
            field=models.CharField(
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
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(fields=["dataset", "question"], name="sample_by_question"),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(
                condition=models.Q(("label", ""), _negated=True),
                fields=["dataset", "label", "position"],
                name="sample_by_label",
            ),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(
                condition=models.Q(("cluster__gt", 0)),
                fields=["dataset", "cluster", "position"],
                name="sample_by_cluster",
            ),
        ),
        migrations.AddField(
            model_name="bulkchange",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="bulkchange",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="bulk_changes", to="datasets_app.dataset"
            ),
        ),
        migrations.AddField(
            model_name="bulkchangeentry",
            name="change",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="entries",
                to="datasets_app.bulkchange",
            ),
        ),
        migrations.AddField(
            model_name="bulkchangeentry",
            name="sample",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets_app.sample"
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="images",
                to="accounts.project",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="dataset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="scans", to="datasets_app.dataset"
            ),
        ),
        migrations.AddField(
            model_name="uploadchunk",
            name="upload",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chunks",
                to="datasets_app.upload",
            ),
        ),
        migrations.AddField(
            model_name="waiver",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="waiver",
            name="dataset",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="waivers",
                to="datasets_app.dataset",
            ),
        ),
        migrations.AddField(
            model_name="waiver",
            name="sample",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="waivers",
                to="datasets_app.sample",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkchangeentry",
            constraint=models.UniqueConstraint(fields=("change", "position"), name="one_bulk_entry_per_position"),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.UniqueConstraint(fields=("project", "sha256"), name="one_image_per_content"),
        ),
        migrations.AddConstraint(
            model_name="uploadchunk",
            constraint=models.UniqueConstraint(fields=("upload", "number"), name="one_chunk_per_number"),
        ),
        migrations.AddIndex(
            model_name="waiver",
            index=models.Index(fields=["dataset", "rule"], name="waiver_by_rule"),
        ),
        migrations.AddConstraint(
            model_name="waiver",
            constraint=models.UniqueConstraint(fields=("sample", "rule"), name="one_waiver_per_rule"),
        ),
    ]
