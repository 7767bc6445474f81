"""Rows that are odd but real come back from their own format as they went in, and nothing changes its meaning."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from datasets_app.core import samples
from datasets_app.core.codecs import CODECS, CodecError, detect
from datasets_app.core.codecs.base import canonical
from datasets_app.core.line_style import style_of
from datasets_app.core.samples import Message, Sample
from tests.core.test_codecs_across import meaning

ASKED, SAID = {"role": "user", "content": "雨？"}, {"role": "assistant", "content": "会。"}
THOUGHT = "<think>\n看云。\n</think>\n\n会。"
HUMAN, GPT = {"from": "human", "value": "雨？"}, {"from": "gpt", "value": "会。"}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}

ODD = {
    "a turn of the prompt that thinks": (
        "dashscope-dpo",
        {
            "messages": [ASKED, {"role": "assistant", "content": THOUGHT}],
            "chosen": {"role": "assistant", "content": "不会。"},
            "rejected": {"role": "assistant", "content": "也许。"},
        },
    ),
    "a spoken turn of the prompt that thinks": (
        "sharegpt-preference",
        {
            "conversations": [HUMAN, {"from": "gpt", "value": THOUGHT}],
            "chosen": GPT,
            "rejected": {"from": "gpt", "value": "也许。"},
        },
    ),
    "a judged answer beside empty columns of a pair": (
        "sharegpt-preference",
        {"conversations": [HUMAN, GPT], "chosen": None, "rejected": None, "kto_tag": True},
    ),
    "a pair beside an empty column of judged answers": (
        "sharegpt-preference",
        {"conversations": [HUMAN], "chosen": GPT, "rejected": {"from": "gpt", "value": "不"}, "kto_tag": None},
    ),
    "a pair in Alpaca beside a tag": (
        "alpaca",
        {"instruction": "雨？", "input": "", "chosen": "会。", "rejected": "不", "kto_tag": True},
    ),
    "reasoning under a key beside pictures": (
        "sharegpt",
        {
            "messages": [{"role": "user", "content": "<image>雨？"}, {**SAID, "reasoning_content": "看云。"}],
            "images": ["sky.png"],
        },
    ),
    "tools as a list": ("sharegpt", {"conversations": [HUMAN, GPT], "tools": [WEATHER, {"name": "bare"}]}),
    "a prompt that stands in both answers too": (
        "trl-preference",
        {"prompt": "雨？", "chosen": [ASKED, SAID], "rejected": [ASKED, {**SAID, "content": "不"}], "score": 8.5},
    ),
    "turns of a chat under the key of ShareGPT": ("sharegpt", {"id": 1, "conversations": [ASKED, SAID]}),
    "pictures in the turns of a chat under the key of ShareGPT": (
        "sharegpt",
        {
            "conversations": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.png", "detail": "low"}}]},
                SAID,
            ]
        },
    ),
    "turns in two columns": ("sharegpt", {"conversations": [HUMAN, GPT], "messages": [ASKED, SAID]}),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_an_odd_row_comes_back_as_it_was(what):
    name, record = ODD[what]
    codec = CODECS[name]
    stored = samples.from_json(samples.to_json(codec.decode(record)))
    assert codec.losses(stored) == ()
    assert json.dumps(codec.encode(stored)) == json.dumps(record)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        (
            "dashscope-dpo",
            {"messages": [ASKED, SAID], "chosen": None, "rejected": {"role": "assistant", "content": "不"}},
        ),
        (
            "openai-preference",
            {
                "input": {"messages": [ASKED, SAID]},
                "preferred_output": [],
                "non_preferred_output": [{"role": "assistant", "content": "不"}],
            },
        ),
    ],
)
def test_a_turn_of_the_prompt_is_never_taken_for_the_right_answer_that_is_missing(name, record):
    with pytest.raises(CodecError, match="follow each other") as caught:
        CODECS[name].decode(record)
    assert caught.value.code == "turns-not-alternating"


@pytest.mark.parametrize("name", ["csv", "xlsx", "parquet"])
def test_reasoning_stands_in_the_answers_cell_and_comes_back_from_it(name):
    sample = Sample((Message("user", "雨？"), Message("assistant", "会。", reasoning="看云。")))
    wrong = replace(sample, rejected=(Message("assistant", "不", reasoning="没看。"),))
    row = CODECS[name].encode(wrong)
    assert (row["output"], row["rejected"]) == (THOUGHT, "<think>\n没看。\n</think>\n\n不")
    assert CODECS[name].decode(row) == wrong
    assert CODECS[name].encode(CODECS[name].decode(row)) == row
    closing = replace(sample.messages[1], reasoning="a\n</think>\n\nb")
    assert CODECS[name].losses(Sample((sample.messages[0], closing))) == ("reasoning_content",)


def test_tools_in_a_list_are_tools_in_every_format():
    sample = CODECS["sharegpt"].decode({"conversations": [HUMAN, GPT], "tools": [WEATHER]})
    assert sample.tools == (WEATHER,)
    assert CODECS["openai-chat"].encode(canonical(sample))["tools"] == [WEATHER]
    assert CODECS["sharegpt"].encode(canonical(sample))["tools"] == json.dumps([WEATHER["function"]])


def test_a_line_that_dashscope_writes_in_its_own_words_says_so():
    """Parts with a type are OpenAI's: read by this format they leave without one, which are other bytes."""
    typed = {"messages": [{"role": "user", "content": [{"type": "text", "text": "雨？"}]}, SAID]}
    raw = json.dumps(typed, ensure_ascii=False).encode()
    assert style_of(raw, typed, "dashscope-sft") == "~shape"
    for example in CODECS["dashscope-sft"].examples:
        assert style_of(json.dumps(example, ensure_ascii=False).encode(), example, "dashscope-sft") == ""


def test_a_name_that_no_turn_of_sharegpt_brought_is_lost_by_name():
    sample = Sample((Message("user", "雨？", extras={"name": "li"}), Message("assistant", "会。")))
    assert CODECS["sharegpt"].losses(sample) == ("name",)
    reduced = CODECS["sharegpt"].reduce(sample)
    assert meaning(CODECS["sharegpt"].decode(CODECS["sharegpt"].encode(reduced))) == meaning(reduced)


def test_a_row_with_pictures_in_its_turns_and_beside_them_is_not_written_as_another():
    shown = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://acme.cn/a.png"}}]}
    record = {"messages": [shown, {**ASKED, "content": "<image>雨？"}, SAID], "images": ["sky.png"]}
    sample = CODECS["sharegpt"].decode(record)
    assert sample.extras["images"] == ["sky.png"]
    assert CODECS["sharegpt"].encode(sample) == record
    assert "images" in CODECS["sharegpt"].losses(canonical(sample))


@pytest.mark.parametrize("name", ["sharegpt", "sharegpt-kto", "sharegpt-preference"])
def test_a_refusal_names_the_fields_in_the_order_met_in_every_process(name):
    """They stand in manifests: in the order of a set they were others in each process."""
    turn = Message("judge", [{"type": "input_audio"}], name="li", weight=0, reasoning="r", tool_call_id="c")
    with pytest.raises(CodecError) as refused:
        CODECS[name].reduce(Sample((Message("user", "雨？"), turn, Message("assistant", "会。"))))
    assert refused.value.fields == ("role", "name", "weight", "reasoning_content", "tool_call_id", "content")


def test_a_question_that_stands_in_both_answers_too_is_asked_once():
    """As in the best known set of preferences: the prompt as a text, beside two whole conversations."""
    name, record = ODD["a prompt that stands in both answers too"]
    sample = CODECS[name].decode(record)
    assert [message.text for message in (*sample.messages, *sample.rejected)] == ["雨？", "会。", "不"]
    asked = replace(sample, messages=(Message("user", "明天有雨吗？"), sample.messages[1]))
    written = CODECS[name].encode(asked)
    assert written["prompt"] == written["chosen"][0]["content"] == written["rejected"][0]["content"] == "明天有雨吗？"
    other = CODECS[name].decode({**record, "prompt": "雪？"})
    assert other.messages[0].text == "雪？"


def test_turns_of_a_chat_under_the_key_of_sharegpt_are_recognised_and_read():
    record = ODD["turns of a chat under the key of ShareGPT"][1]
    assert detect([record]) == "sharegpt"
    assert CODECS["openai-chat"].encode(canonical(CODECS["sharegpt"].decode(record)))["messages"] == [ASKED, SAID]
