"""Working together in the browser, without scripts: reviewing, annotating apart, judging."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Adjudication, Annotation, Draft, Gold, Revision, Sample, Seat
from tests import make
from tests.conftest import api_of, browser_of
from tests.invariants import broken


def typed(answer: str, base: int = 1, **more: Any) -> dict[str, Any]:
    return {"base_revision": base, "turn": ["k0", "a"], "k0-from": 0, "a-from": 1, "a-text": answer, **more}


def page(person: Any, one: Sample, verb: str = "") -> str:
    answer = browser_of(person).get(f"/samples/{one.pk}/{verb}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def decide(person: Any, one: Sample, answer: str, verdict: str, **more: Any) -> Any:
    sent = {**typed(answer, Sample.objects.get(pk=one.pk).revision_number), "decision": verdict, **more}
    return browser_of(person).post(f"/samples/{one.pk}/decide/", sent)


def test_a_reviewer_sees_what_was_changed_and_sends_it_back(alice: Any, bob: Any, rita: Any, project: Any) -> None:
    one = make.sample(alice, make.dataset(alice, project, mode="review"))
    decide(bob, one, "不会下雨。", "accept", client_id="b1")
    seen = page(rita, one)
    assert "What Bob changed" in seen
    assert "<ins>不</ins>" in seen
    assert decide(rita, one, "不会下雨。", "send_back").status_code == 422
    assert decide(rita, one, "不会下雨。", "send_back", reason="Rain is likely.").status_code == 302
    assert "Rain is likely." in page(bob, one)
    decide(bob, one, "会下大雨。", "accept", client_id="b2")
    assert "somebody else looks at it" in page(bob, one).lower()
    decide(rita, one, "会下大雨！", "accept", client_id="r1")
    one.refresh_from_db()
    assert (one.status, one.revision_number) == ("accepted", 4)
    assert broken() == []


def test_the_dataset_page_leads_reviewers_to_what_waits_for_them(alice: Any, bob: Any, rita: Any, project: Any) -> None:
    one = make.sample(alice, make.dataset(alice, project, mode="review"))
    decide(bob, one, "会下雨。", "accept")
    url = f"/datasets/{one.dataset_id}/"
    assert "?status=in_review" in browser_of(rita).get(url).content.decode()
    assert "annotate/?status=in_review" not in browser_of(bob).get(url).content.decode()


def test_others_versions_are_nowhere_until_mine_is_in(alice: Any, bob: Any, rita: Any, project: Any) -> None:
    one = make.sample(alice, make.dataset(alice, project, mode="overlap", overlap=3))
    decide(bob, one, "也许会下雨。", "accept", tagged=1, tags=["made up"], reason="Because of bob.")
    path, hers = f"/api/v1/samples/{one.pk}/annotations/", api_of(rita)
    assert "Because of bob" not in page(rita, one)
    assert "也许" not in page(rita, one)
    assert hers.get(path).json()["results"] == []
    assert "也许会下雨" in page(bob, one)  # mine, to look at again
    decide(rita, one, "会下雨。", "accept")
    assert "Because of bob" in page(rita, one)
    assert [row["tags"] for row in hers.get(path).json()["results"]] == [["made up"], []]


def test_what_is_saved_apart_is_kept_as_a_draft_and_a_late_text_stays_on_the_page(
    alice: Any, bob: Any, rita: Any, leo: Any, project: Any
) -> None:
    one = make.sample(alice, make.dataset(alice, project, mode="overlap", overlap=2))
    browser_of(leo).post(f"/samples/{one.pk}/save/", typed("我还没想好。"))
    assert Revision.objects.filter(sample=one).count() == 1
    assert Draft.objects.get(by=leo).fields["a-text"] == ["我还没想好。"]
    for person in (bob, rita):
        decide(person, one, "会下雨。", "accept")
    late = decide(leo, one, "我想好了。", "accept", seen="pending")
    assert late.status_code == 409
    assert "我想好了。" in late.content.decode()
    assert Annotation.objects.count() == 2


def test_a_hidden_check_looks_like_any_sample_that_waits(alice: Any, bob: Any, project: Any) -> None:
    one = make.sample(alice, make.dataset(alice, project))
    decide(alice, one, "答案。", "accept", client_id="a1")
    newest = Revision.objects.filter(sample=one).latest("number")
    Gold.objects.create(
        dataset=one.dataset, sample=one, shown=1, verdict="accept", payload=newest.payload, content_hash="", by=alice
    )
    Seat.objects.create(dataset=one.dataset, sample=one, number=1, by=bob, until=one.changed_at)
    seen = page(bob, one)
    assert "答案" not in seen
    assert "accepted" not in seen.split('id="cap"')[1].split("</header>")[0]
    api = api_of(bob)
    shown = api.get(f"/api/v1/samples/{one.pk}/").json()
    assert (shown["status"], shown["revision"], shown["messages"][-1]["content"]) == ("pending", 1, "会下雨。")
    assert api.get(f"/api/v1/samples/{one.pk}/decisions/").json()["results"] == []
    assert api.get(f"/api/v1/samples/{one.pk}/revisions/2/").status_code == 404
    assert browser_of(bob).get(f"/samples/{one.pk}/revisions/2/").status_code == 404
    sent = {**typed("答案。"), "decision": "accept", "seen": "pending"}
    assert browser_of(bob).post(f"/samples/{one.pk}/decide/", sent).status_code == 302
    assert Annotation.objects.get().right is True


@pytest.fixture
def disputed(alice: Any, bob: Any, rita: Any, project: Any) -> Sample:
    one = make.sample(alice, make.dataset(alice, project, mode="overlap", overlap=2))
    decide(bob, one, "不会下雨。", "accept", took=4200)
    decide(rita, one, "会下大雨。", "accept")
    return one


def test_a_judge_sees_all_versions_and_merges_them(alice: Any, leo: Any, bob: Any, disputed: Sample) -> None:
    assert (
        f"/samples/{disputed.pk}/adjudicate/"
        in browser_of(leo).get(f"/datasets/{disputed.dataset_id}/adjudicate/").headers["Location"]
    )
    seen = page(leo, disputed, "adjudicate/")
    for said in ("Bob", "Rita", "4 seconds", "<ins>不</ins>", "<ins>大</ins>"):
        assert said in seen
    assert browser_of(bob).get(f"/samples/{disputed.pk}/adjudicate/").status_code == 403
    url = f"/samples/{disputed.pk}/adjudicate/"
    refused = browser_of(leo).post(url, typed("不会下大雨。", take="merge", verdict="accept", note="Say how much."))
    assert refused.status_code == 422
    assert "不会下大雨。" in refused.content.decode()
    sent = typed("不会下大雨。", take="merge", verdict="accept", cause="guideline", note="Say how much rain is rain.")
    assert browser_of(leo).post(url, sent).status_code == 302
    disputed.refresh_from_db()
    assert (disputed.status, make.content_of(disputed)["messages"][-1]["content"]) == ("accepted", "不会下大雨。")
    todo = f"/datasets/{disputed.dataset_id}/adjudications/?todo=true"
    assert "Say how much rain is rain." in browser_of(leo).get(todo).content.decode()
    browser_of(leo).post(f"/adjudications/{Adjudication.objects.get().pk}/done/", {"done": "1"})
    assert "Say how much rain is rain." not in browser_of(leo).get(todo).content.decode()
    assert broken() == []


def test_a_script_judges_as_the_page_does(leo: Any, disputed: Sample) -> None:
    his = Annotation.objects.order_by("id")[0]
    sent = {"way": "pick", "picked": his.pk, "cause": "mistake", "base_revision": 1, "client_id": "x"}
    api = api_of(leo)
    made = api.post(f"/api/v1/samples/{disputed.pk}/adjudicate/", sent, format="json")
    assert made.status_code == 201, made.content
    assert (made.json()["to_do"], made.json()["decision"]["status_after"]) == (False, "accepted")
    assert api.get(f"/api/v1/datasets/{disputed.dataset_id}/adjudications/?todo=true").json()["results"] == []
    [listed] = api.get(f"/api/v1/datasets/{disputed.dataset_id}/adjudications/").json()["results"]
    changed = api.patch(f"/api/v1/adjudications/{listed['id']}/", {"done": True}, format="json")
    assert changed.json()["done_by"]["username"] == "leo"


def test_a_lead_says_how_many_people_look(alice: Any, pages: Any, project: Any) -> None:
    rain = make.dataset(alice, project)
    sent = {
        "name": rain.name,
        "profile": "local",
        "mode": "overlap",
        "overlap": "3",
        "error_tags": "too long\noff topic",
    }
    assert pages.post(f"/datasets/{rain.pk}/update/", sent).status_code == 302
    rain.refresh_from_db()
    assert (rain.mode, rain.overlap, rain.error_tags) == ("overlap", 3, ["too long", "off topic"])
    assert pages.post(f"/datasets/{rain.pk}/update/", {**sent, "overlap": "11"}).status_code == 422
    refused = api_of(alice).patch(f"/api/v1/datasets/{rain.pk}/", {"mode": "all", "overlap": 1}, format="json")
    assert set(refused.json()["fields"]) == {"mode", "overlap"}
