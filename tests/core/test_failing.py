"""Which answers are worth learning from, and how they stand in a dataset."""

from __future__ import annotations

import pytest

from datasets_app.core.samples import Message, ToolCall
from jobs_app.core.failing import as_turn, error_tags, is_right, is_wrong


@pytest.mark.parametrize(
    ("verdict", "decided", "wrong", "right"),
    [
        ("passed", True, False, True), ("passed", None, False, True), ("passed", False, True, False),
        ("fenced", True, True, False), ("failed", None, True, False), ("errored", False, False, False),
        ("", None, False, False),
    ],
)  # fmt: skip
def test_an_answer_is_wrong_by_the_contract_or_by_the_metric_that_decides(verdict, decided, wrong, right):
    assert (is_wrong(verdict, decided), is_right(verdict, decided)) == (wrong, right)


def test_error_tags_are_the_rules_and_else_the_metric():
    findings = [{"rule": "echo"}, {"rule": "too-long"}, {"rule": "echo"}, {}]
    assert error_tags(findings, "label-accuracy") == ("echo", "too-long")
    assert error_tags([], "label-accuracy") == ("label-accuracy",)
    assert error_tags([], "") == ()


def test_an_answer_is_text_unless_the_sample_itself_answers_by_a_call():
    calls = [{"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}]
    text = Message("assistant", "Rain.")
    assert as_turn('{"at": 1}', calls, text) == Message("assistant", '{"at": 1}')
    by_call = Message("assistant", None, tool_calls=(ToolCall("look", "{}", "a"),))
    assert as_turn("", calls, by_call) == Message("assistant", None, tool_calls=(ToolCall("look", '{"at": 1}'),))
    assert as_turn("Rain.", [], by_call) == Message("assistant", "Rain.")
    assert as_turn(" ", [], text) is None
