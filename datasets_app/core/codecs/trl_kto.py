"""TRL KTO: `{"prompt", "completion", "label"}`, where the label says whether the answer is a good one (facts §13).

A pair becomes two rows. A row labelled false alone is a sample whose answer is still to be written.
"""

from __future__ import annotations

from datasets_app.core.codecs import _trl as trl
from datasets_app.core.codecs._chat import beside
from datasets_app.core.codecs._pairs import joined, parted
from datasets_app.core.codecs._texts import remembering
from datasets_app.core.codecs.base import (
    KEYS,
    PLAIN,
    Codec,
    CodecError,
    Setting,
    in_order,
    no_pair,
    not_carried,
    ordered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_OWN = ("prompt", "completion", "label")


class TRLKTO(Codec):
    """Carries right and wrong answers, each in a row of its own."""

    name = "trl-kto"
    label = Text("TRL KTO: answers labelled good or bad")
    precedence = 12
    pairs = True
    examples = (
        {
            "prompt": [{"role": "user", "content": "France?"}],
            "completion": [{"role": "assistant", "content": "Lyon"}],
            "label": False,
        },
        {"prompt": "明天会下雨吗？", "completion": "会下雨", "label": True},
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        return isinstance(record.get("label"), bool) and all(
            isinstance(record.get(key), str | list) for key in ("prompt", "completion")
        )

    def decode(self, record: dict[str, Json]) -> Sample:
        prompt, text = trl.read_side(record, "prompt", "user")
        answer, plain = trl.read_answer(record, "completion")
        label = record.get("label")
        if not isinstance(label, bool):
            raise CodecError("preference-missing", Text("“label” must be true or false."), "/label")
        tools, extras = trl.read_beside(record, _OWN)
        texts: list[Json] = [key for key, was in zip(_OWN, (text, plain), strict=False) if was]
        right, wrong = (answer, ()) if label else ((), answer)
        sample = joined(prompt, right, wrong, tools, extras, path="/completion")
        sample = remembering(sample, {trl.TEXT: texts} if texts else {})
        return in_order(sample, (*_OWN, *beside(sample)), record)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        rows = self.rows(sample, setting)
        if len(rows) > 1:
            raise CodecError(
                "not-carried", Text("{format} writes a pair as two rows.", format=self.label), fields=("rejected",)
            )
        return rows[0]

    def rows(self, sample: Sample, setting: Setting = PLAIN) -> tuple[dict[str, Json], ...]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        prompt, answer = parted(sample)
        judged = [(turns, label) for turns, label in ((answer, True), (sample.rejected, False)) if turns]
        if not judged or not prompt or any(turns[-1].role != "assistant" for turns, _ in judged):
            raise no_pair(self)
        if sample.rejected and prompt[-1].role == "assistant":
            raise CodecError(
                "turns-not-alternating", Text("Two answers follow each other."), f"/messages/{len(prompt) - 1}"
            )
        return tuple(_row(sample, prompt, turns, label) for turns, label in judged)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        return tuple(dict.fromkeys(trl.lost_of_row(sample, _OWN)))

    def reduce(self, sample: Sample) -> Sample:
        return trl.reduced_row(sample, _OWN, rejected=True)


def _row(sample: Sample, prompt: tuple[Message, ...], answer: tuple[Message, ...], label: bool) -> dict[str, Json]:
    found = {
        "prompt": trl.write_side(sample, "prompt", prompt),
        "completion": trl.write_side(sample, "completion", answer),
        "label": label,
        **beside(sample),
    }
    return ordered(found, sample.extras.get(KEYS))


CODEC = TRLKTO()
