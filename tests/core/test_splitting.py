"""Splits: shares that add up, sides that stay, groups that are kept together."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.duplicates import fingerprint, question_fingerprint
from datasets_app.core.rules.base import chat
from datasets_app.core.samples import Message, Sample
from datasets_app.core.splitting import Shares, group_key, side
from ftstudio.errors import InvalidInput


def test_shares_that_do_not_add_up_are_refused_with_their_sum():
    with pytest.raises(InvalidInput) as caught:
        Shares(80, 10, 5)
    assert caught.value.fields == {"shares": "train, validation and test must add up to 100, not 95"}


@pytest.mark.parametrize("parts", [(-10, 100, 10), (90.5, 9.5, 0), (True, 99, 0)])
def test_shares_must_be_whole_percentages(parts):
    with pytest.raises(InvalidInput):
        Shares(*parts)


@given(st.integers(), st.text())
def test_all_or_nothing_is_all_or_nothing(seed, key):
    assert side(seed=seed, key=key, shares=Shares(100, 0, 0)) == "train"
    assert side(seed=seed, key=key, shares=Shares(0, 100, 0)) == "validation"
    assert side(seed=seed, key=key, shares=Shares(0, 0, 100)) == "test"


@given(st.text(), st.integers(0, 99))
def test_a_sample_in_train_stays_there_when_train_grows(key, train):
    before = side(seed=1, key=key, shares=Shares(train, 100 - train, 0))
    after = side(seed=1, key=key, shares=Shares(train + 1, 99 - train, 0))
    assert before != "train" or after == "train"


def test_the_sides_are_as_large_as_asked_for_and_depend_on_the_seed():
    shares = Shares(80, 10, 10)
    sides = [side(seed=7, key=str(number), shares=shares) for number in range(20_000)]
    counts = Counter(sides)
    assert abs(counts["train"] - 16_000) < 250
    assert abs(counts["test"] - 2_000) < 200
    assert sides != [side(seed=8, key=str(number), shares=shares) for number in range(20_000)]


def test_a_side_never_changes_from_one_release_to_the_next():
    keys = ("a", "b", "c", "雨", "e", "f", "g", "h")
    assert "".join(side(seed=42, key=key, shares=Shares(40, 30, 30))[:2] for key in keys) == "vatevatetetrtete"


@pytest.mark.parametrize(
    ("group_by", "key"),
    [
        ("", "7"),
        ("metadata.doc", "atlas"),
        ("metadata.page", "3"),
        ("metadata.none", "7"),
        ("metadata.doc.x", "7"),
        ("tags", '["b", "a"]'),
    ],
)
def test_what_is_kept_together(group_by, key):
    sample = Sample(
        chat("a", "b").messages, extras={"metadata": {"doc": "atlas", "page": 3, "none": None}, "tags": ["b", "a"]}
    )
    assert group_key(sample, group_by, "7") == key


def test_duplicates_are_kept_together_by_their_text():
    assert group_key(chat("a", "b"), "duplicates", "1") == group_key(chat(" a", "b\n"), "duplicates", "2")


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
