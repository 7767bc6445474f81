from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs_app", "0004_trials_become_evaluations")]

    operations = [migrations.DeleteModel(name="TrialCase"), migrations.DeleteModel(name="Trial")]
