"""The contract as a form and as a file: two views of one dict."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core import contracts
from datasets_app.pages.contract_fields import contract_of, field_of, fields_of
from datasets_app.pages.contract_form import ContractForm

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
contract_files = st.fixed_dictionaries(
    {},
    optional={
        "text": st.fixed_dictionaries(
            {},
            optional={
                "ends_with": st.lists(st.sampled_from(["。", "！", "."]), min_size=1, unique=True),
                "sentences": st.fixed_dictionaries({"max": st.integers(1, 9)}, optional={"min": st.just(1)}),
                "characters": st.fixed_dictionaries({"max": st.integers(9, 99)}),
                "no_echo": st.just(True),
                "no_copied_example": st.just(True),
                "grounded": st.sampled_from([True, ["numbers"], ["names"]]),
                "scripts": st.lists(st.sampled_from(["Han", "Latin"]), min_size=1, unique=True),
                "forbid": st.lists(words, min_size=1),
            },
        ).filter(bool),
        "labels": st.fixed_dictionaries({"values": st.lists(words, min_size=1, unique=True)}),
        "json": st.just({"schema": {"type": "object"}, "written_as": "json-content"}),
        "symbols": st.sampled_from(
            [{"tight": ["-", "/"]}, {"verbatim": True}, {"tight": ["-"], "verbatim": ["[A-Z]+"]}]
        ),
        "pairs": st.just(True),
        "severity": st.just({"echo": "warning"}),
    },
)


def cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    schema = contracts.parse({}) and fields["schema"]
    return {**fields, "schema": {"type": "object"} if schema else None}


@given(contract_files)
@settings(max_examples=60, deadline=None)
def test_opening_the_form_and_saving_it_changes_nothing(contract: dict[str, Any]) -> None:
    assert contract_of(cleaned(fields_of(contract)), contract) == contract


def form(stored: dict[str, Any] | None = None, **fields: str) -> ContractForm:
    data = QueryDict(mutable=True)
    data.update(fields)
    return ContractForm(data, stored=stored)


def test_the_plain_fields_become_the_contract_file() -> None:
    one = form(ends_with="。 ！", sentences_max="1", no_echo="on", labels="rain\n\nno rain", tight="- /")
    assert one.is_valid(), one.errors
    assert one.contract_data == {
        "text": {"ends_with": ["。", "！"], "sentences": {"max": 1}, "no_echo": True},
        "labels": {"values": ["rain", "no rain"]},
        "symbols": {"tight": ["-", "/"]},
    }


def test_what_the_fields_cannot_say_is_kept() -> None:
    stored = {
        "text": [{"ends_with": ["。"]}, {"at": "/reply", "no_echo": True}],
        "symbols": {"verbatim": ["[A-Z]+-[0-9]+"]},
        "severity": {"echo": "warning"},
    }
    one = form(stored, ends_with="！", verbatim="on")
    assert one.is_valid(), one.errors
    assert one.contract_data == {**stored, "text": [{"ends_with": ["！"]}, {"at": "/reply", "no_echo": True}]}


def test_the_expert_writes_the_file_itself() -> None:
    one = form(ends_with="。", expert="on", contract='{"labels": {"values": ["a"]}}')
    assert one.is_valid(), one.errors
    assert one.contract_data == {"labels": {"values": ["a"]}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"schema": '{"type": 3}'}, "schema"),
        ({"schema": "{"}, "schema"),
        ({"schema": "[]"}, "schema"),
        ({"labels": "a\na"}, "labels"),
        ({"forbid": "(a+)+"}, "forbid"),
        ({"require": "("}, "require"),
        ({"tight": "x"}, "tight"),
        ({"expert": "on", "contract": '{"text": {"ends": 1}}'}, "contract"),
        ({"expert": "on", "contract": "not json"}, "contract"),
        ({"expert": "on", "contract": "[1]"}, "contract"),
    ],
)
def test_each_problem_lands_where_it_can_be_mended(fields: dict[str, str], field: str) -> None:
    one = form(**fields)
    assert not one.is_valid()
    assert list(one.errors) == [field], one.errors


def test_a_problem_that_no_field_shows_lands_on_the_file() -> None:
    assert field_of("text.0.ends_with") == "ends_with"
    assert field_of("text.1.at") == "contract"
    assert field_of("json.schema/properties/a") == "schema"
    assert field_of("json.written_as") == "written_as"
    assert field_of("severity.echo") == "contract"
