"""Every codec reads what it writes and writes what it read, and refuses what it cannot carry."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import samples
from datasets_app.core.codecs import CODECS, CodecError, detect
from datasets_app.core.codecs.base import KEYS, canonical
from datasets_app.core.samples import Message, Sample

CHAT = CODECS["openai-chat"]
PLAIN = CODECS["siliconflow"]


@pytest.mark.parametrize("name", list(CODECS))
def test_each_codec_writes_its_examples_back_key_by_key(name):
    codec = CODECS[name]
    assert codec.examples
    for example in codec.examples:
        assert codec.recognises(example)
        sample = codec.decode(example)
        assert json.dumps(codec.encode(sample)) == json.dumps(example)
        assert codec.losses(sample) == ()


@pytest.mark.parametrize("name", list(CODECS))
def test_the_storage_form_keeps_all_that_a_codec_read(name):
    for example in CODECS[name].examples:
        sample = CODECS[name].decode(example)
        assert samples.from_json(samples.to_json(sample)) == sample


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "function": st.fixed_dictionaries(
                {"name": st.text(max_size=4)}, optional={"arguments": VALUES, "strict": VALUES}
            )
        },
        optional={"id": VALUES, "type": VALUES},
    ),
    min_size=1,
    max_size=2,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool"]) | VALUES,
        "content": st.none() | st.text(max_size=5) | st.lists(st.dictionaries(st.text(max_size=3), VALUES), max_size=2),
        "name": VALUES,
        "tool_calls": CALLS | st.none() | st.just([]),
        "tool_call_id": VALUES,
        "reasoning_content": VALUES,
        "weight": VALUES,
        "function_call": VALUES,
        "note": VALUES,
    },
)


@given(
    st.lists(MESSAGES, min_size=1, max_size=3),
    st.fixed_dictionaries({}, optional={"tools": VALUES, "metadata": VALUES, "parallel_tool_calls": VALUES}),
    st.randoms(use_true_random=False),
)
def test_any_chat_record_survives_the_round_trip_with_its_key_order(messages, rest, chance):
    def shuffled(record):
        items = list(record.items())
        chance.shuffle(items)
        return dict(items)

    record = shuffled({"messages": [shuffled(message) for message in messages], **rest})
    sample = CHAT.decode(record)
    stored = samples.from_json(samples.to_json(sample))
    assert json.dumps(CHAT.encode(stored)) == json.dumps(record)


@pytest.mark.parametrize(
    ("record", "code", "path"),
    [
        ({}, "messages-missing", ""),
        ({"messages": None}, "messages-missing", "/messages"),
        ({"messages": "hi"}, "messages-missing", "/messages"),
        ({"messages": []}, "messages-empty", "/messages"),
        ({"messages": ["hi"]}, "not-an-object", "/messages/0"),
        ({"messages": [{"role": "user", "content": 5}]}, "content-missing", "/messages/0/content"),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "content-missing", "/messages/0/content"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "not-an-object", "/messages/0/tool_calls/0"),
        ({"messages": [{"role": "user", "content": "a", KEYS: 1}]}, "message-key-unknown", "/messages/0"),
    ],
)
def test_a_record_without_a_usable_sample_is_refused_with_rule_and_place(record, code, path):
    with pytest.raises(CodecError) as caught:
        CHAT.decode(record)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_a_rule_judges_better_is_decoded():
    sample = CHAT.decode({"messages": [{"role": "bot", "content": "Hi"}, {"role": "bot", "content": "Hi"}]})
    assert [message.role for message in sample.messages] == ["bot", "bot"]


def test_an_edited_call_of_an_unusual_shape_is_written_with_the_edit():
    call = {"function": {"arguments": {"d": 1}, "name": "rain"}, "id": "c1", "index": 0}
    sample = CHAT.decode({"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]})
    message = sample.messages[0]
    edited = replace(message, tool_calls=(replace(message.tool_calls[0], arguments='{"d": 2}'),))
    written = CHAT.encode(Sample((edited,)))["messages"][0]["tool_calls"][0]
    assert written == {"function": {"arguments": '{"d": 2}', "name": "rain"}, "id": "c1", "index": 0}


def test_a_key_that_an_editor_adds_is_written_after_the_sources_keys():
    sample = CHAT.decode({"messages": [{"content": "Hi", "role": "user"}]})
    edited = Sample((replace(sample.messages[0], name="li"),))
    assert list(CHAT.encode(edited)["messages"][0]) == ["content", "role", "name"]


def test_a_rejected_answer_is_refused_by_a_chat_format_and_named():
    pair = Sample((Message("user", "a"), Message("assistant", "b")), rejected=(Message("assistant", "c"),))
    with pytest.raises(CodecError) as caught:
        CHAT.encode(pair)
    assert caught.value.fields == ("rejected",)
    assert CHAT.reduce(pair).rejected == ()


def test_siliconflow_names_everything_it_cannot_carry():
    sample = CHAT.decode(CHAT.examples[1])
    assert PLAIN.losses(canonical(sample)) == (
        "name", "content", "tool_calls", "role", "tool_call_id", "reasoning_content", "tools", "parallel_tool_calls",
    )  # fmt: skip
    with pytest.raises(CodecError, match="cannot carry"):
        PLAIN.encode(sample)
    with pytest.raises(CodecError):
        PLAIN.reduce(sample)


def test_siliconflow_reduces_a_weighted_sample_to_role_and_content():
    sample = CHAT.decode(CHAT.examples[0])
    assert PLAIN.losses(sample) == ("weight", "metadata")
    assert PLAIN.encode(PLAIN.reduce(sample))["messages"][-1] == {"role": "assistant", "content": "Paris"}


def test_the_general_format_is_named_for_plain_chat_rows():
    assert detect([PLAIN.examples[0]]) == "openai-chat"


def test_one_broken_row_does_not_hide_the_format():
    assert detect([{"text": 1}, CHAT.examples[0], CHAT.examples[2]]) == "openai-chat"


def test_a_file_of_something_else_has_no_format():
    assert detect([{"text": "hi"}]) is None
    assert detect([]) is None


def test_numbers_beyond_64_bits_survive_storage():
    record = {"messages": [{"role": "user", "content": "a"}], "metadata": {"id": 2**70}}
    sample = samples.from_json(samples.to_json(CHAT.decode(record)))
    assert CHAT.encode(sample) == record
