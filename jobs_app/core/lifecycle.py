"""The states of a job, in one table: where each may move, what it is called, and what a person may ask for in it.

A provider's own words are mapped to these by the provider (`Provider.states`). A word that nobody knows maps to
nothing: the job keeps its state, the raw word is stored beside it, and polling goes on.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftstudio.errors import Text

DRAFT = "draft"
QUEUED = "queued"  # ours before the upload, the provider's after the create: to a person both are waiting
UPLOADING = "uploading"
VALIDATING = "validating"
RUNNING = "running"
PAUSING = "pausing"
PAUSED = "paused"
CANCELLING = "cancelling"
SUCCEEDED = "succeeded"
FAILED = "failed"
CANCELLED = "cancelled"

STATES: tuple[str, ...] = (
    DRAFT,
    QUEUED,
    UPLOADING,
    VALIDATING,
    RUNNING,
    PAUSING,
    PAUSED,
    CANCELLING,
    SUCCEEDED,
    FAILED,
    CANCELLED,
)
FINAL = frozenset({SUCCEEDED, FAILED, CANCELLED})
LIVE = frozenset(STATES) - FINAL - {DRAFT}
# What a poll may report. Polls miss what happens between them, so each of these may follow on each other one.
OBSERVED = frozenset({VALIDATING, QUEUED, RUNNING, PAUSING, PAUSED, CANCELLING}) | FINAL

MOVES: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({QUEUED}),
    QUEUED: OBSERVED - {QUEUED} | {UPLOADING},
    UPLOADING: OBSERVED,
    VALIDATING: OBSERVED - {VALIDATING},
    RUNNING: OBSERVED - {RUNNING, VALIDATING},
    PAUSING: OBSERVED - {PAUSING, VALIDATING},
    PAUSED: OBSERVED - {PAUSED, PAUSING, VALIDATING},
    # Once a person has cancelled, a late answer must not make the job look alive again; it may still have won
    # the race and succeeded.
    CANCELLING: FINAL,
    SUCCEEDED: frozenset(),
    FAILED: frozenset(),
    CANCELLED: frozenset(),
}

LABELS: Mapping[str, Text] = {
    DRAFT: Text("draft"),
    QUEUED: Text("queued"),
    UPLOADING: Text("uploading"),
    VALIDATING: Text("checking the file"),
    RUNNING: Text("running"),
    PAUSING: Text("pausing"),
    PAUSED: Text("paused"),
    CANCELLING: Text("cancelling"),
    SUCCEEDED: Text("succeeded"),
    FAILED: Text("failed"),
    CANCELLED: Text("cancelled"),
}

# What a person may ask for, by verb. Whether the provider can do it at all is a question to its capabilities.
VERBS: Mapping[str, frozenset[str]] = {
    "launch": frozenset({DRAFT}),
    "cancel": LIVE - {CANCELLING},
    "pause": frozenset({RUNNING}),
    "resume": frozenset({PAUSED}),
    "clone": frozenset(STATES),
}


def can(state: str, to: str) -> bool:
    """Whether a job may move from `state` to `to`. Standing still is not a move; an unknown word moves nowhere."""
    return to in MOVES.get(state, frozenset())


def sources(to: str) -> frozenset[str]:
    """The states from which `to` may be reached: what a conditional UPDATE filters on."""
    return frozenset(state for state, targets in MOVES.items() if to in targets)


def verbs(state: str) -> frozenset[str]:
    """What a person may ask for while the job is in `state`."""
    return frozenset(verb for verb, states in VERBS.items() if state in states)
