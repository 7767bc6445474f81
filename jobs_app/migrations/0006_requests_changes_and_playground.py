"""A request that is sent again begins no second evaluation; comparisons are kept; answers of the playground are booked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ftstudio.tables import NewTables


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_notifications_and_preferences"),
        ("datasets_app", "0015_revision_sources"),
        ("jobs_app", "0005_no_trials"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        NewTables(
            [
                migrations.CreateModel(
                    name="PlaygroundAnswer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("model", models.CharField(max_length=200)),
                        ("prompt_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("completion_tokens", models.PositiveIntegerField(blank=True, null=True)),
                        ("expected", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("cost", models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True)),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                    },
                ),
                migrations.AddField(
                    model_name="playgroundanswer",
                    name="connection",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="jobs_app.connection"
                    ),
                ),
                migrations.AddField(
                    model_name="playgroundanswer",
                    name="created_by",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                migrations.AddField(
                    model_name="playgroundanswer",
                    name="project",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project"
                    ),
                ),
                migrations.AddField(
                    model_name="playgroundanswer",
                    name="version",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs_app.modelversion",
                    ),
                ),
                migrations.AddIndex(
                    model_name="playgroundanswer",
                    index=models.Index(fields=["project", "created_at"], name="playground_by_project"),
                ),
                migrations.AddField(
                    model_name="arm",
                    name="changes",
                    field=models.TextField(default=dict),
                ),
                migrations.AddField(
                    model_name="evaluation",
                    name="client_id",
                    field=models.CharField(blank=True, max_length=40, null=True),
                ),
                migrations.AddConstraint(
                    model_name="evaluation",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("client_id__isnull", False)),
                        fields=("dataset", "created_by", "client_id"),
                        name="one_evaluation_per_request",
                    ),
                ),
            ]
        ),
    ]
