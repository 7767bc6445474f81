"""The states of a sample and every move between them, in one table. The services execute it, the guides describe it.

A move is a command that says where a sample is to go, never a toggle: said twice it is done once. What was begun in
one mode of work is ended in it: a sample in review is reviewed and a disputed one is judged, whatever the mode is now.

    single    one person's verdict is the sample's
    overlap   several people give theirs apart (`ANNOTATE`); equal ones are the sample's, others make it disputed
    review    a first verdict is a proposal (`in_review`); somebody else's, who may review, is the sample's
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PENDING, ACCEPTED, REJECTED, SKIPPED, FLAGGED = "pending", "accepted", "rejected", "skipped", "flagged"
IN_REVIEW, SENT_BACK, DISPUTED, TRASHED = "in_review", "sent_back", "disputed", "trashed"
STATES = (PENDING, ACCEPTED, REJECTED, SKIPPED, FLAGGED, IN_REVIEW, SENT_BACK, DISPUTED, TRASHED)
DECIDED = frozenset({ACCEPTED, REJECTED, SKIPPED, FLAGGED})
OPEN = frozenset({PENDING, SENT_BACK})  # somebody is to give a first verdict

SINGLE, OVERLAP, REVIEW = "single", "overlap", "review"
MODES = frozenset({SINGLE, OVERLAP, REVIEW})

ACCEPT, REJECT, SKIP, FLAG, SEND_BACK = "accept", "reject", "skip", "flag", "send_back"
FINAL: Mapping[str, str] = {ACCEPT: ACCEPTED, REJECT: REJECTED, SKIP: SKIPPED, FLAG: FLAGGED}
PROPOSED: Mapping[str, str] = {ACCEPT: IN_REVIEW, REJECT: IN_REVIEW, SKIP: SKIPPED, FLAG: FLAGGED}
BACK: Mapping[str, str] = {SEND_BACK: SENT_BACK}
VERDICTS = tuple(FINAL)  # what an annotator may say; SEND_BACK is a reviewer's

FIRST, REVIEWED, JUDGED, AGREED = "first", "review", "judged", "agreed"  # Decision.stage

# Whose proposal or decision stands on the sample, as seen by the person who acts: nobody's, one's own, or another's.
Standing = Literal["nobody", "own", "other"]
ANYBODY: frozenset[Standing] = frozenset({"nobody", "own", "other"})


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: who may take a sample from which states to which one, by which verdict.

    `action` is that of `accounts.policy`. `after` says whose first verdict must stand. `to` is {verdict: state}; of a
    move that no verdict makes it is {"": state}, and empty where the state is the one that the sample had before.
    """

    name: str
    action: str
    modes: frozenset[str]
    sources: frozenset[str]
    to: Mapping[str, str]
    stage: str = FIRST
    after: frozenset[Standing] = ANYBODY
    needs_reason: bool = False


_OTHERS: frozenset[Standing] = frozenset({"other"})
_NOT_OTHERS: frozenset[Standing] = frozenset({"nobody", "own"})

ANNOTATE = Move("annotate", "samples.decide", frozenset({OVERLAP}), frozenset({PENDING}), dict.fromkeys(FINAL, PENDING))

# The first row that fits counts. Two rows may fit one person: a reviewer's word on a decided sample is the last one,
# an annotator's is a new proposal.
DECIDING: tuple[Move, ...] = (
    ANNOTATE,
    Move("decide", "samples.decide", frozenset({SINGLE}), DECIDED | OPEN, FINAL),
    Move("review", "samples.review", MODES, frozenset({IN_REVIEW}), FINAL, REVIEWED, after=_OTHERS),
    Move("review", "samples.review", frozenset({REVIEW}), frozenset({ACCEPTED, REJECTED}), FINAL, REVIEWED, _OTHERS),
    Move("review", "samples.review", frozenset({OVERLAP}), DECIDED, FINAL, REVIEWED),
    Move(
        "send back", "samples.review", MODES, frozenset({IN_REVIEW, ACCEPTED, REJECTED}), BACK, REVIEWED, _OTHERS,
        needs_reason=True,
    ),
    Move("propose", "samples.decide", frozenset({REVIEW}), DECIDED | OPEN, PROPOSED),
    Move("propose", "samples.decide", frozenset({OVERLAP}), frozenset({SENT_BACK}), PROPOSED),
    Move("propose", "samples.decide", MODES, frozenset({IN_REVIEW}), PROPOSED, after=_NOT_OTHERS),
)  # fmt: skip

# What follows from annotations that were given apart, without anybody asking for it.
AGREE = Move("agree", "samples.decide", MODES, frozenset({PENDING}), FINAL, AGREED)
DISPUTE = Move("dispute", "samples.decide", MODES, frozenset({PENDING}), {"": DISPUTED})

WITHDRAW = Move("withdraw", "samples.decide", MODES, frozenset({PENDING, DISPUTED}), {"": PENDING})
JUDGE = Move("judge", "samples.adjudicate", MODES, frozenset({DISPUTED}), FINAL, JUDGED)
REOPEN = Move("reopen", "samples.adjudicate", MODES, DECIDED, {"": DISPUTED})  # take back what was agreed or judged
EDITED = Move("edited", "samples.edit", frozenset({REVIEW}), frozenset({ACCEPTED}), {ACCEPT: IN_REVIEW})
TRASH = Move("trash", "samples.trash", MODES, frozenset(STATES) - {TRASHED}, {"": TRASHED})
RESTORE = Move("restore", "samples.trash", MODES, frozenset({TRASHED}), {})

TABLE: tuple[Move, ...] = (*DECIDING, AGREE, DISPUTE, WITHDRAW, JUDGE, REOPEN, EDITED, TRASH, RESTORE)


def fitting(*, mode: str, state: str, verdict: str, standing: Standing) -> list[Move]:
    """The moves that this verdict may be on a sample in this state, best first, whatever the person's role.

    Empty where nobody can say that here: a disputed sample is judged, one in the trash is restored first.
    """
    return [
        move
        for move in DECIDING
        if mode in move.modes and state in move.sources and verdict in move.to and standing in move.after
    ]


def in_bulk(state: str, verdict: str) -> bool:
    """Whether a bulk change may give the verdict to a sample in this state. A lead's bulk verdict is final in every
    mode; a dispute is ended by looking at it."""
    return verdict in FINAL and state not in (DISPUTED, TRASHED) and state != FINAL[verdict]
