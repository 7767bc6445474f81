"""All fixes at once: made together, at rest, on record, and never at the price of a new error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import contracts, fixing
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.fixing import Edit, fixed
from datasets_app.core.rules import RULES
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text

CHECKER = Checker(
    contracts.parse(
        {
            "text": {"ends_with": ["。"], "no_repeated_punctuation": True},
            "symbols": {"tight": ["-", "/"], "verbatim": True},
        }
    )
)
ALL = tuple(RULES)
TEXTS = st.text(alphabet="AW3雨 \t-/。，！.,?`|\n\u200b", max_size=30)


def answered(text: str) -> Sample:
    return chat("用 AW30-02 还是 B/C？", text)


def test_one_call_makes_the_fixes_of_several_rules() -> None:
    done = fixed(answered("用 AW30 - 02 修补"), CHECKER, ("symbol-spacing", "terminal-punctuation"))
    assert done.sample.messages[1].text == "用 AW30-02 修补。"
    assert done.edits == (Edit("/messages/1/content", "用 AW30 - 02 修补", "用 AW30-02 修补。"),)
    assert done.counts == {"symbol-spacing": 1, "terminal-punctuation": 1}


def test_only_the_rules_that_were_asked_for_are_fixed() -> None:
    done = fixed(answered("用 AW30 - 02 修补"), CHECKER, ("terminal-punctuation",))
    assert done.sample.messages[1].text == "用 AW30 - 02 修补。"


def test_a_sample_without_such_findings_stays_as_it_is() -> None:
    sample = answered("用 AW30-02 修补。")
    assert fixed(sample, CHECKER, ALL) == fixing.Fixed(sample)


def test_the_rejected_answer_keeps_its_mistakes() -> None:
    wrong = Message("assistant", "用 AW30 - 02 修补")
    sample = Sample(answered("用 AW30 - 02 修补。").messages, rejected=(wrong,))
    done = fixed(sample, CHECKER, ALL)
    assert done.sample.rejected == (wrong,)
    assert done.sample.messages[1].text == "用 AW30-02 修补。"


def test_one_of_several_text_parts_is_changed_where_it_stands() -> None:
    parts: list[Any] = [
        {"type": "text", "text": "先看图。"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "用 AW30 - 02 修补。"},
    ]
    sample = Sample((Message("user", "用什么？"), Message("assistant", parts)))
    done = fixed(sample, CHECKER, ALL)
    assert done.edits == (Edit("/messages/1/content/2/text", "用 AW30 - 02 修补。", "用 AW30-02 修补。"),)
    assert done.sample.messages[1].content == [*parts[:2], {"type": "text", "text": "用 AW30-02 修补。"}]


def test_the_arguments_of_a_tool_call_are_fixed_too() -> None:
    checker = Checker(contracts.parse({"json": {"schema": {"type": "object"}}, "symbols": {"tight": ["-"]}}))
    call = ToolCall("task_response", '{"code": "AW30 - 02"}', "c1")
    sample = Sample((Message("user", "用什么？"), Message("assistant", None, tool_calls=(call,))))
    done = fixed(sample, checker, ("symbol-spacing",))
    assert [edit.path for edit in done.edits] == ["/messages/1/tool_calls/0/arguments"]
    assert done.sample.messages[1].tool_calls[0].arguments == '{"code": "AW30-02"}'


class _Shouting(Rule):
    """Offers a fix that another rule calls wrong."""

    name = "width-mixed"
    severity = "warning"
    title = help = Text("Shout")

    def __init__(self, replacement: str) -> None:
        self.replacement = replacement

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        at = len(sample.messages[-1].text) - 1
        fix = Fix(at, at + 1, self.replacement)
        yield self.found(Text("Shout."), "/messages/1/content", at, at + 1, fix)


def _also(rule: Rule) -> Checker:
    checker = Checker(CHECKER.contract)
    checker._active = [*checker._active, (rule, "warning")]
    return checker


def test_a_fix_that_would_bring_a_new_error_is_left_out_and_said_so() -> None:
    sample = answered("好。")
    done = fixed(sample, _also(_Shouting("！")), ("width-mixed",))
    assert done.sample is sample
    assert done.edits == ()
    assert str(done.refused) == "It would bring new errors (terminal-punctuation): correct it by hand."


def test_fixes_that_never_come_to_rest_are_left_out_and_said_so() -> None:
    sample = answered("好。")
    done = fixed(sample, _also(_Shouting("。。")), ("width-mixed", "repeated-punctuation"))
    assert done.sample is sample
    assert str(done.refused) == "The fixes undo each other: correct it by hand."


@given(TEXTS)
def test_fixed_is_at_rest_and_says_every_text_that_changed(text: str) -> None:
    sample = answered(text)
    done = fixed(sample, CHECKER, ALL)
    if done.refused:
        assert (done.sample, done.edits) == (sample, ())
        return
    assert fixed(done.sample, CHECKER, ALL) == fixing.Fixed(done.sample)
    assert all(finding.fix is None for finding in CHECKER.check(done.sample))
    assert fixing.with_edits(sample, done.edits) == done.sample
    assert fixing.new_errors(sample, done.sample, CHECKER) == []


@given(TEXTS)
def test_tightening_symbols_touches_nothing_but_spaces(text: str) -> None:
    done = fixed(answered(text), CHECKER, ("symbol-spacing",))
    after = done.sample.messages[1].text
    assert [c for c in after if c not in " \t"] == [c for c in text if c not in " \t"]
    assert not [finding for finding in CHECKER.check(done.sample) if finding.rule == "symbol-spacing"]


SPANS = st.tuples(st.integers(0, 20), st.integers(0, 20), st.text("xyz", max_size=3)).map(
    lambda span: Fix(min(span[:2]), max(span[:2]), span[2])
)


@given(st.text("abcdefgh", min_size=20, max_size=20), st.lists(SPANS, max_size=8), st.randoms(use_true_random=False))
def test_outside_the_fixed_spans_nothing_changes_and_order_does_not_matter(
    text: str, fixes: list[Fix], chance: Any
) -> None:
    taken = fixing.apart(fixes)
    shuffled = list(fixes)
    chance.shuffle(shuffled)
    assert fixing.apart(shuffled) == taken
    expected, at = "", 0
    for fix in taken:
        assert fix.start >= at
        expected += text[at : fix.start] + fix.replacement
        at = fix.end
    assert fixing.apply_all(text, reversed(taken)) == expected + text[at:]


@pytest.mark.parametrize("path", ["/messages/0/content", "/messages/1/content", "/rejected/0/content"])
def test_an_edit_of_a_text_that_reads_otherwise_by_now_is_not_made(path: str) -> None:
    assert fixing.with_edits(answered("好。"), [Edit(path, "坏。", "好。")]) is None


def test_a_line_break_that_nobody_sees_is_escaped_inside_a_json_answer():
    checker = Checker(contracts.parse({"json": {"schema": {"type": "object"}}}))
    done = fixed(answered('{"n": 1.50, "t": "晴\u2028雨"}'), checker, ("invisible-character",))
    assert done.sample.messages[1].text == '{"n": 1.50, "t": "晴\\n雨"}'
    assert fixed(answered("晴\u2028雨"), CHECKER, ("invisible-character",)).sample.messages[1].text == "晴\n雨"
