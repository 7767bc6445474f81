"""How fast people work and when they will be done: medians, a forecast with its range, and hints, never verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median, quantiles
from typing import Literal

PAUSE = timedelta(minutes=10)  # who does nothing for so long has stopped working
QUICK = 2000  # milliseconds: nobody reads a sample in less
QUICK_SHARE, QUICK_LEAST = 0.1, 5
MINUTE, BURST = timedelta(minutes=1), 30
DAYS_NEEDED = 3


@dataclass(frozen=True, slots=True)
class Act:
    """One decision or annotation of a person: when, how long it took (milliseconds, None: not known), what it was."""

    person: int
    at: datetime
    took: int | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Pace:
    """What one person did. `seconds` is the median time of one act, `per_hour` acts in an hour of work (pauses of ten
    minutes and more are none), both None where too little is known; `days` on how many days they worked."""

    person: int
    n: int
    seconds: float | None
    per_hour: float | None
    days: int
    verdicts: Mapping[str, int]
    last: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to ask about, not a judgement: `n` of `of` acts under two seconds, or `n` acts within one minute."""

    kind: Literal["quick", "burst"]
    person: int
    n: int
    of: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """In how many working days the queue is empty, at the median pace, and at the quarter of quickest and slowest
    days; `per_day` is the median of days on which anybody worked."""

    per_day: float
    days: int
    least: int
    most: int


def paces(acts: Iterable[Act]) -> list[Pace]:
    """One line a person, in the order of their ids: it is no list of winners."""
    found = []
    for person, mine in sorted(_by_person(acts).items()):
        took = [act.took for act in mine if act.took is not None]
        gaps = [b.at - a.at for a, b in pairwise(mine)]
        worked = sum((gap for gap in gaps if gap < PAUSE), timedelta())
        within = sum(gap < PAUSE for gap in gaps)
        hours = worked.total_seconds() / 3600
        found.append(
            Pace(
                person=person,
                n=len(mine),
                seconds=median(took) / 1000 if took else None,
                per_hour=within / hours if within >= 5 and worked >= MINUTE else None,
                days=len({act.at.date() for act in mine}),
                verdicts=Counter(act.verdict for act in mine),
                last=mine[-1].at,
            )
        )
    return found


def hints(acts: Iterable[Act]) -> list[Hint]:
    """People with many acts that are too quick to have read anything, and the largest burst of each."""
    found = []
    for person, mine in sorted(_by_person(acts).items()):
        timed = [act for act in mine if act.took is not None]
        quick = sum(1 for act in timed if act.took is not None and act.took < QUICK)
        if quick >= QUICK_LEAST and quick >= QUICK_SHARE * len(timed):
            found.append(Hint("quick", person, quick, len(timed)))
        if (burst := _most_within_a_minute(mine)) > BURST:
            found.append(Hint("burst", person, burst, len(mine)))
    return found


def by_day(acts: Iterable[Act], *, until: date, days: int) -> dict[date, int]:
    """How much was done on each of the last `days` days, `until` included, days of rest with 0."""
    counted = Counter(act.at.date() for act in acts)
    return {day: counted[day] for day in (until - timedelta(days=left) for left in reversed(range(days)))}


def forecast(per_day: Sequence[int], waiting: int) -> Forecast | None:
    """When `waiting` samples will be done at the pace of these days; None with fewer than three working days."""
    worked = [n for n in per_day if n]
    if len(worked) < DAYS_NEEDED:
        return None
    middle = median(worked)
    slow, _, fast = quantiles(worked, n=4, method="inclusive")
    return Forecast(middle, ceil(waiting / middle), ceil(waiting / fast), ceil(waiting / slow))


def _by_person(acts: Iterable[Act]) -> dict[int, list[Act]]:
    found: dict[int, list[Act]] = defaultdict(list)
    for act in sorted(acts, key=lambda act: act.at):
        found[act.person].append(act)
    return found


def _most_within_a_minute(acts: Sequence[Act]) -> int:
    most = first = 0
    for last, act in enumerate(acts):
        while act.at - acts[first].at >= MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most
