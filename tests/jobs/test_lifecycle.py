from __future__ import annotations

import pytest

from jobs_app.core import lifecycle as life


def test_every_state_has_a_name_and_a_row_in_the_table():
    assert set(life.MOVES) == set(life.LABELS) == set(life.STATES)
    assert all(targets <= set(life.STATES) for targets in life.MOVES.values())


def test_a_job_that_has_ended_moves_nowhere():
    assert not any(life.can(state, to) for state in life.FINAL for to in life.STATES)


def test_nobody_stands_still_by_moving():
    assert not any(life.can(state, state) for state in life.STATES)


def test_every_live_job_can_still_end_in_every_way():
    assert all(life.can(state, end) for state in life.LIVE for end in life.FINAL)


def test_a_draft_can_only_be_launched():
    assert life.MOVES[life.DRAFT] == {life.QUEUED}
    assert life.verbs(life.DRAFT) == {"launch", "clone"}


def test_a_late_answer_does_not_revive_a_job_that_a_person_has_cancelled():
    assert not life.can(life.CANCELLING, life.RUNNING)
    assert life.can(life.CANCELLING, life.SUCCEEDED)


def test_a_poll_that_slept_through_the_training_may_report_its_end():
    assert life.can(life.QUEUED, life.SUCCEEDED)
    assert life.can(life.UPLOADING, life.RUNNING)


def test_a_word_nobody_knows_moves_nothing():
    assert not life.can(life.RUNNING, "reticulating")
    assert not life.can("reticulating", life.RUNNING)
    assert life.verbs("reticulating") == frozenset()


@pytest.mark.parametrize("state", life.STATES)
def test_everything_can_be_cloned_and_only_what_lives_cancelled(state: str):
    assert "clone" in life.verbs(state)
    assert ("cancel" in life.verbs(state)) == (state in life.LIVE and state != life.CANCELLING)


def test_the_sources_of_a_move_are_the_table_read_backwards():
    for to in life.STATES:
        assert life.sources(to) == {state for state in life.STATES if life.can(state, to)}
