"""What only the set can tell: every set rule by its own examples, and every measure on a set that fits in the head."""

from __future__ import annotations

import json
import random
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import contracts, profiles
from datasets_app.core.examples import chat
from datasets_app.core.rules import RULE_IDS, RULES
from datasets_app.core.samples import Sample
from datasets_app.core.sets import SCANNED, SET_RULES, numbers, spellings
from datasets_app.core.sets.base import Setting
from datasets_app.core.sets.look import Look
from datasets_app.core.sets.members import OTHER_FILE, Member, Noted, member
from ftstudio.errors import Text


def setting(data: Any = None, **how: Any) -> Setting:
    return Setting(contracts.parse(data or {}), profiles.get("local"), lambda at: Text("line {n}", n=at), **how)


def looked(members: Any, data: Any = None, **how: Any) -> tuple[list[tuple[int, str, str]], dict[str, Any]]:
    """(line, rule, message) of every finding, and the report."""
    with Look(setting(data, **how)) as look:
        for one in members:
            look.add(one)
        look.close()
        found = [(look.columns.at[index], finding.rule, str(finding.message)) for index, finding in look.findings()]
        return found, look.report()


def rows(*answers: str, question: str = "问题 {}") -> list[Member]:
    return [member(at, chat(question.format(at), answer)) for at, answer in enumerate(answers, start=1)]


def records(*values: Any) -> list[Member]:
    return rows(*(json.dumps(value, ensure_ascii=False) for value in values))


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(rule, *(one if isinstance(one[1], dict) else (one, {})), id=f"{rule.name}-{number}")
        for rule in SET_RULES.values()
        for number, one in enumerate(getattr(rule, kind))
    ]


@pytest.mark.parametrize(("rule", "members", "data"), examples("bad"))
def test_a_bad_set_is_spoken_of_by_its_rule_on_the_last_member(rule, members, data):
    found, _ = looked(members, data)
    assert rule.name in {name for _, name, _ in found}
    assert {at for at, name, _ in found if name == rule.name} == {members[-1].at}


@pytest.mark.parametrize(("rule", "members", "data"), examples("good"))
def test_a_good_set_is_left_alone(rule, members, data):
    assert looked(members, data)[0] == []


def test_every_set_rule_explains_itself_like_any_rule():
    for rule in SET_RULES.values():
        assert rule.name in RULE_IDS
        assert rule.name not in RULES
        assert isinstance(rule.title, Text)
        assert isinstance(rule.help, Text)
        assert rule.good
        assert rule.bad
        assert len(rule.title) <= 40
    assert set(SCANNED) == set(SET_RULES) - {"duplicate"}


def test_a_rule_that_the_contract_switches_off_is_silent_and_a_graver_one_is_graver():
    members = [member(1, chat("a", "b")), member(2, chat("a", "b")), member(3, chat("a", "c"))]
    with Look(setting({"severity": {"duplicate": "off", "conflicting-answer": "error"}})) as look:
        for one in members:
            look.add(one)
        look.close()
        assert [(index, f.rule, f.severity) for index, f in look.findings()] == [(2, "conflicting-answer", "error")]


def test_an_empty_set_has_nothing_to_say():
    assert looked([])[0] == []


def test_a_repeated_pair_with_the_same_answer_is_no_conflict():
    one = chat("明天下雨吗？", "会下雨。")
    pair = Sample(one.messages, rejected=(chat("x", "不会下雨").messages[-1],))
    assert looked([member(1, one), member(2, pair)])[0] == [
        (2, "near-duplicate", "Nearly the same content as line 1: keep the better one.")
    ]


def test_the_rarer_spelling_of_a_label_is_reported_with_how_often_the_usual_one_came():
    found, report = looked(rows("会下雨", "会下雨", "会下雨。", "会下雨", "不会下雨"))
    assert found == [(3, "label-inconsistent", "“会下雨。” here, “会下雨” 3 times: write it in one way.")]
    assert report["label-inconsistent"] == [{"label": "会下雨", "n": 3, "others": [{"text": "会下雨。", "n": 1}]}]


def test_the_contracts_own_spelling_is_the_usual_one_however_rare():
    found, _ = looked(rows("会下雨。", "会下雨。", "会下雨"), {"labels": {"values": ["会下雨", "不会下雨"]}})
    assert [at for at, rule, _ in found if rule == "label-inconsistent"] == [1, 2]


def test_traditional_characters_and_another_width_are_another_spelling():
    found, _ = looked(rows("退货", "退货", "退貨", "Ａ+", "A+", "A+"))
    assert [at for at, rule, _ in found if rule == "label-inconsistent"] == [3, 4]


@pytest.mark.parametrize("labels", [("C", "C#", "C++"), ("1", "-1", "+1"), ("A", "A+", "A-"), ("3.5", "35"),
                                    ("≥3", "≤3"), ("10↑", "10↓"), ("±1", "1"),
                                    ("50%", "50"), ("1, 2", "12"), ("<5", ">5", "5")])  # fmt: skip
def test_what_a_sign_or_a_point_tells_apart_are_labels_of_their_own(labels):
    found, report = looked(rows(*labels * 3))
    assert not [at for at, rule, _ in found if rule == "label-inconsistent"]
    assert not report["label-inconsistent"]
    assert len({spellings.plain(label) for label in labels}) == len(labels)


@given(st.text("aB1-+#.,%<会會 。_－Ａ", max_size=8))
def test_what_spellings_have_in_common_is_its_own_spelling(text):
    assert spellings.plain(spellings.plain(text)) == spellings.plain(text)


def test_labels_that_the_contract_tells_apart_are_no_spellings_of_each_other():
    found, report = looked(rows("a b", "ab", "ab", "a.b"), {"labels": {"values": ["a b", "ab"]}})
    assert [at for at, rule, _ in found if rule == "label-inconsistent"] == [4]
    assert [group["others"] for group in report["label-inconsistent"]] == [[{"text": "a.b", "n": 1}]]


def test_free_text_is_no_label():
    assert looked(rows("It depends on the wind, I think, and on the clouds.", "It depends on the wind."))[0] == []


def test_both_fields_that_drift_are_named_with_their_usual_type():
    usual = {"skills": ["Python"], "education": {"school": "北大"}}
    found, report = looked(
        records(
            usual, usual, {"skills": "Python and SQL", "education": {"school": "清华"}}, {**usual, "education": "硕士"}
        )
    )
    drift = [(at, message) for at, rule, message in found if rule == "schema-type-drift"]
    assert drift == [
        (3, "“/skills” is a text here, and a list in 3 of 4 answers."),
        (4, "“/education” is a text here, and an object in 3 of 4 answers."),
    ]
    table = report["schema-type-drift"]
    assert (table["answers"], table["drifting"]) == (4, 2)
    assert [field["path"] for field in table["fields"][:2]] == ["/skills", "/education"]
    assert table["fields"][0]["types"] == {"list": 3, "text": 1}


def test_a_field_that_drifts_is_found_among_answers_of_which_each_has_fields_of_its_own():
    values = [{"price": "12" if at in (7, 260) else 12, f"field {at}": True} for at in range(300)]
    found, report = looked(records(*values))
    said = "“/price” is a text here, and a number in 298 of 300 answers."
    assert [(at, message) for at, rule, message in found if rule == "schema-type-drift"] == [(8, said), (261, said)]
    assert report["schema-type-drift"]["fields"][0]["types"] == {"number": 298, "text": 2}


def test_null_and_whole_numbers_beside_fractions_are_no_drift():
    assert looked(records({"age": 30}, {"age": 30.5}, {"age": None}))[0] == []


def test_the_classes_are_counted_and_a_label_that_nobody_gave_is_shown_with_zero():
    members = [member(at, chat(f"q{at}", "a"), label="a") for at in range(1, 4)]
    _, report = looked(members, {"labels": {"values": ["a", "b"]}})
    balance = report["balance"]
    assert [(row["label"], row["n"]) for row in balance["labels"]] == [("a", 3), ("b", 0)]
    assert balance["evenness"] == 0


def test_an_answer_that_is_far_too_long_is_named():
    texts = ["答" * (20 + at % 7) for at in range(60)]
    texts[41] = "答" * 900
    _, report = looked(rows(*texts))
    long = report["lengths"]["answer"]["long"]
    assert long == {"n": 1, "samples": [{"at": 42, "characters": 900}]}
    assert report["lengths"]["answer"]["short"]["n"] == 0


def test_a_fenced_answer_counts_for_the_lenient_reader_only():
    bare = '{"name": "李"}'
    _, report = looked(rows(bare, f"```json\n{bare}\n```"))
    assert (report["fences"]["strict"]["share"], report["fences"]["lenient"]["share"]) == (0.5, 1.0)


def test_leaves_are_scored_by_path_and_lists_by_their_members():
    schema = {
        "type": "object",
        "required": ["name", "visits"],
        "properties": {
            "name": {"type": "string"},
            "phone": {"type": "string"},
            "visits": {"type": "array", "items": {"type": "object", "required": ["day"],
                                                  "properties": {"day": {"type": "string"}, "doctor": {}}}},
        },
    }  # fmt: skip
    answers = records(
        {"name": "李", "visits": [{"day": "周一", "doctor": "王"}, {"day": "周二"}]},
        {"name": "", "visits": [{"day": "周三"}]},
    )
    _, report = looked(answers, {"json": {"schema": schema}})
    fields = {row["path"]: (row["n"], row["of"], row["required"]) for row in report["completeness"]["fields"]}
    assert fields == {
        "/visits/*/doctor": (1, 3, False),
        "/name": (1, 2, True),
        "/visits/*/day": (3, 3, True),
    }
    assert report["completeness"]["required"] == {"n": 4, "of": 5}


def test_the_question_that_stands_on_both_sides_is_reported_where_it_is_held_out():
    members = [
        member(1, chat("意大利？", "罗马。"), side="test"),
        member(2, chat("法国？", "是巴黎。"), side="validation"),
        member(3, chat("法国？", "巴黎。"), side="train"),
        member(4, chat("德国？", "柏林。")),
    ]
    found, report = looked(members)
    assert [(at, rule) for at, rule, _ in found] == [(2, "split-leak"), (3, "conflicting-answer")]
    assert report["leaks"]["questions"] == 1
    assert report["leaks"]["between"] == {"train → validation": 1}


def test_what_is_only_compared_with_is_never_spoken_of_but_met_again():
    with Look(setting()) as look:
        look.compare_with(member(1, chat("法国？", "巴黎。"), side=OTHER_FILE))
        look.compare_with(member(2, chat("法国？", "巴黎。"), side=OTHER_FILE))
        look.add(member(1, chat("法国？", "巴黎。")))
        look.close()
        assert [(index, finding.rule) for index, finding in look.findings()] == []
        look.columns._side[2] = 1
        assert [(index, finding.rule) for index, finding in look.findings()] == [(2, "split-leak")]


def test_a_label_in_another_spelling_is_named_at_its_own_row_though_another_file_came_before():
    with Look(setting()) as look:
        for one in rows("晴", "雨", question="别的 {}"):
            look.compare_with(replace(one, side=OTHER_FILE))
        for one in rows("会下雨", "会下雨", "会下雨。"):
            look.add(one)
        look.close()
        found = [(look.columns.at[index], finding.rule) for index, finding in look.findings()]
    assert [at for at, rule in found if rule == "label-inconsistent"] == [3]


def test_answers_of_more_kinds_than_fifty_are_no_classes_however_often_they_come():
    fifty, more = ([f"类别{n}" for n in range(count)] * 2 for count in (50, 51))
    assert len(looked(rows(*fifty))[1]["balance"]["labels"]) == 50
    assert "balance" not in looked(rows(*more))[1]
    assert "balance" not in looked(rows(*more, *["类别1"] * 900))[1]


def test_each_tag_is_a_slice_with_its_own_interval():
    broken = (Noted("echo", "warning"),)
    members = [member(at, chat(f"q{at}", "a"), tags=("colloquial",), noted=broken if at == 1 else ()) for at in (1, 2)]
    members.append(member(3, chat("q3", "a"), noted=()))
    slices = looked(members)[1]["slices"]
    assert [(row["tag"], row["n"], row["clean"]) for row in slices] == [("colloquial", 2, 1), ("", 1, 1)]
    assert 0 < slices[0]["low"] < 0.5 < slices[0]["high"] < 1


def test_domains_are_counted_at_a_path_that_was_asked_for_and_at_the_usual_ones():
    def of(at: int, **extras: Any) -> Member:
        return member(at, Sample(chat(f"q{at}", f"a{at}").messages, extras=extras))

    members = [of(1, metadata={"domain": "雨"}), of(2, metadata={"domain": "雨"}), of(3, kind={"of": "x"}), of(4)]
    spread = looked(members, spread_by=("kind.of",))[1]["spread"]
    assert [(one["path"], one["values"], one["without"]) for one in spread] == [
        ("kind.of", 1, 3), ("metadata.domain", 1, 2),
    ]  # fmt: skip


def test_secrets_are_counted_by_kind_and_stay_masked():
    key = Noted("secret", "error", "key", "sk-…9f")
    members = [member(1, chat("a", "b"), noted=(key, key)), member(2, chat("c", "d"), noted=())]
    assert looked(members)[1]["private"] == [
        {"rule": "secret", "kind": "key", "samples": 1, "findings": 2, "examples": [{"masked": "sk-…9f", "at": 1}]}
    ]


def test_the_order_of_the_rows_does_not_matter_for_what_is_measured():
    answers = ["会下雨", "不会下雨", "会下雨。", '{"a": 1}', '{"a": "1"}', '{"a": 2}'] * 5
    members = rows(*answers)
    shuffled = random.Random(7).sample(members, len(members))
    first, second = looked(members)[1], looked(shuffled)[1]
    for name in ("balance", "fences", "label-inconsistent"):
        assert first.get(name) == second.get(name)
    assert first["near-duplicate"]["samples"] == second["near-duplicate"]["samples"]


def test_a_large_set_says_the_same_though_its_columns_lie_in_a_file_meanwhile(monkeypatch):
    members = rows(*(["会下雨", "不会下雨", "明天下午会下很大的雨，出门请带伞。"] * 4), question="问题")
    small = looked(members)
    monkeypatch.setattr(numbers, "PIECE", 5)
    assert looked(members) == small
    assert {rule for _, rule, _ in small[0]} >= {"duplicate", "conflicting-answer"}


def test_a_sample_more_costs_few_bytes_and_neither_its_text_nor_an_object(monkeypatch):
    kinds = (
        "会下雨",
        '{"a": 1}',
        "一个没有人重复的、比标签还要长得多的回答，长到谁也不会把它当成标签，不管怎么看都不会的。",
    )
    monkeypatch.setattr(numbers, "PIECE", 500)
    with Look(setting(), near=False) as look:
        tracemalloc.start()
        try:
            for at in range(6000):
                look.add(member(at, chat(f"问题 {at}", kinds[at % 3]), side=("train", "test")[at % 2]))
                if at == 2000:
                    before = tracemalloc.get_traced_memory()[0]
            kept = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            assert sum(1 for _ in look.findings()) == 0
            look.report()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (kept - before) / 4000 < 24
    assert (peak - kept) / 6000 < 80
