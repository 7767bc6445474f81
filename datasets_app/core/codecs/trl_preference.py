"""TRL preference: `{"prompt", "chosen", "rejected"}`, texts or lists of turns (facts §13).

The prompt may be implicit: the turns that `chosen` and `rejected` begin with together. A prompt that is a text beside
two lists of turns that both ask it is their last question, as TRL takes it, and no turn before them.
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
    remembered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_OWN = ("prompt", "chosen", "rejected")
_IMPLICIT = "implicit"  # in FORM: the prompt stood in both answers
_ASKED = "asked"  # in FORM under `implicit`: its question stood under `prompt` too


class TRLPreference(Codec):
    """Carries pairs of whole conversations with tools; no weights."""

    name = "trl-preference"
    label = Text("TRL preference pairs")
    precedence = 12
    pairs = True
    ranked = True
    examples = (
        {
            "prompt": [{"role": "user", "content": "France?"}],
            "chosen": [{"role": "assistant", "content": "Paris"}],
            "rejected": [{"role": "assistant", "content": "Lyon"}],
        },
        {"prompt": "明天会下雨吗？", "chosen": "会下雨", "rejected": "会下雨，会下雨。", "score": 0.5},
        {
            "chosen": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}],
            "rejected": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "3"}],
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        pair = [record.get(key) for key in ("chosen", "rejected")]
        if "prompt" in record:
            return isinstance(record["prompt"], str | list) and all(isinstance(side, str | list) for side in pair)
        return all(isinstance(side, list) and len(side) > 1 for side in pair) and "messages" not in record

    def decode(self, record: dict[str, Json]) -> Sample:
        chosen, chosen_text = trl.read_answer(record, "chosen")
        rejected, rejected_text = trl.read_answer(record, "rejected")
        prompt_text = False
        prompt = _common(chosen, rejected)
        implicit = "prompt" not in record or bool(prompt and _asks(prompt[-1], record["prompt"]))
        if implicit:
            chosen, rejected = chosen[len(prompt) :], rejected[len(prompt) :]
        else:
            prompt, prompt_text = trl.read_side(record, "prompt", "user")
        if not prompt:
            raise CodecError(
                "messages-missing", Text("There is no “prompt”, and both answers begin differently."), "/prompt"
            )
        tools, extras = trl.read_beside(record, _OWN)
        form: dict[str, Json] = {}
        if texts := [
            key for key, was in zip(_OWN, (prompt_text, chosen_text, rejected_text), strict=True) if was
        ]:  # fmt: skip
            form[trl.TEXT] = texts
        if implicit:
            form[_IMPLICIT] = _ASKED if "prompt" in record else True
        sample = remembering(joined(prompt, chosen, rejected, tools, extras), form)
        return in_order(sample, _written(sample), record)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        prompt, answer = parted(sample)
        if not (prompt and answer and sample.rejected and sample.rejected[-1].role == "assistant"):
            raise no_pair(self)
        return ordered(_written(sample), sample.extras.get(KEYS))

    def losses(self, sample: Sample) -> tuple[str, ...]:
        return tuple(dict.fromkeys(trl.lost_of_row(sample, _OWN)))

    def reduce(self, sample: Sample) -> Sample:
        return trl.reduced_row(sample, _OWN, rejected=True)


def _common(one: tuple[Message, ...], other: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns that both begin with, leaving each at least one."""
    shared = 0
    while shared < min(len(one), len(other)) - 1 and one[shared] == other[shared]:
        shared += 1
    return one[:shared]


def _asks(turn: Message, question: Json) -> bool:
    return turn.role == "user" and isinstance(question, str) and turn.content == question


def _written(sample: Sample) -> dict[str, Json]:
    prompt, answer = parted(sample)
    if implicit := remembered(sample.extras).get(_IMPLICIT):
        asked = (
            {"prompt": prompt[-1].text} if implicit == _ASKED and prompt and _asks(prompt[-1], prompt[-1].text) else {}
        )
        return {
            **asked,
            "chosen": trl.write_side(sample, "", (*prompt, *answer)),
            "rejected": trl.write_side(sample, "", (*prompt, *sample.rejected)),
            **beside(sample),
        }
    return {
        "prompt": trl.write_side(sample, "prompt", prompt),
        "chosen": trl.write_side(sample, "chosen", answer),
        "rejected": trl.write_side(sample, "rejected", sample.rejected),
        **beside(sample),
    }


CODEC = TRLPreference()
