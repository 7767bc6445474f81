"""What a person types is kept by the server: the newest stays, nobody else sees it, what is saved is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from datasets_app import tasks
from datasets_app.models import Draft, Sample
from datasets_app.services import drafts, samples
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import api_of, browser_of

WORDS = {"turn": ["k0", "a"], "k0-from": ["0"], "a-from": ["1"], "a-text": ["雨停了。"]}


@pytest.fixture
def sample(alice: Any, project: Any) -> Sample:
    return make.sample(alice, make.dataset(alice, project))


def kept(actor: Any, sample: Sample, text: str, sequence: int, **how: Any) -> Draft:
    fields = {**WORDS, "a-text": [text]}
    return drafts.keep(actor=actor, sample=sample, base_revision=1, fields=fields, sequence=sequence, **how)


def text_of(actor: Any, sample: Sample) -> str | None:
    draft = drafts.read(actor=actor, sample=sample)
    return draft and draft.fields["a-text"][0]


def test_a_draft_is_its_authors_alone(bob: Any, rita: Any, mallory: Any, sample: Sample) -> None:
    kept(bob, sample, "雨", 5)
    assert text_of(bob, sample) == "雨"
    assert text_of(rita, sample) is None
    with pytest.raises(NotAllowed):
        kept(mallory, sample, "雨", 6)


def test_an_older_draft_never_replaces_a_newer_one(bob: Any, sample: Sample) -> None:
    kept(bob, sample, "later", 9, window="one")
    with pytest.raises(Conflict, match="newer"):
        kept(bob, sample, "earlier", 8, window="one")
    assert text_of(bob, sample) == "later"


def test_the_same_draft_again_changes_nothing(bob: Any, sample: Sample) -> None:
    first, again = (kept(bob, sample, "雨", 5, window="one") for _ in range(2))
    assert (first.pk, first.at) == (again.pk, again.at)


def test_another_window_has_to_have_seen_what_it_replaces(bob: Any, sample: Sample) -> None:
    kept(bob, sample, "here", 5, window="one")
    with pytest.raises(Conflict) as refused:
        kept(bob, sample, "there", 9, window="two")
    assert (refused.value.code, refused.value.details["sequence"]) == ("newer_draft", 5)
    kept(bob, sample, "there", 9, window="two", replaces=5)
    assert text_of(bob, sample) == "there"


def test_a_copy_that_was_on_its_way_while_the_text_was_saved_is_not_a_new_draft(bob: Any, sample: Sample) -> None:
    drafts.forget(actor=bob, sample=sample, upto=5)  # the copy of 5 has not even arrived
    with pytest.raises(Conflict) as refused:
        kept(bob, sample, "saved", 5, window="one")
    assert refused.value.code == "draft_settled"
    assert text_of(bob, sample) is None
    kept(bob, sample, "typed after it", 6, window="one")
    drafts.forget(actor=bob, sample=sample, upto=5)
    assert text_of(bob, sample) == "typed after it"


def test_what_is_settled_is_swept_after_a_while_and_what_is_open_is_not(bob: Any, rita: Any, sample: Sample) -> None:
    drafts.forget(actor=bob, sample=sample, upto=5)
    kept(rita, sample, "雨", 5)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        tasks.sweep()
    assert list(Draft.objects.values_list("by", flat=True)) == [rita.pk]


def test_a_clock_that_runs_years_ahead_does_not_hold_the_place_for_years(bob: Any, sample: Sample) -> None:
    far = int((timezone.now() + timedelta(days=3000)).timestamp() * 1000)
    first = kept(bob, sample, "雨", far, window="one")
    assert first.sequence < far
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        now = int(timezone.now().timestamp() * 1000)
        kept(bob, sample, "later", now, window="one")
    assert text_of(bob, sample) == "later"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"fields": {"a-text": ["\ud800"]}}, "fields"),
        ({"fields": {"a-text": ["x" * 9_000_000]}}, "fields"),
        ({"fields": {"turn": ["x"] * 2001}}, "fields"),
        ({"base_revision": 2}, "base_revision"),
        ({"window": "w" * 41}, "window"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(bob: Any, sample: Sample, wrong: dict[str, Any], field: str) -> None:
    given = {"base_revision": 1, "fields": WORDS, "sequence": 5, **wrong}
    with pytest.raises(InvalidInput) as refused:
        drafts.keep(actor=bob, sample=sample, **given)
    assert list(refused.value.fields) == [field]


def test_the_desk_opens_with_the_draft_in_it_and_saving_settles_it(bob: Any, sample: Sample) -> None:
    browser, address = browser_of(bob), f"/samples/{sample.pk}/"
    form = {**WORDS, "base_revision": "1", "a-text": "雨停了！\x00"}
    answer = browser.post(f"{address}draft/", {**form, "sequence": "7", "window": "one", "decision": "accept"})
    assert answer.json()["sequence"] == 7
    page = browser.get(address).content.decode()
    assert "雨停了！" in page
    assert 'name="draft" value="7"' in page
    saved = browser.post(f"{address}save/", {**form, "draft": "7"})
    assert saved.status_code == 302
    assert text_of(bob, sample) is None
    assert 'name="draft" value="0"' in browser.get(address).content.decode()


def test_a_draft_on_an_older_revision_is_still_there_and_its_save_shows_both(
    bob: Any, rita: Any, sample: Sample
) -> None:
    kept(bob, sample, "雨停了！", 7)
    samples.save(actor=rita, sample=sample, base_revision=1, messages=make.corrected(sample, "雪。"))
    browser, address = browser_of(bob), f"/samples/{sample.pk}/"
    page = browser.get(address).content.decode()
    assert "雨停了！" in page
    assert 'name="base_revision" value="1"' in page
    late = browser.post(f"{address}save/", {**WORDS, "base_revision": "1", "a-text": "雨停了！", "draft": "7"})
    assert late.status_code == 409
    assert text_of(bob, sample) == "雨停了！"


def test_a_draft_that_no_longer_fits_the_form_can_still_be_copied(bob: Any, sample: Sample) -> None:
    fields = {**WORDS, "turn": ["n1"], "n1-role": ["nobody"], "n1-text": ["雨停了！"]}
    drafts.keep(actor=bob, sample=sample, base_revision=1, fields=fields, sequence=7)
    assert "雨停了！" in browser_of(bob).get(f"/samples/{sample.pk}/").content.decode()


def test_throwing_it_away_opens_the_sample_as_it_is_stored(bob: Any, sample: Sample) -> None:
    kept(bob, sample, "雨停了！", 7)
    browser, address = browser_of(bob), f"/samples/{sample.pk}/"
    assert browser.post(f"{address}draft/forget/", {"sequence": "7"}).headers["Location"] == address
    assert "雨停了！" not in browser.get(address).content.decode()


def test_the_api_keeps_gives_and_forgets_it(bob: Any, sample: Sample) -> None:
    client, address = api_of(bob), f"/api/v1/samples/{sample.pk}/draft/"
    assert client.get(address).status_code == 204
    body = {"base_revision": 1, "fields": WORDS, "sequence": 7, "window": "script"}
    assert client.put(address, body, format="json").status_code == 200
    got = client.get(address).json()
    assert (got["fields"], got["sequence"], got["base_revision"]) == (WORDS, 7, 1)
    late = client.put(address, {**body, "sequence": 6}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "newer_draft")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 204
