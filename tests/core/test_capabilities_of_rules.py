"""The capabilities that rules deliver, one by one: what the list of capabilities asks for, as it asks for it."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core import contracts, json_answers, symbols
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat
from datasets_app.core.grading import grade
from datasets_app.core.normalisers import NORMALISERS

USER, ASSISTANT, SYSTEM = ({"role": role, "content": role[0]} for role in ("user", "assistant", "system"))


def rules_of(*turns, profile: str = "siliconflow", raw: bytes | None = None) -> set[str]:
    """What a file of one line breaks, grading it as `manage.py grade` does."""
    line = raw if raw is not None else json.dumps({"messages": list(turns)}).encode()
    return {noted.finding.rule for noted in grade(io.BytesIO(line + b"\n"), profile=profile).findings}


def said(answer: str, data, question: str = "问") -> set[str]:
    return {finding.rule for finding in Checker(contracts.parse(data)).check(chat(question, answer))}


# 58: the rules R1 to R7 of a platform's JSONL, one bad file each


@pytest.mark.parametrize(
    ("rule", "file"),
    [
        ("json-invalid", {"raw": b'{"messages": [}'}),
        ("not-an-object", {"raw": b'["a"]\n{"messages": []}'}),
        ("messages-missing", {"raw": b'{"text": "x"}'}),
        ("messages-empty", {"raw": b'{"messages": []}'}),
    ],
)
def test_a_line_that_is_no_sample_breaks_exactly_its_rule(rule, file):
    assert rule in rules_of(**file)


@pytest.mark.parametrize(
    ("rule", "turns"),
    [
        ("message-key-missing", ({"role": "user"}, ASSISTANT)),
        ("role-unknown", (USER, {"role": "bot", "content": "b"})),
        ("system-not-first", (USER, SYSTEM, ASSISTANT)),
        ("first-turn-not-user", (ASSISTANT, USER, ASSISTANT)),
        ("turns-not-alternating", (USER, USER, ASSISTANT)),
        ("last-turn-not-assistant", (USER, ASSISTANT, USER)),
        ("no-assistant", (USER,)),
    ],
)
def test_a_conversation_breaks_exactly_its_rule(rule, turns):
    assert rules_of(*turns) == {rule}


def test_a_good_file_breaks_none():
    assert rules_of(SYSTEM, USER, ASSISTANT, {"role": "user", "content": "v"}, ASSISTANT) == set()


# 18 and 40: labels by the longest, codes verbatim


def test_no_rain_is_never_taken_for_rain():
    checker = Checker(contracts.parse({"labels": {"values": ["会下雨", "不会下雨"]}}))
    assert checker.label(chat("明天？", "不会下雨")) == "不会下雨"
    assert checker.label(chat("明天？", "也许不会下雨")) == ""


@pytest.mark.parametrize(("answer", "passes"), [("用 Sikalastic-609。", True), ("用 Sikalastic - 609。", False)])
def test_a_code_is_copied_verbatim(answer, passes):
    data = {"symbols": {"tight": ["-", "/"], "verbatim": True}}
    assert (not said(answer, data, "Sikalastic-609 怎么用？")) is passes


# 51 and 52: one rule, the same verdict before and after, idempotent, and nothing but spaces changes

PROSE = st.lists(
    st.sampled_from(["AW30", "02", "B", "清单", "5", "3", " ", " ", "-", "/", " - ", " / ", "\n", "`a - b`", "=", "。",
                     "https://x.cn/a - b", "| a - b |", "$a - b$", "Sika", "\u00a0"]), max_size=12,
).map("".join)  # fmt: skip


@settings(deadline=None)
@given(PROSE, PROSE)
def test_tidying_changes_only_spaces_beside_symbols_and_clears_the_finding(text, source):
    tight = ("-", "/")
    tidied = symbols.tidy(text, tight, source)
    assert symbols.tidy(tidied, tight, source) == tidied
    assert list(symbols.loose(tidied, tight, source)) == []
    for fix in symbols.loose(text, tight, source):
        taken = text[fix.start : fix.end]
        assert fix.replacement in tight
        assert taken.strip(symbols.SPACES) == fix.replacement
    strip = str.maketrans("", "", symbols.SPACES)
    assert tidied.translate(strip) == text.translate(strip)
    contract = contracts.parse({"symbols": {"tight": list(tight)}})
    assert NORMALISERS["symbol-spacing"].apply(text, contract=contract, source=source) == tidied


# 67 and 68: what a base model does wrong with the one-sentence task, each a flag of its own

SENTENCE = {"text": {"ends_with": ["。"], "sentences": {"max": 1}, "no_echo": True, "no_repeated_punctuation": True,
                     "scripts": ["Han"], "forbid": ["[“”\"]"], "no_copied_example": True}}  # fmt: skip
PROMPT = "用一句话写出词语的新意。\n示例\n输入：雨伞\n输出：晴天没人想起它，雨天才显出分量。"


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        ("照见别人的时候，它从不看自己。", set()),
        ("镜子照见别人，从不看自己。", {"echo"}),
        ("它 always 说实话。", {"script-leak"}),
        ("它只说实话。。", {"repeated-punctuation"}),
        ("晴天没人想起它，雨天才显出分量。", {"copied-example"}),
        ("它说“实话”。", {"forbidden-text"}),
        ("它说实话！", {"terminal-punctuation"}),
        ("它说实话。没人爱听。", {"sentence-count"}),
    ],
)
def test_each_failure_of_a_base_model_is_flagged_by_its_rule(answer, flags):
    sample = chat("镜子", answer, system=PROMPT)
    assert {finding.rule for finding in Checker(contracts.parse(SENTENCE)).check(sample)} == flags


# 75 and 77


def test_strict_and_lenient_rates_are_reported_apart():
    data = {"json": {"schema": {"type": "object"}}}
    bare, fenced = '{"a": 1}', '```json\n{"a": 1}\n```'
    assert (said(bare, data), said(fenced, data)) == (set(), {"markdown-fence"})
    found = json_answers.rates([bare, fenced])
    assert (found.lenient / found.total, found.strict / found.total) == (1.0, 0.5)


def test_the_year_that_the_source_does_not_say_is_flagged():
    data = {"json": {"schema": {"type": "object"}}, "text": {"grounded": True}}
    assert said('{"毕业": 2021}', data, "2010年毕业于清华大学。") == {"ungrounded-value"}
    assert said('{"毕业": 2010}', data, "2010年毕业于清华大学。") == set()
