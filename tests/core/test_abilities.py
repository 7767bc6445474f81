"""What a page says of the formats before anything is exported."""

from __future__ import annotations

import pytest

from datasets_app.core.abilities import TABLES, groups, lacking
from datasets_app.core.codecs import CODECS, DEFAULT


def test_every_format_is_offered_once_and_openais_first():
    offered = [name for group in groups() for name in group.codecs]
    assert offered[0] == DEFAULT == "openai-chat"
    assert sorted(offered) == sorted(CODECS)
    assert groups()[-1].codecs == tuple(name for name in CODECS if name in TABLES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai-chat", []),
        ("ark-dpo", []),
        ("siliconflow", ["tools", "reasoning", "turns with weight 0", "pictures", "names", "other keys"]),
        ("together-sft", ["names", "other keys"]),
        ("sharegpt", ["ids of calls", "turns with weight 0", "names"]),
        ("openai-preference", ["pictures"]),
    ],
)
def test_what_a_format_lacks_is_what_its_documentation_says(name, words):
    assert [str(word) for word in lacking(name)] == words
