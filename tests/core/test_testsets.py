"""A test set is ready from a hundred cases on, and says how it goes with what is new."""

from __future__ import annotations

from datasets_app.core import contracts, testsets
from datasets_app.core.examples import chat
from datasets_app.core.statistics import wilson
from datasets_app.core.testsets import Case


def sliced(report, kind):
    return {one["name"]: (one["cases"], one["passed"]) for one in report["slices"] if one["kind"] == kind}


def test_ninety_nine_cases_are_not_enough():
    assert testsets.report([Case()] * 99, codes=None, labels=None)["ready"] is False
    assert testsets.report([Case()] * 100, codes=None, labels=None)["ready"] is True


def test_a_case_is_seen_when_training_has_all_of_its_codes():
    cases = [
        Case(codes=frozenset({"AW30-02"})),
        Case(codes=frozenset({"AW30-02", "A/B"}), broken=("symbol-spacing",), failed=True),
        Case(),
    ]
    report = testsets.report(cases, codes={"AW30-02"}, labels=None)
    assert sliced(report, "codes") == {"seen": (1, 1), "unseen": (1, 0)}
    unseen = next(one for one in report["slices"] if one["name"] == "unseen")
    assert unseen["rules"] == {"symbol-spacing": {"passed": 0, "interval": list(wilson(0, 1))}}
    assert report["slices"][0] == {**report["slices"][0], "kind": "all", "cases": 3, "passed": 2}


def test_labels_and_tags_are_slices_too():
    cases = [
        Case(label="会下雨", tags=("clean",)),
        Case(label="下雪", tags=("fragment",), failed=True),
        Case(tags=("clean",)),
    ]
    report = testsets.report(cases, codes=None, labels={"会下雨"})
    assert sliced(report, "label") == {"seen": (1, 1), "unseen": (1, 0)}
    assert sliced(report, "tag") == {"clean": (2, 2), "fragment": (1, 0)}
    assert sliced(report, "codes") == {}


def test_codes_are_those_of_the_contracts_symbols():
    contract = contracts.parse({"symbols": {"tight": ["-"], "verbatim": True}})
    assert testsets.codes_of(chat("AW30-02 怎么用？", "A/B 加 RS88-B"), contract) == {"AW30-02", "RS88-B"}
