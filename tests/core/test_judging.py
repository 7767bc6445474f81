"""Whether an answer keeps to its contract is said by the rules that grade training samples."""

from __future__ import annotations

from typing import Any

from datasets_app.core import contracts, samples
from datasets_app.core.engine import Checker
from jobs_app.core import judging
from jobs_app.core.turns import answer_of


def graded(text: str, contract: dict[str, Any]) -> str:
    turns = (samples.Message("user", "Clouds?"),)
    return judging.graded(turns, answer_of(text), Checker(contracts.parse(contract))).verdict


def test_an_answer_is_graded_as_training_samples_are_and_a_fence_is_told_apart() -> None:
    schema = {"json": {"schema": {"type": "object", "required": ["a"]}}}
    answers = ('{"a": 1}', '```json\n{"a": 1}\n```', '{"b": 1}', "```\n{}\n```", "no")
    assert [graded(text, schema) for text in answers] == ["passed", "fenced", "failed", "failed", "failed"]
    assert graded("", {}) == "failed"
    assert graded("```python\nprint()\n```", {"text": {"no_echo": True}}) == "passed"  # a fence is only wrong in data
    call = [{"id": "c", "function": {"name": "task_response", "arguments": '{"a": 1}'}}, {"function": None}]
    answered = answer_of(None, call)
    declared = [{"type": "function", "function": {"name": "task_response", "parameters": {"type": "object"}}}]
    tool = judging.graded((samples.Message("user", "?"),), answered, Checker(contracts.parse(schema)), declared)
    assert tool.verdict == "passed"
