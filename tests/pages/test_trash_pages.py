"""The trash as people meet it: on the desk, in the list, and through the API."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Dataset, Sample
from tests import make
from tests.conftest import api_of, browser_of


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    made = make.dataset(alice, project)
    make.imported(alice, made, make.chats(3))
    made.refresh_from_db()
    return made


def test_a_reviewer_trashes_from_the_desk_and_restores_from_the_list(rain: Any, rita: Any, bob: Any) -> None:
    sample = Sample.objects.get(dataset=rain, position=2)
    desk, hers, his = f"/samples/{sample.pk}/", browser_of(rita), browser_of(bob)
    assert f'action="{desk}trash/"' in hers.get(desk).content.decode()
    assert f'action="{desk}trash/"' not in his.get(desk).content.decode()
    assert his.post(f"{desk}trash/").status_code == 403

    shown = hers.post(f"{desk}trash/", follow=True).content.decode()
    assert "In the trash: Rita put it there" in shown
    assert f'action="{desk}restore/"' in shown
    assert 'value="accept"' not in shown  # nothing can be said of it
    assert "readonly" in shown

    page = hers.get(f"/datasets/{rain.pk}/?status=trashed").content.decode()
    assert f'action="{desk}restore/"' in page
    assert "Put there by" in page
    back = hers.post(f"{desk}restore/", {"on": "list"}, follow=True)
    assert "is back, pending" in back.content.decode()


def test_a_dataset_whose_samples_are_all_in_the_trash_still_shows_the_way_to_them(rain: Any, alice: Any) -> None:
    script, pages = api_of(alice), browser_of(alice)
    for sample in Sample.objects.filter(dataset=rain):
        answer = script.delete(f"/api/v1/samples/{sample.pk}/")
        assert (answer.status_code, answer.json()["status"]) == (200, "trashed")
    assert "status=trashed" in pages.get(f"/datasets/{rain.pk}/").content.decode()
    listed = script.get(f"/api/v1/datasets/{rain.pk}/samples/?status=trashed").json()
    assert listed["total"] == 3
    assert script.get(f"/api/v1/datasets/{rain.pk}/samples/").json()["results"] == []
    last = script.post(f"/api/v1/samples/{sample.pk}/restore/").json()
    assert last["status"] == "pending"


def test_in_the_trash_the_only_bulk_change_is_to_restore(rain: Any, alice: Any, pages: Any) -> None:
    offered = pages.get(f"/datasets/{rain.pk}/bulk-changes/create/?status=trashed").content.decode()
    assert "Take samples out of the trash" in offered
    assert "kind=trash" not in offered
    usual = pages.get(f"/datasets/{rain.pk}/bulk-changes/create/").content.decode()
    assert "kind=trash" in usual
    assert "kind=restore" not in usual
