"""What stays together: one key, one question, one conversation, and chains of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import arrays
from datasets_app.core.duplicates import fingerprint, question_fingerprint
from datasets_app.core.examples import chat
from datasets_app.core.grouping import checked_key, checked_keys, content_key, keys_of, number, over_groups, together
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput


@pytest.mark.parametrize(
    ("group_by", "key"),
    [
        ("metadata.doc", "atlas"),
        ("metadata.page", "3"),
        ("metadata.none", None),
        ("metadata.doc.x", None),
        ("nowhere", None),
        ("tags", '["b", "a"]'),
    ],
)
def test_what_is_kept_together(group_by, key):
    sample = Sample(
        chat("a", "b").messages, extras={"metadata": {"doc": "atlas", "page": 3, "none": None}, "tags": ["b", "a"]}
    )
    assert content_key(sample, group_by) == key


@pytest.mark.parametrize("wrong", ["a..b", ".", "x" * 101, "a\x00"])
def test_a_key_that_is_no_path_is_refused(wrong):
    with pytest.raises(InvalidInput) as caught:
        checked_key(wrong)
    assert "near-duplicates" in caught.value.fields["group_by"]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [("", ()), (" a.b ", ("a.b",)), ("a，near-duplicates , a,", ("a", "near-duplicates"))],
)
def test_several_keys_are_parted_by_commas_of_either_script(typed, keys):
    assert keys_of(checked_keys(typed)) == keys


@pytest.mark.parametrize("wrong", ["a, b..c", ", ".join(one * 40 for one in "xyz")])
def test_of_several_keys_each_must_be_one(wrong):
    with pytest.raises(InvalidInput):
        checked_keys(wrong)


def turns(*texts):
    return tuple(Message("user" if at % 2 == 0 else "assistant", text) for at, text in enumerate(texts))


def test_a_dialogue_cut_into_a_sample_for_each_turn_is_one_conversation():
    short, long = Sample(turns("雨？", "会。")), Sample(turns("雨？", "会。", "雪？", "不会。"))
    assert content_key(short, "conversation") == content_key(long, "conversation")
    assert content_key(short, "conversation") != content_key(Sample(turns("雪？", "不会。")), "conversation")


def test_a_conversations_own_id_decides_before_its_words():
    one, other = (Sample(turns("雨？", "会。"), extras={"metadata": {"session_id": n}}) for n in (1, 2))
    assert content_key(one, "conversation") != content_key(other, "conversation")
    assert content_key(one, "conversation") == content_key(
        Sample(turns("雪？"), extras={"session_id": 1}), "conversation"
    )


pairs = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40)


@given(pairs)
def test_whatever_hangs_together_is_one_group(pairs):
    one, other = ([pair[at] for pair in pairs] for at in (0, 1))
    found = together(np.array(one, dtype=np.int64), np.array(other, dtype=np.int64)).tolist()
    assert found == slowly(pairs)


def test_it_makes_no_difference_that_keys_are_sorted_and_looked_up_in_parts(monkeypatch):
    keys = np.random.default_rng(5).integers(0, 700, (2, 1000)).astype(np.uint64)
    at_once = together(*keys)
    monkeypatch.setattr(arrays, "PIECE", 7)
    monkeypatch.setattr(arrays, "PARTS", 1)
    assert np.array_equal(together(*keys), at_once)


def slowly(pairs):
    """The same by merging sets one after another."""
    groups = [{at} for at in range(len(pairs))]
    for at, pair in enumerate(pairs):
        for before in range(at):
            if pairs[before][0] == pair[0] or pairs[before][1] == pair[1]:
                whole = groups[at] | groups[before]
                for member in whole:
                    groups[member] = whole
    return [min(group) for group in groups]


def test_a_long_chain_is_one_group():
    count = 5000
    ends = np.arange(count) // 2
    order = np.random.default_rng(3).permutation(count)
    assert set(together(ends[order], ((np.arange(count) + 1) // 2)[order]).tolist()) == {0}


def test_a_groups_least_and_greatest_stand_at_its_first_sample():
    least, greatest = over_groups(np.array([0, 0, 2, 2, 4]), np.array([2, 1, -1, -1, 0]))
    assert (least[[0, 2, 4]].tolist(), greatest[[0, 2, 4]].tolist()) == ([1, -1, 0], [2, -1, 0])


def test_a_keys_number_is_the_same_everywhere():
    assert number("雨") == number("雨") != number("雪")
    assert number("\ud800") > 0


def test_width_and_white_space_make_no_difference_but_roles_pictures_and_words_do():
    base = fingerprint(chat("ＡＢＣ  一", "好。"))
    assert base == fingerprint(chat("ABC 一", " 好。"))
    assert len(base) == 32
    assert base != fingerprint(chat("ABC 一", "好！"))
    assert base != fingerprint(Sample((Message("system", "ABC 一"), Message("assistant", "好。"))))
    first, second = (
        Sample((Message("user", [{"type": "image_url", "image_url": {"url": url}}]), Message("assistant", "猫")))
        for url in ("a.png", "b.png")
    )
    assert fingerprint(first) != fingerprint(second)


def test_the_rejected_answer_counts_and_other_keys_do_not():
    plain = chat("a", "b")
    assert fingerprint(plain) == fingerprint(Sample(plain.messages, extras={"id": 2**80}))
    assert fingerprint(plain) != fingerprint(Sample(plain.messages, rejected=(Message("assistant", "c"),)))


def test_the_same_question_is_the_same_whatever_the_answer():
    assert question_fingerprint(chat("a", "b")) == question_fingerprint(chat("a", "c"))
    assert question_fingerprint(chat("a", "b")) == question_fingerprint(chat("a"))
    assert question_fingerprint(chat("a", "b")) != question_fingerprint(chat("x", "b"))
