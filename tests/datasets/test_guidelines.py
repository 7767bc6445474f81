"""The guideline's versions: kept word for word, told to everybody, never overwritten unseen."""

from typing import Any

import pytest

from datasets_app.models import Dataset, Guideline
from datasets_app.services import datasets, decisions, guidelines
from ftstudio.accounts.models import Notification
from ftstudio.errors import Conflict, NotAllowed
from tests import make
from tests.conftest import api_of, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    return make.dataset(alice, project, guideline="一句话。")


def test_a_new_version_is_kept_beside_the_old_one_and_everybody_hears_of_it(leo: Any, bob: Any, rain: Dataset):
    made = guidelines.publish(actor=leo, dataset=rain, text="一句话，以句号结尾。", note="full stop", base=1)
    assert made.number == 2
    assert list(guidelines.versions(rain).values_list("number", "text")) == [
        (2, "一句话，以句号结尾。"),
        (1, "一句话。"),
    ]
    rain.refresh_from_db()
    assert (rain.guideline, rain.guideline_version) == ("一句话，以句号结尾。", 2)
    assert Notification.objects.filter(person=bob, kind="guideline").count() == 1
    assert not Notification.objects.filter(person=leo).exists()


def test_the_same_text_again_is_no_version(leo: Any, rain: Dataset):
    assert guidelines.publish(actor=leo, dataset=rain, text="一句话。\r\n".strip()).number == 1
    assert Guideline.objects.count() == 1


def test_of_two_leads_the_later_one_is_shown_what_the_other_wrote(alice: Any, leo: Any, rain: Dataset):
    guidelines.publish(actor=alice, dataset=rain, text="甲", base=1)
    with pytest.raises(Conflict) as caught:
        guidelines.publish(actor=leo, dataset=rain, text="乙", base=1)
    assert (caught.value.code, caught.value.details["theirs"]) == ("stale", "甲")


def test_settings_and_guideline_page_count_in_one_row_of_versions(leo: Any, rain: Dataset):
    datasets.update(actor=leo, dataset=rain, guideline="短。")
    assert list(guidelines.versions(rain).values_list("number", "text")) == [(2, "短。"), (1, "一句话。")]


def test_annotators_read_it_and_do_not_write_it(bob: Any, rain: Dataset):
    with pytest.raises(NotAllowed):
        guidelines.publish(actor=bob, dataset=rain, text="anything goes")
    page = browser_of(bob).get(f"/datasets/{rain.pk}/guideline/").content.decode()
    assert "一句话。" in page
    assert "<textarea" not in page


def test_what_was_decided_by_an_older_version_is_counted(leo: Any, bob: Any, rain: Dataset):
    sample = make.sample(leo, rain)
    decisions.decide(actor=bob, sample=sample, decision="accept", revision=1)
    assert guidelines.decided_before(rain) == 0
    guidelines.publish(actor=leo, dataset=rain, text="短。")
    rain.refresh_from_db()
    assert guidelines.decided_before(rain) == 1


def test_a_lead_publishes_on_the_page_and_a_late_one_keeps_the_text(alice: Any, leo: Any, rain: Dataset):
    page, address = browser_of(leo), f"/datasets/{rain.pk}/guideline/"
    assert page.post(address, {"text": "第二版", "note": "new", "base": "1"}).status_code == 302
    late = page.post(address, {"text": "第三版", "note": "newer", "base": "1"})
    assert late.status_code == 409
    assert "第三版" in late.content.decode()
    shown = page.get(f"{address}2/").content.decode()
    assert "<ins>第二版</ins>" in shown


def test_the_api_does_the_same(leo: Any, mallory: Any, rain: Dataset):
    address = f"/api/v1/datasets/{rain.pk}/guidelines/"
    client = api_of(leo)
    made = client.post(address, {"text": "短。", "note": "x", "base": 1}, format="json")
    assert (made.status_code, made.json()["number"]) == (201, 2)
    assert client.post(address, {"text": "长。", "base": 1}, format="json").status_code == 409
    assert client.get(f"{address}1/").json()["text"] == "一句话。"
    assert api_of(mallory).get(address).status_code == 404
