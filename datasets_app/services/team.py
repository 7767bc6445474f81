"""What a lead wants to know of the work on a dataset: how far it is, how fast it goes, what people stumble over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from datasets_app.core import throughput
from datasets_app.core.statistics import wilson
from datasets_app.core.throughput import Act, Forecast, Hint, Pace
from datasets_app.models import Adjudication, Annotation, Dataset, DatasetCount, Decision, FindingRow
from datasets_app.models.decision import Stage
from datasets_app.models.sample import Status
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require

from . import gold

PERIODS = (7, 30, 90)  # days that can be looked at
FORECAST_DAYS = 21
MOST = 50_000  # acts that are read; of more, the newest
_DECIDING = (Stage.FIRST, Stage.AGREEMENT, Stage.ADJUDICATION)  # what a sample was decided by before any review
WAITING = (Status.PENDING, Status.SENT_BACK, Status.IN_REVIEW, Status.DISPUTED)


@dataclass(frozen=True, slots=True)
class Line:
    """One person: their pace, how many of their decisions were sent back, and their hidden checks."""

    person: User
    pace: Pace
    sent_back: int
    gold: gold.Accuracy | None


@dataclass(frozen=True, slots=True)
class Week:
    """Of the samples first decided in the week of `monday`, how many had a finding in the revision decided on."""

    monday: date
    decided: int
    found: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.found / self.decided if self.decided else 0.0


@dataclass(frozen=True, slots=True)
class Team:
    """`statuses` are kept counters; everything else is of the last `days` days. `cut` says that there were more acts
    than are read."""

    days: int
    total: int
    statuses: Mapping[str, int]
    labels: Mapping[str, int]
    lines: Sequence[Line]
    per_day: Mapping[date, int]
    forecast: Forecast | None
    waiting: int
    hints: Sequence[tuple[User, Hint]]
    weeks: Sequence[Week]
    causes: Mapping[str, int]
    to_do: int
    cut: bool


def report(*, actor: User, dataset: Dataset, days: int = 30) -> Team:
    """The present figures. Raises NotAllowed below lead."""
    require(actor, dataset.project_id, "team.read")
    now = timezone.now()
    since = now - timedelta(days=days)
    acts = _acts(dataset, since)
    statuses, labels = _counted(dataset, "status"), _counted(dataset, "label")
    waiting = sum(statuses.get(status, 0) for status in WAITING)
    recent = throughput.by_day(acts, until=now.date(), days=min(days, FORECAST_DAYS))
    people = {person.pk: person for person in User.objects.filter(pk__in={act.person for act in acts})}
    return Team(
        days=days,
        total=dataset.samples_total,
        statuses=statuses,
        labels=labels,
        lines=_lines(dataset, since, acts, people),
        per_day=throughput.by_day(acts, until=now.date(), days=days),
        forecast=throughput.forecast(list(recent.values()), waiting),
        waiting=waiting,
        hints=[(people[hint.person], hint) for hint in throughput.hints(acts)],
        weeks=_weeks(dataset, since),
        causes=_causes(dataset),
        to_do=Adjudication.objects.to_do().filter(dataset=dataset).count(),
        cut=len(acts) >= MOST,
    )


def _counted(dataset: Dataset, kind: str) -> dict[str, int]:
    """Kept counters, the largest first."""
    rows = DatasetCount.objects.filter(dataset=dataset, kind=kind, n__gt=0).order_by("-n", "key")
    return dict(rows.values_list("key", "n"))


def _acts(dataset: Dataset, since: datetime) -> list[Act]:
    """What people did, decisions and annotations; what follows from an agreement is nobody's act."""
    decided = Decision.objects.filter(sample__dataset=dataset, at__gte=since, undone_at=None)
    decided = decided.exclude(stage=Stage.AGREEMENT).order_by("-pk")
    apart = Annotation.objects.standing().filter(dataset=dataset, at__gte=since).order_by("-pk")
    rows = [
        *decided.values_list("by", "at", "took", "decision")[:MOST],
        *apart.values_list("by", "at", "took", "verdict")[:MOST],
    ]
    return [Act(*row) for row in rows][:MOST]


def _lines(dataset: Dataset, since: datetime, acts: Sequence[Act], people: Mapping[int, User]) -> list[Line]:
    checked = {row.person.pk: row for row in gold.accuracy(dataset)}
    back = Decision.objects.filter(sample__dataset=dataset, decision="send_back", at__gte=since, undone_at=None)
    returned = Counter(_first_decider(list(back.order_by().values_list("sample", flat=True)[:MOST])))
    lines = [
        Line(people[pace.person], pace, returned[pace.person], checked.get(pace.person))
        for pace in throughput.paces(acts)
    ]
    return sorted(lines, key=lambda line: str(line.person).casefold())


def _first_decider(samples: Sequence[int]) -> list[int]:
    """Who decided first on each of the samples."""
    found: dict[int, int] = {}
    for begin in range(0, len(samples), 1000):
        asked = samples[begin : begin + 1000]
        given = Decision.objects.filter(sample__in=asked, stage=Stage.FIRST).order_by("pk")
        found.update(given.values_list("sample", "by"))  # the newest one stays
    return [found[sample] for sample in samples if sample in found]


def _weeks(dataset: Dataset, since: datetime) -> list[Week]:
    decided = Decision.objects.filter(sample__dataset=dataset, at__gte=since, undone_at=None, stage__in=_DECIDING)
    rows = list(decided.order_by("-pk").values_list("at", "revision")[:MOST])
    dirty: set[int] = set()
    keys = [revision for _, revision in rows]
    for begin in range(0, len(keys), 1000):
        found = FindingRow.objects.filter(revision__in=keys[begin : begin + 1000], waived=False).order_by()
        dirty.update(found.values_list("revision", flat=True).distinct())
    total: Counter[date] = Counter()
    wrong: Counter[date] = Counter()
    for at, revision in rows:
        monday = at.date() - timedelta(days=at.weekday())
        total[monday] += 1
        wrong[monday] += revision in dirty
    return [
        Week(monday, total[monday], wrong[monday], *wilson(wrong[monday], total[monday])) for monday in sorted(total)
    ]


def _causes(dataset: Dataset) -> dict[str, int]:
    """Why people differed, the most frequent cause first."""
    counted = Counter(Adjudication.objects.filter(dataset=dataset).order_by().values_list("cause", flat=True)[:MOST])
    return dict(counted.most_common())
