"""The desk's form on its way through the server: pictures, a system prompt of one's own, all fixes, broken tools."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from PIL import Image as Pillow

from datasets_app.models import Sample
from tests import make
from tests.conftest import browser_of
from tests.forms import form_of


@pytest.fixture
def sample(leo: Any, project: Any) -> Sample:
    into = make.dataset(
        leo, project, contract={"text": {"ends_with": ["。"], "no_repeated_punctuation": True}}, system_prompt="Brief."
    )
    return make.sample(leo, into, "看图", "雨天。。带伞")


def picture(colour: str = "blue") -> SimpleUploadedFile:
    file = io.BytesIO()
    Pillow.new("RGB", (8, 8), colour).save(file, "PNG")
    return SimpleUploadedFile("sky.png", file.getvalue(), "image/png")


def opened(client: Any, sample: Sample, **changed: Any) -> dict[str, Any]:
    """The form of the desk with every turn open, with some fields changed."""
    page = client.get(f"/samples/{sample.pk}/?view=turns").content.decode()
    form: QueryDict = form_of(re.search(r'<form class="talk".*?</form>', page, re.DOTALL).group())  # type: ignore[union-attr]
    return {**dict(form.lists()), **changed}


def test_a_picture_is_added_without_a_script_and_replaced_by_one_sent_ahead(bob: Any, sample: Sample) -> None:
    client = browser_of(bob)
    sent = client.post(f"/samples/{sample.pk}/save/", opened(client, sample, **{"k0-upload": picture()}))
    assert sent.status_code == 302
    text, part = make.turns_of(sample)[0]["content"]
    assert text == {"type": "text", "text": "看图"}
    assert part["image_url"]["url"].startswith("image:")
    answer = client.post(f"/samples/{sample.pk}/pictures/", {"file": picture("red")})
    address = re.search(r'data-address="(image:\w+)"', answer.content.decode()).group(1)  # type: ignore[union-attr]
    client.post(f"/samples/{sample.pk}/save/", opened(client, sample, **{"k0-part-1-address": address}))
    assert make.turns_of(sample)[0]["content"][1]["image_url"]["url"] == address
    client.post(f"/samples/{sample.pk}/save/", opened(client, sample, **{"k0-part-1-remove": "1"}))
    assert make.turns_of(sample)[0]["content"] == "看图"


def test_what_is_no_picture_is_refused_and_the_text_is_still_there(bob: Any, sample: Sample) -> None:
    client = browser_of(bob)
    wrong = SimpleUploadedFile("a.png", b"no picture", "image/png")
    fields = opened(client, sample, **{"k0-upload": wrong, "k0-text": "别的问题"})
    answer = client.post(f"/samples/{sample.pk}/save/", fields)
    assert answer.status_code == 422
    assert "别的问题" in answer.content.decode()
    assert client.post(f"/samples/{sample.pk}/pictures/", {"file": wrong}).status_code == 422


def test_a_sample_inherits_the_system_prompt_until_it_has_its_own(bob: Any, sample: Sample) -> None:
    client = browser_of(bob)
    assert "inherited from the dataset" in client.get(f"/samples/{sample.pk}/").content.decode()
    client.post(f"/samples/{sample.pk}/save/", opened(client, sample, **{"nsystem00-text": "Own."}))
    assert make.turns_of(sample)[0] == {"role": "system", "content": "Own."}
    assert "inherited from the dataset" not in client.get(f"/samples/{sample.pk}/").content.decode()
    client.post(f"/samples/{sample.pk}/save/", opened(client, sample, **{"k0-remove": "1"}))
    assert make.turns_of(sample)[0]["role"] == "user"


def test_all_fixes_are_made_at_once_and_broken_tools_are_named(bob: Any, sample: Sample) -> None:
    client = browser_of(bob)
    client.post(f"/samples/{sample.pk}/save/", opened(client, sample, fix="all"))
    assert make.turns_of(sample)[-1]["content"] == "雨天。带伞。"
    broken = opened(client, sample, tools="[1")
    assert "The declared tools" in client.post(f"/samples/{sample.pk}/check/", broken).content.decode()
    answer = client.post(f"/samples/{sample.pk}/save/", broken)
    assert answer.status_code == 422
    assert "The declared tools" in answer.content.decode()


def test_the_text_is_read_as_it_stands_in_the_form(bob: Any, mallory: Any, sample: Sample) -> None:
    client = browser_of(bob)
    fields = opened(client, sample, **{"a-text": "**雨**"})
    assert "<strong>雨</strong>" in client.post(f"/samples/{sample.pk}/render/", fields).content.decode()
    assert browser_of(mallory).post(f"/samples/{sample.pk}/render/", fields).status_code == 404
