"""A lead sees at which paths of its JSON a model goes wrong; all paths together are what field F1 counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.accounts.models import Project, User
from jobs_app.core.fields import compared
from jobs_app.core.leaf_paths import leaf_paths
from jobs_app.models import Outcome
from jobs_app.pipeline.leaf_paths import Paths
from jobs_app.services.leaf_paths import paths_of
from tests.conftest import browser_of
from tests.evaluated import Answers, evaluated, task, tuned

from .test_fields import VALUES

ANY = {"json": {"schema": {"type": "object"}}}
WANTED = {"age": 58, "drugs": [{"name": "阿司匹林", "mg": 100}, {"name": "二甲双胍"}]}
GIVEN = {"age": "58", "drugs": [{"name": "二甲双胍", "mg": 500}, {"name": "阿司匹林", "mg": 75}], "0": {"*": 1}}
FARED = [  # path, cases, wanted, given, right, wrong, mistyped, missing, extra
    ("/drugs/*/mg", 2, 2, 2, 0, 1, 0, 1, 1),
    ("/age", 2, 2, 1, 0, 0, 1, 1, 0),
    ("/0/*", 0, 0, 1, 0, 0, 0, 0, 1),
    ("/drugs/*/name", 2, 4, 2, 2, 0, 0, 2, 0),
]


def fared(row) -> tuple:
    return (
        row.path, row.cases, row.wanted, row.given, row.right, row.wrong, row.mistyped, row.missing, row.extra,
    )  # fmt: skip


def test_entries_of_a_list_share_a_path_and_the_worst_comes_first():
    rows = leaf_paths([(GIVEN, WANTED), (None, WANTED)])
    assert [fared(row) for row in rows] == FARED
    assert (rows[2].precision, rows[2].recall, rows[2].f1) == (0.0, None, 0.0)
    assert (rows[3].precision, rows[3].recall, rows[3].f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert [fared(row) for row in leaf_paths([(5, 5.0)])] == [("", 1, 1, 1, 1, 0, 0, 0, 0)]


@given(st.lists(st.tuples(VALUES, VALUES), max_size=3))
def test_all_paths_together_are_what_field_f1_counts(pairs):
    rows, found = leaf_paths(pairs), [compared(*pair) for pair in pairs]
    for name in ("right", "given", "wanted", "mistyped"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(one, name) for one in found)
    for row in rows:
        assert row.wanted == row.right + row.wrong + row.mistyped + row.missing
        assert row.given == row.right + row.wrong + row.mistyped + row.extra
        assert row.right >= 0
        assert row.cases <= row.wanted


@pytest.mark.django_db
def test_paths_are_told_on_the_page_and_to_scripts(
    alice: User, mallory: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, wrong = json.dumps(WANTED, ensure_ascii=False), json.dumps(GIVEN, ensure_ascii=False)
    rows = [Answers("一？", wanted, (wanted, f"```json\n{wrong}\n```")), Answers("二？", wanted, (wanted, None))]
    snapshot = task(alice, project, rows, contract=ANY)
    evaluation = evaluated(alice, snapshot, rows, [None, tuned(alice, snapshot)])
    address = f"/api/v1/evaluations/{evaluation.pk}/paths/"
    page = browser_of(alice).get(f"/evaluations/{evaluation.pk}/")
    assert [fared(row) for row in page.context["paths"].rows] == FARED
    assert "<code>/drugs/*/mg</code>" in page.content.decode()
    told = browser_of(alice).get(address).json()
    assert told["more"] == 0
    assert [row["path"] for row in told["rows"]] == [path for path, *_ in FARED]
    assert (told["rows"][3]["recall"], told["rows"][2]["recall"]) == (0.5, None)
    scores = Outcome.objects.filter(arm__evaluation=evaluation, arm__number=1).values_list("scores", flat=True)
    for name in ("right", "given", "wanted"):
        assert sum(row[name] for row in told["rows"]) == sum(one[f"field-f1.{name}"] for one in scores)
    assert {row["f1"] for row in browser_of(alice).get(f"{address}?b=0").json()["rows"]} == {1.0}
    assert browser_of(mallory).get(address).status_code == 404
    monkeypatch.setattr("jobs_app.pipeline.leaf_paths.MOST", 1)
    evaluation.arms.update(paths={})
    refused = Outcome.objects.filter(arm__evaluation=evaluation, arm__number=0)
    refused.update(scores={"field-f1.given": 0})  # as of a call of another tool, whose arguments are kept as the answer
    evaluation.arms.update(asked=3)  # other answers: what was worked out before does not count any more
    assert browser_of(alice).get(f"{address}?b=0").json()["rows"][0]["missing"] == 4
    assert "3 more paths fare no worse." in browser_of(alice).get(f"/evaluations/{evaluation.pk}/").content.decode()


@pytest.mark.django_db
def test_what_was_kept_at_the_end_is_what_would_be_found_now(
    alice: User, project: Project, django_assert_num_queries: Any
) -> None:
    wanted, wrong = json.dumps(WANTED, ensure_ascii=False), json.dumps(GIVEN, ensure_ascii=False)
    odd = '{"nul\\u0000": 2}'  # a key that PostgreSQL keeps only as JSON writes it
    rows = [Answers("一？", wanted, (wanted, wrong)), Answers("二？", wanted, (wanted, odd))]
    snapshot = task(alice, project, rows, contract=ANY)
    evaluation = evaluated(alice, snapshot, rows, [None, tuned(alice, snapshot)])
    arms = list(evaluation.arms.order_by("number"))
    with django_assert_num_queries(0):
        kept = [paths_of(evaluation, arm) for arm in arms]
    assert kept[1].rows
    evaluation.arms.update(paths={})  # as of one that ended before they were kept
    assert [paths_of(evaluation, arm) for arm in evaluation.arms.order_by("number")] == kept
    free = task(alice, project, [Answers("三？", "rain", ("rain", "snow"))], contract={}, name="Free")
    ended = evaluated(alice, free, [Answers("三？", "rain", ("rain", "snow"))], [None, tuned(alice, free, "rain-v2")])
    assert [paths_of(ended, arm) for arm in ended.arms.all()] == [Paths(), Paths()]
    assert browser_of(alice).get(f"/evaluations/{evaluation.pk}/").status_code == 200
