"""How far people agree on a real dataset: read from what they submitted apart, kept until somebody says more."""

from typing import Any

import pytest

from datasets_app.models import Annotation, Dataset, Sample
from datasets_app.services import agreement
from ftstudio.errors import NotAllowed
from tests import make

pytestmark = pytest.mark.django_db
LABELS = {"labels": {"values": ["会下雨", "不会下雨"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    into = make.dataset(alice, project, contract=LABELS, mode="overlap", overlap=2)
    make.imported(alice, into, [make.chat(f"第{n}天？", "会下雨" if n % 3 else "不会下雨") for n in range(12)])
    return into


def annotate(sample: Sample, seat: int, person: Any, *, answer: str | None = None, **how: Any) -> Annotation:
    """What the person submitted, as a row: how it comes there is another test's business."""
    revision = sample.revisions.get(number=1)
    payload = (
        revision.payload if answer is None else revision.payload.replace("不会下雨", "会下雨").replace("会下雨", answer)
    )
    return Annotation.objects.create(
        dataset=sample.dataset, sample=sample, by=person, seat=seat, base_revision=1, payload=payload,
        content_hash=f"{seat}", verdict=how.pop("verdict", "accept"), **how,
    )  # fmt: skip


def test_bob_and_rita_agree_on_labels_but_not_on_tags(bob: Any, rita: Any, leo: Any, rain: Dataset):
    for n, sample in enumerate(Sample.objects.filter(dataset=rain)):
        annotate(sample, 1, bob, tags=["echo"] if n % 2 else [])
        annotate(sample, 2, rita, answer="会下雨" if n == 0 else None, tags=[] if n % 2 else ["echo"])
    found = agreement.of(actor=leo, dataset=rain)
    assert (found.main, found.samples, found.of) == ("label", 12, 12)
    assert 0.6 < found.figures["label"].value < 1
    assert found.figures["tags"].value < 0
    assert found.figures["verdict"].value is None  # all accepted: nothing to compare with
    assert list(found.pairs) == [(bob.pk, rita.pk)]
    assert set(found.labels) == {"会下雨", "不会下雨"}
    assert len(found.weeks) == 1


def test_a_new_annotation_gives_new_figures(bob: Any, rita: Any, leo: Any, rain: Dataset):
    first, second, *_ = Sample.objects.filter(dataset=rain)
    for sample in (first, second):
        annotate(sample, 1, bob)
    assert agreement.of(actor=leo, dataset=rain).samples == 0
    annotate(first, 2, rita)
    assert agreement.of(actor=leo, dataset=rain).samples == 1


def test_records_are_compared_path_by_path_and_who_skips_gave_none(
    bob: Any, rita: Any, leo: Any, alice: Any, project: Any
):
    into = make.dataset(alice, project, "Records", contract={"json": {"schema": {"type": "object"}}}, mode="overlap")
    make.imported(alice, into, [make.chat(f"病人{n}", f'{{"age": {n}, "sex": "f"}}') for n in range(4)])
    for n, sample in enumerate(Sample.objects.filter(dataset=into)):
        annotate(sample, 1, bob)
        annotate(sample, 2, rita, verdict="skip" if n == 3 else "accept")
    found = agreement.of(actor=leo, dataset=into)
    assert found.figures["record"].value == 1
    assert found.figures["record"].units == 3
    assert found.figures["verdict"].value < 1


def test_a_thousand_samples_cost_no_more_queries_than_ten(leo: Any, rain: Dataset, django_assert_max_num_queries: Any):
    with django_assert_max_num_queries(12):
        agreement.of(actor=leo, dataset=rain)


def test_annotators_do_not_see_it(bob: Any, rain: Dataset):
    with pytest.raises(NotAllowed):
        agreement.of(actor=bob, dataset=rain)
