"""Which live jobs somebody should look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs_app.core.stuck import Life, why_stuck

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (Life("running", ago(hours=2)), ""),
        (Life("running", ago(hours=9), heard=ago(minutes=5)), ""),
        (Life("running", ago(hours=9), heard=ago(hours=4)), "Nothing has been heard of it for 4 h 00 min."),
        (Life("running", ago(hours=9), started=ago(hours=9), expected=10 * 3600), ""),
        (
            Life("running", ago(hours=4), heard=ago(minutes=1), started=ago(hours=4), expected=3600),
            "It trains for 4 h 00 min; 1 h 00 min were estimated.",
        ),
        (Life("running", ago(minutes=20), started=ago(minutes=20), expected=40), ""),  # seconds are no measure
        (Life("queued", ago(days=4), waits=True), ""),
        (Life("queued", ago(days=4)), "Nothing has been heard of it for 4 d."),
        (Life("uploading", ago(minutes=31)), "Nothing has been heard of it for 31 min."),
        (
            Life("running", ago(hours=1), asked=ago(minutes=40), failures=5),
            "The provider could not be asked for 40 min.",
        ),
        (Life("running", ago(hours=1), asked=ago(minutes=4), failures=5), ""),
        (Life("paused", ago(days=30)), ""),
        (Life("succeeded", ago(days=30)), ""),
        (Life("draft", ago(days=30)), ""),
    ],
)
def test_a_silence_is_measured_by_the_station(life: Life, said: str) -> None:
    assert (why_stuck(life, NOW) or "") == said
