"""Structured answers as forms: read from a schema and a text, written back without touching what nobody touched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import contracts
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat
from datasets_app.core.forms import faults, form_of, step, with_values
from datasets_app.core.forms.spans import find, read
from ftstudio.errors import InvalidInput
from tests.records import RECORD, RECORD_SCHEMA

TEXT = json.dumps(RECORD, ensure_ascii=False, indent=2)


def leaf(schema: Any, text: str, path: str) -> Any:
    found = form_of(schema, text).at(path)
    assert found is not None
    return found


def test_the_nested_record_becomes_a_form_of_all_its_parts() -> None:
    form = form_of(RECORD_SCHEMA, TEXT)
    assert form.root is not None
    assert [(field.key, field.widget) for field in form.root.fields] == [
        ("patient", "object"), ("complaint", "object"), ("history", "array"), ("denied", "array"),
        ("measured", "object"),
    ]  # fmt: skip
    sex = leaf(RECORD_SCHEMA, TEXT, "/patient/sex")
    assert (sex.widget, sex.label, [option.label for option in sex.options]) == ("choice", "性别", ["男", "女", "不详"])
    age = leaf(RECORD_SCHEMA, TEXT, "/patient/age")
    assert (age.widget, age.value, age.nullable, age.null) == ("number", "57", True, False)
    assert leaf(RECORD_SCHEMA, TEXT, "/complaint/course/trigger").null
    assert leaf(RECORD_SCHEMA, TEXT, "/history/0").title == "哮喘"
    since = leaf(RECORD_SCHEMA, TEXT, "/history/1/since")
    assert (since.present, since.required) == (False, False)


@pytest.mark.parametrize(
    ("path", "typed", "becomes"),
    [
        ("/patient/age", "58", "58"),
        ("/patient/age", "1.50", "1.50"),
        ("/patient/age", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("/patient/age", "8年", '"8年"'),
        ("/patient/age", "", "null"),
        ("/patient/sex", '"女"', '"女"'),
        ("/complaint/symptom", '说 "疼"\n', '"说 \\"疼\\"\\n"'),
        ("/complaint/course/trigger", "劳累", '"劳累"'),
    ],
)
def test_a_leaf_that_was_typed_in_changes_its_own_bytes_alone(path: str, typed: str, becomes: str) -> None:
    node = leaf(RECORD_SCHEMA, TEXT, path).node
    after = with_values(RECORD_SCHEMA, TEXT, {path: typed})
    assert after == TEXT[: node.start] + becomes + TEXT[node.end :]


@pytest.mark.parametrize(
    ("text", "name", "pointer", "argument", "becomes"),
    [
        ('{"l": [1, 2.50]}', "add", "/l", "", '{"l": [1, 2.50, null]}'),
        ('{"l": []}', "add", "/l", "", '{"l": [null]}'),
        ('{"l": [1, 2.50]}', "up", "/l/1", "", '{"l": [2.50, 1]}'),
        ('{"l": [1, 2.50]}', "down", "/l/0", "", '{"l": [2.50, 1]}'),
        ('{"l": [1, 2.50]}', "down", "/l/1", "", '{"l": [1, 2.50]}'),
        ('{"l": [1, 2.50]}', "remove", "/l/0", "", '{"l": [2.50]}'),
        ('{"l": [1, 2.50]}', "remove", "/l/1", "", '{"l": [1]}'),
        ('{"l": [ 1 ]}', "remove", "/l/0", "", '{"l": []}'),
        ('{"a":1,"l":[]}', "remove", "/a", "", '{"l":[]}'),
        ('{"l":[]}', "put", "/o", "", '{"l":[], "o":{"inner":[]}}'),
        ('{\n  "l": []\n}', "put", "/o", "", '{\n  "l": [],\n  "o": {\n    "inner": []\n  }\n}'),
        ('{\n  "l": []\n}', "add", "/l", "", '{\n  "l": [\n    null\n  ]\n}'),
        ("", "put", "", "", '{\n  "l": []\n}'),
        ('{"l": []}', "put", "/a", "", '{"a": "", "l": []}'),
        ('{"l": []}', "key", "", "new/key", '{"l": [], "new/key": ""}'),
        ('{"l": [], "x~/y": 1}', "remove", "/x~0~1y", "", '{"l": []}'),
        ('{"l": [1]}', "set", "/l/0", "8", '{"l": [8]}'),
        ('```json\n{"l": [1]}\n```', "add", "/l", "", '```json\n{"l": [1, null]}\n```'),
    ],
)
def test_a_press_of_a_button_does_one_thing_to_the_text(
    text: str, name: str, pointer: str, argument: str, becomes: str
) -> None:
    schema = {
        "type": "object",
        "required": ["l"],
        "properties": {
            "a": {"type": "string"},
            "l": {"type": "array", "items": {"type": "number"}},
            "o": {"type": "object", "required": ["inner", "name"],
                  "properties": {"inner": {"type": "array"}, "name": {"type": "string"}}},
        },
        "additionalProperties": True,
    }  # fmt: skip
    assert step(schema, text, name, pointer, argument) == becomes


@pytest.mark.parametrize(
    ("name", "pointer", "argument"),
    [("add", "/nowhere", ""), ("branch", "/l", "3"), ("set", "/l", "{"), ("burn", "/l", ""), ("up", "/l", "")],
)
def test_what_cannot_be_done_is_refused_in_words(name: str, pointer: str, argument: str) -> None:
    with pytest.raises(InvalidInput):
        step({"type": "object", "properties": {"l": {"type": "array"}}}, '{"l": []}', name, pointer, argument)


SHAPES = {
    "$defs": {
        "circle": {"title": "圆", "type": "object", "required": ["kind", "r"],
                   "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}, "note": {"type": "string"}}},
        "box": {"title": "方", "type": "object", "required": ["kind", "sides"],
                "properties": {"kind": {"const": "box"}, "sides": {"type": "array", "items": {"type": "number"}},
                               "note": {"type": "string"}}},
    },
    "type": "object",
    "properties": {"shape": {"oneOf": [{"$ref": "#/$defs/circle"}, {"$ref": "#/$defs/box"}, {"type": "null"}]}},
}  # fmt: skip


def test_the_branch_that_a_value_takes_is_found_and_another_can_be_chosen() -> None:
    text = '{"shape": {"kind": "circle", "r": 2.0, "note": "小"}}'
    shape = leaf(SHAPES, text, "/shape")
    assert (shape.label, shape.branches, shape.branch, shape.nullable) == ("shape", ("圆", "方"), 0, True)
    assert [field.key for field in shape.fields] == ["kind", "r", "note"]
    after = step(SHAPES, text, "branch", "/shape", "1")
    assert after == '{"shape": {"kind": "box", "sides": [], "note": "小"}}'
    assert leaf(SHAPES, after, "/shape").branch == 1


def test_a_value_that_keeps_no_branch_is_shown_as_the_closest() -> None:
    shape = leaf(SHAPES, '{"shape": {"kind": "box", "r": "two"}}', "/shape")
    assert shape.branch == 1
    assert [(field.key, field.unknown) for field in shape.fields][-1] == ("r", False)


def test_spelled_out_constants_are_a_closed_set_with_their_titles() -> None:
    schema = {"oneOf": [{"const": 1, "title": "mild"}, {"const": 2, "title": "severe"}]}
    field = leaf(schema, "2", "")
    assert (field.widget, [option.label for option in field.options], field.value) == (
        "choice",
        ["mild", "severe"],
        "2",
    )


def test_what_no_schema_describes_is_shown_by_what_stands_there() -> None:
    text = '{"a": "x", "b": 1.50, "c": {"d": [true, null]}}'
    assert [(field.path, field.widget, field.value) for field in leaf({}, text, "").leaves()] == [
        ("/a", "text", "x"), ("/b", "number", "1.50"), ("/c/d/0", "boolean", "true"), ("/c/d/1", "any", "null"),
    ]  # fmt: skip


def test_a_value_of_another_kind_is_shown_as_it_is_and_one_press_mends_it() -> None:
    schema = {"properties": {"n": {"type": "integer"}, "s": {"type": "string"}, "o": {"type": "object"}}}
    text = '{"n": "8年", "s": 7, "o": "none"}'
    form = form_of(schema, text)
    assert [(field.widget, field.value, field.offer) for field in form.root.fields] == [  # type: ignore[union-attr]
        ("number", "8年", "8"), ("text", "7", '"7"'), ("any", '"none"', ""),
    ]  # fmt: skip
    assert step(schema, text, "set", "/n", "8") == '{"n": 8, "s": 7, "o": "none"}'


def test_a_schema_that_refers_to_itself_makes_a_form_as_deep_as_the_text() -> None:
    schema = {"type": "object", "required": ["next"], "properties": {"name": {"type": "string"}, "next": {"$ref": "#"}}}
    form = form_of(schema, '{"name": "a", "next": {"name": "b"}}')
    assert [field.path for field in form.root.leaves()] == ["/name", "/next/name"]  # type: ignore[union-attr]
    assert (
        step(schema, "", "put", "").count("next") == 6
    )  # required for ever: it ends, and the rules say what is missing


def test_a_reference_in_a_circle_ends() -> None:
    schema = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    assert leaf(schema, '"x"', "").widget == "text"


def test_conditions_show_the_fields_that_hold_just_now() -> None:
    schema = {
        "type": "object", "properties": {"sick": {"type": "boolean"}},
        "if": {"properties": {"sick": {"const": True}}},
        "then": {"properties": {"since": {"type": "string", "format": "date"}}},
        "else": {"properties": {"why": {"type": "string"}}},
    }  # fmt: skip
    assert [field.key for field in leaf(schema, '{"sick": true}', "").fields] == ["sick", "since"]
    assert [field.key for field in leaf(schema, '{"sick": false}', "").fields] == ["sick", "why"]


def test_text_that_is_no_json_leaves_no_form_and_says_where() -> None:
    form = form_of(RECORD_SCHEMA, '{"patient": ')
    assert form.root is None
    assert form.problem is not None
    assert "column" in str(form.problem)


def test_errors_stand_at_the_leaf_they_are_about() -> None:
    contract = contracts.parse({"json": {"schema": RECORD_SCHEMA}})
    record = {**RECORD, "extra": 1, "history": [{"condition": "哮喘", "duration": {"value": "8", "unit": "年"}}]}
    text = json.dumps(record, ensure_ascii=False)
    findings = Checker(contract).check(chat("记录", text))
    said = faults(RECORD_SCHEMA, form_of(RECORD_SCHEMA, text), findings, "/messages/1/content")
    assert {(fault.path, str(fault.message)) for fault in said} == {
        ("/extra", "is a key that the schema does not allow"),
        ("/history/0/status", "is required, and missing"),
        ("/history/0/duration/value", "must be of type integer"),
    }


def test_errors_under_alternatives_are_those_of_the_form_that_is_shown() -> None:
    contract = contracts.parse({"json": {"schema": SHAPES}})
    text = '{"shape": {"kind": "box", "sides": ["two"]}}'
    findings = Checker(contract).check(chat("?", text))
    said = faults(SHAPES, form_of(SHAPES, text), findings, "/messages/1/content")
    assert [(fault.path, str(fault.message)) for fault in said] == [("/shape/sides/0", "must be of type number")]


def test_a_rule_that_is_switched_off_says_nothing_in_the_form_either() -> None:
    form = form_of(RECORD_SCHEMA, "{}")
    assert faults(RECORD_SCHEMA, form, [], "/messages/1/content") == []


NAMES = st.sampled_from(["a", "b", "价", "x/y", "~", ""])
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.text(max_size=6)
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
SCHEMAS = st.recursive(
    st.just(True)
    | st.just({})
    | st.builds(lambda one: {"type": one}, TYPES)
    | st.builds(lambda several: {"type": several}, st.lists(TYPES, min_size=1, max_size=3, unique=True))
    | st.builds(lambda values: {"enum": values}, st.lists(SCALARS, min_size=1, max_size=3, unique_by=repr)),
    lambda inner: st.one_of(
        st.builds(
            lambda properties, required: {"type": "object", "properties": properties, "required": required},
            st.dictionaries(NAMES, inner, max_size=3), st.lists(NAMES, max_size=2, unique=True),
        ),
        st.builds(lambda items, first: {"items": items, "prefixItems": [first]}, inner, inner),
        st.builds(lambda several: {"anyOf": several}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)  # fmt: skip
TEXTS = st.builds(
    lambda value, indent, ascii, around: around + json.dumps(value, ensure_ascii=ascii, indent=indent) + around,
    VALUES, st.sampled_from([None, 2, "\t"]), st.booleans(), st.sampled_from(["", " ", "\n"]),
)  # fmt: skip


@given(SCHEMAS, TEXTS)
def test_a_form_that_comes_back_as_it_was_shown_gives_the_same_text(schema: Any, text: str) -> None:
    schema = schema if isinstance(schema, dict) else {}
    form = form_of(schema, text)
    if form.root is None:
        return
    assert with_values(schema, text, {leaf.path: leaf.value for leaf in form.root.leaves()}) == text


@given(SCHEMAS, TEXTS, st.data())
def test_one_leaf_edited_changes_its_own_bytes_and_reads_back(schema: Any, text: str, data: st.DataObject) -> None:
    schema = schema if isinstance(schema, dict) else {}
    form = form_of(schema, text)
    there = [leaf for leaf in form.root.leaves() if leaf.node] if form.root else []
    if not there:
        return
    chosen = data.draw(st.sampled_from(there))
    typed = data.draw(SCALARS.map(json.dumps) if chosen.widget in ("choice", "boolean", "any") else st.text(max_size=6))
    after = with_values(schema, text, {chosen.path: typed})
    node = chosen.node
    assert node is not None
    assert after.startswith(text[: node.start])
    assert after.endswith(text[node.end :])
    if form_of(schema, after).problem is None:
        assert find(read(after)[0], chosen.path) is not None


@given(SCHEMAS, TEXTS, st.data())
def test_every_button_leaves_json_and_all_else_as_data(schema: Any, text: str, data: st.DataObject) -> None:
    schema = schema if isinstance(schema, dict) else {}
    form = form_of(schema, text)
    if form.root is None:
        return
    fields = [form.root]
    for field in fields:
        fields.extend(field.fields)
    field = data.draw(st.sampled_from(fields))
    name = data.draw(st.sampled_from(["put", "add", "remove", "up", "down", "branch", "key"]))
    try:
        after = step(schema, text, name, field.path, data.draw(st.sampled_from(["0", "1", "neu"])))
    except InvalidInput:
        return
    before, now = read(text)[1], read(after)[1]
    if name == "remove" and field.path:
        assert json.dumps(now) != json.dumps(before)
    if name in ("up", "down") and isinstance(before, list) and field.path.count("/") == 1:
        assert sorted(map(repr, now)) == sorted(map(repr, before))
