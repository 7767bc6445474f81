"""Evaluations in the browser: planning one, reading what came of it, and what can be done with it."""

from __future__ import annotations

import csv
import re

import pytest
from django.test import Client

from ftstudio.accounts.models import Project, User
from jobs_app.models import Arm, Evaluation
from tests.conftest import api_of, browser_of
from tests.evaluated import Answers, evaluated, task, tuned

pytestmark = pytest.mark.django_db

KEPT, BROKEN = "会下雨。", "会下雨"


def rows(total: int = 40) -> list[Answers]:
    """The base model keeps to the contract in a quarter of the cases, the tuned one in all but three; one answer of
    the base model never came."""
    made = []
    for at in range(total):
        base = KEPT if at % 4 == 0 else None if at == 1 else BROKEN
        made.append(
            Answers(
                f"第{at}天下雨吗？",
                KEPT,
                (base, BROKEN if at in (4, 5, 6) else KEPT),
                ("clean" if at % 2 else "mixed",),
            )
        )
    return made


def text_of(page: bytes) -> str:
    """What is read on a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def test_a_lead_plans_an_evaluation_from_a_model_and_has_it_asked(pages: Client, alice: User, project: Project) -> None:
    snapshot = task(alice, project, rows())
    version = tuned(alice, snapshot)
    again = tuned(alice, snapshot, "rain-v2")
    page = pages.get(f"/evaluations/new/?model={version.pk}&against=base")
    shown = text_of(page.content)
    assert 'name="arms-0-model" value="rehearsal-small"' in page.content.decode()
    assert f'<option value="{version.pk}" selected' in page.content.decode()
    assert "40 cases" in shown
    assert re.search(r"a difference of about \d+ points would be seen", shown)
    assert "A rehearsal costs nothing." in shown

    sent = {
        "of": snapshot.dataset_id, "dataset": snapshot.dataset_id, "n": "20", "seed": "3", "decides": "compliance",
        "metrics": ["exact-match"], "arms-TOTAL_FORMS": "2", "arms-INITIAL_FORMS": "0", "arms-0-kind": "base",
        "arms-0-connection": version.connection_id, "arms-0-model": "rehearsal-small", "arms-0-shots": "0",
        "arms-1-kind": "tuned", "arms-1-version": version.pk, "arms-1-shots": "0",
    }  # fmt: skip
    part = pages.post("/evaluations/new/", sent, headers={"HX-Request": "true", "HX-Target": "plan"})
    assert part.content.decode().lstrip().startswith('<div id="plan"')
    assert "20 cases" in text_of(part.content)
    more = pages.post("/evaluations/new/", {**sent, "add_arm": "tuned"}).content.decode()
    assert more.count('class="option armset"') == 3
    less = pages.post("/evaluations/new/", {**sent, "take_out": "0"}).content.decode()
    assert 'name="arms-0-kind" value="tuned"' in less
    refused = pages.post("/evaluations/new/", {**sent, "arms-0-model": "", "start": "1"})
    assert refused.status_code == 422
    assert b"Name the model." in refused.content
    assert not Evaluation.objects.exists()

    start = {**sent, "start": "1", "name": "First look", "request": "r1"}
    begun = pages.post("/evaluations/new/", start)
    pages.post("/evaluations/new/", start)  # a second click
    one = Evaluation.objects.get()
    assert begun.headers["Location"] == f"/evaluations/{one.pk}/"
    assert (one.name, one.total, one.seed, one.metrics) == ("First look", 20, 3, ["compliance", "exact-match"])
    assert [arm.kind for arm in one.arms.order_by("number")] == ["zero-shot", "tuned"]
    running = pages.get(f"/evaluations/{one.pk}/").content.decode()
    assert 'hx-trigger="every 2s"' in running
    assert "0 of 20 asked" in running
    assert 'id="verdict"' not in running  # nobody stops at a lucky moment
    assert pages.post(f"/evaluations/{one.pk}/cancel/").status_code == 302
    stopped = text_of(pages.get(f"/evaluations/{one.pk}/").content)
    assert "cancelled" in stopped
    assert "No question was answered" in stopped
    assert "Ask 40 again" in stopped
    both = pages.get(f"/evaluations/new/?job={version.job_id}&job={again.job_id}").content.decode()
    assert both.count('class="option armset"') == 3  # their base model, which is one, and both


def test_what_came_of_it_is_a_word_a_sentence_and_every_case(
    pages: Client, alice: User, bob: User, project: Project
) -> None:
    snapshot = task(alice, project, rows())
    version, later = tuned(alice, snapshot), tuned(alice, snapshot, "rain-v2")
    one = evaluated(alice, snapshot, rows(), [None, version])
    url = f"/evaluations/{one.pk}/"
    whole = pages.get(url)
    page, read = whole.content.decode(), text_of(whole.content)
    assert re.search(r'class="word"[^>]*>Better<', page)
    assert "Tuned keeps to the contract in 37 of 40 cases, Base in 10." in read
    assert (
        "Of the 29 cases where they differ, Tuned wins 28. One comparison was made, so no correction was needed."
        in read
    )
    assert "+67.5" in read
    assert "indicative: n < 100" in page.replace("&lt;", "<")
    assert re.search(r"<b>9</b>both pass.*<b>1</b>lost.*<b>28</b>won.*<b>2</b>both fail", page, re.S)
    assert "4,000 draws, seed 7" in read
    assert "0 Tuned, 1 Base, counted as failures" in read
    assert re.search(r'aria-label="92\.5 %, between 80\.\d %', page)  # the bar says its figures
    assert "n = 20, anecdote" in read  # by tag
    assert "The 3 failures of Tuned" in read
    assert 'hx-trigger="every 2s"' not in page

    lost = pages.get(url + "?which=lost", headers={"HX-Request": "true", "HX-Target": "cases"}).content.decode()
    assert lost.lstrip().startswith('<section class="panel" id="cases"')
    assert lost.count('<article class="case"') == 1
    assert "第4天下雨吗？" in lost
    assert "<del>。</del>" in lost
    assert f"/samples/{one.cases.get(number=5).sample_id}/" in lost
    rule = one.arms.get(number=1).outcomes.get(case__number=5).findings[0]["rule"]
    found_first = pages.get(url, {"which": "all", "rule": rule}).content.decode()
    assert found_first.count('<article class="case"') == 3
    further = pages.get(url + "?which=won").content.decode()
    assert 'rel="next"' in further
    tokens = text_of(pages.get(url + "?metric=output-tokens").content)
    assert "not the measure that decides" in tokens

    table = pages.get(f"{url}table.csv").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(table.splitlines()))) == 80
    listed = pages.get("/evaluations/").content.decode()
    assert "Base against tuned" in listed
    assert "Better" in listed
    assert 'aria-label="25.0 %' in listed
    assert "Base against tuned" in pages.get("/evaluations/", {"version": str(version.pk)}).content.decode()
    assert "No evaluation is like that" in text_of(pages.get("/evaluations/", {"version": str(later.pk)}).content)
    assert f"/evaluations/new/?model={version.pk}" in (model := pages.get(f"/models/{version.pk}/").content.decode())
    assert "Base against tuned" in model
    assert f"?job={version.job_id}" in pages.get(f"/jobs/{version.job_id}/").content.decode()
    by_tag = api_of(alice).get(f"/api/v1{url}slices/").json()
    assert [(one["tag"], one["n"], len(one["summaries"])) for one in by_tag] == [("mixed", 20, 2), ("clean", 20, 2)]

    watching = browser_of(bob).get(url).content.decode()
    assert "Run again" not in watching
    assert browser_of(bob).get("/evaluations/new/").status_code == 403
    assert pages.post(f"{url}again/").status_code == 302
    assert Evaluation.objects.count() == 2


def test_three_arms_are_compared_two_at_a_time_and_one_alone_is_only_measured(
    pages: Client, alice: User, project: Project
) -> None:
    three = [Answers(row.question, row.accepted, (*row.said, KEPT)) for row in rows()]
    snapshot = task(alice, project, three)
    first, second = tuned(alice, snapshot), tuned(alice, snapshot, "rain-v2")
    url = f"/evaluations/{evaluated(alice, snapshot, three, [None, first, second]).pk}/"
    usual = text_of(pages.get(url).content)
    assert "rain-v2 keeps to the contract in 40 of 40 cases, rehearsal-small in 10." in usual
    assert "2 comparisons were made, and p is corrected for that (Holm)." in usual
    assert "one of 2 comparisons" in usual
    chosen = text_of(pages.get(url + "?a=1&b=2").content)
    assert "rain-v2 keeps to the contract in 40 of 40 cases, rain-v1 in 37." in chosen
    assert "No clear difference" in chosen
    assert "of 40 asked" not in usual
    Arm.objects.filter(version=second).update(asked=30, currency="CNY")  # stopped on the way, and paid for elsewhere
    assert "30 of 40 asked" in text_of(pages.get(url).content)
    odd = pages.get(url + "?a=9&b=x&metric=nothing&which=odd&cursor=")
    assert odd.status_code == 200
    assert pages.get(url + "?cursor=odd").status_code == 422
    alone = [Answers(row.question, row.accepted, row.said[1:]) for row in rows()]
    page = pages.get(f"/evaluations/{evaluated(alice, snapshot, alone, [first]).pk}/").content.decode()
    assert 'id="verdict"' not in page
    assert 'id="paired"' not in page
    assert "92.5 %" in page
    assert re.search(r'id="tab-both-fail"[^>]*>Failed <span class="n">3<', page)


def test_who_has_evaluated_nothing_reads_what_an_evaluation_needs(pages: Client, project: Project) -> None:
    assert "It needs a frozen snapshot with a test side" in text_of(pages.get("/evaluations/").content)
    assert "No dataset can be evaluated yet" in text_of(pages.get("/evaluations/new/").content)
