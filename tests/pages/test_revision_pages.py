"""The history of a sample: any two revisions side by side, and the way back."""

from typing import Any

import pytest

from datasets_app.models import Sample
from datasets_app.services import samples
from tests import make
from tests.conftest import api_of, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def edited(alice: Any, bob: Any, project: Any) -> Sample:
    """A sample in three revisions."""
    one = make.sample(alice, make.dataset(alice, project), answer="不会下雨")
    for n, answer in ((1, "不会下雨。"), (2, "今天不会下雨。")):
        one = samples.save(actor=bob, sample=one, base_revision=n, messages=make.corrected(one, answer))
    return one


def test_bob_compares_the_third_revision_with_the_first_and_restores_that(bob: Any, edited: Sample):
    page = browser_of(bob)
    beside = page.get(f"/samples/{edited.pk}/revisions/3/").content.decode()
    assert "compared with revision 2" in beside
    first = page.get(f"/samples/{edited.pk}/revisions/3/?against=1").content.decode()
    assert "compared with revision 1" in first
    assert "<ins>今天</ins>" in first
    page.post(f"/samples/{edited.pk}/revisions/1/restore/")
    assert make.turns_of(Sample.objects.get(pk=edited.pk))[-1]["content"] == "不会下雨"


def test_the_api_says_what_differs_and_only_that(bob: Any, mallory: Any, edited: Sample):
    address = f"/api/v1/samples/{edited.pk}/revisions/3/diff/"
    client = api_of(bob)
    said = client.get(address, {"against": 1}).json()
    assert said["against"] == 1
    assert ("messages", "content") in [(one["part"], one["field"]) for one in said["changes"]]
    assert client.get(address, {"against": "x"}).status_code == 422
    assert client.get(address, {"against": 9}).status_code == 404
    assert api_of(mallory).get(address).status_code == 404
