"""Alpaca: `{"instruction", "input", "output"}`, and what LLaMA-Factory adds (facts §13).

The question is the instruction, a newline and the input. `history` is earlier turns as [question, answer], a pair has
`chosen` and `rejected` in place of `output`, `kto_tag` false says that the output is a wrong answer. A trainer asks for
one of the three kinds and leaves the rows of the others out, so a file has rows of one kind.
"""

from __future__ import annotations

from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._carrying import reduced
from datasets_app.core.codecs._pairs import is_pair
from datasets_app.core.codecs._tags import tagged, untagged
from datasets_app.core.codecs._texts import (
    TEXTS,
    answer_from,
    answer_text,
    asked,
    lost_of_texts,
    parts_of_question,
    remembering,
    text_of,
)
from datasets_app.core.codecs.base import (
    ANSWER,
    KEYS,
    PLAIN,
    RESERVED,
    Codec,
    CodecError,
    Kinds,
    Setting,
    no_pair,
    not_carried,
    only_rejected,
    ordered,
    refuse_reserved,
    remembered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_OWN = ("instruction", "input", "output", "system", "history", "chosen", "rejected", "kto_tag", "images")
_OPTIONAL = ("input", "system", "history")  # written empty where the source had them so, left out where it had not


class Alpaca(Codec):
    """Carries pairs too; of the turns only their texts, in the order system, then question and answer in turn."""

    name = "alpaca"
    label = Text("Alpaca: instruction, input, output")
    precedence = 8
    pairs = True
    mixes = True
    pictures = images.TAG
    examples = (
        {"instruction": "Name the capital.", "input": "France", "output": "Paris"},
        {"instruction": "明天呢？", "input": "", "output": "会下雨", "system": "简短", "history": [["你好", "您好"]]},
        {"instruction": "明天会下雨吗？", "input": "", "chosen": "会下雨", "rejected": "会下雨，会下雨。", "id": 7},
        {"output": "<think>\nA city.\n</think>\n\nParis", "instruction": "Capital of France?"},
        {"instruction": "<image>What is this?", "input": "", "output": "A cat", "images": ["cat.png"]},
        {"instruction": "1+1?", "input": "", "output": "3", "kto_tag": False},
    )  # fmt: skip

    def recognises(self, record: dict[str, Json]) -> bool:
        return isinstance(record.get("instruction"), str) and not record.keys().isdisjoint(("output", "chosen"))

    def decode(self, record: dict[str, Json]) -> Sample:
        refuse_reserved(record)
        question, form = asked(text_of(record, "instruction", needed=True), text_of(record, "input"))
        system = text_of(record, "system")
        turns = [Message("system", system)] if system else []
        turns += _history(record.get("history"))
        turns.append(Message("user", question))
        key = "chosen" if "chosen" in record else "output"
        wrong: tuple[Message, ...] = ()
        extras = {name: value for name, value in record.items() if name not in _OWN}
        written = answer_from(text_of(record, key, needed=True))
        answer: Message | None = written
        if null := [name for name in _OPTIONAL if name in record and record[name] is None]:
            form["null"] = null
        if key == "chosen":
            wrong = (answer_from(text_of(record, "rejected", needed=True)),)
            extras.update((name, record[name]) for name in ("output", "kto_tag") if name in record)
        else:
            extras.update((name, record[name]) for name in ("rejected",) if name in record)
            if record.get("kto_tag") is False:
                wrong, answer = (written,), None
            elif record.get("kto_tag") is True:
                form["kto"] = True
            elif "kto_tag" in record:
                extras["kto_tag"] = record["kto_tag"]
        messages = (*turns, answer) if answer is not None else tuple(turns)
        pictured = untagged(messages, record.get("images"))
        if pictured is None and "images" in record:
            extras["images"] = record["images"]
        sample = remembering(Sample(pictured or messages, (), wrong, extras), form)
        if null or tuple(_parts_of(sample)) != tuple(record):
            sample = replace(sample, extras={**sample.extras, KEYS: list(record)})
        return sample

    def for_file(self, kinds: Kinds) -> Codec:
        if kinds.came_wrong:
            return _JUDGED
        return _PAIRS if kinds.pairs and not kinds.right else _ANSWERS

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        found = _parts_of(sample)
        order = sample.extras.get(KEYS)
        if not order:
            return found
        empty: dict[str, Json] = {"input": "", "system": "", "history": []}
        null = remembered(sample.extras).get("null", ())
        for name in _OPTIONAL:
            if name in order and not found.get(name):
                found[name] = None if name in null else empty[name]
            elif found.get(name) == "":
                del found[name]
        return ordered(found, order)

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(lost_of_texts(sample.messages, sample.rejected, TEXTS))
        if not _alternates(sample):
            fields["messages"] = None
        if sample.messages[0].role == "system" and not sample.messages[0].text:
            fields["system"] = None  # an empty system text is none
        if sample.tools:
            fields["tools"] = None
        if ANSWER in sample.extras and sample.rejected:
            fields["rejected"] = None
        left = replace(sample, rejected=()) if "rejected" in fields else sample
        for key, value in sample.extras.items():
            if key in _OWN and not _stays(left, key, value):
                fields[key] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        fields = self.losses(sample)
        if "messages" in fields or (sample.answer is None and "rejected" in fields):
            raise CodecError(
                "turns-not-alternating",
                Text("Alpaca holds questions and answers in turn, after one system text at most: write it as a chat."),
                "/messages",
                fields,
            )
        final = len(sample.messages) - 1
        turns = tuple(
            reduced(message, TEXTS, f"/messages/{at}", last=at == final) for at, message in enumerate(sample.messages)
        )
        if "images" in fields or "content" in fields:
            turns = tuple(replace(turn, content=turn.text) for turn in turns)
        if "system" in fields and turns[0].role == "system" and not turns[0].text:
            turns = turns[1:]  # the lost field may also be an extra key of this name, beside an empty question
        extras = {key: value for key, value in sample.extras.items() if key not in fields and key != ANSWER}
        return Sample(turns, (), () if "rejected" in fields else sample.rejected, extras)


class _Answers(Alpaca):
    """Right answers alone: of a pair the right one is written."""

    pairs = False

    def losses(self, sample: Sample) -> tuple[str, ...]:
        if not sample.rejected:
            return super().losses(sample)
        return tuple(dict.fromkeys((*super().losses(replace(sample, rejected=())), "rejected")))

    def reduce(self, sample: Sample) -> Sample:
        if sample.rejected and sample.answer is None:
            raise only_rejected(sample)
        return super().reduce(replace(sample, rejected=()))


class _Pairs(Alpaca):
    """Pairs and nothing else."""

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if not is_pair(sample) and not self.losses(sample):
            raise no_pair(self)
        return super().encode(sample, setting)


class _Judged(Alpaca):
    """Answers with a tag that says whether they are good: a pair is two rows."""

    def rows(self, sample: Sample, setting: Setting = PLAIN) -> tuple[dict[str, Json], ...]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        apart = [sample]
        if is_pair(sample):
            apart = [replace(sample, rejected=()), replace(sample, messages=sample.messages[:-1])]
        return tuple(self.encode(_tagged_good(one), setting) for one in apart)


def _tagged_good(sample: Sample) -> Sample:
    """A right answer that is written with its tag; a wrong one always has it."""
    return remembering(sample, {**remembered(sample.extras), "kto": True})


def _history(value: Json) -> list[Message]:
    turns = []
    if value is not None and not isinstance(value, list):
        raise CodecError("messages-missing", Text("“history” must be a list of [question, answer]."), "/history")
    for at, pair in enumerate(value or ()):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise CodecError(
                "messages-missing", Text("“history” must be a list of [question, answer]."), f"/history/{at}"
            )
        turns += [Message("user", pair[0]), Message("assistant", pair[1])]
    return turns


def _parts_of(sample: Sample) -> dict[str, Json]:
    messages, addresses = tagged(sample.messages)
    system = ""
    if messages and messages[0].role == "system":
        system, messages = messages[0].text, messages[1:]
    answer = None
    if messages and messages[-1].role == "assistant":
        answer, messages = messages[-1], messages[:-1]
    instruction, more = parts_of_question(sample, messages[-1].text if messages else "")
    found: dict[str, Json] = {"instruction": instruction, "input": more}
    wrong = sample.rejected[-1] if sample.rejected else None
    if answer is not None and wrong is not None:
        found |= {"chosen": answer_text(answer), "rejected": answer_text(wrong)}
    else:
        found["output"] = answer_text(answer or wrong)
    if system:
        found["system"] = system
    if len(messages) > 1:
        found["history"] = [
            [question.text, reply.text] for question, reply in zip(messages[:-1:2], messages[1:-1:2], strict=True)
        ]
    if answer is None and wrong is not None:
        found["kto_tag"] = False
    elif wrong is None and remembered(sample.extras).get("kto"):
        found["kto_tag"] = True
    if addresses:
        found["images"] = addresses
    found.update((key, value) for key, value in sample.extras.items() if key not in RESERVED and key not in found)
    return found


def _alternates(sample: Sample) -> bool:
    roles = [message.role for message in sample.messages]
    if roles[:1] == ["system"]:
        roles = roles[1:]
    if roles[-1:] == ["assistant"]:
        roles = roles[:-1]
    elif not sample.rejected:
        return False
    return len(roles) % 2 == 1 and all(
        role == ("assistant" if at % 2 else "user") for at, role in enumerate(roles)
    )  # fmt: skip


def _stays(sample: Sample, key: str, value: Json) -> bool:
    """Whether an extra key that means something in this format is read back as the extra it is."""
    if key == "images":
        return not images.addresses(sample) and untagged(sample.messages, value) is None
    if key == "output":
        return bool(sample.rejected) and sample.answer is not None
    if key == "rejected":
        return not sample.rejected
    if sample.rejected:
        return key == "kto_tag" and sample.answer is not None
    return key == "kto_tag" and not isinstance(value, bool)


_ANSWERS, _PAIRS, _JUDGED = _Answers(), _Pairs(), _Judged()
CODEC = Alpaca()
