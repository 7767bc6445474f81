"""A snapshot keeps the template of its contrast rows; those there are take the one that their dataset has now."""

from typing import Any

from django.db import migrations, models


def take_the_datasets(apps: Any, schema_editor: Any) -> None:
    dataset = apps.get_model("datasets_app", "Dataset")
    snapshot = apps.get_model("datasets_app", "Snapshot")
    for pk, template in dataset.objects.exclude(contrast_template="").values_list("pk", "contrast_template"):
        snapshot.objects.filter(dataset=pk).update(contrast_template=template)


class Migration(migrations.Migration):
    dependencies = [("datasets_app", "0008_lists_by_severity")]

    operations = [
        migrations.AddField(
            model_name="snapshot", name="contrast_template", field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(take_the_datasets, migrations.RunPython.noop),
    ]  # fmt: skip
