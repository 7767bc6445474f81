"""What people say about a sample, and what the guideline says to them."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.models import Adjudication, Annotation, Comment, Dataset, Decision, Sample
from datasets_app.services import comments, decisions, guidelines
from datasets_app.services.guidelines import is_new_to
from ftstudio.accounts.models import Notification
from tests import make
from tests.conftest import api_of, browser_of


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    made = make.dataset(alice, project, guideline="# 语气\n\n只说*一句*。")
    make.imported(alice, made, make.chats(2))
    return made


def at(dataset: Dataset, position: int) -> Sample:
    return Sample.objects.select_related("dataset__project").get(dataset=dataset, position=position)


def test_a_comment_shows_the_passage_as_it_stood_when_it_was_written(rain: Any, bob: Any) -> None:
    desk, page = f"/samples/{at(rain, 1).pk}/", browser_of(bob)
    where = {"path": "/messages/0/content", "start": "0", "end": "3"}
    page.post(f"{desk}comment/", {"text": "哪一天？", "comment_id": "a", **where})
    shown = page.get(desk).content.decode()
    assert ">第1天</blockquote>" in shown
    [one] = api_of(bob).get(f"/api/v1{desk}comments/").json()["results"]
    assert (one["path"], one["start"], one["end"]) == ("/messages/0/content", 0, 3)


def test_who_has_still_to_judge_alone_sees_only_their_own_comments(rain: Any, bob: Any, rita: Any) -> None:
    Dataset.objects.filter(pk=rain.pk).update(mode="overlap", overlap=2)
    sample = at(rain, 1)
    comments.add(actor=rita, sample=sample, text="Reject this")
    comments.add(actor=bob, sample=sample, text="My own note")
    desk, page = f"/samples/{sample.pk}/", browser_of(bob)
    shown = page.get(desk).content.decode()
    assert "My own note" in shown
    assert "Reject this" not in shown
    assert len(api_of(bob).get(f"/api/v1{desk}comments/").json()["results"]) == 1
    hers = Comment.objects.get(by=rita)
    assert page.post(f"/comments/{hers.pk}/change/", {"verb": "resolve"}).status_code == 404
    comments.add(actor=rita, sample=sample, text=f"@{bob.username} reject it")
    assert [note.text["template"] for note in Notification.objects.filter(person=bob, kind="mentioned")] == [
        "{who} mentioned you on sample {number}."
    ]
    page.post(f"{desk}comment/", {"text": "Another", "comment_id": "b"}, headers={"HX-Request": "true"})
    assert "Reject this" not in page.get(desk).content.decode()


def test_the_desk_shows_the_guideline_as_it_reads_and_says_when_it_is_new(rain: Any, bob: Any, leo: Any) -> None:
    sample = at(rain, 1)
    assert not is_new_to(bob, rain)  # who never decided knows no older one
    decisions.decide(actor=bob, sample=sample, decision="skip", revision=1)
    page = browser_of(bob)
    shown = page.get(f"/samples/{sample.pk}/").content.decode()
    assert "<em>一句</em>" in shown
    assert "New since you last worked here" not in shown
    guidelines.publish(actor=leo, dataset=rain, text="# 语气\n\n一句话，不解释。", note="不解释")
    assert "New since you last worked here" in page.get(f"/samples/{sample.pk}/").content.decode()


def test_a_lead_ticks_off_what_the_guideline_says_by_now(rain: Any, leo: Any, bob: Any, rita: Any) -> None:
    sample = at(rain, 1)
    decision = decisions.decide(actor=rita, sample=sample, decision="accept", revision=1)
    Decision.objects.filter(pk=decision.pk).update(stage="judged")
    entry = Adjudication.objects.create(
        dataset=rain, sample=sample, decision=decision, way="write", cause="guideline", note="反讽怎么办", by=rita
    )
    page, here = browser_of(leo), f"/datasets/{rain.pk}/guideline/"
    assert "反讽怎么办" in page.get(here).content.decode()
    assert "反讽怎么办" in page.get(f"{here}?cause=guideline").content.decode()
    answer = page.post(f"/adjudications/{entry.pk}/done/", {"on": "guideline", "done": "1"}, follow=True)
    assert answer.redirect_chain[0][0] == here
    assert "反讽怎么办" not in answer.content.decode()
    assert not Annotation.objects.exists()
