"""How many samples are enough depends on the task, and the advice names its source."""

from __future__ import annotations

import pytest

from datasets_app.core import sizes


@pytest.mark.parametrize(
    ("samples", "level"), [(0, "error"), (99, "error"), (100, "warning"), (600, "warning"), (1000, "ok"), (9000, "ok")]
)
def test_six_hundred_samples_are_few_for_a_closed_set_of_labels(samples, level):
    meter = sizes.meter("labels", samples)
    assert meter is not None
    assert meter.level == level
    assert 0 <= meter.share <= 1


def test_the_meter_says_what_is_advised_and_by_whom():
    meter = sizes.meter("labels", 600)
    assert meter is not None
    assert "1000 to 2000" in meter.advice
    assert "GLM-4" in meter.task.source


def test_without_a_kind_of_task_there_is_no_meter():
    assert sizes.meter("", 600) is None
    assert sizes.meter("sculpture", 600) is None


def test_every_task_grows_from_too_few_to_ideal():
    for name, task in sizes.TASKS.items():
        assert name == task.name
        assert len(name) <= 20
        assert 0 < task.least < task.enough <= task.ideal
        assert task.source
