"""The formats of trainers other than the platforms: ShareGPT, Alpaca, TRL. What one holds, the next one holds too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from datasets_app.core import samples
from datasets_app.core.codecs import CODECS, CodecError, detect
from datasets_app.core.codecs._sharegpt_calls import read_calls
from datasets_app.core.codecs._thinking import spoken
from datasets_app.core.codecs.base import canonical
from datasets_app.core.json_text import unescaped
from datasets_app.core.samples import Message, Sample, ToolCall

OURS = ("alpaca", "sharegpt", "sharegpt-preference", "trl-preference", "trl-kto", "trl-prompt-completion", "csv")
SHAREGPT, ALPACA, CHAT, KTO = CODECS["sharegpt"], CODECS["alpaca"], CODECS["openai-chat"], CODECS["trl-kto"]
PAIRS, TRL_PAIRS = CODECS["sharegpt-preference"], CODECS["trl-preference"]

TEXT = st.text(max_size=6) | st.sampled_from(["<image>", "a<image>b", "<think>\na\n</think>\n\nb", "雨\n雨", ""])
VALUES = st.none() | st.booleans() | st.integers() | TEXT | st.lists(st.integers(), max_size=2)
CALLS = st.builds(
    json.dumps,
    st.fixed_dictionaries({"name": st.text(max_size=3), "arguments": VALUES}),
    ensure_ascii=st.booleans(),
    indent=st.none() | st.just(1),
)
TURN = st.fixed_dictionaries(
    {"from": st.sampled_from(["human", "gpt", "user", "system", "observation", "function_call", "judge"])},
    optional={"weight": VALUES, "note": VALUES},
).flatmap(lambda turn: st.fixed_dictionaries({**{k: st.just(v) for k, v in turn.items()}, "value": TEXT | CALLS}))
GPT = st.fixed_dictionaries({"from": st.just("gpt"), "value": TEXT})
TOOLS = st.builds(json.dumps, st.lists(st.fixed_dictionaries({"name": st.text(max_size=3)}), max_size=2)) | VALUES
BESIDE = st.fixed_dictionaries(
    {}, optional={"system": TEXT, "tools": TOOLS, "images": VALUES | st.lists(TEXT, max_size=2), "id": VALUES}
)
PLAIN_TURN = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXT})
SIDE = TEXT | st.builds(lambda turns, last: [*turns, {"role": "assistant", "content": last}],
                        st.lists(PLAIN_TURN, max_size=2), TEXT)  # fmt: skip
PROMPT = TEXT | st.lists(PLAIN_TURN, min_size=1, max_size=2)


RECORDS = {
    "alpaca": st.fixed_dictionaries(
        {"instruction": TEXT, "output": TEXT},
        optional={
            "input": TEXT | st.none(),
            "system": TEXT | st.none(),
            "history": st.none() | st.lists(st.tuples(TEXT, TEXT).map(list), max_size=2),
            "kto_tag": VALUES,
            "images": st.lists(TEXT, max_size=2) | VALUES,
            "id": VALUES,
        },
    ),
    "sharegpt": st.builds(
        lambda turns, rest: {"conversations": turns, **rest}, st.lists(TURN, min_size=1, max_size=3), BESIDE
    ),
    "sharegpt-preference": st.builds(
        lambda turns, chosen, rejected, rest: {
            "conversations": turns, "chosen": chosen, "rejected": rejected, **rest
        },
        st.lists(TURN, min_size=1, max_size=2), GPT, GPT, BESIDE,
    ),
    "trl-preference": st.fixed_dictionaries(
        {"prompt": PROMPT, "chosen": SIDE, "rejected": SIDE}, optional={"score": VALUES}
    ),
    "trl-kto": st.fixed_dictionaries(
        {"prompt": PROMPT, "completion": SIDE, "label": st.booleans()}, optional={"tools": VALUES}
    ),
    "trl-prompt-completion": st.fixed_dictionaries({"prompt": PROMPT, "completion": SIDE}, optional={"id": VALUES}),
    "csv": st.fixed_dictionaries(dict.fromkeys(("instruction", "input", "output", "system", "rejected"), TEXT)),
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
@settings(deadline=None)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_any_row_is_written_back_key_by_key_or_what_would_be_lost_is_named(name, data, chance):
    items = list(data.draw(RECORDS[name]).items())
    chance.shuffle(items)
    if name == "csv":  # whose columns have their order
        items.sort(key=lambda item: list(CODECS[name].examples[0]).index(item[0]))
    record = dict(items)
    codec = CODECS[name]
    try:
        sample = codec.decode(record)
    except CodecError:  # a wrong answer to what an answer precedes
        reject()
    stored = samples.from_json(samples.to_json(sample))
    assert stored == sample
    if lost := codec.losses(stored):
        with pytest.raises(CodecError) as refused:
            codec.encode(stored)
        assert refused.value.fields == lost
    else:
        assert json.dumps(codec.encode(stored)) == json.dumps(as_we_write(record))


def as_we_write(record):
    """The row with the calls of its tools, which are JSON in a text, free of escapes that need not be."""
    if "conversations" not in record:
        return record
    turns = [
        {**turn, "value": unescaped(turn["value"])}
        if turn["from"] == "function_call" and read_calls(turn["value"])
        else turn
        for turn in record["conversations"]
    ]
    return {**record, "conversations": turns}


ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGE = st.builds(
    Message,
    ROLES,
    TEXT | st.lists(st.sampled_from([{"type": "text", "text": "a"},
                                     {"type": "image_url", "image_url": {"url": "a.png"}}]), max_size=3),
    reasoning=st.none() | TEXT,
    weight=st.none() | st.just(0),
    tool_calls=st.just(()) | st.builds(lambda a: (ToolCall("f", a),), st.sampled_from(['{"a":1.50}', "{}", "no"])),
)  # fmt: skip
SAMPLE = st.builds(
    lambda turns, answer, wrong, extras: Sample((*turns, *answer), (), tuple(wrong), extras),
    st.lists(MESSAGE, min_size=1, max_size=3),
    st.lists(MESSAGE.map(lambda message: replace(message, role="assistant")), max_size=1),
    st.lists(MESSAGE.map(lambda message: replace(message, role="assistant")), max_size=2),
    st.dictionaries(
        st.sampled_from(["id", "system", "images", "input", "label", "prompt", "tools"]), VALUES, max_size=2
    ),
)


@pytest.mark.parametrize("name", OURS)
@settings(deadline=None)
@given(sample=SAMPLE)
def test_what_a_format_takes_without_a_loss_comes_back_as_it_was(name, sample):
    codec = CODECS[name]
    for candidate in (sample, None):
        try:
            candidate = candidate or codec.reduce(sample)
            rows = codec.rows(candidate)
        except CodecError:
            continue
        if len(rows) == 1:
            assert same(codec.decode(rows[0]), candidate)


def test_an_empty_question_stays_when_an_extra_named_system_is_lost():
    turns = (Message("user", ""),)
    wrong = (Message("assistant", "3"),)
    assert ALPACA.reduce(Sample(turns, (), wrong, {"system": None})) == Sample(turns, (), wrong, {})


def _said(message: Message) -> Message:
    if message.reasoning is not None and isinstance(message.content, str):
        return spoken(message)
    return replace(message, content=None) if message.tool_calls and not message.text else message


def same(one: Sample, other: Sample) -> bool:
    """Equal, whether a call's turn has no text or an empty one, and reasoning a field or a place in the text."""
    return meant(one) == meant(other)


def meant(sample: Sample) -> Sample:
    sample = canonical(sample)
    turns, wrong = (tuple(_said(one) for one in messages) for messages in (sample.messages, sample.rejected))
    return replace(sample, messages=turns, rejected=wrong)


@pytest.mark.parametrize("name", OURS)
@settings(deadline=None)
@given(sample=SAMPLE)
def test_a_reduced_sample_can_always_be_written(name, sample):
    codec = CODECS[name]
    try:
        reduced = codec.reduce(sample)
    except CodecError:
        return
    assert codec.losses(reduced) == ()


def test_a_pair_becomes_two_labelled_rows_and_a_bad_answer_alone_waits_for_a_good_one():
    pair = Sample((Message("user", "1+1?"), Message("assistant", "2")), rejected=(Message("assistant", "3"),))
    assert [(row["completion"][0]["content"], row["label"]) for row in KTO.rows(pair)] == [("2", True), ("3", False)]
    with pytest.raises(CodecError, match="two rows"):
        KTO.encode(pair)
    alone = KTO.decode(KTO.rows(pair)[1])
    assert (alone.answer, [message.content for message in alone.rejected]) == (None, ["3"])


def test_the_same_pair_reads_the_same_in_all_formats_for_pairs():
    pair = Sample((Message("system", "短"), Message("user", "1+1?"), Message("assistant", "2")), (),
                  (Message("assistant", "3"),))  # fmt: skip
    for name in ("alpaca", "sharegpt-preference", "trl-preference"):
        assert canonical(CODECS[name].decode(CODECS[name].encode(pair))) == pair


def test_implicit_prompts_part_where_the_answers_begin_to_differ():
    sample = TRL_PAIRS.decode(TRL_PAIRS.examples[2])
    assert [message.content for message in sample.messages] == ["1+1?", "2"]
    assert [message.content for message in sample.rejected] == ["3"]


def test_instruction_and_input_are_one_question_and_come_apart_again_after_an_edit_of_the_answer():
    sample = ALPACA.decode({"instruction": "译成英文", "input": "雨", "output": "rain"})
    assert sample.messages[0].content == "译成英文\n雨"
    edited = replace(sample, messages=(sample.messages[0], Message("assistant", "Rain")))
    assert ALPACA.encode(edited) == {"instruction": "译成英文", "input": "雨", "output": "Rain"}
    asked = replace(sample, messages=(Message("user", "雨？"), sample.messages[1]))
    assert ALPACA.encode(asked) == {"instruction": "雨？", "input": "", "output": "rain"}


def test_calls_and_tools_of_sharegpt_are_those_of_a_chat():
    sample = SHAREGPT.decode(SHAREGPT.examples[0])
    chat = CHAT.encode(canonical(sample))
    assert chat["messages"][2]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"d": 1}'}
    assert chat["tools"][0]["function"]["name"] == "weather"
    assert chat["messages"][-1]["reasoning_content"] == "有雨。"
    assert SHAREGPT.encode(canonical(CHAT.decode(chat))) == {
        **{key: value for key, value in SHAREGPT.examples[0].items() if key != "id"},
        "id": "7",
    }


def test_an_edited_call_is_written_with_the_edit_and_an_unedited_one_as_it_stood():
    value = '{"arguments": {"d":1}, "name": "rain"}'
    row = {"conversations": [{"from": "human", "value": "?"}, {"from": "function_call", "value": value}]}
    sample = SHAREGPT.decode(row)
    assert SHAREGPT.encode(sample) == row
    turn = replace(sample.messages[1], tool_calls=(ToolCall("rain", '{"d": 2}'),))
    written = SHAREGPT.encode(replace(sample, messages=(sample.messages[0], turn)))
    assert written["conversations"][1]["value"] == '{"name": "rain", "arguments": {"d": 2}}'


def test_numbers_in_the_arguments_of_a_call_keep_their_digits():
    value = '{"name": "f", "arguments": {"a": 1.50, "b": 1e30}}'
    row = {"conversations": [{"from": "human", "value": "?"}, {"from": "function_call", "value": value}]}
    assert SHAREGPT.decode(row).messages[1].tool_calls[0].arguments == '{"a": 1.50, "b": 1e30}'


def test_tags_are_pictures_only_when_there_is_an_address_for_each():
    row = {"messages": [{"role": "user", "content": "<image>?"}, {"role": "assistant", "content": "A cat"}]}
    pictured = SHAREGPT.decode({**row, "images": ["cat.png"]})
    assert pictured.messages[0].content[0]["image_url"]["url"] == "cat.png"
    plain = SHAREGPT.decode({**row, "images": ["a.png", "b.png"]})
    assert plain.messages[0].content == "<image>?"
    assert SHAREGPT.encode(plain) == {**row, "images": ["a.png", "b.png"]}


def test_a_picture_beside_a_call_is_named_before_sharegpt_leaves_it_out():
    picture = {"type": "image_url", "image_url": {"url": "https://a/b.png"}}
    turn = Message("assistant", [picture], tool_calls=(ToolCall("rain", "{}"),))
    sample = Sample((Message("user", "Rain?"), turn))
    assert SHAREGPT.losses(sample) == ("content",)
    assert SHAREGPT.reduce(sample).messages[1] == replace(turn, content=None)


@pytest.mark.parametrize("name", OURS)
def test_each_format_is_told_by_its_rows(name):
    assert detect(row for row in CODECS[name].examples if "messages" not in row) == (
        "alpaca" if name == "csv" else name
    )


def test_rows_of_messages_with_pictures_beside_them_are_sharegpt_and_without_them_a_chat():
    row = {"messages": [{"role": "user", "content": "?"}]}
    assert detect([{**row, "images": []}]) == "sharegpt"
    assert detect([row]) == "openai-chat"


@pytest.mark.parametrize(
    ("name", "record", "code", "path"),
    [
        ("sharegpt", {}, "messages-missing", ""),
        ("sharegpt", {"conversations": []}, "messages-empty", "/conversations"),
        ("sharegpt", {"conversations": [5]}, "not-an-object", "/conversations/0"),
        ("sharegpt", {"conversations": [{"from": "gpt"}]}, "content-missing", "/conversations/0/value"),
        ("sharegpt", {"conversations": [{"value": "a"}]}, "role-unknown", "/conversations/0/from"),
        ("sharegpt-preference", {"conversations": [{"from": "human", "value": "a"}]}, "preference-missing", ""),
        ("sharegpt-preference", {"conversations": [{"from": "human", "value": "a"}], "kto_tag": True},
         "last-turn-not-assistant", "/conversations"),
        ("sharegpt-preference", {"conversations": [{"from": "gpt", "value": "a"}], "kto_tag": False},
         "messages-empty", "/conversations"),
        ("alpaca", {"output": "a"}, "content-missing", "/instruction"),
        ("alpaca", {"instruction": "a", "output": 5}, "content-missing", "/output"),
        ("alpaca", {"instruction": "a", "output": "b", "history": [["a"]]}, "messages-missing", "/history/0"),
        ("trl-kto", {"prompt": "a", "completion": "b", "label": 1}, "preference-missing", "/label"),
        ("trl-preference", {"chosen": "a", "rejected": "b"}, "messages-missing", "/prompt"),
        ("trl-preference", {"prompt": "a", "chosen": "b"}, "messages-missing", "/rejected"),
        ("trl-prompt-completion", {"prompt": "a", "completion": [{"role": "user", "content": "b"}]},
         "last-turn-not-assistant", "/completion"),
    ],
)  # fmt: skip
def test_a_row_without_a_usable_sample_is_refused_with_rule_and_place(name, record, code, path):
    with pytest.raises(CodecError) as caught:
        CODECS[name].decode(record)
    assert (caught.value.code, caught.value.path) == (code, path)
