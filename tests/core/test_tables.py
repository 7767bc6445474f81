"""Which column is what: told by headings in two languages, or by a person; the rest rides along."""

from __future__ import annotations

import io

import pytest

from datasets_app.core import tables
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.containers import Reading
from datasets_app.core.tables import REST, Mapping
from ftstudio.errors import InvalidInput

CSV = CODECS["csv"]


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("instruction,input,output", {"instruction": "instruction", "input": "input", "assistant": "output"}),
        ("system,user,assistant,rejected", {name: name for name in ("system", "user", "assistant", "rejected")}),
        ("prompt,completion", {"user": "prompt", "assistant": "completion"}),
        ("prompt,chosen,rejected", {"user": "prompt", "assistant": "chosen", "rejected": "rejected"}),
        ("id,messages", {"messages": "messages"}),
        ("问题,答案", {"user": "问题", "assistant": "答案"}),
        ("指令,输入,输出", {"instruction": "指令", "input": "输入", "assistant": "输出"}),
        ("问题,原回答,纠正", {"user": "问题", "assistant": "纠正", "rejected": "原回答"}),
        ("System Prompt,Question,Answer", {"system": "System Prompt", "user": "Question", "assistant": "Answer"}),
        ("input,output,reasoning,chain_of_thought,tags",
         {"input": "input", "assistant": "output", "reasoning": "reasoning", "tags": "tags"}),
        ("输入,标签", {"input": "输入", "assistant": "标签"}),
        ("text,label", {"input": "text", "assistant": "label"}),
        ("id,source,target", {"input": "source", "assistant": "target"}),
        ("instruction,output,text", {"instruction": "instruction", "assistant": "output"}),
        ("题目,正确答案", {"user": "题目", "assistant": "正确答案"}),
        ("用户输入,期望输出", {"user": "用户输入", "assistant": "期望输出"}),
        ("问题,初稿,定稿", {"user": "问题", "assistant": "定稿", "rejected": "初稿"}),
        ("原文,机翻,译后编辑", {"input": "原文", "assistant": "译后编辑", "rejected": "机翻"}),
        ("题目,原答案,优化回答", {"user": "题目", "assistant": "优化回答", "rejected": "原答案"}),
        ("问题,改前,改后", {"user": "问题", "assistant": "改后", "rejected": "改前"}),
        ("Prompt,First Draft,Final Answer",
         {"user": "Prompt", "assistant": "Final Answer", "rejected": "First Draft"}),
        ("question,answer,draft,edited", {"user": "question", "assistant": "answer"}),  # which say yes or no, and when
        ("prompt,completion,label", {"user": "prompt", "assistant": "completion", "label": "label"}),
    ],
)  # fmt: skip
def test_headings_say_what_a_column_is(columns, fields):
    mapping = Mapping.guess(columns.split(","))
    assert mapping is not None
    assert dict(mapping.fields) == fields
    assert Mapping.parse(mapping.to_data(), columns.split(",")) == mapping


@pytest.mark.parametrize(
    "columns",
    ["name,size", "问题", "output", "text", "id,system", "问题,初稿", "问题,定稿", "初稿,定稿", "prompt,final"],
)
def test_columns_without_a_question_and_an_answer_are_not_guessed(columns):
    assert Mapping.guess(columns.split(",")) is None


def test_headings_that_hold_a_known_name_are_suggested_and_never_taken_for_granted():
    columns = ("编号", "提问内容", "标准回复", "错误回复", "领域")
    assert Mapping.guess(columns) is None
    suggested = Mapping.suggest(columns)
    assert suggested is not None
    assert dict(suggested.fields) == {"user": "提问内容", "assistant": "标准回复", "rejected": "错误回复"}
    assert Mapping.suggest(("customer_question", "final-answer")) == Mapping(
        {"user": "customer_question", "assistant": "final-answer"}
    )
    assert Mapping.suggest(("甲", "乙")) is None


@pytest.mark.parametrize(
    ("columns", "suggested"),
    [
        ("问题,答案,修正回答", {"user": "问题", "assistant": "修正回答", "rejected": "答案"}),
        ("question,answer,response", {"user": "question", "assistant": "answer"}),
        ("问题,上下文,答案", {"instruction": "问题", "input": "上下文", "assistant": "答案"}),
        ("问题,模型回答,人工回答", {"user": "问题", "assistant": "人工回答", "rejected": "模型回答"}),
        ("问题,答案,初稿,定稿", {"user": "问题", "assistant": "答案", "rejected": "初稿"}),
        ("input,before,after", {"input": "input", "assistant": "after", "rejected": "before"}),
        ("instruction,question,answer", {"instruction": "instruction", "input": "question", "assistant": "answer"}),
        ("conversation_id,user_text,assistant_text", {"user": "user_text", "assistant": "assistant_text"}),
    ],
)
def test_where_two_columns_could_be_one_part_a_person_is_asked(columns, suggested):
    names = columns.split(",")
    assert Mapping.certain(names) is None
    assert dict(Mapping.suggest(names).fields) == suggested
    assert Mapping.parse(suggested, names)


def test_a_wrong_answer_is_not_imported_alone_where_the_right_one_stands_beside_it():
    """Read by what is known for sure, each of these rows would lack its answer: a person is asked."""
    columns = ("提问", "专家答案", "错误答案", "备注")
    assert Mapping.guess(columns) is None
    assert dict(Mapping.suggest(columns).fields) == {"user": "提问", "assistant": "专家答案", "rejected": "错误答案"}
    assert dict(Mapping.guess(("提问", "错误答案", "备注")).fields) == {"user": "提问", "rejected": "错误答案"}
    told = {"user": "提问", "assistant": "标准答案", "rejected": "错误答案"}
    assert dict(Mapping.guess(("提问", "标准答案", "错误答案")).fields) == told


def test_a_person_maps_columns_and_leaves_the_others_out():
    mapping = Mapping.parse({"user": "Q", "assistant": "A", "system": "", "keep": False}, ["Q", "A", "note"])
    row = mapping.apply({"Q": "雨？", "A": "会", "note": "x", "output": "y"})
    assert row == {"user": "雨？", "assistant": "会", REST: {}}
    assert CSV.decode(row).extras == {}
    assert mapping.to_data() == {"user": "Q", "assistant": "A", "keep": False}


def test_a_column_that_a_person_did_not_choose_is_never_taken_for_a_field():
    row = Mapping.parse({"user": "Q", "assistant": "A"}).apply({"Q": "?", "A": "!", "system": "no", "rejected": "no"})
    sample = CSV.decode(row)
    assert [message.role for message in sample.messages] == ["user", "assistant"]
    assert (sample.rejected, sample.extras) == ((), {"system": "no", "rejected": "no"})


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"user": "Q"}, "assistant", "holds the answer"),
        ({"assistant": "A"}, "user", "holds the question"),
        ({"user": "Q", "assistant": "Q"}, "assistant", "chosen twice"),
        ({"user": "X", "assistant": "A"}, "user", "no column “X”"),
        ({"user": 5, "assistant": "A"}, "user", "no column"),
        ({"text": "Q"}, "text", "no part of a sample"),
        ([], "mapping", "an object"),
    ],
)
def test_a_mapping_that_makes_no_sample_is_refused_by_field(data, field, said):
    with pytest.raises(InvalidInput) as refused:
        Mapping.parse(data, ["Q", "A"])
    assert said in refused.value.fields[field]


def test_other_columns_ride_along_and_tags_become_a_list():
    sample = CSV.decode({"问题": "雨？", "答案": "会", "标记": "天气， 短;短句", "doc": "7", "empty": ""})
    assert sample.extras == {"doc": "7", "tags": ["天气", "短", "短句"]}
    assert CSV.losses(sample) == ("doc", "tags")


def test_a_table_of_kiln_keeps_its_reasoning():
    sample = CSV.decode({"input": "1+1?", "output": "2", "reasoning": "count", "chain_of_thought": "", "tags": "a"})
    answer = sample.answer
    assert answer is not None
    assert (answer.content, answer.reasoning) == ("2", "count")


@pytest.mark.parametrize(("label", "answered"), [("true", True), ("1", True), ("FALSE", False), ("否", False)])
def test_an_answer_labelled_bad_waits_for_a_good_one(label, answered):
    sample = CSV.decode({"prompt": "?", "completion": "a", "label": label})
    assert (sample.answer is not None, bool(sample.rejected)) == (answered, not answered)


def test_a_label_that_is_no_verdict_is_kept():
    assert CSV.decode({"问题": "?", "答案": "a", "标签": "天气"}).extras == {"label": "天气"}


@pytest.mark.parametrize(
    "cell",
    ['[{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]',
     '[{"from": "human", "value": "?"}, {"from": "gpt", "value": "!"}]'],
)  # fmt: skip
def test_a_column_of_messages_is_a_conversation(cell):
    sample = CSV.decode({"messages": cell, "tools": '[{"name": "f"}]', "doc": "7"})
    assert [(message.role, message.content) for message in sample.messages] == [("user", "?"), ("assistant", "!")]
    assert (len(sample.tools), sample.extras) == (1, {"doc": "7"})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"name": "a", "size": "1"}, "messages-missing"),
        ({"messages": "no"}, "json-invalid"),
        ({"messages": "[]"}, "messages-empty"),
        ({"messages": ""}, "json-invalid"),
    ],
)
def test_a_row_without_a_sample_says_why(row, code):
    with pytest.raises(CodecError) as refused:
        CSV.decode(row)
    assert refused.value.code == code


def test_a_conversation_is_refused_by_a_table_and_a_pair_is_not():
    chat = CODECS["openai-chat"].decode({"messages": [{"role": "user", "content": "a"}] * 2})
    assert CSV.losses(chat) == ("messages",)
    with pytest.raises(CodecError, match="one question and one answer"):
        CSV.reduce(chat)
    pair = CODECS["trl-preference"].decode({"prompt": "?", "chosen": "a", "rejected": "b"})
    assert CSV.encode(pair) == {"instruction": "?", "input": "", "output": "a", "system": "", "rejected": "b"}


def test_a_cell_of_excel_has_an_end():
    sample = CSV.decode({"input": "?", "output": "x" * 32_768})
    assert CSV.losses(sample) == ()
    assert CODECS["xlsx"].losses(sample) == ("content",)
    with pytest.raises(CodecError, match="32767"):
        CODECS["xlsx"].reduce(sample)


def test_the_columns_and_first_rows_are_shown_before_the_import():
    stream = io.BytesIO("问题;答案;备注\n雨？;会;x\n雪？;不\n".encode("gbk"))
    assert tables.columns(stream, "csv") == ("问题", "答案", "备注")
    rows = tables.head(stream, "csv", Reading(encoding="gb18030"))
    assert [(entry.line, entry.error is None) for entry in rows] == [(2, True), (3, False)]
    assert stream.tell() == 0
