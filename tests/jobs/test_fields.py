"""Two records are compared as a person would compare them: leaf by leaf, entries of lists as they belong together."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.assignment import best_pairs
from jobs_app.core.fields import compared, leaves, plain

TEXTS = st.text("ab北 １1", max_size=4)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 3), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=10,
)


def counts(given_value, wanted) -> tuple[int, int, int]:
    found = compared(given_value, wanted)
    return found.right, found.given, found.wanted


@pytest.mark.parametrize(
    ("answer", "reference", "right", "all_given", "all_wanted"),
    [
        ({"age": 58, "sex": "男"}, {"age": 58, "sex": "男"}, 2, 2, 2),
        ({"age": "58", "sex": "男"}, {"age": 58, "sex": "男"}, 1, 2, 2),
        ({"age": 58.0}, {"age": 58}, 1, 1, 1),
        ({"age": True}, {"age": 1}, 0, 1, 1),
        ({"a": None, "b": "", "c": []}, {"d": " "}, 0, 0, 0),
        ({"a": "ＡＢ　１ "}, {"a": "AB 1"}, 1, 1, 1),
        ({"a": "x", "b": "y"}, {"a": "x"}, 1, 2, 1),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1, "d": 2}}}, 1, 1, 2),
        (["c", "a", "b"], ["a", "b", "d"], 2, 3, 3),
        (["a", "a"], ["a"], 1, 2, 1),
        ([{"n": "b", "v": 2}, {"n": "a", "v": 1}], [{"n": "a", "v": 1}, {"n": "b", "v": 3}], 3, 4, 4),
        ([{"n": "x", "v": 1}], [{"n": "y", "v": 9}, {"n": "x", "v": 2}], 1, 2, 4),
        ([[1, 2], [3]], [[3], [2, 1]], 3, 3, 3),
        (None, {"a": 1, "b": [2, 3]}, 0, 0, 3),
        ("text", {"a": 1}, 0, 1, 1),
        (5, 5.0, 1, 1, 1),
    ],
)
def test_leaves_are_right_where_path_and_value_are(answer, reference, right, all_given, all_wanted):
    assert counts(answer, reference) == (right, all_given, all_wanted)


def test_what_is_wrong_is_said_with_its_place():
    wanted = {"age": 58, "drugs": [{"name": "阿司匹林", "mg": 100}, {"name": "二甲双胍"}], "sex": "男"}
    answer = {"age": "58", "drugs": [{"name": "二甲双胍", "mg": 500}, {"name": "阿司匹林", "mg": 75}], "a/b": 1}
    said = {(each.said, each.path) for each in compared(answer, wanted).differences}
    assert said == {
        ("mistyped", "/age"), ("wrong", "/drugs/1/mg"), ("extra", "/drugs/0/mg"), ("missing", "/sex"),
        ("extra", "/a~1b"),
    }  # fmt: skip
    assert compared(answer, wanted).mistyped == 1


def test_where_nothing_is_wanted_and_nothing_is_given_there_is_no_score():
    assert compared({}, {"a": None}).f1 is None
    assert compared({"a": 1}, {}).f1 == 0
    assert compared({"a": 1}, {"a": 1, "b": 2}).f1 == pytest.approx(2 / 3)


def test_long_lists_cost_no_long_time():
    entries = [{"n": n, "v": n * 2, "w": "x"} for n in range(400)]
    assert counts(entries[::-1], entries) == (1200, 1200, 1200)
    changed = [{**each, "v": -1} for each in entries[::-1]]
    assert compared(changed, entries).right <= 800
    deep = [[[{"a": n}] * 3] * 3 for n in range(50)]
    assert compared(deep, [*deep[1:], [[{"a": -1}]]]).right == 49 * 9


@given(VALUES, VALUES)
def test_comparing_is_fair_to_both_sides(one, other):
    forth, back = compared(one, other), compared(other, one)
    assert forth.right == back.right <= min(forth.given, forth.wanted)
    assert (
        (forth.given, forth.wanted) == (back.wanted, back.given) == (len(list(leaves(one))), len(list(leaves(other))))
    )
    unlike = [each.said for each in forth.differences]
    wrong = unlike.count("wrong") + unlike.count("mistyped")
    assert forth.given == forth.right + wrong + unlike.count("extra")
    assert forth.wanted == forth.right + wrong + unlike.count("missing")


@given(VALUES)
def test_a_record_is_right_against_itself_in_whatever_order(value):
    found = compared(value, value)
    assert found.right == found.given == found.wanted
    assert found.differences == ()
    turned = (
        value[::-1]
        if isinstance(value, list)
        else dict(reversed(value.items()))
        if value and isinstance(value, dict)
        else value
    )
    assert compared(turned, value).right == found.right


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=4))
def test_the_best_pairs_are_no_worse_than_any(gains):
    rows, columns = len(gains), len(gains[0])
    pairs = best_pairs(gains)
    assert len(pairs) == len({row for row, _ in pairs}) == len({column for _, column in pairs}) == rows
    best = max(sum(gains[row][place[row]] for row in range(rows)) for place in permutations(range(columns), rows))
    assert sum(gains[row][column] for row, column in pairs) == best
    turned = best_pairs([list(column) for column in zip(*gains, strict=True)])
    assert sum(gains[row][column] for column, row in turned) == best
    assert best_pairs([]) == best_pairs([[]]) == []


@given(st.text("ab ＡＢ１。北京\u3000\t\n", max_size=12))
def test_plain_text_is_plain_for_good(text):
    assert plain(plain(text)) == plain(text) == plain(f" {text}\n")
