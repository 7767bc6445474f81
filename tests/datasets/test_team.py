"""The lead's page: what was done, by whom, how fast, and what to ask about."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from datasets_app.models import Dataset, Decision, Revision, Sample
from datasets_app.services import team
from ftstudio.errors import NotAllowed
from tests import make
from tests.conftest import api_of, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """What was done within some minutes was done on one day, whenever the tests run."""
    with time_machine.travel(timezone.now().replace(hour=12), tick=False):
        yield


@pytest.fixture
def rain(alice: Any, bob: Any, rita: Any, project: Any) -> Dataset:
    """Forty samples, thirty of them decided by Bob in three days, one a day by Rita."""
    into = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
    make.imported(alice, into, [make.chat(f"第{n}天？", f"第{n}天会下雨" + "。" * (n % 2)) for n in range(40)])
    now = timezone.now()
    for n, sample in enumerate(Sample.objects.filter(dataset=into).order_by("position")[:33]):
        made = Decision.objects.create(
            sample=sample, revision=Revision.objects.get(sample=sample, number=1), decision="accept",
            status_before="pending", by=rita if n % 11 == 10 else bob, took=900 if n < 6 else 9000,
        )  # fmt: skip
        Decision.objects.filter(pk=made.pk).update(at=now - timedelta(days=n // 11, seconds=30 * (n % 11)))
    return into


def test_the_lead_sees_paces_findings_forecast_and_hints(leo: Any, bob: Any, rita: Any, rain: Dataset):
    told = team.report(actor=leo, dataset=rain, days=7)
    assert [(line.person, line.pace.n, line.pace.seconds) for line in told.lines] == [(bob, 30, 9.0), (rita, 3, 9.0)]
    assert sum(week.decided for week in told.weeks) == 33
    assert sum(week.found for week in told.weeks) == 17  # every second answer lacks its full stop
    assert [(person, hint.kind, hint.n) for person, hint in told.hints] == [(bob, "quick", 6)]
    assert (told.forecast.per_day, told.waiting, told.forecast.days) == (11, 40, 4)
    assert [n for n in told.per_day.values() if n] == [11, 11, 11]


def test_page_and_api_are_for_leads_and_show_the_same(leo: Any, rita: Any, bob: Any, mallory: Any, rain: Dataset):
    page = browser_of(leo).get(f"/datasets/{rain.pk}/team/?days=7").content.decode()
    assert "6 of 30 decisions in less than two seconds" in page
    said = api_of(leo).get(f"/api/v1/datasets/{rain.pk}/team/", {"days": 7}).json()
    assert {line["n"] for line in said["lines"]} == {30, 3}
    for person, status in ((rita, 403), (bob, 403), (mallory, 404)):
        assert browser_of(person).get(f"/datasets/{rain.pk}/team/").status_code == status
        assert api_of(person).get(f"/api/v1/datasets/{rain.pk}/team/").status_code == status


def test_an_untouched_dataset_has_a_page_too(leo: Any, alice: Any, project: Any):
    empty = make.dataset(alice, project)
    page = browser_of(leo)
    assert page.get(f"/datasets/{empty.pk}/team/?days=x").status_code == 200
    assert "Nobody has worked apart" in page.get(f"/datasets/{empty.pk}/agreement/").content.decode()
    assert api_of(leo).get(f"/api/v1/datasets/{empty.pk}/team/", {"days": 5}).status_code == 422


def test_the_figures_cost_the_same_number_of_queries_whatever_was_done(
    leo: Any, rain: Dataset, django_assert_max_num_queries: Any
):
    with django_assert_max_num_queries(14):
        team.report(actor=leo, dataset=rain)


def test_annotators_do_not_see_it(bob: Any, rain: Dataset):
    with pytest.raises(NotAllowed):
        team.report(actor=bob, dataset=rain)
