"""Trying a contract before it is saved: what it would say of a pasted text and of some of the samples.

Nothing is written. Bounded by the number of samples, by how much text they have, and by the clock: whatever ends first,
the answer says how many were looked at.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from datasets_app.core import contracts, samples, trials
from datasets_app.core.engine import Checker
from datasets_app.core.trials import Pasted, Tally, Verdict
from datasets_app.models import Dataset, Revision, Sample
from datasets_app.models.sample import Status
from datasets_app.pipeline.grading import checker_of
from datasets_app.pipeline.waiving import waived
from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text

from .datasets import checked_settings

DRAWN, NEWEST = 200, 50  # samples that are looked at unless other numbers are asked for
MOST_DRAWN, MOST_NEWEST = 1000, 500
LONGEST_PASTED = 200_000  # characters
LARGEST_SEED = 2**31 - 1
_BUDGET = 20_000_000  # characters of stored samples
_SECONDS = 10.0
_AT_ONCE = 50
_TRIED = 20_000  # positions that the lot may fall on: of a million samples nearly all may be in the trash


@dataclass(frozen=True, slots=True)
class OfPasted:
    """What is said of the pasted text: under the contract as stored (None for a new dataset), and as tried."""

    pasted: Pasted
    before: Verdict | None
    after: Verdict
    requirements: list[tuple[Text, bool]]
    tokens: int
    exact: bool  # whether the tokens are counted, not estimated

    @property
    def new(self) -> set[str]:
        """The rules that speak only now."""
        return set() if self.before is None else self.after.level.keys() - self.before.level.keys()

    @property
    def gone(self) -> list[str]:
        """The rules that no longer speak."""
        return [] if self.before is None else [rule for rule in self.before.level if rule not in self.after.level]


@dataclass(frozen=True, slots=True)
class OfSamples:
    """What is said of the samples: `named` are those that the tally's changes name, by key.

    Of `total` samples `wanted` were drawn or are the newest; `complete` where each of those was looked at.
    """

    tally: Tally
    named: Mapping[int, Sample]
    total: int
    wanted: int
    seed: int

    @property
    def complete(self) -> bool:
        return self.tally.looked == self.wanted


@dataclass(frozen=True, slots=True)
class Trial:
    """`same`: grading by these rules says what it says now."""

    pasted: OfPasted | None
    samples: OfSamples | None
    same: bool


def run(
    *,
    actor: User,
    project: Project,
    dataset: Dataset | None = None,
    contract: Mapping[str, Any],
    profile: str = "local",
    base_model: str = "",
    system_prompt: str = "",
    answer: str = "",
    question: str = "",
    drawn: int = DRAWN,
    newest: int = NEWEST,
    seed: int = 1,
) -> Trial:
    """Try the contract, profile and base model on what is pasted and, of a dataset, on `drawn` samples by lot and the
    `newest` ones.

    `answer` is an answer to `question`, or a row in any format. Equal seeds draw the same samples while the dataset
    has the same. Raises InvalidInput for a contract or profile that could not be saved, and for a row that cannot be
    read.
    """
    require(actor, project, "datasets.create" if dataset is None else "datasets.update")
    settings = checked_settings({"contract": contract, "profile": profile, "base_model": base_model})
    _refuse_beyond(answer=(answer, LONGEST_PASTED), question=(question, LONGEST_PASTED))
    new = Checker(contracts.parse(settings["contract"]), settings["profile"], settings["base_model"])
    old = checker_of(dataset) if dataset else None
    read = trials.pasted(answer, question=question, system=system_prompt) if answer.strip() else None
    said = None
    if read is not None:
        before = read.judge(old) if old else None
        said = OfPasted(
            read, before, read.judge(new), read.requirements(new), new.tokens(read.sample), new.encoder.exact
        )
    drawn, newest = min(max(drawn, 0), MOST_DRAWN), min(max(newest, 0), MOST_NEWEST)
    seen = _of_samples(dataset, Tally(old, new), drawn, newest, seed) if dataset and old else None
    return Trial(said, seen, same=old is not None and old.version == new.version)


def _refuse_beyond(**texts: tuple[str, int]) -> None:
    refused: dict[str, Any] = {
        name: Text("At most {n} characters, please.", n=most)
        for name, (text, most) in texts.items()
        if len(text) > most
    }
    if refused:
        raise InvalidInput(**refused)


def _of_samples(dataset: Dataset, tally: Tally, drawn: int, newest: int, seed: int) -> OfSamples:
    chosen = _chosen(dataset, drawn, newest, seed)
    for key, content, passed in _contents(chosen):
        tally.add(key, content, passed)
    wanted = {key for one in tally.changes for key in (*one.newly, *one.no_longer)}
    named = Sample.objects.only("position", "title", "status").in_bulk(wanted)
    return OfSamples(tally, named, dataset.samples_total, len(chosen), seed)


def _chosen(dataset: Dataset, drawn: int, newest: int, seed: int) -> list[int]:
    """The keys of the newest samples and of those that the lot falls on, none twice, in the order of their numbers."""
    rows = Sample.objects.filter(dataset=dataset).exclude(status=Status.TRASHED)
    found = dict(rows.order_by("-position").values_list("position", "pk")[:newest])
    last = Sample.objects.filter(dataset=dataset).aggregate(last=Max("position"))["last"] or 0
    lot = random.Random(seed).sample(range(1, last + 1), min(last, _TRIED))  # noqa: S311  (a lot, not a secret)
    lot = [position for position in lot if position not in found]
    missing = drawn
    while missing > 0 and lot:
        block, lot = lot[: max(missing, _AT_ONCE)], lot[max(missing, _AT_ONCE) :]
        there = dict(rows.filter(position__in=block).order_by().values_list("position", "pk"))
        taken = [position for position in block if position in there][:missing]
        found |= {position: there[position] for position in taken}
        missing -= len(taken)
    return [found[position] for position in sorted(found)]


def _contents(chosen: Sequence[int]) -> Iterator[tuple[int, samples.Sample, set[str]]]:
    """(key, content, rules that a lead lets pass) of the samples in their order, until the budget or the time is up.

    The first one is always looked at.
    """
    ends, left = time.monotonic() + _SECONDS, _BUDGET
    for at in range(0, len(chosen), _AT_ONCE):
        block = chosen[at : at + _AT_ONCE]
        passed = waived(block)
        rows = Revision.objects.current().filter(sample__in=block).order_by("sample__position")
        for key, payload in rows.values_list("sample_id", "payload").iterator(10):
            yield key, samples.from_json(payload), passed.get(key, set())
            left -= len(payload)
            if left <= 0 or time.monotonic() > ends:
                return
