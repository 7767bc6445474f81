"""What a dataset is for decides how it is counted: base model, kind of task, licence, template."""

from __future__ import annotations

from typing import Any

import pytest

from datasets_app.core.profiles import PROFILES
from datasets_app.models import Sample
from datasets_app.pipeline.check import check
from datasets_app.services import datasets
from ftstudio.errors import InvalidInput
from tests import make

LONG = "晴天被遗忘，雨天才想起。" * 700


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [make.chat("伞", "晴天被遗忘。"), make.chat("雪", LONG)])
    return dataset


def tokens(dataset: Any) -> list[int]:
    return list(Sample.objects.filter(dataset=dataset).order_by("position").values_list("tokens", flat=True))


def test_another_base_model_has_the_tokens_counted_again(leo: Any, rain: Any) -> None:
    estimated = tokens(rain)
    changed = datasets.update(actor=leo, dataset=rain, base_model=" gpt-4o-mini ")
    assert changed.base_model == "gpt-4o-mini"
    assert changed.checking_version == datasets.checker_of(changed).version
    check(rain.pk)
    assert tokens(rain) != estimated
    rain.refresh_from_db()
    assert not rain.checking_version


def test_a_base_model_that_counts_alike_has_nothing_checked_again(leo: Any, rain: Any) -> None:
    assert not datasets.update(actor=leo, dataset=rain, base_model="doubao-lite").checking_version


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"task": "sculpture"}, "task"),
        ({"base_model": "x" * 101}, "base_model"),
        ({"licence": "x" * 101}, "licence"),
        ({"contrast_template": "Mend {wrong}."}, "contrast_template"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(
    leo: Any, project: Any, rain: Any, asked: Any, field: str
) -> None:
    for refused in (lambda: datasets.update(actor=leo, dataset=rain, **asked),
                    lambda: datasets.create(actor=leo, project=project, name="Snow", **asked)):  # fmt: skip
        with pytest.raises(InvalidInput) as told:
            refused()
        assert list(told.value.fields) == [field]


def test_the_size_counts_what_can_be_trained(leo: Any, rain: Any) -> None:
    rain = datasets.update(actor=leo, dataset=rain, task="labels")
    meter = datasets.size(rain, {"status": {"rejected": 1}})
    assert meter is not None
    assert (meter.samples, meter.level) == (1, "error")


def test_the_api_takes_and_gives_the_settings(client: Any, leo: Any, project: Any) -> None:
    client.force_login(leo)
    asked = {"name": "Snow", "project": str(project.pk), "base_model": "Qwen/Qwen2.5-7B-Instruct", "task": "labels",
             "licence": "CC-BY-4.0", "profile": "siliconflow", "contrast_template": "{input} → {wrong}"}  # fmt: skip
    made = client.post("/api/v1/datasets/", asked, content_type="application/json")
    assert made.status_code == 201, made.content
    shown = client.get(f"/api/v1/datasets/{made.json()['id']}/").json()
    assert {name: shown[name] for name in asked if name != "project"} == {
        k: v for k, v in asked.items() if k != "project"
    }
    assert shown["counted_by"] == {"encoder": "qwen", "exact": True, "limit": 4096, "limit_confirmed": True,
                                   "uncertain": [str(note) for note in PROFILES["siliconflow"].uncertain]}  # fmt: skip
    assert shown["size"]["level"] == "error"
    assert "GLM-4" in shown["size"]["source"]


def test_the_form_keeps_the_settings_and_the_page_shows_them(client: Any, leo: Any, rain: Any) -> None:
    client.force_login(leo)
    sent = {"name": "Rain", "profile": "local", "base_model": "gpt-4o-mini", "task": "format", "licence": "MIT"}
    assert client.post(f"/datasets/{rain.pk}/update/", sent).status_code == 302
    page = client.get(f"/datasets/{rain.pk}/").content.decode()
    assert "2 samples are too few" in page
    assert "tokens counted exactly by OpenAI o200k" in page
    assert "the provider has not confirmed it" in page


def test_the_desk_says_where_a_long_answer_is_cut(client: Any, leo: Any, rain: Any) -> None:
    datasets.update(actor=leo, dataset=rain, profile="siliconflow", base_model="Qwen/Qwen2.5-7B-Instruct")
    client.force_login(leo)
    sample = Sample.objects.get(dataset=rain, position=2)
    page = client.get(f"/samples/{sample.pk}/").content.decode()
    assert "cut in turn 2 after character" in page
    assert "about" not in page.split('id="tokens"')[1].split("</div>")[0]
    answer = client.post(f"/api/v1/samples/{sample.pk}/check/", {}, content_type="application/json").json()
    assert answer["counted_by"]["exact"] is True
    assert answer["tokens_total"] >= sum(answer["tokens"]) > 4096
    assert answer["cut"]["turn"] == 1
    assert 0 < answer["cut"]["start"] < len(LONG)
