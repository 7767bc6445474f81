"""A script may ask what the checks would say, before it saves."""

from __future__ import annotations

from typing import Any

from tests.world import make_world


def test_a_content_is_checked_without_being_saved(api: Any, alice: Any, project: Any) -> None:
    sample = make_world(alice, project)["samples"]
    turns = [{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": "snow"}]
    answer = api.post(f"/api/v1/samples/{sample.pk}/check/", {"messages": turns}, format="json")
    assert answer.status_code == 200
    found = answer.json()
    assert "label-unknown" in {finding["rule"] for finding in found["findings"]}
    assert {"text", "met", "rule"} == set(found["requirements"][0])
    assert len(found["tokens"]) == 2
    sample.refresh_from_db()
    assert sample.revision_number == 1


def test_turns_that_could_not_be_saved_cannot_be_checked_either(api: Any, alice: Any, project: Any) -> None:
    sample = make_world(alice, project)["samples"]
    answer = api.post(f"/api/v1/samples/{sample.pk}/check/", {"messages": [{"role": 7}]}, format="json")
    assert answer.status_code == 422
