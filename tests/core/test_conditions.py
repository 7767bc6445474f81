"""A condition on samples is written in an address and in JSON, and read back as the same condition."""

from __future__ import annotations

import contextlib
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import conditions
from datasets_app.core.conditions import FIELDS, Group, Term
from datasets_app.core.conditions.kinds import Choice, Flag, Identity, Moment, Number, Person
from datasets_app.core.conditions.tree import DEEPEST, MOST_TESTS
from ftstudio.errors import InvalidInput

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=12)


def values(kind: Any) -> Any:
    match kind:
        case Choice():
            return st.sampled_from(sorted(kind.words))
        case Number():
            return st.integers(0, 10**6).map(str)
        case Flag():
            return st.sampled_from(["yes", "no"])
        case Person():
            return st.sampled_from(["me", "nobody", "7"])
        case Moment():
            return st.sampled_from(["7d", "12h", "2026-11-01", "2026-11-01T08:00:00+00:00"])
        case Identity():
            return st.uuids().map(str)
    return TEXTS.map(str.strip).filter(bool)


@st.composite
def a_test(draw: Any) -> Term:
    field = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[field].kind
    operator = draw(st.sampled_from(kind.operators))
    several = draw(st.lists(values(kind), min_size=1, max_size=3 if operator == "any" else 1, unique=True))
    return Term(field, operator, tuple(several))


CONDITIONS = st.recursive(
    a_test(),
    lambda inner: st.one_of(
        st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Group, st.just("not"), st.tuples(inner)),
    ),
    max_leaves=6,
).filter(lambda condition: conditions.tree.depth(condition) <= DEEPEST)


@given(CONDITIONS)
def test_what_is_written_is_read_back(condition: Any) -> None:
    text = conditions.write(condition)
    assert conditions.read(text) == condition
    assert conditions.write(conditions.read(text)) == text


@given(CONDITIONS)
def test_json_says_the_same(condition: Any) -> None:
    assert conditions.from_data(conditions.to_data(condition)) == condition


@given(st.text(string.printable + "状态“”", max_size=40))
def test_whatever_is_typed_is_read_or_refused_with_its_place(text: str) -> None:
    refused = None
    try:
        conditions.read(text)
    except InvalidInput as error:
        refused = str(error.fields["where"])
    assert refused is None or refused.startswith("Character ")


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["all", "any", "not", "field", "operator", "value", "x"]), inner, max_size=3),
    ),
))  # fmt: skip
def test_whatever_json_is_sent_is_read_or_refused(data: Any) -> None:
    with contextlib.suppress(InvalidInput):
        conditions.from_data(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour.is(red)", "Character 1: “colour” is no field"),
        ("status.is(gone)", "Character 1: “gone” is not one of pending"),
        ("all(status.is(pending),tokens.contains(3))", "Character 24: “tokens” has no “contains”"),
        ("all(status.is(pending)", "Character 23: expected a comma"),
        ("all()", "Character 5: expected a test"),
        ("status.is()", "Character 1: “status” needs a value"),
        ("status.is(pending,accepted)", "Character 1: “status” takes 1 values at most"),
        ("not(status.is(pending),worst.is(error))", "Character 1: not(…) takes one"),
        ("status.is(pending) tag.is(x)", "Character 20: the condition ends"),
        ("tokens.min(-1)", "“-1” is no whole number"),
        ("changed.after(yesterday)", "“yesterday” is no day"),
        ("assigned.is(bob)", "A person is a number"),
        ("either(status.is(pending))", "“either” is neither all"),
        ("not(" * 7 + "status.is(pending)" + ")" * 7, "groups inside each other"),
        (f"any({','.join(['tokens.min(1)'] * (MOST_TESTS + 1))})", "at most 40 tests"),
        ("x" * 7000, "at most 6000 characters"),
    ],
)
def test_a_refusal_names_the_place_and_says_what_would_do(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        conditions.read(text)
    assert said in str(refusal.value.fields["where"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"all": [{"field": "tokens", "operator": "min", "value": 2}, {"field": "x", "value": 1}]}, "all/1: “x”"),
        ({"all": []}, "all: expected a list"),
        ({"not": {"any": [5]}}, "not/any/0: expected an object"),
        ({"all": [1], "any": [2]}, "where: “all” stands alone"),
        ({"field": "tokens", "operator": "min", "value": 1.5}, "where: a value is"),
    ],
)
def test_a_refusal_of_json_names_the_path(data: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        conditions.from_data(data)
    assert said in str(refusal.value.fields["where"])


def test_a_settled_condition_means_the_same_tomorrow_and_to_everybody() -> None:
    asked = conditions.read("all(assigned.any(me,9),changed.after(7d),decided.before(2026-11-01))")
    settled = conditions.settled(asked, me=5, now=NOW)
    assert conditions.write(settled) == (
        "all(assigned.any(5,9),changed.after(2026-11-14T12:00:00+00:00),decided.before(2026-11-01))"
    )
    assert conditions.settled(settled, me=6, now=datetime(2027, 1, 1, tzinfo=UTC)) == settled
