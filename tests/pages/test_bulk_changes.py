"""The pages of bulk changes and waivers, by the people who use them, without a script and with htmx's requests."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from datasets_app.models import BulkChange, Dataset, Sample, Waiver
from datasets_app.pages.bulk_view import difference
from datasets_app.pipeline import bulk_changes as stage
from ftstudio.accounts.models import Project, User
from tests import make
from tests.conftest import browser_of

CONTRACT = {"text": {"ends_with": ["。"]}, "symbols": {"tight": ["-"]}}
SPACING = "symbol-spacing"


@pytest.fixture
def dataset(alice: User, project: Project) -> Dataset:
    dataset = make.dataset(alice, project, contract=CONTRACT)
    make.imported(alice, dataset, [make.chat(f"第{n}问？", f"用 AW{n} - 02。") for n in range(1, 6)])
    return dataset


@pytest.fixture
def lead(leo: User) -> Client:
    return browser_of(leo)


def prepared(lead: Client, dataset: Dataset, query: str = "kind=fix", **what: object) -> BulkChange:
    what = {"what-rules": [SPACING]} if query.startswith("kind=fix") else what
    answer = lead.post(f"{reverse('pages:bulk-change-create', args=[dataset.pk])}?{query}", what)
    assert answer.status_code == 302, answer.content.decode()
    change = BulkChange.objects.latest("created_at")
    stage.run(change.pk)
    change.refresh_from_db()
    return change


def page(client: Client, change: BulkChange, **query: str) -> str:
    return client.get(reverse("pages:bulk-change-detail", args=[change.pk]), query).content.decode()


def do(client: Client, verb: str, change: BulkChange, **data: object) -> None:
    answer = client.post(reverse(f"pages:bulk-change-{verb}", args=[change.pk]), data)
    assert answer.status_code == 302
    stage.run(change.pk)
    change.refresh_from_db()


def test_the_quality_list_leads_to_the_fix_of_a_rule(lead: Client, dataset: Dataset) -> None:
    shown = lead.get(reverse("pages:dataset-detail", args=[dataset.pk])).content.decode()
    address = f"{reverse('pages:bulk-change-create', args=[dataset.pk])}?kind=fix&amp;what-rules={SPACING}"
    assert address in shown
    form = lead.get(address.replace("&amp;", "&")).content.decode()
    assert f'value="{SPACING}"' in form
    assert "checked" in form


def test_the_filtered_list_leads_to_a_change_of_just_these(lead: Client, dataset: Dataset) -> None:
    shown = lead.get(reverse("pages:dataset-detail", args=[dataset.pk]), {"q": "第2问"}).content.decode()
    create = reverse("pages:bulk-change-create", args=[dataset.pk])
    assert f"{create}?q=%E7%AC%AC2%E9%97%AE" in shown
    assert prepared(lead, dataset, "kind=fix&q=第2问").planned == 1


def test_a_lead_looks_leaves_one_out_applies_and_undoes(lead: Client, dataset: Dataset) -> None:
    change = prepared(lead, dataset)
    shown = page(lead, change)
    assert '<del class="sp">␣</del>' in shown
    assert "Apply to 5 samples" in shown
    leave = reverse("pages:bulk-change-leave-out", args=[change.pk, 2])
    swapped = lead.post(leave, {"left": "1"}, headers={"HX-Request": "true", "HX-Target": "entry-2"}).content.decode()
    assert "Take in again" in swapped
    assert "Apply to 4 samples" in swapped
    assert "<html" not in swapped
    do(lead, "apply", change, count="4")
    assert (change.state, change.applied) == ("done", 4)
    assert "Undo all of it" in page(lead, change)
    assert "第2问" in page(lead, change, state="left")
    do(lead, "undo", change)
    assert change.state == "undone"
    assert not Sample.objects.filter(dataset=dataset, worst=0).exists()


def test_a_click_on_a_count_that_is_no_longer_true_is_refused(lead: Client, dataset: Dataset) -> None:
    change = prepared(lead, dataset)
    answer = lead.post(reverse("pages:bulk-change-apply", args=[change.pk]), {"count": "4"})
    assert answer.status_code == 409


def test_while_a_worker_is_at_it_the_page_asks_again_and_then_reloads(lead: Client, dataset: Dataset) -> None:
    lead.post(f"{reverse('pages:bulk-change-create', args=[dataset.pk])}?kind=fix", {"what-rules": [SPACING]})
    change = BulkChange.objects.get()
    htmx = {"HX-Request": "true", "HX-Target": "state"}
    here = reverse("pages:bulk-change-detail", args=[change.pk])
    waiting = lead.get(here, headers=htmx)
    assert "every 1s" in waiting.content.decode()
    assert "HX-Refresh" not in waiting
    stage.run(change.pk)
    assert lead.get(here, headers=htmx)["HX-Refresh"] == "true"


@pytest.mark.parametrize("kind", ["fix", "clean", "waive", "tag", "status"])
def test_every_kind_has_a_form_made_from_what_it_asks_for(lead: Client, dataset: Dataset, kind: str) -> None:
    answer = lead.get(reverse("pages:bulk-change-create", args=[dataset.pk]), {"kind": kind})
    assert answer.status_code == 200
    assert 'name="what-' in answer.content.decode()
    empty = lead.post(f"{reverse('pages:bulk-change-create', args=[dataset.pk])}?kind={kind}", {"x": "y"})
    assert empty.status_code == 422


def test_html_is_shown_with_its_tokens_before_and_after(lead: Client, alice: User, dataset: Dataset) -> None:
    make.sample(alice, dataset, "<div><p>今天下雨吗？</p></div>", "不下。")
    change = prepared(lead, dataset, "kind=clean", **{"what-mode": "text"})
    assert change.planned == 1
    assert "before," in page(lead, change)


def test_others_look_but_find_no_button(lead: Client, rita: User, mallory: User, dataset: Dataset) -> None:
    change = prepared(lead, dataset)
    shown = page(browser_of(rita), change)
    assert "AW1" in shown
    assert "Apply to" not in shown
    assert browser_of(mallory).get(reverse("pages:bulk-change-detail", args=[change.pk])).status_code == 404
    assert browser_of(rita).get(reverse("pages:bulk-change-create", args=[dataset.pk])).status_code == 403


def test_a_lead_lets_a_finding_pass_from_the_desk_and_takes_it_back(lead: Client, bob: User, dataset: Dataset) -> None:
    sample = Sample.objects.get(dataset=dataset, position=1)
    desk = reverse("pages:sample-detail", args=[sample.pk])
    waive = f"{reverse('pages:sample-waive', args=[sample.pk])}?of={SPACING}"
    assert waive in lead.get(desk).content.decode()
    assert "sample-waive" not in browser_of(bob).get(desk).content.decode()
    assert lead.post(waive, {"reason": " "}).status_code == 422
    assert lead.post(waive, {"reason": "原文如此"})["Location"] == desk
    for shown in (lead.get(desk).content.decode(), browser_of(bob).get(desk).content.decode()):
        assert "finding waived" in shown
        assert "原文如此" in shown
        assert "error open" not in shown
    listed = lead.get(reverse("pages:waiver-list", args=[dataset.pk]), {"rule": SPACING}).content.decode()
    assert "原文如此" in listed
    lead.post(reverse("pages:waiver-take-back", args=[Waiver.objects.get().pk]))
    assert not Waiver.objects.exists()
    assert "finding waived" not in lead.get(desk).content.decode()


def test_what_only_the_set_can_tell_stands_on_the_desk_too(lead: Client, alice: User, dataset: Dataset) -> None:
    twin = make.sample(alice, dataset, "第1问？", "用 AW1 - 02。")
    shown = lead.get(reverse("pages:sample-detail", args=[twin.pk])).content.decode()
    assert "The same content as sample 0001" in shown


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("甲" * 9000 + " - 02", "甲" * 9000 + "-02"),
        ("a" * 5000, "b" * 5000),
        ("", "加上"),
        ("甲乙", "甲乙丙"),
        ("aaa", "aa"),
    ],
)
def test_a_long_text_is_cut_to_what_changes(before: str, after: str) -> None:
    ops = difference(before, after)
    assert sum(len(op.text) for op in ops) < 1500
    assert any(op.kind != "equal" for op in ops)
