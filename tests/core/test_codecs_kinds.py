"""A file for trainers that take pairs, single answers or judged ones apart has rows of one kind, and says what is not
in it."""

from __future__ import annotations

import io
import json

import pytest

from datasets_app.core import converting
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.codecs.base import Kinds
from datasets_app.core.samples import Message, Sample

PAIRS, KTO, ALPACA = CODECS["sharegpt-preference"], CODECS["sharegpt-kto"], CODECS["alpaca"]
ASKED, RIGHT, WRONG = Message("user", "1+1?"), Message("assistant", "2"), Message("assistant", "3")
PAIR, GOOD, BAD = Sample((ASKED, RIGHT), rejected=(WRONG,)), Sample((ASKED, RIGHT)), Sample((ASKED,), rejected=(WRONG,))


def turns(row):
    return [turn["value"] for turn in row["conversations"]]


def test_a_file_of_pairs_takes_no_answer_that_stands_alone():
    codec = PAIRS.for_file(Kinds(pairs=True, right=True))
    assert codec.rows(PAIR)[0].keys() == {"conversations", "chosen", "rejected"}
    for alone in (GOOD, BAD):
        with pytest.raises(CodecError) as refused:
            codec.rows(alone)
        assert refused.value.code == "preference-missing"
        assert codec.losses(alone) == ()


@pytest.mark.parametrize(
    "codec", [KTO, PAIRS.for_file(Kinds(pairs=True, came_right=True)), PAIRS.for_file(Kinds(came_wrong=True))]
)
def test_a_file_of_judged_answers_has_a_tag_on_every_row_and_a_pair_as_two(codec):
    written = [(turns(row), row["kto_tag"]) for sample in (PAIR, GOOD, BAD) for row in codec.rows(sample)]
    right, wrong = (["1+1?", "2"], True), (["1+1?", "3"], False)
    assert written == [right, wrong, right, wrong]
    with pytest.raises(CodecError, match="two rows"):
        codec.encode(PAIR)
    assert [codec.decode(row) for row in codec.rows(PAIR)] == [GOOD, BAD]


def test_an_answer_to_an_answer_is_not_judged_in_a_row_that_nobody_could_read():
    with pytest.raises(CodecError, match="follow each other"):
        KTO.rows(Sample((ASKED, RIGHT, RIGHT), rejected=(WRONG,)))


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.name)
def test_the_form_of_a_format_for_a_file_bears_its_name_and_is_settled(codec):
    for kinds in (Kinds(), Kinds(pairs=True), Kinds(right=True), Kinds(pairs=True, right=True, came_wrong=True)):
        of_file = codec.for_file(kinds)
        assert of_file.name == codec.name
        assert codec.mixes or of_file is codec


def test_rows_of_judged_answers_are_told_as_the_general_format_and_a_row_without_a_tag_is_refused():
    assert KTO.recognises(KTO.examples[0])
    with pytest.raises(CodecError, match="kto_tag") as refused:
        KTO.decode(PAIRS.examples[0])
    assert refused.value.code == "preference-missing"


def test_a_file_of_answers_in_alpaca_takes_the_right_one_of_a_pair_and_names_the_other():
    codec = ALPACA.for_file(Kinds(pairs=True, right=True))
    assert codec.losses(PAIR) == ("rejected",)
    assert codec.rows(codec.reduce(PAIR)) == codec.rows(GOOD)
    assert codec.rows(GOOD)[0]["output"] == "2"
    with pytest.raises(CodecError, match="right one"):
        codec.reduce(BAD)


def test_a_file_of_nothing_but_pairs_in_alpaca_is_one_of_pairs():
    codec = ALPACA.for_file(Kinds(pairs=True))
    assert codec.rows(PAIR) == ALPACA.rows(PAIR)
    with pytest.raises(CodecError, match="right answer"):
        codec.rows(BAD)


def test_a_file_of_judged_answers_in_alpaca_has_a_tag_on_every_row():
    codec = ALPACA.for_file(Kinds(pairs=True, right=True, came_wrong=True))
    written = [(row["output"], row["kto_tag"]) for sample in (PAIR, GOOD, BAD) for row in codec.rows(sample)]
    assert written == [("2", True), ("3", False), ("2", True), ("3", False)]


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if not codec.pairs])
def test_a_format_of_answers_writes_no_question_without_one(name):
    """The wrong answer is left out, and what would be left is a row that teaches nothing."""
    codec = CODECS[name]
    with pytest.raises(CodecError):
        codec.rows(codec.reduce(BAD))


# Converting a file


def lines(*records):
    return io.BytesIO(b"".join(json.dumps(record).encode() + b"\n" for record in records))


def converted(source, to, **how):
    out = io.BytesIO()
    done = converting.convert(source, out, to=to, **how)
    return [json.loads(line) for line in out.getvalue().splitlines()], done


GOOD_ROW, BAD_ROW = (
    {"prompt": "1+1?", "completion": "2", "label": True},
    {"prompt": "1+1?", "completion": "3", "label": False},
)
PAIR_ROW = {"instruction": "1+1?", "input": "", "chosen": "2", "rejected": "3"}
ANSWER_ROW = {"instruction": "1+1?", "input": "", "output": "2"}


def test_a_converted_file_of_pairs_leaves_out_what_is_none_and_says_so():
    rows, done = converted(lines(PAIR_ROW, ANSWER_ROW), "sharegpt-preference")
    assert [row.keys() for row in rows] == [{"conversations", "chosen", "rejected"}]
    assert [(entry["line"], entry["fields"]) for entry in done.refused] == [(2, ["rejected"])]


def test_a_converted_file_of_judged_answers_is_asked_for_by_name():
    rows, done = converted(lines(GOOD_ROW, BAD_ROW), "sharegpt-kto")
    assert [row["kto_tag"] for row in rows] == [True, False]
    assert done.exit_code == 0


def test_a_converted_file_in_alpaca_is_one_of_answers_unless_all_are_pairs():
    rows, done = converted(lines(*PAIRS.examples), "alpaca", from_="sharegpt-preference")
    assert [row.keys() for row in rows] == [
        {"instruction", "input", "output", "system"},
        {"instruction", "input", "output", "id"},
    ]
    assert done.reduced == [{"line": 1, "fields": ["rejected"]}]
    assert [entry["line"] for entry in done.refused] == [2]
    rows, _done = converted(lines(PAIRS.examples[0]), "alpaca", from_="sharegpt-preference")
    assert rows[0]["rejected"] == "会下雨，会下雨。"


@pytest.mark.parametrize("codec", [PAIRS, ALPACA], ids=lambda codec: codec.name)
def test_a_file_of_the_same_format_goes_out_as_it_came_however_mixed(codec):
    rows, done = converted(lines(*codec.examples), codec.name)
    assert rows == list(codec.examples)
    assert done.exit_code == 0
