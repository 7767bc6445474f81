"""What changed between two versions of a sample, turn by turn."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.examples import chat
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.snapshot_diff import SETTINGS, settings, turns

messages = st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=6)), max_size=4)
samples = st.builds(Sample, messages.map(tuple), rejected=messages.map(tuple))


@given(samples)
def test_a_sample_does_not_differ_from_itself(sample):
    assert turns(sample, sample) == []


@given(samples, samples)
def test_every_turn_that_differs_is_there_with_both_its_texts(one, other):
    found = turns(one, other)
    assert bool(found) == (one != other)
    for turn in found:
        before = "".join(op.text for op in turn.ops if op.kind != "insert")
        own = one.rejected if turn.rejected else one.messages
        assert before == "" or before in [message.text for message in own]


def test_a_turn_that_came_is_whole_and_a_weight_alone_is_a_difference_too():
    before = chat("雨？", "会。")
    [turn] = turns(before, replace(before, rejected=(Message("assistant", "不会。"),)))
    assert (turn.rejected, turn.text) == (True, "不会。")
    weighed = replace(before, messages=(before.messages[0], replace(before.messages[1], weight=0)))
    assert [turn.role for turn in turns(before, weighed)] == ["assistant"]


def steps(found):
    return [(turn.role, turn.field, [(op.kind, op.text) for op in turn.ops]) for turn in found]


def test_a_turn_put_in_does_not_make_those_behind_it_look_changed():
    after = chat("雨？", "会。")
    before = replace(after, messages=(Message("system", "短"), *after.messages))
    assert steps(turns(before, after)) == [("system", "content", [("delete", "短")])]
    assert steps(turns(after, before)) == [("system", "content", [("insert", "短")])]


def test_what_changed_beside_the_texts_is_named_and_shown():
    asked, said = chat("雨？", "会。").messages
    call, other = (replace(said, tool_calls=(ToolCall("rain", text),)) for text in ('{"d": 1}', '{"d": 2}'))
    assert steps(turns(Sample((asked, call)), Sample((asked, other)))) == [
        ("assistant", "rain", [("equal", '{"d": '), ("delete", "1"), ("insert", "2"), ("equal", "}")])
    ]
    assert [turn[:2] for turn in steps(turns(Sample((asked, said)), Sample((asked, replace(said, weight=0)))))] == [
        ("assistant", "weight")
    ]
    seen = replace(asked, content=[{"type": "image_url", "image_url": {"url": "https://acme.cn/" + "a" * 999}}])
    [picture] = [turn for turn in turns(Sample((asked, said)), Sample((seen, said))) if turn.field == "images"]
    assert len(picture.text) == 80
    tools, extras = Sample((asked, said), tools=({"name": "rain"},)), Sample((asked, said), extras={"doc": "甲"})
    assert [turn.field for turn in turns(Sample((asked, said)), tools)] == ["tools"]
    assert [turn.field for turn in turns(Sample((asked, said)), extras)] == ["other"]


def test_two_roles_are_two_turns_and_no_change_of_one():
    before, after = Sample((Message("user", "雨？"),)), Sample((Message("assistant", "雨？"),))
    assert steps(turns(before, after)) == [
        ("user", "content", [("delete", "雨？")]),
        ("assistant", "content", [("insert", "雨？")]),
    ]


def test_what_was_frozen_otherwise_is_named_with_its_steps():
    before = dict.fromkeys(SETTINGS, "") | {"contract": {"text": {"sentences": {"max": 1}}}, "seed": 1}
    after = before | {"contract": {"text": {"sentences": {"max": 2}}}, "system_prompt": "短"}
    found = settings(before, after)
    assert [one.name for one in found] == ["contract", "system_prompt"]
    assert [(op.kind, op.text) for op in found[0].ops if op.kind != "equal"] == [("delete", "1"), ("insert", "2")]
    assert settings(before, before) == []
    [shares] = settings({**before, "shares": {"train": 100}}, {**before, "shares": {"train": 50}})
    assert [(op.kind, op.text) for op in shares.ops if op.kind != "equal"] == [("delete", "100"), ("insert", "50")]
