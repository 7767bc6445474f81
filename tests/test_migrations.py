"""The history of the tables: complete, and readable long after our modules have moved."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

OURS = ("ftstudio", "datasets_app", "jobs_app")
FILES = sorted(path for app in OURS for path in (Path(settings.BASE_DIR) / app).rglob("migrations/0*.py"))


@pytest.mark.django_db
def test_whoever_changes_a_model_brings_the_migration_along():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def imported(path):
    """The top-level packages that the file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
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
    [whole] = [
        one
        for one in MigrationLoader(None).disk_migrations.values()
        if one.app_label == "datasets_app" and one.replaces
    ]
    making = whole.operations[-1]
    nothing = ProjectState()
    with connection.schema_editor() as editor:
        making.database_backwards("datasets_app", editor, nothing, nothing)
    assert not searchable()
    with connection.schema_editor() as editor:
        making.database_forwards("datasets_app", editor, nothing, nothing)
    assert searchable()


def searchable():
    """Whether the text index of this database is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return "datasets_app_search" in connection.introspection.table_names(cursor)
        return "sampletext_trigrams" in connection.introspection.get_constraints(cursor, "datasets_app_sampletext")


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
