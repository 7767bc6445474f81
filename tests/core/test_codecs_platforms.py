"""Weights, reasoning and pictures are written as each platform has them, and files are recognised by their marks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import images
from datasets_app.core.codecs import CODECS, CodecError, detect
from datasets_app.core.codecs.base import FORM, KEYS, RAW, canonical
from datasets_app.core.samples import Message, Sample
from tests.core.test_codecs import MESSAGES, VALUES

CHAT, ARK, DASHSCOPE = CODECS["openai-chat"], CODECS["ark-sft"], CODECS["dashscope-sft"]
TOGETHER = CODECS["together-sft"]


def weighted(weight: float) -> Sample:
    return Sample((Message("user", "France?"), Message("assistant", "Paris", weight=weight)))


@pytest.mark.parametrize(
    ("name", "weight", "expected"),
    [
        ("openai-chat", 0, {"weight": 0}),
        ("openai-chat", 1.0, {"weight": 1}),
        ("together-sft", 0.0, {"weight": 0}),
        ("fireworks-sft", 1, {"weight": 1}),
        ("ark-sft", 0, {"loss_weight": 0}),
        ("ark-sft", 0.5, {"loss_weight": 0.5}),
        ("dashscope-sft", 0.5, {"loss_weight": 0.5}),
        ("dashscope-sft", 1, {"loss_weight": 1}),
    ],
)
def test_a_weight_is_written_as_the_platform_has_it(name, weight, expected):
    turn = CODECS[name].encode(weighted(weight))["messages"][1]
    assert turn == {"role": "assistant", "content": "Paris", **expected}
    assert json.dumps(turn) == json.dumps({"role": "assistant", "content": "Paris", **expected})


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("openai-chat", 0.5),
        ("together-sft", 0.5),
        ("fireworks-sft", 0.2),
        ("ark-sft", 2),
        ("dashscope-sft", 0),
        ("zhipu-sft", 1),
        ("siliconflow", 0),
    ],
)
def test_a_weight_that_the_platform_has_no_word_for_is_refused_and_reduced_to_none(name, weight):
    codec = CODECS[name]
    assert codec.losses(weighted(weight)) == ("weight",)
    with pytest.raises(CodecError):
        codec.encode(weighted(weight))
    assert codec.encode(codec.reduce(weighted(weight)))["messages"][1] == {"role": "assistant", "content": "Paris"}


@pytest.mark.parametrize("weight", [0.5, 1.0, 2, -1])
def test_an_odd_weight_comes_back_in_its_own_format_and_is_refused_by_another(weight):
    record = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": weight}]}
    sample = CHAT.decode(record)
    assert sample.messages[1].weight == weight
    assert json.dumps(CHAT.encode(sample)) == json.dumps(record)
    assert CODECS["fireworks-sft"].losses(canonical(sample)) == (() if weight == 1 else ("weight",))


THOUGHT = Sample((Message("user", "Rain?"), Message("assistant", "Yes", reasoning="Clouds.\n\nMany.")))


def test_reasoning_is_text_in_tags_on_dashscope_and_a_key_elsewhere():
    record = DASHSCOPE.encode(THOUGHT)
    assert record["messages"][1]["content"] == "<think>\nClouds.\n\nMany.\n</think>\n\nYes"
    assert ARK.encode(canonical(DASHSCOPE.decode(record)))["messages"][1]["reasoning_content"] == "Clouds.\n\nMany."
    assert DASHSCOPE.decode(record) == THOUGHT


def test_reasoning_of_an_earlier_turn_or_with_a_closing_tag_in_it_is_refused_by_dashscope():
    earlier = Sample((*THOUGHT.messages, Message("user", "Sure?"), Message("assistant", "Yes")))
    tagged = Sample((Message("user", "a"), Message("assistant", "b", reasoning="x\n</think>\n\ny")))
    for sample in (earlier, tagged):
        assert DASHSCOPE.losses(sample) == ("reasoning_content",)
        assert DASHSCOPE.losses(DASHSCOPE.reduce(sample)) == ()


def test_siliconflow_has_no_reasoning():
    assert CODECS["siliconflow"].losses(THOUGHT) == ("reasoning_content",)


STORED = images.stored("ab" * 32)


def pictured(*addresses: str) -> Sample:
    parts = [{"type": "text", "text": "What?"}, *map(images.part_of, addresses)]
    return Sample((Message("user", parts), Message("assistant", "A cat")))


@pytest.mark.parametrize(
    ("name", "address", "carried"),
    [
        ("openai-chat", "https://a.org/b.png", True),
        ("openai-chat", STORED, True),
        ("together-sft", "data:image/png;base64,AA==", True),
        ("together-sft", STORED, True),
        ("together-sft", "https://a.org/b.png", False),
        ("dashscope-sft", "b.png", True),
        ("dashscope-sft", STORED, True),
        ("dashscope-sft", "data:image/png;base64,AA==", False),
        ("siliconflow", "b.png", False),
        ("openai-preference", "https://a.org/b.png", False),
    ],
)
def test_each_format_takes_pictures_by_the_addresses_that_its_platform_opens(name, address, carried):
    codec = CODECS[name]
    assert ("images" in codec.losses(pictured(address))) is not carried
    assert images.fits(address, codec.pictures) is carried


def test_a_picture_is_a_file_name_on_dashscope():
    record = DASHSCOPE.encode(pictured("b.png"))
    assert record["messages"][0]["content"] == [{"text": "What?"}, {"image": "b.png"}]
    assert DASHSCOPE.decode(record) == pictured("b.png")


def test_a_picture_that_cannot_be_carried_is_left_out_of_the_reduction_and_its_text_stays():
    kept = TOGETHER.reduce(pictured("https://a.org/b.png"))
    assert kept.messages[0].content == [{"type": "text", "text": "What?"}]
    assert CODECS["siliconflow"].reduce(pictured("b.png")).messages[0].content == "What?"


def test_pictures_are_found_and_given_other_addresses():
    sample = replace(pictured("b.png", STORED), rejected=(Message("assistant", [images.part_of("c.png")]),))
    assert [(one.path, one.address) for one in images.pictures(sample)] == [
        ("/messages/0/content/1", "b.png"),
        ("/messages/0/content/2", STORED),
        ("/rejected/0/content/0", "c.png"),
    ]
    again = images.readdress(sample, lambda address: {"b.png": STORED}.get(address, address))
    assert images.addresses(again) == [STORED, STORED, "c.png"]
    assert images.readdress(sample, lambda address: address) is sample
    assert images.digest_of(STORED) == "ab" * 32
    assert [images.kind_of(address) for address in (STORED, "data:image/png;base64,", "HTTPS://a/b", "b.png")] == [
        "stored",
        "data",
        "url",
        "file",
    ]


# Round trips within a format


PLATFORMS = ["openai-chat", "ark-sft", "dashscope-sft", "together-sft", "fireworks-sft", "zhipu-sft", "json-content",
             "task-response", "siliconflow", "contrast"]  # fmt: skip
UNTYPED = [{"text": "a"}, {"image": "a.png", "width": 1}, {"video": "v.mp4"}, {"image": 5}, {"text": "a", "image": "b"}]
SAID = ["<think>\na\n</think>\n\nb", '{"a":1.50}', "b"]
WIRE = st.one_of(
    MESSAGES,
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": st.sampled_from(SAID)},
        optional={
            "loss_weight": st.sampled_from([0, 0.5, 1, 1.0, 3, "a"]),
            "weight": st.sampled_from([0, 0.5, 1, 1.0]),
        },
    ),
    st.fixed_dictionaries({"role": st.just("user"), "content": st.lists(st.sampled_from(UNTYPED), max_size=2)}),
)


@pytest.mark.parametrize("name", PLATFORMS)
@given(
    messages=st.lists(WIRE, min_size=1, max_size=3),
    rest=st.fixed_dictionaries({}, optional={"tools": VALUES, "metadata": VALUES, "weight": VALUES}),
    chance=st.randoms(use_true_random=False),
)
def test_a_record_comes_back_with_its_key_order_or_is_refused_by_name(name, messages, rest, chance):
    def shuffled(record):
        items = list(record.items())
        chance.shuffle(items)
        return dict(items)

    record = shuffled({"messages": [shuffled(message) for message in messages], **rest})
    codec = CODECS[name]
    sample = codec.decode(record)
    if lost := codec.losses(sample):
        assert lost
        return
    try:
        written = codec.encode(sample)
    except CodecError:
        return
    assert json.dumps(written) == json.dumps(record) or name in ("json-content", "task-response")


@pytest.mark.parametrize("key", [KEYS, FORM, RAW])
@pytest.mark.parametrize("name", PLATFORMS)
def test_our_own_keys_are_refused_in_a_source(name, key):
    with pytest.raises(CodecError, match="reserved"):
        CODECS[name].decode({"messages": [{"role": "user", "content": "a"}], key: 1})


# Detection


@pytest.mark.parametrize("name", ["siliconflow", "together-sft", "fireworks-sft", "zhipu-sft", "json-content"])
def test_a_dialect_without_a_mark_is_named_by_the_general_format(name):
    assert detect(CODECS[name].examples) == "openai-chat"


@pytest.mark.parametrize(
    "name", ["task-response", "ark-sft", "ark-dpo", "dashscope-sft", "dashscope-dpo", "openai-preference", "contrast"]
)
def test_a_format_with_a_mark_is_recognised(name):
    assert detect(CODECS[name].examples) == name


def test_one_row_with_a_loss_weight_shows_that_a_file_is_arks():
    plain = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert detect([plain, plain, ARK.examples[0], plain]) == "ark-sft"
    assert detect([plain, plain]) == "openai-chat"


def test_one_corrected_request_among_chats_does_not_make_a_file_contrast():
    plain = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert detect([plain, plain, CODECS["contrast"].examples[0]]) == "openai-chat"


@pytest.mark.parametrize("name", ["trl-kto", "trl-preference"])
def test_a_picture_without_an_address_rides_along_where_other_things_are_left_out(name):
    wrong = Message("assistant", [{"type": "image_url", "image_url": {"url": ""}}])
    sample = Sample((Message("user", "猫？"), Message("assistant", "是", weight=0)), (), (wrong,))
    assert CODECS[name].reduce(sample).rejected == (wrong,)
    assert "images" not in CODECS[name].losses(sample)
