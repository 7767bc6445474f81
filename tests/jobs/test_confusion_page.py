"""A lead sees on the page of an evaluation which labels a model takes for which."""

from __future__ import annotations

from typing import Any

import pytest

from ftstudio.accounts.models import Project, User
from tests.conftest import browser_of
from tests.evaluated import Answers, evaluated, task, tuned

RAIN = {"labels": {"values": ["会下雨", "不会下雨"]}}


@pytest.mark.django_db
def test_labels_that_are_taken_for_each_other_are_told(alice: User, project: Project) -> None:
    said = [("会下雨", "不会下雨"), ("会下雨", "会下雨"), ("不会下雨", "不会下雨"), ("会下雨", "多云")]
    rows = [Answers(f"明天{n}？", accepted, (accepted, given)) for n, (accepted, given) in enumerate(said)]
    snapshot = task(alice, project, rows, contract=RAIN)
    evaluation = evaluated(alice, snapshot, rows, [None, tuned(alice, snapshot)])
    page = browser_of(alice).get(f"/evaluations/{evaluation.pk}/")
    found: Any = page.context["confused"]
    assert [(row.label, row.right, row.wanted, row.taken_for) for row in found] == [
        ("会下雨", 1, 3, (("不会下雨", 1), ("", 1))), ("不会下雨", 1, 1, ()),
    ]  # fmt: skip
    told = browser_of(alice).get(f"/api/v1/evaluations/{evaluation.pk}/confusion/").json()
    assert told[0]["taken_for"] == [{"label": "不会下雨", "n": 1}, {"label": "", "n": 1}]
    assert [(row["label"], row["wanted"], row["right"], row["recall"]) for row in told] == [
        ("会下雨", 3, 1, pytest.approx(1 / 3)), ("不会下雨", 1, 1, 1.0),
    ]  # fmt: skip
    assert "no label" in page.content.decode()
    assert [(tab.which, tab.n) for tab in page.context["tabs"]] == [
        ("won", 0), ("lost", 2), ("both-fail", 0), ("both-pass", 2), ("all", 4),
    ]  # fmt: skip
    paired = page.context["paired"]
    assert (paired.won, paired.lost, paired.neither, paired.both) == (0, 2, 0, 2)
    assert [side.sign for side in page.context["cases"][0].sides] == ["ok", "error"]  # a label, but not the right one
    by_contract = browser_of(alice).get(f"/evaluations/{evaluation.pk}/?metric=compliance&which=lost")
    assert [case.number for case in by_contract.context["cases"]] == [4]
