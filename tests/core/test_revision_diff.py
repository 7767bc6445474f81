"""The diff of two revisions shows what changed where, and a new turn does not make all others look new."""

from dataclasses import replace

from datasets_app.core.revision_diff import changes
from datasets_app.core.samples import Message, Sample, ToolCall

ASK, SAY = Message("user", "会下雨吗？"), Message("assistant", "会下雨")
RAIN = Sample(messages=(ASK, SAY))


def differing(old, new):
    return [(one.part, one.role, one.field) for one in changes(old, new) if one.differs]


def test_a_full_stop_is_all_that_differs():
    fixed = replace(RAIN, messages=(ASK, replace(SAY, content="会下雨。")))
    [change] = [one for one in changes(RAIN, fixed) if one.differs]
    assert [(op.kind, op.text) for op in change.ops] == [("equal", "会下雨"), ("insert", "。")]


def test_a_turn_put_in_first_leaves_the_others_equal():
    system = Message("system", "Be brief.")
    assert differing(RAIN, replace(RAIN, messages=(system, *RAIN.messages))) == [("messages", "system", "content")]


def test_a_kept_error_a_reason_a_weight_and_a_call_are_told_apart():
    called = replace(SAY, reasoning="Clouds.", weight=0, tool_calls=(ToolCall(id="1", name="rain", arguments="{}"),))
    new = replace(RAIN, messages=(ASK, called), rejected=(SAY,), tools=({"type": "function"},))
    assert differing(RAIN, new) == [
        ("tools", "", "content"),
        ("rejected", "assistant", "content"),
        ("messages", "assistant", "reasoning"),
        ("messages", "assistant", "weight"),
        ("messages", "assistant", "rain"),
    ]


def test_equal_contents_have_no_difference():
    assert differing(RAIN, RAIN) == []
