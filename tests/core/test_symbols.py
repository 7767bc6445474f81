"""Spaces around symbols: the trap table, and what must hold for any text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datasets_app.core import contracts, symbols
from datasets_app.core.normalisers import NORMALISERS

TIGHT = ("-", "/")

TRAPS = [
    # damaged codes are mended
    ("Sikalastic - 609", "Sikalastic-609"),
    ("Sikalastic -609", "Sikalastic -609"),  # could be a sign; only the input can tell
    ("AW30 -02", "AW30-02"),
    ("AW30- 02", "AW30-02"),
    ("AW30 - 02 - B", "AW30-02-B"),
    ("AW30 - 02 - 03", "AW30-02-03"),
    ("AW30\u00a0-\t02", "AW30-02"),
    ("输入 / 输出", "输入/输出"),
    ("使用Sikalastic - 609修补", "使用Sikalastic-609修补"),
    # lists, arithmetic, numbers, signs
    ("清单:\n- 第一项", "清单:\n- 第一项"),
    ("清单:\n  - 第一项\n  - 第二项", "清单:\n  - 第一项\n  - 第二项"),
    ("5 - 3 = 2", "5 - 3 = 2"),
    ("x - y = 2", "x - y = 2"),
    ("z = x - y", "z = x - y"),
    ("2020 - 2021", "2020 - 2021"),
    ("2020-01-05 - 2020-02-01", "2020-01-05 - 2020-02-01"),
    ("2020/01 - 2020/05", "2020/01 - 2020/05"),
    ("k = (y2 - y1) / (x2 - x1)", "k = (y2 - y1) / (x2 - x1)"),
    ("加价 = (售价 - 进价) / 进价", "加价 = (售价 - 进价) / 进价"),
    ("弧长 3.14 * ( 180 / π)", "弧长 3.14 * ( 180 / π)"),
    ("售价 - 48元", "售价 - 48元"),
    ("1.5 - 2,5", "1.5 - 2,5"),
    ("10:00 - 12:00", "10:00 - 12:00"),
    ("3 / 4", "3 / 4"),
    ("气温 -5 度", "气温 -5 度"),
    ("temperature -5", "temperature -5"),
    ("A\n- B", "A\n- B"),
    ("A -\nB", "A -\nB"),
    # code, commands, paths, addresses, tables, formulas, tags
    ("run rm -rf now", "run rm -rf now"),
    ("编辑 /etc/hosts", "编辑 /etc/hosts"),
    ("`a - b`", "`a - b`"),
    ("``a ` - b``", "``a ` - b``"),
    ("```\na - b\n```", "```\na - b\n```"),
    ("```\na - b", "```\na - b"),
    ("~~~py\na - b\n~~~\nA - B", "~~~py\na - b\n~~~\nA-B"),
    ("    a - b", "    a - b"),
    ("https://example.org/a - b", "https://example.org/a - b"),
    ("A - https://example.org", "A - https://example.org"),
    ("| a - b | c |", "| a - b | c |"),
    ("a - b | c | d", "a - b | c | d"),
    ("$a - b$", "$a - b$"),
    ("<b - c>", "<b - c>"),
    # what is bold or an entry of a list may be a code
    ("**Sikalastic - 609**", "**Sikalastic-609**"),
    ("* AW30 - 02\n1. 西卡 - 609", "* AW30-02\n1. 西卡-609"),
    ("CX - 型", "CX-型"),
    ("支持Wi - Fi", "支持Wi-Fi"),
    ("用 AW - 02 - B2。", "用 AW-02-B2。"),
    ("用 Sikalastic - 1K 修补", "用 Sikalastic-1K 修补"),
    ("RT6 - 11 is here.", "RT6-11 is here."),
    ("Use Sikalastic - 609 for roofs.", "Use Sikalastic-609 for roofs."),
    # ranges, routes and choices in Chinese; only the input can tell that a code is meant
    ("周一 - 周五", "周一 - 周五"),
    ("北京 - 上海", "北京 - 上海"),
    ("选项：- 狼 - 羊 - 羔羊", "选项：- 狼 - 羊 - 羔羊"),
    ("首页- 关于", "首页- 关于"),
    # a name and what is said of it
    ("GPT-4 - 介绍", "GPT-4 - 介绍"),
    ("ABCD - 一家公司", "ABCD - 一家公司"),
    ("选手类型 - 行动者", "选手类型 - 行动者"),
    ("Hello - Mira", "Hello - Mira"),
    ("歌手：Mira - Low", "歌手：Mira - Low"),
    ("型号 - AW30", "型号 - AW30"),
    ("来源 - BBC", "来源 - BBC"),
    ("Model - AW30", "Model - AW30"),
    ("GPT-4 - GPT-3.5", "GPT-4 - GPT-3.5"),
    ("AW30-02 - AW30-05", "AW30-02 - AW30-05"),
    ("IBM - AI research", "IBM - AI research"),
    ("ABC - AI助手", "ABC - AI助手"),
    # amounts, years and times
    ("减少 - 26.67%", "减少 - 26.67%"),
    ("减少 - N% x", "减少 - N% x"),
    ("售价 - 480", "售价 - 480"),
    ("iPhone - 5999元", "iPhone - 5999元"),
    ("Laptop - 15kg", "Laptop - 15kg"),
    ("Meeting - 10:30", "Meeting - 10:30"),
    ("Revenue - 1,200", "Revenue - 1,200"),
    ("GPT-4 - 2023年发布", "GPT-4 - 2023年发布"),
    ("GPT-4 - 3 new features", "GPT-4 - 3 new features"),
    ("the report - 2023 edition", "the report - 2023 edition"),
    ("our plan - 3 steps", "our plan - 3 steps"),
    ("Titanic - 1997", "Titanic - 1997"),
    ("Paris - 1st place", "Paris - 1st place"),
    ("- Eggs - 2\nMilk - 1", "- Eggs - 2\nMilk - 1"),
    ("2x^4 + 8x^2 + 2x -3", "2x^4 + 8x^2 + 2x -3"),
    ("b2 - 4ac 与 12 - 4a", "b2 - 4ac 与 12 - 4a"),
    # dashes of sentences, headings and lists
    ("1. 沟通能力 - 能够说清楚想法", "1. 沟通能力 - 能够说清楚想法"),
    ("2. 茶 - 随身带", "2. 茶 - 随身带"),
    ("清单：\n3. 茶 - 随身带", "清单：\n3. 茶 - 随身带"),
    ("3. Sage - 一家小店", "3. Sage - 一家小店"),
    ("HTML - 超文本标记语言", "HTML - 超文本标记语言"),
    ("4. Low Tide - Mira", "4. Low Tide - Mira"),
    ("The plan - which failed - was good", "The plan - which failed - was good"),
    ("出色的新品- 冰凉一夏", "出色的新品- 冰凉一夏"),
    # prose
    ("pre- and post-treatment", "pre- and post-treatment"),
    ("wait -- what", "wait -- what"),
    ("完毕。 - 第二", "完毕。 - 第二"),
    ("plain text", "plain text"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "wanted"), TRAPS)
def test_the_trap_table(text, wanted):
    assert symbols.tidy(text, TIGHT) == wanted


@pytest.mark.parametrize(
    ("text", "source", "wanted"),
    [
        ("Sikalastic -609", "用 Sikalastic-609", "Sikalastic-609"),
        ("2020 - 2021", "2020-2021 年", "2020-2021"),
        ("A - B", "A - B", "A - B"),
        ("北京 - 上海", "G1 北京-上海", "北京-上海"),
        ("GPT-4 - 介绍", "GPT-4-介绍", "GPT-4-介绍"),
        ("5 - 3 = 2", "求 5 - 3", "5 - 3 = 2"),
    ],
)
def test_what_the_input_writes_verbatim_decides(text, source, wanted):
    assert symbols.tidy(text, TIGHT, source) == wanted


PIECES = st.sampled_from(
    ["A", "b", "AW30", "02", "5", "1.5", "雨", "输入", " ", "  ", "\t", "\u00a0", "-", "/", "-", "/", "\n", "`", "```",
     "~~~", "|", "$", "=", "https://x.y/", "www.", "<b>", ".", ":", "。", "--", "_", "é", "👩‍🔬"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=20)


@given(TEXTS, TEXTS)
@example("5 - 3 - A", "")
@example("AW30 - 02 - 03", "")
def test_tidying_twice_is_tidying_once(text, source):
    once = symbols.tidy(text, TIGHT, source)
    assert symbols.tidy(once, TIGHT, source) == once


@given(TEXTS, TEXTS)
def test_only_spaces_are_ever_taken_away(text, source):
    tidied = symbols.tidy(text, TIGHT, source)
    assert re.sub(r"[ \t\u00a0]", "", tidied) == re.sub(r"[ \t\u00a0]", "", text)
    assert tidied.count("\n") == text.count("\n")


@given(TEXTS)
def test_each_place_is_a_run_of_spaces_around_one_symbol(text):
    for fix in symbols.loose(text, TIGHT):
        assert text[fix.start : fix.end].strip(symbols.SPACES) == fix.replacement
        assert fix.replacement in TIGHT
        assert fix.end - fix.start > 1


@pytest.mark.parametrize(
    "text",
    [
        "a" * 90_000 + " - b",
        "a.a" * 30_000 + " - b",
        "<a" * 40_000 + " - b",
        "`a ``b " * 9000 + " - b",
        "-a" * 45_000 + " - b",
    ],
)
def test_a_hostile_text_is_read_in_no_time(text):
    started = time.process_time()
    symbols.tidy(text, TIGHT)
    symbols.spans(text, TIGHT)
    assert time.process_time() - started < 20


@given(
    st.lists(st.sampled_from(["AW30", "aw30", "02", "雨", "İs", "is", "ıs", "ſ", "s", "aa"]), min_size=2, max_size=3),
    st.lists(
        st.sampled_from(["AW30", "Aw30", "02", "雨", "İS", "is", "ıs", "ſ", "S", "aa", "a", "-", "/", " ", "–", "，"])
    ),
)
@example(["ıs", "ſ"], ["is", "ſ"])
def test_a_quick_look_passes_over_a_code_only_where_no_copy_is_damaged(parts, pieces):
    span = "-".join(parts)
    text = f"{span if len(pieces) % 2 else ''} {''.join(pieces)}"
    if symbols.only_as_written(span, text, text.casefold()):
        assert {match.group() for match in symbols.skeleton(span).finditer(text)} <= {span}


def test_a_chinese_word_is_no_damaged_code():
    assert [match.group() for match in symbols.skeleton("标/移").finditer("鼠标移动，标－移，标 移")] == [
        "标－移",
        "标 移",
    ]


def test_the_codes_of_a_text():
    assert symbols.spans("请用Sikalastic-609和AW30-02-B，或 v1.2-beta", TIGHT) == [
        "Sikalastic-609",
        "AW30-02-B",
        "v1.2-beta",
    ]
    assert symbols.spans("A-B", ()) == []


def test_the_normaliser_uses_the_contracts_symbols_or_the_usual_ones():
    normaliser = NORMALISERS["symbol-spacing"]
    own = contracts.parse({"symbols": {"tight": ["+"]}})
    assert normaliser.apply("A + B - C", contract=own) == "A+B - C"
    assert normaliser.apply("A + B - C", contract=contracts.EMPTY) == "A + B-C"
