"""The test side of a snapshot while it is built: what each case breaks, and what of it training has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from datasets_app.core import contracts, samples, testsets
from datasets_app.core.splitting import SIDES, Column
from datasets_app.core.testsets import Case
from datasets_app.models import Revision, SampleTag, Snapshot, SnapshotEntry

from .census import CHUNK, Census

TEST = SIDES.index("test")


def measured(snapshot: Snapshot, taken: Census, side: Column, step: Callable[[], None]) -> dict[str, Any] | None:
    """`core.testsets.report` of the test side; None where there is none."""
    places = np.flatnonzero(side == TEST)
    if not len(places):
        return None
    contract = contracts.parse(snapshot.contract)
    codes = _codes_of_cases(taken, places, contract, step) if contract.symbols else {}
    names = {number: name for name, number in taken.labels.items()}
    label = taken.of("label")
    broken = _broken(taken, places)
    cases = (
        Case(broken=tuple(sorted(rule for rule, _ in rules)), failed=any(severity == "error" for _, severity in rules),
             codes=codes.get(at, frozenset()), label=names[int(label[at])], tags=tuple(sorted(tags)))
        for at, rules, tags in _with_tags(snapshot, taken, places, broken)
    )  # fmt: skip
    asked = frozenset().union(*codes.values())
    trained = _codes_in_train(snapshot, asked, contract, step) if contract.symbols else None
    labels = {names[number] for number in np.unique(taken.of("label")[side == 0]).tolist()} if contract.labels else None
    return testsets.report(cases, codes=trained, labels=labels)


def _broken(taken: Census, places: Column) -> dict[int, set[tuple[str, str]]]:
    rules = list(taken.rules)
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    here = np.flatnonzero(np.isin(taken.of("found"), places))
    for at, rule in zip(taken.of("found")[here].tolist(), taken.of("found_rule")[here].tolist(), strict=True):
        if rules[rule][1] != "hint":
            found[at].add(rules[rule])
    return found


def _with_tags(
    snapshot: Snapshot, taken: Census, places: Column, broken: dict[int, set[tuple[str, str]]]
) -> Iterator[tuple[int, set[tuple[str, str]], list[str]]]:
    sample = taken.of("sample")
    for start in range(0, len(places), CHUNK):
        here = places[start : start + CHUNK].tolist()
        pks = sample[here].tolist()
        tags: dict[int, list[str]] = defaultdict(list)
        rows = SampleTag.objects.filter(dataset=snapshot.dataset_id, sample__in=pks)
        for pk, name in rows.order_by().values_list("sample_id", "name"):
            tags[pk].append(name)
        for at, pk in zip(here, pks, strict=True):
            yield at, broken.get(at, set()), tags.get(pk, [])


def _codes_of_cases(
    taken: Census, places: Column, contract: Any, step: Callable[[], None]
) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    revision = taken.of("revision")
    for start in range(0, len(places), CHUNK):
        here = places[start : start + CHUNK]
        at = dict(zip(revision[here].tolist(), here.tolist(), strict=True))
        for pk, payload in Revision.objects.filter(pk__in=list(at)).order_by().values_list("pk", "payload"):
            found[at[pk]] = testsets.codes_of(samples.from_json(payload), contract)
        step()
    return found


def _codes_in_train(
    snapshot: Snapshot, asked: frozenset[str], contract: Any, step: Callable[[], None]
) -> frozenset[str]:
    """Those of the test's codes that training has as well: as many are remembered as the test has, no more."""
    entries = SnapshotEntry.objects.filter(snapshot=snapshot, split="train").order_by("position")
    seen: set[str] = set()
    last = 0
    while len(seen) < len(asked) and (
        rows := list(entries.filter(position__gt=last).values_list("position", "revision__payload")[:CHUNK])
    ):
        for _, payload in rows:
            seen |= testsets.codes_of(samples.from_json(payload), contract) & asked
        last = rows[-1][0]
        step()
    return frozenset(seen)
