"""People talk about a sample where it is, and whoever is called hears of it."""

from typing import Any

import pytest

from datasets_app.models import Comment, Sample
from datasets_app.services import comments
from ftstudio.accounts.models import Notification
from ftstudio.errors import InvalidInput, NotAllowed
from tests import make
from tests.conftest import api_of, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rain(alice: Any, project: Any) -> Sample:
    return make.sample(alice, make.dataset(alice, project))


def open_on(sample: Sample) -> int:
    return Sample.objects.values_list("comments_open", flat=True).get(pk=sample.pk)


def test_bob_calls_rita_and_she_answers_and_both_hear_of_it(bob: Any, rita: Any, rain: Sample):
    comments.add(actor=bob, sample=rain, text=f"@{rita.username}请看一下结尾")
    assert [(note.person, note.kind) for note in Notification.objects.exclude(kind="imported")] == [(rita, "mentioned")]
    comments.add(actor=rita, sample=rain, text="缺句号。")
    assert Notification.objects.filter(person=bob, kind="commented").count() == 1
    assert open_on(rain) == 2


def test_a_comment_sent_twice_is_one(bob: Any, rain: Sample):
    first = comments.add(actor=bob, sample=rain, text="Why?", client_id="c1")
    assert comments.add(actor=bob, sample=rain, text="Why?", client_id="c1") == first
    assert open_on(rain) == 1


def test_resolving_twice_counts_once_and_it_can_be_opened_again(bob: Any, rita: Any, rain: Sample):
    said = comments.add(actor=bob, sample=rain, text="Why?")
    for _ in range(2):
        said = comments.resolve(actor=rita, comment=said)
    assert (said.resolved_by, open_on(rain)) == (rita, 0)
    assert comments.reopen(actor=bob, comment=said).resolved_at is None
    assert open_on(rain) == 1


def test_only_who_wrote_a_comment_changes_or_removes_it(bob: Any, rita: Any, rain: Sample):
    said = comments.add(actor=bob, sample=rain, text="Why?")
    for verb in (
        lambda: comments.change(actor=rita, comment=said, text="No"),
        lambda: comments.remove(actor=rita, comment=said),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert comments.change(actor=bob, comment=said, text=f"Why, @{rita.username}?").changed_at
    assert Notification.objects.filter(person=rita, kind="mentioned").count() == 1
    comments.remove(actor=bob, comment=said)
    assert (Comment.objects.count(), open_on(rain)) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"text": " "}, {"text": "x" * 5001}, {"text": "x", "start": 3}, {"text": "x", "path": "/a", "start": 3, "end": 1}],
)
def test_what_is_no_comment_is_refused(bob: Any, rain: Sample, wrong: dict[str, Any]):
    with pytest.raises(InvalidInput):
        comments.add(actor=bob, sample=rain, **wrong)


def test_bob_comments_at_the_desk_and_what_is_refused_stays_in_the_field(bob: Any, rain: Sample):
    page = browser_of(bob)
    address = f"/samples/{rain.pk}/comment/"
    assert (
        "Is this rain?"
        in page.post(address, {"text": "Is this rain?"}, headers={"HX-Request": "true"}).content.decode()
    )
    refused = page.post(address, {"text": "x" * 5001}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "x" * 5001 in refused.content.decode()
    said = Comment.objects.get()
    assert page.post(f"/comments/{said.pk}/change/", {"verb": "resolve"}).status_code == 302
    assert "resolved by" in page.get(f"/samples/{rain.pk}/").content.decode()


def test_the_api_does_the_same(bob: Any, mallory: Any, rain: Sample):
    client = api_of(bob)
    said = client.post(f"/api/v1/samples/{rain.pk}/comments/", {"text": "Why?"}, format="json")
    assert said.status_code == 201
    address = f"/api/v1/comments/{said.json()['id']}/"
    assert client.patch(address, {"resolved": True, "text": "Why not?"}, format="json").json()["resolved_at"]
    assert [one["text"] for one in client.get(f"/api/v1/samples/{rain.pk}/comments/").json()["results"]] == ["Why not?"]
    assert api_of(mallory).get(address).status_code == 404
    assert client.delete(address).status_code == 204
