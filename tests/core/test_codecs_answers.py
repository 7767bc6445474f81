"""A JSON answer moves between text and the call task_response, and no number, key or character changes on the way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.codecs import CODECS, CodecError, Setting
from datasets_app.core.codecs.base import canonical
from datasets_app.core.samples import Message, Sample, ToolCall

CHAT, TEXT, CALL = CODECS["openai-chat"], CODECS["json-content"], CODECS["task-response"]
SCHEMA = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}


def answered(text: str, **more: object) -> Sample:
    return Sample((Message("user", "一件衬衫"), Message("assistant", text, **more)))


def call_in(record: dict) -> dict:
    [call] = record["messages"][-1]["tool_calls"]
    return call


def test_the_answer_is_one_call_with_null_content_and_its_arguments_are_text_with_chinese_as_it_is():
    record = CALL.encode(answered('{"item":"\\u886c\\u886b","price":1.50}'), Setting(schema=SCHEMA))
    assert record["messages"][-1]["content"] is None
    assert call_in(record)["function"] == {"name": "task_response", "arguments": '{"item": "衬衫", "price": 1.50}'}
    assert call_in(record)["id"]
    assert call_in(record)["type"] == "function"
    assert record["tools"] == [{"type": "function", "function": {"name": "task_response", "parameters": SCHEMA}}]


def test_without_a_contract_any_object_is_declared():
    [tool] = CALL.encode(answered("{}"))["tools"]
    assert tool["function"]["parameters"] == {"type": "object"}


NUMBERS = st.sampled_from(["1.50", "0", "-0.0", "1e30", "1E+5", "1000000000000000000000000000000", "0.1000"])
LEAVES = (
    NUMBERS
    | st.sampled_from(["null", "true", '"\\u4f60\\n"', '"\\ud83d"'])
    | st.text(max_size=5).map(lambda text: json.dumps(text, ensure_ascii=False))
)
SPACES = st.sampled_from(["", " ", "\n\t"])


def _object(entries, space):
    inner = ",".join(f"{space}{json.dumps(key)}{space}:{value}" for key, value in entries.items())
    return "{" + inner + space + "}"


def _array(items, space):
    return "[" + ("," + space).join(items) + "]"


ANY = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(_object, st.dictionaries(st.text(max_size=3), inner, max_size=3), SPACES)
        | st.builds(_array, st.lists(inner, max_size=3), SPACES)
    ),
    max_leaves=6,
)
OBJECTS = st.builds(_object, st.dictionaries(st.text(max_size=3), ANY, max_size=3), SPACES)


@given(OBJECTS)
def test_text_to_call_to_text_gives_the_same_text_for_every_object(text):
    first = TEXT.encode(answered(text))
    content = first["messages"][-1]["content"]
    call = CALL.encode(canonical(TEXT.decode(first)))
    assert call_in(call)["function"]["arguments"] == content
    again = TEXT.encode(canonical(CALL.decode(call)))
    assert again == first
    assert CALL.encode(canonical(TEXT.decode(again))) == call
    assert json.loads(content, parse_float=str, parse_int=str) == json.loads(text, parse_float=str, parse_int=str)


def test_numbers_are_written_as_the_source_wrote_them():
    text = '{"price": 1.50, "atoms": 1000000000000000000000000000000, "big": 1E30}'
    call = CALL.encode(answered(text))
    assert TEXT.encode(canonical(CALL.decode(call)))["messages"][-1]["content"] == text


@pytest.mark.parametrize("codec", [TEXT, CALL])
def test_an_answer_that_is_no_json_is_refused_with_its_place(codec):
    with pytest.raises(CodecError, match="not JSON") as caught:
        codec.encode(answered("会下雨"))
    assert (caught.value.code, caught.value.path) == ("json-invalid", "/messages/1/content")
    assert caught.value.fields == ("content",)


@pytest.mark.parametrize("codec", [TEXT, CALL])
def test_a_fenced_answer_is_refused_and_the_rule_with_the_fix_is_named(codec):
    with pytest.raises(CodecError, match="markdown-fence"):
        codec.encode(answered('```json\n{"item": 1}\n```'))


@pytest.mark.parametrize("codec", [TEXT, CALL])
def test_a_row_without_an_answer_is_refused(codec):
    with pytest.raises(CodecError, match="last turn"):
        codec.encode(Sample((Message("user", "一件衬衫"),)))


@pytest.mark.parametrize("text", ["[1, 2]", '"text"', "7", "null"])
def test_json_that_is_no_object_can_be_text_but_not_the_arguments_of_a_call(text):
    assert TEXT.encode(answered(text))["messages"][-1]["content"] == text
    with pytest.raises(CodecError, match="no object"):
        CALL.encode(answered(text))


def test_the_text_format_reads_a_call_too_and_so_does_a_file_read_as_chat():
    record = CALL.examples[0]
    expected = '{"item": "衬衫", "price": 1.50}'
    assert TEXT.decode(record).answer.content == expected
    assert TEXT.decode(record).tools == ()
    as_chat = canonical(CHAT.decode(record))
    assert TEXT.encode(as_chat)["messages"][-1] == {"role": "assistant", "content": expected}
    assert CALL.encode(as_chat) == record


def test_a_call_whose_arguments_are_an_object_is_read_and_written_as_text():
    call = {"id": "c1", "type": "function", "function": {"name": "task_response", "arguments": {"item": "衬衫"}}}
    record = {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    }
    assert CALL.decode(record).answer.content == '{"item": "衬衫"}'
    assert call_in(CALL.encode(CALL.decode(record)))["function"]["arguments"] == '{"item": "衬衫"}'


def test_the_contracts_schema_replaces_the_parameters_that_the_source_declared_and_nothing_else():
    sample = CALL.decode(CALL.examples[1])
    [tool, other] = CALL.encode(sample, Setting(schema=SCHEMA))["tools"]
    assert tool["function"] == {**CALL.examples[1]["tools"][0]["function"], "parameters": SCHEMA}
    assert other == CALL.examples[1]["tools"][1]
    assert [tool["function"]["name"] for tool in sample.tools] == ["look_up"]


def test_a_row_that_declares_no_tool_comes_back_without_one_and_gets_one_in_another_format():
    record = {**CALL.examples[0]}
    del record["tools"]
    sample = CALL.decode(record)
    assert CALL.encode(sample) == record
    assert "tools" in CALL.encode(canonical(sample))


def test_text_in_another_spacing_comes_back_in_it_unless_it_was_edited():
    for codec, record in ((TEXT, TEXT.examples[1]), (CALL, CALL.examples[1])):
        sample = codec.decode(record)
        assert codec.encode(sample) == record
        edited = replace(
            sample, messages=(*sample.messages[:-1], replace(sample.messages[-1], content='{"item":"hat"}'))
        )
        written = codec.encode(edited)["messages"][-1]
        text = written["content"] if codec is TEXT else written["tool_calls"][0]["function"]["arguments"]
        assert text == '{"item": "hat"}'


def test_a_real_call_as_the_last_turn_is_no_json_answer():
    calls = (ToolCall("weather", "{}", "c1"),)
    sample = Sample((Message("user", "a"), Message("assistant", None, tool_calls=calls)))
    with pytest.raises(CodecError, match="not JSON"):
        CALL.encode(sample)


def test_an_answer_beside_a_real_call_is_refused_by_name_and_reduced_to_the_answer():
    sample = answered('{"item": 1}', tool_calls=(ToolCall("weather", "{}", "c1"),))
    assert CALL.losses(sample) == ("tool_calls",)
    assert call_in(CALL.encode(CALL.reduce(sample)))["function"]["arguments"] == '{"item": 1}'


def test_earlier_turns_stay_as_they_are():
    turns = (
        Message("user", "a"),
        Message("assistant", '{"b":1}'),
        Message("user", "c"),
        Message("assistant", '{"d":1}'),
    )
    assert [turn["content"] for turn in CALL.encode(Sample(turns))["messages"]] == ["a", '{"b":1}', "c", None]
    assert TEXT.encode(Sample(turns))["messages"][1]["content"] == '{"b":1}'


def test_a_broken_call_is_kept_for_the_rules_to_judge():
    call = {"id": "c1", "type": "function", "function": {"name": "task_response", "arguments": '{"item": '}}
    record = {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    }
    assert CALL.decode(record).answer.tool_calls[0].arguments == '{"item": '
    with pytest.raises(CodecError, match="not JSON"):
        CALL.encode(CALL.decode(record))
