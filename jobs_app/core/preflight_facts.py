"""What is known of a job before it may cost money: the answers to the checklist's questions, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ftstudio.errors import Text

# What only a person can know. Training data is a demonstration of behaviour, so somebody has to have looked at it.
QUESTIONS: Mapping[str, Text] = {
    "behaviour": Text("The answers show exactly the behaviour that the model should have."),
    "prompting": Text("A better prompt alone did not get there."),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One question: `ok` says whether it is answered well, `fatal` whether the job must wait until it is.

    `where` names the place in which it is settled: "dataset", "snapshot", "connection", "catalog", "prices", "budgets",
    "draft" or "advice". `about` are the rules that it speaks of. `pending`: it settles itself in a moment.
    """

    id: str
    label: Text
    ok: bool
    detail: Text
    fatal: bool
    where: str = ""
    about: tuple[str, ...] = ()
    pending: bool = False

    @property
    def state(self) -> str:
        """ "ok", "waits" (the launch does) or "warns"."""
        return "ok" if self.ok else "waits" if self.fatal else "warns"


@dataclass(frozen=True, slots=True)
class Target:
    """How far the snapshot has been gone through under the provider's own rules, and what they say.

    `state`: "waiting", "done" or "failed". `errors`: rule → rows, those that nobody lets pass and that are not among
    the snapshot's own; `first`: rule → positions of the first samples. `longer`: rows longer than the `limit` of one.
    """

    provider: Text
    state: str
    rows: int = 0
    total: int = 0
    errors: Mapping[str, int] | None = None
    first: Mapping[str, Sequence[int]] | None = None
    warnings: int = 0
    waiver: str = ""
    longer: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of the provider account. `probed`: minutes since the last probe, None: never. `fresh`: that counts.

    `error` is what that probe was told, `stopped` why nothing is sent through it any more; both "" where all is well.
    `probes`: a launch probes it if it is not fresh.
    """

    credential: bool
    probed: int | None = None
    fresh: bool = True
    error: Text | str = ""
    stopped: str = ""
    probes: bool = False


@dataclass(frozen=True, slots=True)
class Costs:
    """What is known of the price, and the sentence of a budget that stops the launch."""

    known: bool
    confirmed: bool = True
    amount: str = ""
    currency: str = ""
    source: str = ""
    estimate: Decimal | None = None
    budget: Text | None = None
