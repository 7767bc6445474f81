"""TRL prompt and completion: `{"prompt", "completion"}`, texts or lists of turns (facts §13)."""

from __future__ import annotations

from dataclasses import replace

from datasets_app.core.codecs import _trl as trl
from datasets_app.core.codecs._chat import beside
from datasets_app.core.codecs._pairs import joined, parted
from datasets_app.core.codecs._texts import remembering
from datasets_app.core.codecs.base import KEYS, PLAIN, Codec, CodecError, Setting, in_order, not_carried, ordered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_OWN = ("prompt", "completion")


class TRLPromptCompletion(Codec):
    """Carries whole conversations with tools; no weights, no rejected answer."""

    name = "trl-prompt-completion"
    label = Text("TRL prompt and completion")
    precedence = 5
    examples = (
        {
            "prompt": [{"role": "system", "content": "You name capitals."}, {"role": "user", "content": "France?"}],
            "completion": [{"role": "assistant", "content": "Paris"}],
        },
        {"prompt": "明天会下雨吗？", "completion": "会下雨", "id": 1},
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        return all(isinstance(record.get(key), str | list) for key in _OWN)

    def decode(self, record: dict[str, Json]) -> Sample:
        prompt, text = trl.read_side(record, "prompt", "user")
        answer, plain = trl.read_answer(record, "completion")
        tools, extras = trl.read_beside(record, _OWN)
        texts: list[Json] = [key for key, was in zip(_OWN, (text, plain), strict=True) if was]
        sample = remembering(joined(prompt, answer, (), tools, extras), {trl.TEXT: texts} if texts else {})
        return in_order(sample, (*_OWN, *beside(sample)), record)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        prompt, answer = parted(sample)
        if not answer or not prompt:
            raise CodecError(
                "last-turn-not-assistant",
                Text("{format} needs a question and the assistant's answer to it.", format=self.label),
                fields=("messages",),
            )
        found = {
            "prompt": trl.write_side(sample, "prompt", prompt),
            "completion": trl.write_side(sample, "completion", answer),
            **beside(sample),
        }
        return ordered(found, sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(trl.lost_of_row(replace(sample, rejected=()), _OWN))
        if sample.rejected:
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        return trl.reduced_row(sample, _OWN, rejected=False)


CODEC = TRLPromptCompletion()
