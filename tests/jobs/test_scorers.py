"""Every metric explains itself with examples, and what does not apply is nothing, never nought."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datasets_app.core import cleaning, contracts
from datasets_app.core.encoders import ENCODERS
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message, Sample, ToolCall
from jobs_app.core.comparison import Paired, compare, summarise
from jobs_app.core.confusion import confusion
from jobs_app.core.outcomes import answered, example, unanswered, unreadable
from jobs_app.core.replies import hear
from jobs_app.core.scorers import SCORERS, Answered, scored
from jobs_app.core.scorers.defaults import default_metrics
from jobs_app.core.turns import asked
from tests.core.test_cleaning import PAGE

CITY = {"json": {"schema": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}}
RAIN = {"labels": {"values": ["会下雨", "不会下雨", "多云"]}}
CALL = {"id": "c", "type": "function", "function": {"name": "task_response", "arguments": '{"city": "北京"}'}}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "required": ["day"]}}}


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(scorer, shown, id=f"{scorer.name}-{number}")
        for scorer in SCORERS.values()
        for number, shown in enumerate(getattr(scorer, kind))
    ]


def come(
    content: str | None, reference: str | None = None, contract: Any = None, calls: Any = (), **more: Any
) -> Answered:
    question = more.pop("question", "?")
    return answered(
        (Message("user", question),), content, calls, checker=Checker(contracts.parse(contract or {})),
        reference=None if reference is None else Message("assistant", reference), **more,
    )  # fmt: skip


@pytest.mark.parametrize(("scorer", "shown"), examples("good"))
def test_a_good_example_has_the_best_score(scorer, shown):
    checker = Checker(contracts.parse(shown.contract))
    assert scorer.applies(checker.contract)
    assert scorer.score(example(shown, checker)) == (
        0 if scorer.better == "lower" else 1 if scorer.kind != "amount" else 0
    )


@pytest.mark.parametrize(("scorer", "shown"), examples("bad"))
def test_a_bad_example_has_another(scorer, shown):
    checker = Checker(contracts.parse(shown.contract))
    assert scorer.applies(checker.contract)
    assert scorer.score(example(shown, checker)) not in (None, 0 if scorer.better == "lower" else 1)


def test_every_metric_explains_itself():
    for name, scorer in SCORERS.items():
        assert scorer.label
        assert scorer.help.endswith(".")
        assert (scorer.good and scorer.bad) or scorer.kind == "amount", name
        assert scorer.unit in ("", "%", "tokens", "s", "currency")
        assert len(scorer.columns) == max(1, len(scorer.terms))


@pytest.mark.parametrize(
    ("contract", "tools", "first"),
    [
        (RAIN, False, ("label-accuracy", "macro-f1")),
        (CITY, False, ("compliance", "field-f1")),
        ({}, False, ("compliance", "normalised-match")),
        ({"symbols": {"tight": ["-"], "verbatim": True}}, False, ("compliance", "symbol-alignment")),
        (
            {"text": {"no_echo": True}},
            False,
            ("compliance", "normalised-match", "exact-match", "length-off", "echoed-input"),
        ),
        ({}, True, ("tool-call", "tool-arguments")),
        ({**CITY, "labels": {"values": ["a"]}}, True, ("label-accuracy",)),
    ],
)
def test_a_task_is_judged_by_its_own_goals(contract, tools, first):
    read = contracts.parse(contract)
    names = default_metrics(read, tools)
    assert names[: len(first)] == first
    assert len(set(names)) == len(names)
    assert all(SCORERS[name].applies(read) for name in names)
    assert names[-1] == "cost-per-correct"


def test_an_answer_that_never_came_is_the_same_as_no_reference():
    turns, checker = (Message("user", "Rain?"),), Checker(contracts.parse({}))
    names = ("exact-match", "normalised-match")
    called = Message("assistant", None, tool_calls=(ToolCall("weather", "{}"),))
    for silent in (called, Message("assistant", " ")):
        for found in (unanswered(turns, checker=checker, reference=silent),
                      answered(turns, None, [CALL], checker=checker, reference=silent)):  # fmt: skip
            assert scored(names, found) == dict.fromkeys(names)
    missed = unanswered(turns, checker=checker, reference=Message("assistant", "Rain."))
    assert scored(names, missed) == dict.fromkeys(names, 0.0)


def test_only_the_answer_as_it_stands_counts_and_the_fence_is_told_apart():
    names = ("compliance", "compliance-unfenced", "json-valid", "json-unfenced", "schema-compliance", "field-f1")
    ways = {
        '{"city": "北京"}': (1, 1, 1, 1, 1, 1),
        '```json\n{"city": "北京"}\n```': (0, 1, 0, 1, 0, 1),
        '```json\n{"city": 1}\n```': (0, 0, 0, 1, 0, 0),
        '{"city": "北京"': (0, 0, 0, 0, 0, 0),
        "": (0, 0, 0, 0, 0, 0),
    }
    for content, expected in ways.items():
        found = scored(names, come(content, '{"city": "北京"}', CITY))
        assert tuple(found[name] for name in names) == expected, content
    called = come(None, '{"city": "北京"}', CITY, [CALL])
    assert (called.verdict, called.came_as) == ("passed", "tool-call")
    assert {scored(names, called)[name] for name in names} == {1}
    fenced = {**CALL, "function": {"name": "task_response", "arguments": '```\n{"city": "北京"}\n```'}}
    assert (
        come(None, None, CITY, [fenced]).came_as
        == hear({"contract": CITY}, "?", None, [fenced]).came_as
        == "fenced-json"
    )


def test_an_answer_that_never_came_failed_in_what_it_should_have_been_and_took_nothing():
    names = default_metrics(contracts.parse(CITY), tools=True)
    checker = Checker(contracts.parse(CITY))
    nothing = unanswered(
        (Message("user", "?"),), checker=checker, reference=Message("assistant", '{"city": "北京"}'), tries=4
    )
    found = scored(names, nothing)
    assert not nothing.came
    assert {
        found[name] for name in ("compliance", "json-valid", "field-f1", "required-leaves", "normalised-match")
    } == {0}
    assert (found["field-f1.right"], found["field-f1.given"], found["field-f1.wanted"]) == (0, 0, 1)
    for name in ("truncated", "ungrounded-values", "mistyped-fields", "latency", "output-tokens", "tool-call"):
        assert found[name] is None, name
        assert SCORERS[name].of(found) is None, name
    assert found["retries"] == 3
    assert SCORERS["cost-per-correct"].of(found) == (0, 0)


def test_a_reference_that_is_no_json_is_left_out_and_counted_apart():
    broken = come('{"city": "北京"}', "Beijing", CITY)
    found = scored(("field-f1", "field-recall", "exact-match", "compliance", "reference-readable"), broken)
    assert (found["field-f1"], found["field-recall"], found["exact-match"]) == (None, None, None)
    assert (found["compliance"], found["reference-readable"]) == (1, 0)
    assert unreadable(Message("assistant", "Beijing"), contracts.parse(CITY))
    assert unreadable(None, contracts.parse(CITY))
    assert not unreadable(Message("assistant", "```\n{}\n```"), contracts.parse(CITY))
    assert not unreadable(None, contracts.EMPTY)
    whole = scored(["field-f1"], come('{"city": "北京"}', '{"city": "北京"}', CITY))
    scorer = SCORERS["field-f1"]
    summary = summarise(scorer, [scorer.of(found), scorer.of(whole)])
    assert (summary.n, summary.applicable, summary.value) == (2, 1, 1)


def test_without_a_reference_nothing_is_compared_with_one():
    found = scored(SCORERS, come("会下雨", None, RAIN))
    for name in (
        "exact-match",
        "normalised-match",
        "label-accuracy",
        "macro-f1",
        "length-off",
        "field-f1",
        "tool-call",
    ):
        assert found[name] is None, name
    assert found["off-label"] == 0


def test_who_answers_with_whom_is_read_from_the_scores():
    answers = [("会下雨", "会下雨"), ("不会下雨", "会下雨"), ("会下雨。", "会下雨"), ("多云", "多云"), ("会下雨", "雪")]
    scores = [scored(["macro-f1", "label-accuracy"], come(given, wanted, RAIN)) for given, wanted in answers]
    assert [one["label-accuracy"] for one in scores] == [1, 0, 0, 1, None]
    rows = confusion(RAIN["labels"]["values"], scores)
    assert [(row.label, row.wanted, row.given, row.right, row.taken_for) for row in rows] == [
        ("会下雨", 3, 1, 1, (("不会下雨", 1), ("", 1))), ("不会下雨", 0, 1, 0, ()), ("多云", 1, 1, 1, ()),
    ]  # fmt: skip
    assert confusion(RAIN["labels"]["values"], scores[::-1]) == rows, "in whatever order they are read"
    assert [row.f1 for row in rows] == [0.5, None, 1]
    assert (rows[0].precision, rows[0].recall) == (1, pytest.approx(1 / 3))
    assert (rows[1].precision, rows[1].recall) == (0, None)
    macro = SCORERS["macro-f1"]
    assert summarise(macro, [macro.of(one) for one in scores]).value == 0.75
    assert confusion(["a"], [{}]) == []


def test_a_value_is_grounded_by_all_that_was_sent_and_keys_are_no_values():
    contract = {"json": {"schema": {"type": "object"}}}
    found = come(
        '{"patientID": "P77", "age": 58, "since": "二〇一〇年", "ok": true}',
        None,
        contract,
        question="P77，58 岁，2010 年",
    )
    assert SCORERS["ungrounded-values"].parts(found) == (0, 3)
    lied = come('{"age": 65, "years": [5, 58]}', None, contract, question="58 岁")
    assert SCORERS["ungrounded-values"].parts(lied) == (2, 3)
    assert SCORERS["ungrounded-values"].score(come("{}", None, contract)) is None


def test_codes_that_nobody_wanted_are_not_asked_for():
    contract = {"symbols": {"tight": ["-", "/"], "verbatim": True}}
    kept = come("AW30-02 好", "AW30-02 好", contract, question="AW30-02 还是 B/C？")
    assert SCORERS["symbol-alignment"].parts(kept) == (1, 1)
    assert SCORERS["symbol-alignment"].parts(come("AW30-02", None, contract, question="AW30-02 还是 B/C？")) == (1, 2)
    assert SCORERS["symbol-alignment"].score(come("好", "好", contract, question="好？")) is None


def test_the_arguments_of_a_call_are_held_against_the_tool_and_the_reference():
    def call(arguments: str, name: str = "weather") -> Any:
        return [{"id": "1", "function": {"name": name, "arguments": arguments}}]

    wanted = answered((), None, call('{"day": 1, "at": "noon"}'), checker=Checker()).answer
    shown = {"reference": wanted, "tools": [WEATHER], "checker": Checker()}
    names = ("tool-call", "tool-arguments")
    right = answered((Message("user", "?"),), None, call('{"at": "noon", "day": 1}'), **shown)
    assert [scored(names, right)[name] for name in names] == [1, 1]
    half = answered((Message("user", "?"),), None, call('{"at": "night"}'), **shown)
    assert [scored(names, half)[name] for name in names] == [0, pytest.approx(2 / 5)]
    broken = answered((Message("user", "?"),), None, call("{"), **shown)
    assert [scored(names, broken)[name] for name in names] == [0, pytest.approx(2 / 4)]
    unneeded = answered((Message("user", "?"),), None, call("{}"), checker=Checker(), tools=[WEATHER],
                        reference=Message("assistant", "晴"))  # fmt: skip
    assert [scored(names, unneeded)[name] for name in names] == [0, None]


def test_what_an_answer_takes_is_as_the_provider_and_the_clock_say():
    found = come(
        "好", "好", finish_reason="length", prompt_tokens=9, completion_tokens=2, seconds=1.5, cost="0.02", tries=3
    )
    scores = scored(
        ("input-tokens", "output-tokens", "latency", "latency-p95", "retries", "truncated", "cost-per-correct"), found
    )
    assert [scores[name] for name in list(scores)[:6]] == [9, 2, 1.5, 1.5, 2, 1]
    assert (scores["cost-per-correct.cost"], scores["cost-per-correct.right"]) == (0.02, 1)
    dear = scored(["cost-per-correct"], come("不会下雨", "会下雨", RAIN, cost=1))
    assert SCORERS["cost-per-correct"].of(dear) == (1, 0)
    assert scored(["truncated", "cost-per-correct"], come("好", finish_reason=None))["truncated"] is None
    slow = SCORERS["latency-p95"]
    assert summarise(slow, [float(n) for n in range(1, 101)]).value == 95.5


PRODUCT = {
    "json": {
        "schema": {
            "type": "object",
            "required": ["name", "price", "stock", "features", "models"],
            "properties": {
                "name": {"type": "string"}, "price": {"type": "number"}, "stock": {"type": "integer"},
                "features": {"type": "array", "items": {"type": "string"}},
                "models": {"type": "array", "items": {"type": "object", "required": ["model", "weight"]}},
            },
        }
    }
}  # fmt: skip
WANTED = {
    "name": "Sikalastic-609", "price": 120, "stock": 8, "features": ["防水 涂料，双组分", "底涂"],
    "models": [{"model": "AW30-02", "weight": "20 kg"}],
}  # fmt: skip


@pytest.mark.parametrize("mode", list(cleaning.MODES))
def test_what_a_page_says_becomes_json_and_is_judged_field_by_field(mode):
    """A scraped page is cleaned, asked about, and the answer held against the record that a person took from it."""
    page = cleaning.measured(PAGE, mode, ENCODERS["o200k"])
    assert page.after < page.before / 1.5
    sample = Sample((Message("user", f"Take the product from this page as JSON.\n{page.text}"),
                     Message("assistant", json.dumps(WANTED, ensure_ascii=False))))  # fmt: skip
    turns, checker = asked(sample, "", ()), Checker(contracts.parse(PRODUCT))
    metrics = default_metrics(checker.contract)
    answers = {
        "tuned": json.dumps({**WANTED, "features": WANTED["features"][::-1]}, ensure_ascii=False),
        "base": '```\n{"name": "Sikalastic-609", "price": "120", "stock": 8, "features": ["底涂"], "x": "y"}\n```',
    }
    found = {
        arm: scored(metrics, answered(turns, text, checker=checker, reference=sample.answer))
        for arm, text in answers.items()
    }
    tuned, base = found["tuned"], found["base"]
    assert (tuned["compliance"], tuned["field-f1"], tuned["required-leaves"], tuned["ungrounded-values"]) == (
        1,
        1,
        1,
        0,
    )
    assert (base["compliance"], base["json-unfenced"]) == (0, 1)
    assert [base[f"field-f1.{term}"] for term in ("right", "given", "wanted")] == [3, 5, 7]
    assert base["field-f1"] == pytest.approx(2 * 3 / 12)
    assert base["mistyped-fields"] == pytest.approx(1 / 5)
    pairs = [Paired(number, "", SCORERS["field-f1"].of(base), SCORERS["field-f1"].of(tuned)) for number in range(3)]
    assert compare(pairs, SCORERS["field-f1"], draws=50).difference == pytest.approx(0.5)
