"""The table of sample states and moves: nothing in it is a toggle, nobody is stuck, and everybody's role is known."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from datasets_app.core import workflow
from datasets_app.core.workflow import DECIDED, MODES, STATES, VERDICTS, fitting, in_bulk
from datasets_app.models.dataset import Mode
from datasets_app.models.decision import BECOMES, Stage, Verdict
from datasets_app.models.sample import Status
from ftstudio.accounts.policy import ACTIONS

STANDINGS = get_args(workflow.Standing)


def test_the_table_speaks_of_the_states_modes_verdicts_and_actions_that_there_are() -> None:
    assert set(STATES) == set(Status.values)
    assert set(MODES) == set(Mode.values)
    assert {*VERDICTS, workflow.SEND_BACK} == set(Verdict.values)
    assert {str(key): str(value) for key, value in BECOMES.items()} == {**workflow.FINAL, **workflow.BACK}
    for move in workflow.TABLE:
        assert move.action in ACTIONS
        assert move.sources <= set(STATES)
        assert set(move.to.values()) <= set(STATES)
        assert move.stage in Stage.values


def first(mode: str, state: str, verdict: str, standing: Any, *, reviewer: bool) -> workflow.Move | None:
    """The move that counts for an annotator, or for a reviewer."""
    ways = fitting(mode=mode, state=state, verdict=verdict, standing=standing)
    return next((way for way in ways if reviewer or way.action == "samples.decide"), None)


@pytest.mark.parametrize(
    ("mode", "state", "verdict", "standing", "reviewer", "to"),
    [
        ("single", "pending", "accept", "nobody", False, "accepted"),
        ("single", "accepted", "reject", "other", False, "rejected"),
        ("single", "sent_back", "accept", "own", False, "accepted"),
        ("single", "disputed", "accept", "nobody", True, None),
        ("single", "trashed", "accept", "nobody", True, None),
        ("single", "in_review", "accept", "other", False, None),  # what waits for review is reviewed in every mode
        ("single", "in_review", "accept", "other", True, "accepted"),
        ("review", "pending", "accept", "nobody", False, "in_review"),
        ("review", "pending", "reject", "nobody", False, "in_review"),
        ("review", "pending", "skip", "nobody", False, "skipped"),
        ("review", "pending", "accept", "nobody", True, "in_review"),  # four eyes, whatever the role
        ("review", "in_review", "accept", "own", True, "in_review"),
        ("review", "in_review", "accept", "other", True, "accepted"),
        ("review", "in_review", "reject", "other", True, "rejected"),
        ("review", "in_review", "accept", "other", False, None),
        ("review", "in_review", "send_back", "other", True, "sent_back"),
        ("review", "in_review", "send_back", "own", True, None),
        ("review", "in_review", "send_back", "other", False, None),
        ("review", "sent_back", "accept", "own", False, "in_review"),
        ("review", "accepted", "reject", "other", True, "rejected"),
        ("review", "accepted", "reject", "other", False, "in_review"),
        ("review", "accepted", "reject", "own", True, "in_review"),
        ("overlap", "pending", "accept", "nobody", True, "pending"),
        ("overlap", "accepted", "reject", "nobody", False, None),
        ("overlap", "accepted", "reject", "nobody", True, "rejected"),
        ("overlap", "disputed", "accept", "nobody", True, None),
        ("overlap", "sent_back", "accept", "own", False, "in_review"),
    ],
)
def test_where_a_verdict_leads(
    mode: str, state: str, verdict: str, standing: Any, reviewer: bool, to: str | None
) -> None:
    move = first(mode, state, verdict, standing, reviewer=reviewer)
    assert (move.to[verdict] if move else None) == to


def test_in_every_mode_there_is_a_way_on_from_every_state() -> None:
    for mode, state in product(MODES, STATES):
        ways: Any = [
            move for move in workflow.TABLE if mode in move.modes and state in move.sources and move.to != {"": state}
        ]
        assert ways, (mode, state)


def test_the_same_verdict_again_changes_nothing() -> None:
    for mode, state, verdict, standing in product(MODES, STATES, VERDICTS, STANDINGS):
        for way in fitting(mode=mode, state=state, verdict=verdict, standing=standing):
            after = way.to[verdict]
            again = fitting(mode=mode, state=after, verdict=verdict, standing="own" if after != state else standing)
            assert {move.to[verdict] for move in again} <= {after, workflow.IN_REVIEW, *DECIDED}
            assert after not in (workflow.DISPUTED, workflow.TRASHED)


def test_a_bulk_verdict_passes_no_dispute_and_no_trash() -> None:
    assert in_bulk("in_review", "accept")
    assert not in_bulk("disputed", "accept")
    assert not in_bulk("trashed", "reject")
    assert not in_bulk("accepted", "accept")
    assert not in_bulk("pending", "send_back")
