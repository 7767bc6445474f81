from django.db import migrations


def remember(apps, schema_editor):
    """What each dataset's guideline says now becomes the first version that is kept word for word."""
    Guideline = apps.get_model("datasets_app", "Guideline")
    rows = apps.get_model("datasets_app", "Dataset").objects.exclude(guideline="")
    Guideline.objects.bulk_create(
        [
            Guideline(dataset_id=pk, number=number, text=text)
            for pk, number, text in rows.values_list("pk", "guideline_version", "guideline")
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("datasets_app", "0010_workbench")]
    operations = [migrations.RunPython(remember, migrations.RunPython.noop)]
