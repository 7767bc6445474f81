"""The trigram index behind text search: FTS5 beside SampleText on SQLite (kept by triggers), pg_trgm on PostgreSQL."""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE datasets_app_search USING fts5(
        text, content='datasets_app_sampletext', content_rowid='sample_id', tokenize='trigram')""",
    """CREATE VIRTUAL TABLE datasets_app_search_terms USING fts5vocab(datasets_app_search, row)""",
    """CREATE TRIGGER datasets_app_search_insert AFTER INSERT ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(rowid, text) VALUES (new.sample_id, new.text); END""",
    """CREATE TRIGGER datasets_app_search_delete AFTER DELETE ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(datasets_app_search, rowid, text)
        VALUES ('delete', old.sample_id, old.text); END""",
    """CREATE TRIGGER datasets_app_search_update AFTER UPDATE OF text ON datasets_app_sampletext BEGIN
        INSERT INTO datasets_app_search(datasets_app_search, rowid, text)
        VALUES ('delete', old.sample_id, old.text);
        INSERT INTO datasets_app_search(rowid, text) VALUES (new.sample_id, new.text); END""",
]
POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX sampletext_trigrams ON datasets_app_sampletext USING gin (text gin_trgm_ops)",
]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER datasets_app_search_{name}")
        schema_editor.execute("DROP TABLE datasets_app_search_terms")
        schema_editor.execute("DROP TABLE datasets_app_search")
    else:
        schema_editor.execute("DROP INDEX sampletext_trigrams")


class Migration(migrations.Migration):
    dependencies = [("datasets_app", "0001_datasets_to_exports")]
    operations = [migrations.RunPython(forwards, backwards)]
