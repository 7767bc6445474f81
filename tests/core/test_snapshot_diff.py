"""What changed between two versions of a sample, turn by turn."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.examples import chat
from datasets_app.core.samples import Message, Sample
from datasets_app.core.snapshot_diff import turns

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
