"""Diffs, token estimates and titles: what people read about a text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.diffs import Op, by_character, diff, distance, tokens
from datasets_app.core.examples import chat, turns
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.titles import snippet, title

TEXT = st.text(max_size=40) | st.lists(
    st.sampled_from(["今天", "天气", "hello", "world", " ", "  ", "。", "👩‍🔬", "👍🏽", "🇨🇳", "é", "❤️", "\n", "a-1"]),
    max_size=12,
).map("".join)


@given(TEXT, TEXT)
def test_a_diff_holds_both_texts_whole(before, after):
    ops = diff(before, after)
    assert "".join(op.text for op in ops if op.kind != "insert") == before
    assert "".join(op.text for op in ops if op.kind != "delete") == after
    assert all(op.text for op in ops)
    assert all(one.kind != two.kind for one, two in pairwise(ops))


@given(TEXT)
def test_tokens_join_to_the_text(text):
    assert "".join(tokens(text)) == text
    assert diff(text, text) == ([Op("equal", text)] if text else [])


def test_chinese_changes_by_character_and_english_by_word():
    assert diff("天气很好", "天气真好") == [
        Op("equal", "天气"),
        Op("delete", "很"),
        Op("insert", "真"),
        Op("equal", "好"),
    ]
    assert diff("the cat sat", "the dog sat") == [
        Op("equal", "the "),
        Op("delete", "cat"),
        Op("insert", "dog"),
        Op("equal", " sat"),
    ]


def test_codes_in_chinese_and_json_change_by_character():
    assert diff("涂 AW30-02 底涂", "涂 AW31-02 底涂")[1:3] == [Op("delete", "0"), Op("insert", "1")]
    assert diff('{"a": "total"}', '{"a": "totals"}')[1] == Op("insert", "s")
    assert by_character("def f(x):\n    return x[0] = {1: 2}; // <b>")
    assert not by_character("The coat (two layers) dries; wait 2 hours.")


def test_long_texts_that_share_nothing_are_compared_by_sentence():
    before, after = "".join(f"雨天{n}。" for n in range(900)), "".join(f"晴天{n}！" for n in range(900))
    ops = diff(before, after)
    assert "".join(op.text for op in ops if op.kind != "insert") == before
    assert "".join(op.text for op in ops if op.kind != "delete") == after


def test_an_emoji_sequence_is_never_cut():
    assert diff("👩‍🔬", "👩‍🚀") == [Op("delete", "👩‍🔬"), Op("insert", "👩‍🚀")]
    assert tokens("👍🏽🇨🇳❤️é") == ["👍🏽", "🇨🇳", "❤️", "é"]


def test_a_lost_space_is_one_lost_space():
    assert diff("A  B", "A B") in (
        [Op("equal", "A "), Op("delete", " "), Op("equal", "B")],
        [Op("equal", "A"), Op("delete", " "), Op("equal", " B")],
    )


def test_distance_counts_characters():
    assert distance("天气很好", "天气真好呀") == 2
    assert distance("", "") == 0


def test_a_title_is_one_short_line_of_the_last_question():
    assert title(chat("first", "a", " 第二\n个  问题 ", "b")) == "第二 个 问题"
    long = title(chat("雨" * 500, "b"))
    assert len(long) == 80
    assert long.endswith("…")
    assert title(turns(("system", "only this"))) == "only this"
    assert title(Sample(())) == ""


def test_a_snippet_is_one_line_of_the_answer():
    assert snippet(chat("q", "a\nb")) == "a b"
    assert len(snippet(chat("q", "a" * 500))) == 120
    assert snippet(chat("q")) == ""
    assert snippet(Sample((Message("assistant", None, tool_calls=(ToolCall("rain", "{}"),)),))) == "rain({})"
