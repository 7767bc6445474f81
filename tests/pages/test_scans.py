"""The page of the whole set: what the scan found, with ways to the samples, and how the next one is coming on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from datasets_app.models import Sample, Scan
from datasets_app.models.scan import ScanState
from datasets_app.pipeline.scan import ask
from datasets_app.pipeline.scan import scan as carry_out
from datasets_app.services import samples
from tests import make
from tests.conftest import api_of, browser_of
from tests.datasets.test_scan import ROWS

pytestmark = pytest.mark.django_db

PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "progress"}
LABELS = {"labels": {"values": ["会下雨", "不会下雨"]}}


@pytest.fixture
def dataset(alice: Any, project: Any) -> Any:
    into = make.dataset(alice, project)
    make.imported(alice, into, ROWS)
    Scan.objects.all().delete()
    return into


def page_of(dataset: Any) -> str:
    return f"/datasets/{dataset.pk}/scans/"


def shown(client: Any, dataset: Any) -> str:
    return client.get(page_of(dataset)).content.decode()


def test_before_the_first_scan_the_page_says_so_and_offers_one(pages, dataset):
    html = shown(pages, dataset)
    assert "Not scanned yet" in html
    assert f'action="/datasets/{dataset.pk}/scans/create/"' in html
    assert "every 1s" not in html


def test_where_there_is_nothing_to_scan_yet_the_page_leads_to_the_upload(alice, bob, project):
    empty = make.dataset(alice, project)
    assert f'href="/datasets/{empty.pk}/upload/"' in shown(browser_of(alice), empty)
    assert f'href="/datasets/{empty.pk}/upload/"' not in shown(browser_of(bob), empty)


def test_while_a_scan_waits_or_runs_its_part_polls_and_when_it_ends_the_page_is_loaded_anew(pages, dataset):
    assert pages.post(f"/datasets/{dataset.pk}/scans/create/").status_code == 302
    scan = Scan.objects.get()
    assert 'hx-trigger="every 1s"' in shown(pages, dataset)
    Scan.objects.update(state=ScanState.RUNNING, stage="writing", samples_seen=1, samples_total=5)
    part = pages.get(page_of(dataset), **PART)
    assert "writing down what was found" in part.content.decode()
    assert "HX-Refresh" not in part
    Scan.objects.update(state=ScanState.WAITING)
    carry_out(scan.pk)
    part = pages.get(page_of(dataset), **PART)
    assert part["HX-Refresh"] == "true"
    assert "every 1s" not in part.content.decode()


def test_every_number_leads_to_exactly_its_samples(pages, dataset):
    carry_out(ask(dataset.pk))
    html = shown(pages, dataset)
    for address, n in (("rule=near-duplicate", 2), ("rule=conflicting-answer", 2), ("cluster=1", 3)):
        assert f"/datasets/{dataset.pk}/?{address}#samples" in html
        rows = pages.get(f"/datasets/{dataset.pk}/?{address}").content.decode()
        assert len(re.findall(r'<td class="clip snip"', rows)) == n


def test_labels_are_bars_that_lead_to_their_samples(alice, project, pages):
    rain = make.dataset(alice, project, name="labels", contract=LABELS)
    make.imported(alice, rain, [make.chat(f"第{n}天？", "会下雨") for n in range(3)])
    carry_out(ask(rain.pk))
    html = shown(pages, rain)
    assert "Class balance" in html
    assert "?label=%E4%BC%9A%E4%B8%8B%E9%9B%A8#samples" in html
    listed = pages.get(f"/datasets/{rain.pk}/", {"label": "会下雨"}).content.decode()
    assert len(re.findall(r'<td class="clip snip"', listed)) == 3
    assert "label: 会下雨" in listed


def test_types_fences_and_completeness_of_json_answers_are_tables(alice, project, pages):
    cv = make.dataset(alice, project, name="cv")
    answers = ('{"skills": ["SQL"]}', '{"skills": ["Go"]}', '```json\n{"skills": "SQL and Go"}\n```')
    make.imported(alice, cv, [make.chat(f"简历 {n}", answer) for n, answer in enumerate(answers)])
    carry_out(ask(cv.pk))
    html = shown(pages, cv)
    assert "1 field has several" in html
    assert "a list 2 times, a text 1 times" in html
    assert "66.7 %" in html


def test_secrets_are_counted_and_never_shown(alice, project, pages):
    key = "sk-proj-" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG"
    leaky = make.dataset(alice, project, name="leaky")
    make.imported(alice, leaky, [make.chat("怎么登录？", f"用这个密钥：{key}")])
    carry_out(ask(leaky.pk))
    html = shown(pages, leaky)
    assert "rule=secret" in html
    assert key not in html


def test_an_edit_makes_the_scan_stale_and_the_page_says_so(alice, pages, dataset):
    carry_out(ask(dataset.pk))
    assert "changed since" not in shown(pages, dataset)
    one = Sample.objects.select_related("dataset__project").get(dataset=dataset, position=2)
    samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "是巴黎。"))
    assert "changed since" in shown(pages, dataset)
    assert "have changed since the last scan" in pages.get(f"/datasets/{dataset.pk}/").content.decode()


def test_a_scan_that_broke_is_said_until_the_next_one_is_done(pages, dataset):
    pk = ask(dataset.pk)
    Scan.objects.filter(pk=pk).update(
        state=ScanState.FAILED, error={"code": "internal", "template": "It broke.", "params": {}}
    )
    assert "The last scan stopped." in shown(pages, dataset)
    carry_out(ask(dataset.pk))
    assert "The last scan stopped." not in shown(pages, dataset)


def test_annotators_read_the_page_and_cannot_ask_for_a_scan(bob, dataset):
    browser = browser_of(bob)
    assert "scans/create" not in shown(browser, dataset)
    assert browser.post(f"/datasets/{dataset.pk}/scans/create/").status_code == 403


def test_strangers_find_nothing(mallory, dataset):
    assert browser_of(mallory).get(page_of(dataset)).status_code == 404


def test_a_sample_leads_to_those_like_it(alice, pages, dataset):
    carry_out(ask(dataset.pk))
    one = Sample.objects.get(dataset=dataset, position=3)
    assert "?cluster=1#samples" in pages.get(f"/samples/{one.pk}/").content.decode()


def test_a_cluster_that_is_no_number_is_said_on_the_filters(pages, dataset):
    assert "named by the number" in pages.get(f"/datasets/{dataset.pk}/", {"cluster": "x"}).content.decode()


def test_scripts_ask_for_a_scan_and_read_its_report(alice, dataset):
    client = api_of(alice)
    asked = client.post(f"/api/v1/datasets/{dataset.pk}/scans/")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert client.post(f"/api/v1/datasets/{dataset.pk}/scans/").json()["id"] == asked.json()["id"]
    carry_out(asked.json()["id"])
    done = client.get(f"/api/v1/scans/{asked.json()['id']}/").json()
    assert (done["state"], done["stale"]) == ("done", False)
    assert done["report"]["near-duplicate"]["samples"] == 3
    listed = client.get(f"/api/v1/datasets/{dataset.pk}/scans/").json()["results"]
    assert [one["id"] for one in listed] == [asked.json()["id"]]
    assert "report" not in listed[0]
    rows = client.get(f"/api/v1/datasets/{dataset.pk}/samples/", {"cluster": "1"}).json()
    assert ([row["position"] for row in rows["results"]], rows["total"]) == ([1, 3, 5], None)
    assert {row["cluster"] for row in rows["results"]} == {1}
