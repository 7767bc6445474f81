"""Text search on PostgreSQL by pairs of characters, instead of trigrams: two characters of Chinese are a word, and a
trigram index knows nothing shorter than three. (The trigrams were never asked either: a search that minds no case reads
`upper(text)`, which no index was about.)

`datasets_app_pairs(text)` are the pairs of neighbours in a text, regardless of case, as a tsvector;
`datasets_app_asked(text)` is the tsquery for the pairs of what is looked for. Each text's last character stands alone
as well, so one character is found by what begins with it. What has the pairs may still lack the text: the texts found
are read. A text of which there would be more pairs than a tsvector holds is found by every query.

The index is built without locking the table (CONCURRENTLY), so this is no transaction, and may be made again after it
broke off.
"""

from django.db import migrations

# A text of even length cut in twos ends with a separator, one of odd length does not: so the two cuts are joined by it.
PAIRS = r"""
CREATE OR REPLACE FUNCTION datasets_app_pairs(given text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
DECLARE
    upped text := upper(given);
    cut text;
    cut_between text;
BEGIN
    IF octet_length(upped) > 400000 THEN
        RETURN array_to_tsvector(ARRAY[E'\x01']);
    END IF;
    IF strpos(upped, E'\x01') > 0 THEN
        upped := translate(upped, E'\x01', ' ');
    END IF;
    cut := regexp_replace(upped, '(..)', E'\\1\x01', 'g');
    cut_between := regexp_replace(substr(upped, 2), '(..)', E'\\1\x01', 'g');
    IF right(cut, 1) = E'\x01' THEN
        RETURN array_to_tsvector(string_to_array(cut || cut_between, E'\x01'));
    END IF;
    RETURN array_to_tsvector(string_to_array(cut_between || cut, E'\x01'));
END $$
"""
ASKED = r"""
CREATE OR REPLACE FUNCTION datasets_app_asked(given text) RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    upped text := translate(upper(given), E'\x01', ' ');
    asked text;
BEGIN
    IF length(upped) = 1 THEN
        asked := '''' || replace(replace(upped, '\', '\\'), '''', '''''') || ''':*';
    ELSE
        SELECT string_agg(DISTINCT '''' || replace(replace(pair, '\', '\\'), '''', '''''') || '''', ' & ') INTO asked
        FROM (SELECT substr(upped, at, 2) AS pair FROM generate_series(1, length(upped) - 1) AS at) AS pairs;
    END IF;
    RETURN (E'\'\x01\' | (' || asked || ')')::tsquery;
END $$
"""
FORWARDS = (
    PAIRS,
    ASKED,
    "DROP INDEX CONCURRENTLY IF EXISTS sampletext_pairs",
    "CREATE INDEX CONCURRENTLY sampletext_pairs ON datasets_app_sampletext USING gin (datasets_app_pairs(text))",
    # The planner need not know how often each pair stands: reading a part of the texts tells it better.
    "ALTER INDEX sampletext_pairs ALTER COLUMN 1 SET STATISTICS 0",
    "DROP INDEX CONCURRENTLY IF EXISTS sampletext_trigrams",
)
BACKWARDS = (
    "DROP INDEX CONCURRENTLY IF EXISTS sampletext_trigrams",
    "CREATE INDEX CONCURRENTLY sampletext_trigrams ON datasets_app_sampletext USING gin (text gin_trgm_ops)",
    "DROP INDEX CONCURRENTLY IF EXISTS sampletext_pairs",
    "DROP FUNCTION IF EXISTS datasets_app_asked(text)",
    "DROP FUNCTION IF EXISTS datasets_app_pairs(text)",
)


def forwards(apps, schema_editor):
    for statement in FORWARDS if schema_editor.connection.vendor == "postgresql" else ():
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in BACKWARDS if schema_editor.connection.vendor == "postgresql" else ():
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("datasets_app", "0017_lists_pass_over_without_reading")]
    operations = [migrations.RunPython(forwards, backwards)]
