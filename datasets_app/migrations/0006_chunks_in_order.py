"""Chunks know the keys of their samples, repetitions are found along one index, and the text index gathers more
before it writes: larger pieces, merged less often, take half the time."""

from django.conf import settings
from django.db import migrations, models

# https://www.sqlite.org/fts5.html#configuration_options; the numbers are measured, see benchmarks/README.md
SEARCH = {"hashsize": 16 << 20, "automerge": 16, "crisismerge": 32}
BEFORE = {"hashsize": 1 << 20, "automerge": 4, "crisismerge": 16}  # SQLite's own


def configure(schema_editor, values):
    if schema_editor.connection.vendor == "sqlite":
        for name, value in values.items():
            schema_editor.execute(
                "INSERT INTO datasets_app_search(datasets_app_search, rank) VALUES (%s, %s)", (name, value)
            )


def forwards(apps, schema_editor):
    configure(schema_editor, SEARCH)


def backwards(apps, schema_editor):
    configure(schema_editor, BEFORE)


class Migration(migrations.Migration):
    dependencies = [
        ("datasets_app", "0005_loss_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RemoveIndex(model_name="sample", name="sample_by_fingerprint"),
        migrations.AddField(model_name="uploadchunk", name="first_sample", field=models.BigIntegerField(null=True)),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(fields=["dataset", "fingerprint", "position"], name="sample_by_fingerprint"),
        ),
        migrations.RunPython(forwards, backwards),
    ]
