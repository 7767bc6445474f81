"""Sentences in the reader's language, also when they were kept in a row for a while."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import jsonschema_rs
import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.contracts.violations import explained
from datasets_app.core.roles import role_label
from ftstudio.errors import Listed, Text
from ftstudio.web.texts import from_line, from_row, say, to_line, to_row

REFUSED = Text("The provider asks us to slow down. {says}", says="Slow down, please. " * 30)


@pytest.fixture
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


def test_names_are_joined_the_way_the_reader_reads() -> None:
    sentence = Text("“{name}” is no profile: use one of {names}", name="x", names=Listed(["a", "b"]))
    assert say(sentence) == str(sentence) == "“x” is no profile: use one of a, b"
    with translation.override("zh-hans"):
        assert "a、b" in say(sentence)
        assert Template("{% load ui %}{{ names|listed }}").render(Context({"names": ["甲", "乙"]})) == "甲、乙"


@given(st.lists(st.text()))
def test_a_list_survives_being_stored_copied_and_pickled(names: list[str]) -> None:
    sentence = Text("one of {names}", names=Listed(names))
    for back in (from_row(to_row(sentence)), copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):  # noqa: S301
        assert back == sentence
        assert back.params["names"].items == tuple(names)


def test_a_refusal_that_was_kept_in_a_column_is_read_in_chinese(chinese: None) -> None:
    line = to_line(REFUSED, 300)
    assert len(line) <= 300
    said = say(from_line(line))
    assert "Slow down, please." in said
    assert "The provider asks" not in said
    assert Template("{% load ui %}{{ line|say }}").render(Context({"line": line})) == said


@given(st.text(min_size=1), st.integers(min_value=1, max_value=400))
def test_whatever_is_quoted_the_line_fits(says: str, longest: int) -> None:
    line = to_line(Text("The provider has a fault (HTTP {status}). {says}", status=500, says=says), longest)
    assert len(line) <= longest
    assert from_line(line).startswith("The provider has a fault"[:longest])


def test_what_was_kept_before_is_shown_as_it_is() -> None:
    assert from_line("The provider cannot be reached.") == "The provider cannot be reached."
    assert to_line("plain " * 100, 20) == "plain plain plain pl"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"required": ["age"]}, {}),
        ({"type": "integer"}, "30"),
        ({"type": ["integer", "null"]}, "30"),
        ({"enum": ["a", "b"]}, "c"),
        ({"const": 3}, 4),
        ({"additionalProperties": False}, {"a": 1}),
        ({"unevaluatedProperties": False}, {"a": 1}),
        ({"pattern": "^z"}, "a"),
        ({"format": "date"}, "soon"),
        ({"minimum": 3}, 1),
        ({"maximum": 3}, 4),
        ({"exclusiveMinimum": 3}, 3),
        ({"exclusiveMaximum": 3}, 3),
        ({"multipleOf": 2}, 3),
        ({"minLength": 3}, "a"),
        ({"maxLength": 1}, "ab"),
        ({"minItems": 1}, []),
        ({"maxItems": 0}, [1]),
        ({"minProperties": 1}, {}),
        ({"maxProperties": 0}, {"a": 1}),
        ({"uniqueItems": True}, [1, 1]),
        ({"contains": {"const": 1}}, [2]),
        ({"items": False}, [2]),
        ({"anyOf": [{"type": "string"}]}, 3),
    ],
)
def test_what_commonly_breaks_a_schema_is_said_in_chinese(chinese: None, schema: dict, value: object) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    error = next(iter(validator.iter_errors(value)))
    said = say(explained(error.kind.name, error.kind.value, error.message))
    assert said != error.message
    assert any("一" <= letter <= "鿿" for letter in said)


def test_what_rarely_breaks_a_schema_is_said_in_the_librarys_words() -> None:
    assert explained("custom", {}, "{} is not allowed for 3.") == "{} is not allowed for 3"


def test_roles_have_names_and_strange_ones_keep_theirs(chinese: None) -> None:
    assert (say(role_label("assistant")), say(role_label("narrator"))) == ("助手", "narrator")
