"""The history of the tables: complete, and readable long after our modules have moved."""

import ast
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from jobs_app.models import Connection, Evaluation
from tests.jobs.rows import make_snapshot

OURS = ("ftstudio", "datasets_app", "jobs_app")
FILES = sorted(path for app in OURS for path in (Path(settings.BASE_DIR) / app).rglob("migrations/0*.py"))


@pytest.mark.django_db
def test_whoever_changes_a_model_brings_the_migration_along():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def imported(path):
    """The top-level packages that the file imports; ftstudio/tables.py is theirs and stays."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "ftstudio.tables":
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_migration_hangs_on_no_module_of_ours(path):
    assert set(imported(path)).isdisjoint(OURS)


def test_every_migration_can_be_taken_back():
    loader = MigrationLoader(None)
    ours = [migration for (app, _), migration in loader.disk_migrations.items() if app in {"accounts", *OURS}]
    assert ours
    assert all(operation.reversible for migration in ours for operation in migration.operations)


@pytest.mark.django_db(transaction=True)
def test_the_search_index_can_be_taken_away_and_put_back():
    steps = MigrationLoader(None).disk_migrations
    [whole] = [one for one in steps.values() if one.app_label == "datasets_app" and one.replaces]
    pairs = steps["datasets_app", "0018_search_by_pairs"]
    making = [whole.operations[-1], pairs.operations[-1]]  # the second one for PostgreSQL, in place of the first
    nothing = ProjectState()
    assert searchable()
    for operation in reversed(making):
        with connection.schema_editor(atomic=operation not in pairs.operations) as editor:
            operation.database_backwards("datasets_app", editor, nothing, nothing)
    assert not searchable()
    for operation in making:
        with connection.schema_editor(atomic=operation not in pairs.operations) as editor:
            operation.database_forwards("datasets_app", editor, nothing, nothing)
    assert searchable()


def searchable():
    """Whether the text index of this database is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return "datasets_app_search" in connection.introspection.table_names(cursor)
        cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'sampletext_pairs'")
        return cursor.fetchone() is not None


@pytest.mark.django_db(transaction=True)
def test_what_was_measured_as_a_trial_is_an_evaluation_under_the_same_id(alice, project):
    snapshot = make_snapshot(alice, project, train=1, validation=2)
    stage = Connection.objects.create(project=project, name="Stage", kind="rehearsal", created_by=alice)
    before = ("jobs_app", "0003_evaluations")
    apps = migrated(before)
    try:
        record = apps.get_model("jobs_app", "Advice").objects.create(
            project_id=project.pk,
            dataset_id=snapshot.dataset_id,
            title="Rain",
            created_by_id=alice.pk,
            answers="{}",
            constraints="{}",
            options="[]",
            record="{}",
        )
        trial = apps.get_model("jobs_app", "Trial").objects.create(
            advice=record,
            connection_id=stage.pk,
            model="small",
            side="validation",
            snapshot_number=1,
            state="done",
            decoding='{"temperature":0}',
            contract='{"labels":{"values":["rain"]}}',
            examples="[]",
            estimate="{}",
            total=2,
            asked=2,
            strict=1,
            lenient=1,
            cost="0.000002",
            currency="USD",
            created_by_id=alice.pk,
        )
        held_out = snapshot.entries.filter(split="validation").values_list("sample_id", "revision_id")
        for number, (sample, revision) in enumerate(held_out, start=1):
            trial.cases.create(
                number=number,
                sample_id=sample,
                revision_id=revision,
                outcome=("passed", "failed")[number - 1],
                answer="rain 雨",
                findings="[]",
                cost="0.000001",
            )
        apps.get_model("jobs_app", "Advice").objects.update(measured=json.dumps([{"trial": str(trial.pk), "n": 2}]))
        to_the_newest()
        found = Evaluation.objects.get(pk=trial.pk)
        (arm,) = found.arms.all()
        assert (found.number, found.snapshot, found.state, found.created_at) == (1, snapshot, "done", trial.created_at)
        assert found.contract == {"labels": {"values": ["rain"]}}
        assert (arm.model, arm.strict, arm.cost, arm.decoding) == ("small", 1, Decimal("0.000002"), {"temperature": 0})
        assert (arm.scores["compliance"]["value"], arm.scores["compliance"]["n"]) == (0.5, 2)
        assert [one.verdict for one in arm.outcomes.all()] == ["passed", "failed"]
        assert [one.scores for one in arm.outcomes.all()] == [{"compliance": 1.0}, {"compliance": 0.0}]
        assert found.advice.measured == [{"evaluation": str(trial.pk), "n": 2}]
        apps = migrated(before)
        (old,) = apps.get_model("jobs_app", "Trial").objects.all()
        assert (old.pk, old.asked, old.cases.count(), old.created_at) == (trial.pk, 2, 2, trial.created_at)
        assert "trial" in apps.get_model("jobs_app", "Advice").objects.get().measured
    finally:
        to_the_newest()


def to_the_newest():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def migrated(to):
    """The tables as they are after one migration, and what they look like then."""
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return MigrationExecutor(connection).loader.project_state([to]).apps


@pytest.mark.parametrize("side", ["datasets_app", "jobs_app"])
def test_a_new_installation_gets_the_tables_that_an_older_one_has_grown_step_by_step(side):
    """The one migration for the new stands for all the steps, and for nothing else."""
    loader = MigrationLoader(None, replace_migrations=False)
    [whole] = [one for one in loader.disk_migrations.values() if one.app_label == side and one.replaces]
    grown = loader.project_state([whole.replaces[-1]])
    fresh = whole.mutate_state(loader.project_state(whole.dependencies))
    assert tables(fresh, side) == tables(grown, side)
    steps = {key for key in loader.disk_migrations if key[0] == side and key[1] <= whole.replaces[-1][1]}
    assert set(whole.replaces) == steps


def tables(state, side):
    """Every field, index and constraint of one side, as a migration would write it."""
    found = {}
    for (app, name), model in state.models.items():
        if app == side:
            found[name] = {field: repr(value.deconstruct()[1:]) for field, value in model.fields.items()}
            found[name]["indexes"] = sorted(repr(one.deconstruct()) for one in model.options.get("indexes", ()))
            found[name]["constraints"] = sorted(repr(one.deconstruct()) for one in model.options.get("constraints", ()))
            found[name]["ordering"] = model.options.get("ordering")
    return found
