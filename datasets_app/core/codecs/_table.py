"""A row of a table as a sample: what the codecs of CSV, Excel and Parquet share; they differ in their containers.

Read by the headings (see `core.headings`) or as a person mapped the columns; written as instruction, input, output,
system and rejected. Columns that are no part of the sample ride along as extra keys and cannot be written again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from datasets_app.core.codecs._carrying import reduced
from datasets_app.core.codecs._chat import usable
from datasets_app.core.codecs._dialect import Dialect
from datasets_app.core.codecs._sharegpt_row import read_tools
from datasets_app.core.codecs._sharegpt_turns import read_turns
from datasets_app.core.codecs._texts import (
    TEXTS,
    answer_from,
    answer_text,
    asked,
    lost_of_texts,
    parts_of_question,
    remembering,
)
from datasets_app.core.codecs._wire import read_messages
from datasets_app.core.codecs.base import (
    ANSWER,
    PLAIN,
    RESERVED,
    Codec,
    CodecError,
    Setting,
    not_carried,
    refuse_reserved,
)
from datasets_app.core.jsonl import Json, LineError, dump, parse_value
from datasets_app.core.samples import Message, Sample
from datasets_app.core.tables import REST, Mapping
from ftstudio.errors import Listed, Text

COLUMNS = ("instruction", "input", "output", "system", "rejected")
CELLS: Dialect = replace(TEXTS, images="")
_BETWEEN = re.compile(r"[,，;；、|\n]+")
_GOOD = frozenset(("true", "1", "1.0", "yes", "y", "good", "是", "对", "好", "正确"))
_BAD = frozenset(("false", "0", "0.0", "no", "n", "bad", "否", "错", "差", "错误"))


class TableCodec(Codec):
    """Single-turn text, with a rejected answer beside it if need be."""

    pairs = True
    exact = False  # the headings are those of the source
    tagged = "tags"
    examples: ClassVar[tuple[dict[str, Json], ...]] = (
        {"instruction": "译成英文", "input": "雨", "output": "rain", "system": "", "rejected": ""},
        {"instruction": "France?", "input": "", "output": "Paris", "system": "Short.", "rejected": "Lyon"},
        {"instruction": "1+1?", "input": "", "output": "", "system": "", "rejected": "3"},
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        if REST in record:
            return True
        return Mapping.guess(record) is not None and all(
            cell is None or isinstance(cell, str | int | float) for cell in record.values()
        )

    def decode(self, record: dict[str, Json]) -> Sample:
        if REST not in record:
            mapping = Mapping.guess(record)
            if mapping is None:
                raise CodecError(
                    "messages-missing",
                    Text(
                        "The columns {names} hold no question with an answer: say which column is what.",
                        names=Listed(str(name)[:40] for name in list(record)[:12]),
                    ),
                )
            record = mapping.apply(record)
        cells = {name: _text(value) for name, value in record.items() if name not in (REST, "messages")}
        rest = record[REST]
        refuse_reserved(rest)
        extras: dict[str, Json] = {name: value for name, value in rest.items() if value not in ("", None)}
        if tags := [tag for tag in map(str.strip, _BETWEEN.split(cells.get("tags", ""))) if tag]:
            extras["tags"] = tags
        if "messages" in record:
            return _conversation(record["messages"], cells, extras)
        return _single(cells, extras)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        question = next(message.text for message in sample.messages if message.role == "user")
        instruction, more = parts_of_question(sample, question)
        return {
            "instruction": instruction,
            "input": more,
            "output": answer_text(sample.answer),
            "system": sample.system.text if sample.system else "",
            "rejected": answer_text(sample.rejected[0]) if sample.rejected else "",
        }

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields = dict.fromkeys(lost_of_texts(sample.messages, sample.rejected, CELLS))
        if not _is_single(sample):
            fields["messages"] = None
        if any(not message.text for message in sample.rejected):
            fields["rejected"] = None
        if sample.tools:
            fields["tools"] = None
        fields.update((key, None) for key in sample.extras if key not in RESERVED)
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        fields = self.losses(sample)
        if not _is_single(sample) or (sample.answer is None and "rejected" in fields):
            raise CodecError(
                "not-carried",
                Text("A table holds one question and one answer to a row: this is a longer conversation, or less."),
                "/messages",
                fields,
            )
        final = len(sample.messages) - 1
        turns = tuple(
            reduced(message, CELLS, f"/messages/{at}", last=at == final) for at, message in enumerate(sample.messages)
        )
        kept = {key: value for key, value in sample.extras.items() if key in RESERVED and key != ANSWER}
        return Sample(turns, (), () if "rejected" in fields else sample.rejected, kept)


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dump(value).decode().rstrip("\n")


def _single(cells: dict[str, str], extras: dict[str, Json]) -> Sample:
    first, more = cells.get("instruction") or cells.get("user", ""), cells.get("input", "")
    question, form = asked(first, more)
    turns = [Message("system", cells["system"])] if cells.get("system") else []
    turns.append(Message("user", question))
    answer, wrong = cells.get("assistant", ""), cells.get("rejected", "")
    verdict = cells.get("label", "")
    if verdict.strip().lower() in _BAD and not wrong:
        answer, wrong = "", answer
    elif verdict and verdict.strip().lower() not in _GOOD:
        extras["label"] = verdict
    rejected = (answer_from(wrong),) if wrong else ()
    if answer or not wrong:
        turn = answer_from(answer)
        turns.append(replace(turn, reasoning=cells["reasoning"]) if cells.get("reasoning") else turn)
    return remembering(Sample(tuple(turns), (), rejected, extras), form)


def _conversation(value: Json, cells: dict[str, str], extras: dict[str, Json]) -> Sample:
    if isinstance(value, str):
        try:
            value = parse_value(value.encode())
        except (LineError, UnicodeEncodeError) as error:
            reason = error.text if isinstance(error, LineError) else ""
            raise CodecError(
                "json-invalid", Text("The column of messages is not JSON. {reason}", reason=reason), "/messages"
            ) from error
    turned = isinstance(value, list) and value and isinstance(value[0], dict) and "from" in value[0]
    messages = read_turns(value, "/messages") if turned else read_messages(value)
    tools = extras.get("tools")
    if usable(tools):
        return Sample(messages, tuple(extras.pop("tools")), _wrong(cells), extras)
    if found := read_tools(tools)[0]:
        del extras["tools"]
        return Sample(messages, found, _wrong(cells), extras)
    return Sample(messages, (), _wrong(cells), extras)


def _wrong(cells: dict[str, str]) -> tuple[Message, ...]:
    return (answer_from(cells["rejected"]),) if cells.get("rejected") else ()


def _is_single(sample: Sample) -> bool:
    """Whether it is one question with an answer or a rejected one, after at most one system text; none of it empty."""
    roles = [message.role for message in sample.messages]
    if roles[:1] == ["system"]:
        if not sample.messages[0].text:
            return False
        roles = roles[1:]
    if roles == ["user"]:
        return bool(sample.rejected)
    return roles == ["user", "assistant"] and not (sample.rejected and not sample.messages[-1].text)
