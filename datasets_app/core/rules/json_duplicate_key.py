"""A key that stands twice in a JSON answer."""

from __future__ import annotations

from datasets_app.core.examples import chat
from datasets_app.core.rules.json_invalid import _CONTRACT, JsonInvalid
from ftstudio.errors import Text


class JsonDuplicateKey(JsonInvalid):
    name = "json-duplicate-key"
    title = Text("Key appears twice")
    help = Text(
        "When a key stands twice in one object, readers silently keep one of the values, and not all the same one."
    )
    good = ((chat("Li, 30", '{"name": "Li"}'), _CONTRACT),)
    bad = ((chat("Li, 30", '{"name": "Li", "name": "Lu"}'), _CONTRACT),)
    codes = ("json-duplicate-key",)


RULE = JsonDuplicateKey()
