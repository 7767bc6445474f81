"""Whether two people came to the same result."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.core import contracts, samples
from datasets_app.core.sameness import answer_key, content_key

JSON = contracts.parse({"json": {"schema": {"type": "object"}}})
TEXT = contracts.parse({})
TIGHT = contracts.parse({"normalisers": ["symbol-spacing"], "symbols": {"tight": ["-"]}})


def sample(answer: str, **others: Any) -> samples.Sample:
    turns = (samples.Message("user", "Which?"), samples.Message("assistant", answer))
    return samples.Sample(messages=turns, **others)


@pytest.mark.parametrize(
    ("contract", "one", "other", "same"),
    [
        (TEXT, "会下雨。", "会下雨。", True),
        (TEXT, "会下雨。", "会下雨", False),
        (TEXT, '{"a": 1}', '{"a":1}', False),
        (JSON, '{"a": 1, "b": [1, 2.0]}', '{"b":[1.0,2],\n"a":1}', True),
        (JSON, '```json\n{"a": 1}\n```', '{"a": 1}', True),
        (JSON, '{"a": 1}', '{"a": true}', False),
        (JSON, '{"a": "1"}', '{"a": 1}', False),
        (JSON, '{"a": [1, 2]}', '{"a": [2, 1]}', False),
        (JSON, "no object", "no  object", False),
        (TIGHT, "Sikalastic - 609", "Sikalastic-609", True),
        (TIGHT, "Sikalastic - 609", "Sikalastic-610", False),
    ],
)
def test_answers_are_compared_as_they_are_used(contract: Any, one: str, other: str, same: bool) -> None:
    assert (answer_key(sample(one), contract) == answer_key(sample(other), contract)) is same
    assert (content_key(sample(one), contract) == content_key(sample(other), contract)) is same


def test_everything_beside_the_answer_counts_too() -> None:
    plain = sample("Yes.")
    assert content_key(plain, TEXT) != content_key(sample("Yes.", tools=({"type": "function"},)), TEXT)
    assert content_key(plain, TEXT) != content_key(
        sample("Yes.", rejected=(samples.Message("assistant", "No."),)), TEXT
    )
    asked = samples.Sample(messages=plain.messages[:1])
    assert answer_key(asked, TEXT) == ""
    assert content_key(asked, TEXT) != content_key(plain, TEXT)


def test_an_answer_in_a_tool_call_is_compared_by_value() -> None:
    def called(arguments: str) -> samples.Sample:
        call = samples.ToolCall("task_response", arguments)
        turns = (samples.Message("user", "?"), samples.Message("assistant", None, tool_calls=(call,)))
        return samples.Sample(messages=turns)

    assert content_key(called('{"a": 1}'), JSON) == content_key(called('{"a":1.0}'), JSON)
    assert content_key(called('{"a": 1}'), JSON) != content_key(called('{"a": 2}'), JSON)
