"""The history of the tables: complete, and readable long after our modules have moved."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

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
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    try:
        executor.migrate([("datasets_app", "0001_datasets_to_exports"), ("jobs_app", None)])
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert not MigrationExecutor(connection).migration_plan(newest)
