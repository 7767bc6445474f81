"""ShareGPT KTO: `conversations` with a `kto_tag` that says whether the last answer is a good one (facts §13).

Its rows are rows of sharegpt-preference too, and detection says so: this format is asked for by name, for a trainer
that wants a tag on every row. A pair becomes two rows.
"""

from __future__ import annotations

from datasets_app.core.codecs.base import CodecError
from datasets_app.core.codecs.sharegpt_preference import Judged
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class ShareGPTKTO(Judged):
    """Carries what `sharegpt` carries, with right and wrong answers each in a row of its own."""

    name = "sharegpt-kto"
    label = Text("ShareGPT KTO: answers labelled good or bad")
    precedence = 21  # above sharegpt, below sharegpt-preference
    ranked = False
    examples = (
        {"conversations": [{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "3"}], "kto_tag": False},
        {
            "conversations": [{"from": "human", "value": "明天呢？"}, {"from": "gpt", "value": "会下雨"}],
            "kto_tag": True,
            "system": "你是天气助手",
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        return isinstance(record.get("kto_tag"), bool) and super().recognises(record)

    def decode(self, record: dict[str, Json]) -> Sample:
        if not isinstance(record.get("kto_tag"), bool):
            raise CodecError("preference-missing", Text("“{key}” must be true or false.", key="kto_tag"), "/kto_tag")
        return super().decode(record)


CODEC = ShareGPTKTO()
