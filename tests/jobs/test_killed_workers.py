"""Workers killed with -9 in the middle of a job: nothing is paid twice, nothing is stored twice, nothing is stuck."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .house import Foreman, House
from .rehearsal import Rehearsal, rehearsal_server

pytestmark = [pytest.mark.killing, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal") as running:
        yield running


@pytest.fixture
def house(foreman: Foreman, rehearsal: Rehearsal) -> House:
    return House(foreman, rehearsal)


def to_the_end(house: House, rehearsal: Rehearsal, case: object) -> Any:
    """The next workers take the job up, again and again, as the sweep has them do."""
    for _ in range(6):
        house.run("submit")
        if house.tell()["provider_job"]:
            break
        house.later()
    rehearsal.turn(90)
    house.later()
    house.run("poll")
    told = house.tell()
    assert told["state"] == "succeeded", case
    assert told["models"] == 1, case
    assert not told["held"], case
    assert told["steps"] == sorted(set(told["steps"])), case
    for once in ("Fine-tuning job started", "The job has successfully completed"):
        assert told["events"].count(once) == 1, case
    return told


def test_killed_at_any_moment_of_a_submit_the_job_is_created_once(house: House, rehearsal: Rehearsal) -> None:
    """Before each statement that writes, before and after each request; the provider counts what it has created."""
    pattern, moment, died = house.job, 0, True
    while died:
        house.job = house.order("another", pattern)[1]
        died = house.dies_in("submit", moment)
        told = house.run("recover")
        assert told["provider_job"], (moment, told)
        assert rehearsal.counts()["jobs"][told["marker"]] == 1, moment
        moment += 1
    assert moment > 15  # each remembered step is among them
    to_the_end(house, rehearsal, "submit")


def test_killed_at_any_moment_of_a_poll_everything_is_stored_once(house: House, rehearsal: Rehearsal) -> None:
    """The same job again and again; whatever one dead worker has stored, the next one does not store twice."""
    house.run("submit")
    rehearsal.turn(20)
    moment = 0
    while house.dies_in("poll", moment):
        rehearsal.turn(0.4)
        house.later()
        moment += 1
    assert moment > 8
    marker = to_the_end(house, rehearsal, "poll")["marker"]
    assert rehearsal.counts()["jobs"] == {marker: 1}


@pytest.mark.once
def test_killed_at_any_moment_of_an_evaluation_each_case_is_answered_once(house: House) -> None:
    """At most the question that was on its way is asked a second time, and it is written down that it was."""
    job, moment, died = house.job, 0, True
    while died:
        house.job = job
        house.job = house.run("evaluate")  # the arm, from here on
        died = house.dies_in("ask", moment)
        told = house.run("resume")
        assert (told["state"], told["evaluation"], told["asked"], told["held"]) == ("done", "done", 2, False), moment
        assert "" not in told["verdicts"], moment
        assert sorted(told["tries"]) in ([1, 1], [1, 2]), moment
        assert told["tokens"][0] == told["tokens"][1], moment
        assert told["scores"] == ["compliance"], moment
        moment += 1
    assert moment > 12
