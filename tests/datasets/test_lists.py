"""What stands around the list of samples: orders, saved views, samples alike, spot checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from datasets_app.models import Dataset, Revision, Sample, SampleTag, SavedView, SpotCheckEntry
from datasets_app.services import browse, similar, spot_checks, views
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make

NOW = timezone.now()


@pytest.fixture
def many(alice: Any, project: Any) -> Dataset:
    """Nine narrow rows; several have equal tokens and equal numbers of findings."""
    dataset = make.dataset(alice, project)
    Sample.objects.bulk_create(
        Sample(
            dataset=dataset, position=n, tokens=tokens, findings_total=n % 3, fingerprint=f"{n:032d}", title=f"t{n}",
            status="accepted" if n % 2 else "pending",
        )
        for n, tokens in enumerate((30, 10, 20, 10, 10, 40, 20, 5, 30), 1)
    )  # fmt: skip
    for n in range(1, 10):
        Sample.objects.filter(dataset=dataset, position=n).update(changed_at=NOW - timedelta(hours=n % 4))
    Dataset.objects.filter(pk=dataset.pk).update(samples_total=9, next_position=10)
    return dataset


def walked(dataset: Dataset, order: str, **filters: str) -> list[int]:
    """The numbers of the whole list, two rows a page, there and back."""
    asked = browse.Filters.parse(filters)
    there: list[int] = []
    back: list[int] = []
    page = browse.page(dataset=dataset, filters=asked, order=order, size=2)
    assert not page.earlier
    while True:
        there += [row.position for row in page.rows]
        last = page
        if not page.later:
            break
        page = browse.page(dataset=dataset, filters=asked, order=order, size=2, cursor=page.later)
    back = [row.position for row in last.rows]
    while last.earlier:
        last = browse.page(dataset=dataset, filters=asked, order=order, size=2, cursor=last.earlier)
        back = [row.position for row in last.rows] + back
    assert back == there
    return there


def test_a_list_runs_in_every_order_there_and_back(many: Dataset) -> None:
    rows = list(Sample.objects.filter(dataset=many))
    keys: dict[str, Any] = {
        "number": lambda row: row.position,
        "tokens": lambda row: (row.tokens, row.position),
        "findings": lambda row: (row.findings_total, row.position),
        "changed": lambda row: (row.changed_at, row.position),
    }
    for name, key in keys.items():
        expected = [row.position for row in sorted(rows, key=key)]
        assert walked(many, name) == expected
        assert walked(many, f"-{name}") == expected[::-1]
        kept = [n for n in expected if n % 2]
        assert walked(many, name, status="accepted") == kept
        assert walked(many, f"-{name}", where="any(status.is(accepted),tokens.min(1000))") == kept[::-1]


@pytest.mark.parametrize(
    "asked",
    [{"order": "colour"}, {"order": "tokens", "cursor": ">5"}],
)
def test_an_order_or_a_cursor_of_somebody_else_is_refused(asked: dict[str, str], many: Dataset) -> None:
    with pytest.raises(InvalidInput):
        browse.page(dataset=many, filters=browse.Filters(), **asked)


def test_a_page_in_an_order_costs_one_query(many: Dataset, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        browse.page(dataset=many, filters=browse.Filters(), order="-tokens")


def test_views_are_ones_own_or_shared_by_who_may(many: Dataset, bob: Any, rita: Any, leo: Any) -> None:
    mine = views.save(actor=bob, dataset=many, name=" Mine ", filter={"where": "assigned.is(me)"}, order="-tokens")
    shared = views.save(actor=rita, dataset=many, name="To review", filter={"status": "flagged"}, shared=True)
    assert [view.name for view in views.of(actor=bob, dataset=many)] == ["Mine", "To review"]
    assert [view.name for view in views.of(actor=leo, dataset=many)] == ["To review"]
    assert mine.filter == {"where": "assigned.is(me)"}  # each reader's own
    with pytest.raises(NotAllowed):
        views.save(actor=bob, dataset=many, name="For all", shared=True)
    with pytest.raises(NotAllowed):
        views.update(actor=bob, view=shared, name="Bob's")
    views.update(actor=leo, view=shared, name="Flagged", columns=["tags"])
    shared.refresh_from_db()
    assert (shared.name, shared.columns, shared.by) == ("Flagged", ["number", "text", "tags"], rita)


def test_a_view_saved_again_is_changed_and_a_deleted_one_comes_back(many: Dataset, bob: Any) -> None:
    first = views.save(actor=bob, dataset=many, name="Long", filter={"where": "tokens.min(20)"})
    again = views.save(actor=bob, dataset=many, name="Long", filter={"where": "tokens.min(30)"})
    assert again.pk == first.pk
    views.save(actor=bob, dataset=many, name="Other")
    with pytest.raises(Conflict, match="already"):
        views.update(actor=bob, view=again, name="Other")
    deleted = views.delete(actor=bob, view=again)
    assert not SavedView.objects.filter(pk=first.pk).exists()
    with pytest.raises(NotAllowed):
        views.update(actor=bob, view=SavedView.objects.get(name="Other"), shared=True)
    for _ in range(2):
        back = views.restore(actor=bob, dataset=many, deleted=deleted)
        assert (back.pk, back.name, back.filter) == (first.pk, "Long", {"where": "tokens.min(30)"})
    with pytest.raises(InvalidInput):
        views.restore(actor=bob, dataset=many, deleted=deleted + "x")


@pytest.mark.parametrize(
    "asked", [{"name": "  "}, {"name": "x" * 61}, {"filter": {"where": "colour.is(red)"}}, {"columns": ["colour"]},
              {"order": "colour"}],
)  # fmt: skip
def test_a_view_of_what_there_is_not_is_refused(asked: dict[str, Any], many: Dataset, bob: Any) -> None:
    with pytest.raises(InvalidInput):
        views.save(actor=bob, dataset=many, **{"name": "View", **asked})


def test_samples_alike_are_found_and_the_system_prompt_makes_none(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    other = make.dataset(alice, project, "Other")
    system = "你是一位古典诗人，请用一句话回答用户的问题，不要解释。"
    texts = ["月亮像一把弯弯的镰刀挂在树梢", "月亮像一把弯弯的银钩挂在树梢", "今天股市大涨三百点", "银行利率又要下调了"]
    make.imported(alice, dataset, [make.chat(f"第{n}题", text, system=system) for n, text in enumerate(texts)])
    make.imported(alice, other, [make.chat("第9题", texts[0], system=system)])
    first = Sample.objects.get(dataset=dataset, position=1)
    found = similar.like(sample=first)
    assert [one.sample.position for one in found] == [2]
    assert 0.3 < found[0].similarity < 0.9
    assert similar.like(sample=Sample.objects.get(dataset=dataset, position=3)) == []


@pytest.fixture
def rated(many: Dataset) -> Dataset:
    for row in Sample.objects.filter(dataset=many):
        Revision.objects.create(sample=row, number=1, payload='{"messages": []}', content_hash="0")
    return many


def test_a_spot_check_draws_by_its_seed_and_says_how_sure_it_is(rated: Dataset, rita: Any, bob: Any) -> None:
    where = {"where": "all(status.is(accepted),tokens.min(10))"}
    check = spot_checks.draw(actor=rita, dataset=rated, filter=where, size=3, seed=7)
    again = spot_checks.draw(actor=rita, dataset=rated, filter=where, size=3, seed=7)
    drawn = [list(one.entries.values_list("sample__position", flat=True)) for one in (check, again)]
    assert drawn[0] == drawn[1]
    assert (check.population, check.size) == (5, 3)
    assert all(position % 2 for position in drawn[0])
    for right in (True, False):
        entry = spot_checks.following(check)
        assert entry
        spot_checks.judge(actor=rita, entry=entry, right=right, note="why")
    found = spot_checks.estimate(check)
    assert (found.seen, found.wrong, found.rate) == (2, 1, 0.5)
    assert 0 < found.low < 0.5 < found.high < 1
    assert found.wrong_at_least >= 1
    spot_checks.judge(actor=rita, entry=entry, right=None)
    assert spot_checks.estimate(check).seen == 1
    assert spot_checks.draw(actor=rita, dataset=rated, size=500).size == 9  # no more than there are
    with pytest.raises(NotAllowed):
        spot_checks.draw(actor=bob, dataset=rated)
    with pytest.raises(Conflict, match="nothing to draw"):
        spot_checks.draw(actor=rita, dataset=rated, filter={"where": "tokens.min(9999)"})
    with pytest.raises(InvalidInput):
        spot_checks.draw(actor=rita, dataset=rated, size=501)


def test_when_all_have_been_looked_at_the_rate_is_known(rated: Dataset, rita: Any) -> None:
    check = spot_checks.draw(actor=rita, dataset=rated, filter={"where": "number.any(1,2,3)"})
    for entry in SpotCheckEntry.objects.filter(spot_check=check):
        spot_checks.judge(actor=rita, entry=entry, right=entry.number != 1)
    assert spot_checks.following(check) is None
    found = spot_checks.estimate(check)
    assert found.low == found.high == found.rate == 1 / 3


@pytest.mark.parametrize(
    "asked", [{"status": "flagged"}, {"label": "雨"}, {"worst": "error"}, {"cluster": "3"}, {"tag": "罕"}]
)
def test_the_few_that_a_filter_passes_are_put_in_order_without_walking_all(
    asked: dict[str, str], many: Dataset, django_assert_max_num_queries: Any
) -> None:
    """The order's index knows nothing of the filter: with fifty of a million it was walked from end to end."""
    Sample.objects.filter(dataset=many, position__in=(3, 6)).update(status="flagged", label="雨", worst=3, cluster=3)
    SampleTag.objects.bulk_create(
        SampleTag(dataset=many, sample=sample, name="罕")
        for sample in Sample.objects.filter(dataset=many, position__in=(3, 6))
    )
    with django_assert_max_num_queries(3) as queries:
        page = browse.page(dataset=many, filters=browse.Filters.parse(asked), order="-tokens", size=1)
    assert [row.position for row in page.rows] == [6]
    sql = queries.captured_queries[-1]["sql"]
    assert any(f'"datasets_app_sample"."id" {keys}' in sql for keys in ("IN (", "= ANY('{"))
    assert walked(many, "tokens", **asked) == [3, 6]


def test_what_breaks_a_rule_and_what_is_clean_come_by_findings_too(many: Dataset) -> None:
    Sample.objects.filter(dataset=many, findings_total__gt=0).update(worst=3)
    assert walked(many, "findings", worst="error") == [1, 4, 7, 2, 5, 8]
    assert walked(many, "-findings", worst="error") == [8, 5, 2, 7, 4, 1]
    assert walked(many, "findings", worst="clean") == [3, 6, 9]
    assert walked(many, "-findings", worst="clean") == [9, 6, 3]
