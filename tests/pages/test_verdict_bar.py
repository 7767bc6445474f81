"""The verdict bar offers what this person may say of this sample, by their own keys, and goes on as they wish."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Dataset, Decision, Sample
from datasets_app.services import samples
from ftstudio.accounts.services import preferences
from tests import make
from tests.conftest import browser_of


@pytest.fixture
def sample(alice: Any, project: Any) -> Sample:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(3))
    return Sample.objects.select_related("dataset").get(dataset=dataset, position=1)


def desk(person: Any, sample: Sample) -> str:
    return browser_of(person).get(f"/samples/{sample.pk}/").content.decode()


def test_who_may_review_sends_back_what_somebody_else_said(bob: Any, rita: Any, sample: Sample) -> None:
    Dataset.objects.filter(pk=sample.dataset_id).update(mode="review")
    sample.dataset.mode = "review"
    assert 'value="send_back"' not in desk(rita, sample)
    samples.decide(actor=bob, sample=sample, decision="accept", revision=1)
    assert 'value="send_back"' in desk(rita, sample)
    assert 'value="send_back"' not in desk(bob, sample)


def test_who_wants_to_stay_stays_and_has_a_way_on(bob: Any, sample: Sample) -> None:
    form = {"base_revision": "1", "decision": "skip", "took": "1200", "client_id": "one"}
    address = f"/samples/{sample.pk}/"
    assert "data-ahead" in desk(bob, sample)
    preferences.change(actor=bob, changes={"advance": False, "keys": {"skip": "s"}})
    page = desk(bob, sample)
    assert "data-ahead" not in page
    assert 'data-key="s"' in page
    assert "Next sample" in page
    assert browser_of(bob).post(f"{address}decide/", form).headers["Location"] == address
    assert Decision.objects.get().took == 1200
    preferences.change(actor=bob, changes={"advance": True})
    again = browser_of(bob).post(f"{address}decide/", form)  # the same request: done once, and on to the next
    assert again.headers["Location"] != address
    assert Decision.objects.count() == 1


def test_any_of_the_last_decisions_is_taken_back_by_its_own_button(bob: Any, sample: Sample) -> None:
    for one in Sample.objects.select_related("dataset").filter(dataset=sample.dataset_id).order_by("position"):
        samples.decide(actor=bob, sample=one, decision="skip", revision=1)
    first = Decision.objects.get(sample=sample)
    assert f'name="key" value="d{first.pk}"' in desk(bob, sample)
    for _ in range(2):
        browser_of(bob).post(f"/samples/{sample.pk}/undo/", {"key": f"d{first.pk}"})
    assert list(Sample.objects.order_by("position").values_list("status", flat=True)) == [
        "pending", "skipped", "skipped",
    ]  # fmt: skip
