"""The list of one's last decisions through the API, and any of them taken back."""

from __future__ import annotations

from typing import Any

from datasets_app.models import Sample
from datasets_app.services import samples
from tests import make
from tests.conftest import api_of


def test_any_of_my_last_ten_decisions_is_taken_back_by_its_key(alice: Any, bob: Any, rita: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, make.chats(13))
    rows = list(Sample.objects.select_related("dataset").filter(dataset=dataset).order_by("position"))
    for one in rows[:12]:
        samples.decide(actor=bob, sample=one, decision="skip", revision=1, reason="context is missing")
    samples.decide(actor=rita, sample=rows[12], decision="accept", revision=1)
    client = api_of(bob)
    listed = client.get(f"/api/v1/datasets/{dataset.pk}/my-decisions/").json()
    assert [one["position"] for one in listed] == list(range(12, 2, -1))
    assert (listed[3]["verdict"], listed[3]["reason"]) == ("skip", "context is missing")
    for _ in range(2):  # said twice, done once
        taken = client.post(f"/api/v1/samples/{listed[3]['sample']}/undo/", {"key": listed[3]["key"]}, format="json")
        assert (taken.status_code, taken.json()["status"]) == (200, "pending")
    foreign = client.post(f"/api/v1/samples/{rows[12].pk}/undo/", {"key": listed[0]["key"]}, format="json")
    assert (foreign.status_code, foreign.json()["code"]) == (409, "nothing_to_undo")
    statuses = Sample.objects.filter(dataset=dataset).order_by("position").values_list("status", flat=True)
    assert [n for n, status in enumerate(statuses, 1) if status != "skipped"] == [9, 13]
