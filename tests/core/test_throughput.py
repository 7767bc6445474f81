"""Paces, forecasts and hints, told without blame and only where enough is known."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.throughput import Act, by_day, forecast, hints, paces

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)


def acts(n, *, every=20.0, took=8000, person=1, begin=MORNING):
    return [Act(person, begin + timedelta(seconds=every * at), took, "accept") for at in range(n)]


def test_a_persons_pace_leaves_the_lunch_break_out():
    [pace] = paces([*acts(91), *acts(91, begin=MORNING + timedelta(hours=4))])
    assert (pace.n, pace.seconds, pace.days) == (182, 8.0, 1)
    assert round(pace.per_hour) == 180


def test_of_a_few_acts_no_hourly_pace_is_told():
    [pace] = paces(acts(3, took=None))
    assert (pace.seconds, pace.per_hour) == (None, None)


def test_whoever_decides_without_reading_or_in_bursts_is_hinted_at():
    assert hints(acts(100)) == []
    quick, burst = hints(acts(60, every=1.0, took=900))
    assert (quick.kind, quick.n, quick.of) == ("quick", 60, 60)
    assert (burst.kind, burst.n) == ("burst", 60)


def test_the_queue_is_forecast_from_working_days_with_its_range():
    told = forecast([0, 100, 0, 200, 300, 400], 1000)
    assert (told.per_day, told.days) == (250, 4)
    assert told.least <= told.days <= told.most
    assert forecast([0, 100, 200], 1000) is None
    assert forecast([1, 1, 1], 0).days == 0


def test_days_of_rest_are_shown_as_nothing():
    counted = by_day(acts(5), until=date(2026, 11, 21), days=3)
    assert list(counted.values()) == [0, 5, 0]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 10**6), st.none() | st.integers(0, 10**5)), max_size=50))
def test_nothing_is_lost_between_people(rows):
    done = [Act(person, MORNING + timedelta(seconds=at), took, "skip") for person, at, took in rows]
    assert sum(pace.n for pace in paces(done)) == len(done)
    assert all(hint.n <= hint.of for hint in hints(done))
