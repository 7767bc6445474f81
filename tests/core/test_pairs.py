"""Two answers side by side: an order that nobody can learn, and a choice that loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import pairs
from datasets_app.core.codecs import CODECS
from datasets_app.core.samples import Message, Sample, ToolCall

ANSWERS = st.lists(st.builds(Message, st.just("assistant"), st.text(max_size=5)), min_size=1, max_size=3).map(tuple)


def pair(chosen: tuple[Message, ...], rejected: tuple[Message, ...], **extras: object) -> Sample:
    return pairs.joined((Message("user", "哪国首都？"),), chosen, rejected, (), dict(extras))


def test_each_order_comes_for_one_half_of_the_people_and_samples() -> None:
    seen = [
        pairs.order(pairs.order_seed(dataset="d", person=person, sample=sample))[0]
        for person in range(40) for sample in range(50)
    ]  # fmt: skip
    assert 900 < seen.count("chosen") < 1100
    by_person = [seen[50 * person : 50 * person + 50].count("chosen") for person in range(40)]
    assert min(by_person) > 10
    assert max(by_person) < 40


def test_the_order_that_was_seen_can_be_told_from_what_is_stored() -> None:
    seed = pairs.order_seed(dataset="d", person=1, sample=2)
    assert len(seed) == 16
    assert pairs.order(seed) == pairs.order(pairs.order_seed(dataset="d", person=1, sample=2))
    assert set(pairs.order(seed)) == {"chosen", "rejected"}
    assert pairs.order("0" * 16) != pairs.order("0" * 15 + "1")


@given(ANSWERS, ANSWERS)
def test_choosing_the_other_twice_is_where_it_began(chosen: tuple[Message, ...], rejected: tuple[Message, ...]) -> None:
    before = pair(chosen, rejected, source="七月")
    once = pairs.swapped(before)
    assert pairs.sides(once) == {"chosen": rejected, "rejected": chosen}
    assert once.messages[:1] == before.messages[:1]
    assert pairs.swapped(once) == before


def test_an_answer_of_several_turns_is_taken_whole() -> None:
    call = Message("assistant", None, tool_calls=(ToolCall("look", "{}", "1"),))
    long = (call, Message("tool", "堪培拉", tool_call_id="1"), Message("assistant", "堪培拉。"))
    after = pairs.swapped(pair(long, (Message("assistant", "悉尼。"),)))
    assert pairs.sides(after) == {"chosen": (Message("assistant", "悉尼。"),), "rejected": long}
    row = CODECS["openai-preference"].encode(after)
    assert [turn["content"] for turn in row["preferred_output"]] == ["悉尼。"]
    assert len(row["non_preferred_output"]) == 3


@pytest.mark.parametrize("rejected", [(), (Message("assistant", "x"),)])
def test_what_is_no_pair_stays(rejected: tuple[Message, ...]) -> None:
    alone = Sample((Message("user", "q"),), rejected=rejected)
    assert pairs.swapped(alone) == alone
