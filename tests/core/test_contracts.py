"""A contract file is read strictly, told back in words, and written back the same."""

from __future__ import annotations

import pytest

from datasets_app.core import contracts
from datasets_app.core.contracts import patterns
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput

WHOLE = {
    "text": {
        "ends_with": ["。"], "sentences": {"max": 1}, "characters": {"min": 2, "max": 60}, "no_echo": True,
        "no_repeated_punctuation": True, "scripts": ["Han"], "forbid": ["```"], "require": ["^."],
    },
    "labels": {"values": ["会下雨", "不会下雨"]},
    "json": {"schema": {"type": "object", "required": ["a"]}, "written_as": "json-content"},
    "symbols": {"tight": ["-", "/"], "verbatim": True},
    "normalisers": ["symbol-spacing"],
    "severity": {"echo": "error", "script-leak": "off"},
}  # fmt: skip


def problems(data) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        contracts.parse(data)
    return caught.value.fields


def test_the_whole_format_is_read_and_written_back():
    contract = contracts.parse(WHOLE)
    assert contracts.to_data(contract) == WHOLE
    assert contracts.parse(contracts.to_data(contract)) == contract


def test_an_empty_file_demands_nothing():
    assert contracts.parse({}) == contracts.EMPTY
    assert contracts.to_data(contracts.EMPTY) == {}
    assert contracts.describe(contracts.EMPTY) == []


def test_several_text_objects_speak_about_several_places():
    data = {"text": [{"at": "/a", "no_echo": True}, {"at": "/b", "ends_with": ["."]}]}
    contract = contracts.parse(data)
    assert [rules.at for rules in contract.text] == ["/a", "/b"]
    assert contracts.to_data(contract) == data
    assert [str(text) for text in contracts.describe(contract)] == [
        "/a: Does not repeat the input.",
        "/b: Ends with “.”.",
    ]


def test_each_requirement_is_one_sentence_and_those_switched_off_are_left_out():
    told = [str(text) for text in contracts.describe(contracts.parse(WHOLE))]
    assert len(told) == 12
    assert "Sentences: at most 1." in told
    assert "Characters: 2 to 60." in told
    assert not any("Han" in text for text in told)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"txt": {}}, "txt"),
        ({"message": 1}, "message"),
        ({"code": 1}, "code"),
        ({"text": 1}, "text"),
        ({"text": {"ends": "。"}}, "text.ends"),
        ({"text": {"ends_with": "。"}}, "text.ends_with"),
        ({"text": {"ends_with": [""]}}, "text.ends_with"),
        ({"text": {"no_echo": "yes"}}, "text.no_echo"),
        ({"text": {"at": "reply"}}, "text.at"),
        ({"text": [{}, {"sentences": {"max": -1}}]}, "text.1.sentences.max"),
        ({"text": {"sentences": {"max": True}}}, "text.sentences.max"),
        ({"text": {"sentences": {"most": 1}}}, "text.sentences.most"),
        ({"text": {"sentences": {}}}, "text.sentences"),
        ({"text": {"characters": {"min": 3, "max": 2}}}, "text.characters"),
        ({"text": {"scripts": ["Klingon"]}}, "text.scripts"),
        ({"text": {"forbid": ["("]}}, "text.forbid"),
        ({"text": {"require": ["x" * 501]}}, "text.require"),
        ({"labels": {"values": []}}, "labels.values"),
        ({"labels": {"values": ["a", "a"]}}, "labels.values"),
        ({"labels": {"values": [1]}}, "labels.values"),
        ({"json": {}}, "json.schema"),
        ({"json": {"schema": {"type": "thing"}}}, "json.schema.type"),
        ({"json": {"schema": {"pattern": "("}}}, "json.schema"),
        ({"json": {"schema": {"$ref": "https://example.org/s.json"}}}, "json.schema.$ref"),
        ({"json": {"schema": {"properties": {"a": {"$ref": "other.json"}}}}}, "json.schema.properties.a.$ref"),
        ({"json": {"schema": {"$ref": "#/$defs/none"}}}, "json.schema"),
        ({"json": {"schema": {"$schema": "http://json-schema.org/draft-07/schema#"}}}, "json.schema.$schema"),
        ({"json": {"schema": {}, "written_as": "yaml"}}, "json.written_as"),
        ({"symbols": {"tight": ["a"]}}, "symbols.tight"),
        ({"symbols": {"verbatim": 1}}, "symbols.verbatim"),
        ({"symbols": {"verbatim": ["["]}}, "symbols.verbatim"),
        ({"normalisers": ["magic"]}, "normalisers"),
        ({"severity": {"ecko": "error"}}, "severity.ecko"),
        ({"severity": {"echo": "fatal"}}, "severity.echo"),
        ({"severity": []}, "severity"),
        ([], "contract"),
        ({"labels": {"values": ["雨", "a\x00b"]}}, "labels.values.1"),
        ({"json": {"schema": {"properties": {"a\x00": {}}}}}, "json.schema.properties"),
    ],
)
def test_a_bad_key_is_refused_by_its_path(data, path):
    found = problems(data)
    assert list(found) == [path]
    assert found[path]


def test_all_problems_are_told_at_once():
    assert set(problems({"a": 1, "text": {"b": 1}, "severity": {"c": "error"}})) == {"a", "text.b", "severity.c"}


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a*b?)*", "((ab)*c)*", r"(a)(\1)+", "(a|b+)*$"])
def test_a_pattern_that_could_run_for_ever_is_refused(pattern):
    assert list(problems({"text": {"forbid": [pattern]}})) == ["text.forbid"]


@pytest.mark.parametrize("pattern", ["```", r"[A-Z]+-\d+", "(?i)as an ai", "(ab|cd)+", r"^\d{1,3}(,\d{3})*$", "a.*b"])
def test_an_ordinary_pattern_is_taken(pattern):
    assert contracts.parse({"text": {"forbid": [pattern]}}).text[0].forbid[0].pattern == pattern


def test_a_property_called_ref_is_no_reference():
    schema = {
        "properties": {"$ref": {"type": "string"}},
        "enum": [{"$ref": "http://x/"}],
        "$defs": {"a": {}},
        "$ref": "#/$defs/a",
    }
    assert contracts.parse({"json": {"schema": schema}}).json is not None


def test_a_schema_nested_without_end_is_refused():
    schema: dict = {}
    for _ in range(200):
        schema = {"properties": {"a": schema}}
    (path,) = problems({"json": {"schema": schema}})
    assert path.startswith("json.schema")


def test_patterns_of_a_schema_may_use_unicode_scripts():
    schema = {"type": "string", "pattern": r"^\p{Script=Han}+$"}
    validator = contracts.parse({"json": {"schema": schema}}).json.validator
    assert validator.is_valid("雨")
    assert not validator.is_valid("rain")


@pytest.mark.parametrize(
    ("given", "kept"),
    [(True, True), (["names", "numbers"], True), (["numbers"], ["numbers"]), (False, None), ([], None)],
)
def test_grounded_names_what_must_stand_in_the_source(given, kept):
    data = contracts.to_data(contracts.parse({"text": {"grounded": given, "no_echo": True}}))
    assert data["text"].get("grounded") == kept


def test_what_the_new_switches_cannot_be_is_refused_by_name():
    with pytest.raises(InvalidInput) as refused:
        contracts.parse({"text": {"grounded": ["dates"], "no_copied_example": 1}, "pairs": "yes"})
    assert set(refused.value.fields) == {"text.grounded", "text.no_copied_example", "pairs"}


def test_the_new_switches_are_described():
    contract = contracts.parse({"text": {"grounded": True, "no_copied_example": True}, "pairs": True})
    assert [str(text) for text in contracts.describe(contract)] == [
        "Takes from the input only what is there: numbers and dates, names and titles.",
        "Does not copy an example of the system prompt.",
        "A rejected answer stands beside the right one.",
    ]


@pytest.mark.parametrize("source", ["(a|ab|b)*c", "(?:a|a)*$", r"\s*\s*\s*\s*;"])
def test_a_pattern_that_runs_away_all_the_same_is_stopped_and_soon_tried_no_more(source, monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", patterns.SECONDS / 10)
    pattern = contracts.parse({"text": {"forbid": [source]}}).text[0].forbid[0]
    text = "ab" * 40 + "a" * 60 + "\n" + " " * 2000 + "dc;"
    for _ in range(patterns.MOST_STOPPED + 50):
        with pytest.raises(patterns.TooSlow, match="simpler"):
            pattern.search(text, 0, len(text))
    with pytest.raises(patterns.TooSlow):
        list(pattern.finditer(text, 0, len(text)))


@pytest.mark.parametrize(
    "contract",
    [{"text": {"forbid": ["(a|ab|b)*c"]}}, {"text": {"require": ["(a|ab|b)*c"]}},
     {"symbols": {"verbatim": ["(a|ab|b)*c"]}}],
)  # fmt: skip
def test_a_sample_on_which_a_pattern_runs_away_says_so(contract):
    checker = Checker(contracts.parse(contract), "local")
    sample = Sample((Message("user", "ab" * 40 + "dc"), Message("assistant", "ab" * 40 + "dc")))
    assert ["simpler" in str(finding.message) for finding in checker.check(sample)] == [True]
