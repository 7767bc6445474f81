"""Samples that come back from a model: it answered them, and its answer becomes the rejected one of a pair.

A sample is never copied: its next revision holds the model's answer as `rejected`, it waits again for a person, and
from then on it is training data for good (`Sample.pinned`), with whatever the snapshot kept together with it. So what
was held out and is learnt from stops being held out, whoever freezes next and with which settings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.core.returning import Returned, following
from datasets_app.core.splitting import SIDES
from datasets_app.core.workflow import DECIDED
from datasets_app.models import (
    Annotation,
    Dataset,
    DatasetCount,
    Gold,
    Revision,
    RevisionSource,
    Sample,
    SampleTag,
    Seat,
    Snapshot,
    SnapshotEntry,
)
from datasets_app.models.annotation import Kind
from datasets_app.models.sample import Status
from datasets_app.pipeline import bulk, deduplicate
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import Graded, checker_of, grade
from datasets_app.pipeline.people import deciders
from datasets_app.pipeline.revise_many import Next, Reason, revise_many
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import to_line

from .given import MOST_TAGS

T = TypeVar("T")

AT_ONCE = 200
TRAIN = SIDES[0]
CORRECTION, PREFERENCE = "evaluation", "preference"  # Revision.origin
COLUMNS = (
    "status", "pinned", "assigned_to_id", "leased_by_id", "leased_until", "shown_at", "changed_by_id",
)  # fmt: skip

CHANGED = Text("Somebody has changed it this moment: send it again.")
BUSY = {
    Status.TRASHED.value: Text("It is in the trash."),
    Status.DISPUTED.value: Text("It is disputed: its annotators differ."),
    Status.IN_REVIEW.value: Text("It is in review."),
    Status.SENT_BACK.value: Text("It was sent back to its annotator."),
}
OPENED = Text("Somebody has it open on the desk: send it again later.")
WAITS = Text("It waits for a person already, since another evaluation.")
CHECK = Text("It is a hidden check of annotators: its answer is known.")
GONE = Text("It is no longer in the dataset.")


@dataclass(frozen=True, slots=True)
class From:
    """The piece of work that brings samples: its key, a sentence about it and the address of its page."""

    key: str
    says: Text
    path: str
    tag: str


@dataclass(slots=True)
class Received:
    """The samples that came back, now or when the same was brought before, and why others did not."""

    taken: set[int] = field(default_factory=set)
    refused: dict[int, Text] = field(default_factory=dict)


def receive(
    *,
    actor: User,
    dataset: Dataset,
    source: From,
    returned: Sequence[Returned],
    snapshot: Snapshot | None = None,
    pair: bool = False,
    to: str = "",
) -> Received:
    """Give these samples back to the annotators, each as its own next revision; whatever was pinned elsewhere and
    `snapshot` kept together with one of them goes to training with it.

    `pair`: both answers are proposals, and a person says on the pair desk which is better. `to` assigns the samples to
    one person by user name. What is brought twice is there once. Samples that somebody is at work on, that ask
    something else by now or that are in the trash are left as they are, each with the reason. Raises InvalidInput.
    """
    require(actor, dataset.project_id, "bulk_changes.apply")
    person = deciders(dataset).get(to) if to else None
    if to and person is None:
        raise InvalidInput(to=Text("“{name}” is no member of this project.", name=to[:60]))
    received = Received()
    for at in range(0, len(returned), AT_ONCE):
        some = {one.sample: one for one in returned[at : at + AT_ONCE]}
        _receive(actor, dataset, source, some, _mates(dataset, snapshot, some.keys()), pair, person, received)
    return received


def leaving(snapshot: Snapshot, sample_ids: Collection[int]) -> dict[str, int]:
    """side → how many of the snapshot's held-out samples stop being held out when these come back."""
    found: Counter[str] = Counter()
    for block in _blocks(sorted(set(_groups(snapshot, sample_ids).values()))):
        rows = _held_out(snapshot).filter(group__in=block).values_list("split").annotate(n=Count("pk"))
        found.update(dict(rows))
    return dict(found)


def _held_out(snapshot: Snapshot) -> Any:
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, split__in=SIDES[1:], mixed=False)
    return rows.order_by()


def _groups(snapshot: Snapshot, sample_ids: Collection[int]) -> dict[int, str]:
    """sample → its group in the split. Entries are found by the sample's position."""
    found: dict[int, str] = {}
    for block in _blocks(list(sample_ids)):
        places = Sample.objects.filter(pk__in=block).order_by().values_list("position", flat=True)
        rows = SnapshotEntry.objects.filter(snapshot=snapshot, mixed=False, position__in=list(places)).order_by()
        found.update(rows.values_list("sample_id", "group"))
    return found


def _mates(dataset: Dataset, snapshot: Snapshot | None, some: Collection[int]) -> dict[int, set[int]]:
    """Which samples were imported for another side and belong together with each of these: by the snapshot's groups, or
    because they ask the same. Left there, they would hold it back, or nothing could be frozen any more."""
    elsewhere = Sample.objects.filter(dataset=dataset, pinned__in=SIDES[1:]).exclude(pk__in=list(some)).order_by()
    asked = dict(Sample.objects.filter(pk__in=list(some)).order_by().values_list("pk", "question"))
    ask_same: dict[str, set[int]] = defaultdict(set)
    for pk, question in elsewhere.filter(question__in={*asked.values()} - {""}).values_list("pk", "question"):
        ask_same[question].add(pk)
    groups = _groups(snapshot, some) if snapshot else {}
    together: dict[str, set[int]] = defaultdict(set)
    if snapshot is not None and groups:
        rows = _held_out(snapshot).filter(group__in=set(groups.values()), sample__in=elsewhere)
        for pk, group in rows.values_list("sample_id", "group"):
            together[group].add(pk)
    return {
        pk: ask_same.get(asked.get(pk, ""), set()) | together.get(groups.get(pk, ""), set()) for pk in some
    }  # fmt: skip


def _receive(
    actor: User,
    dataset: Dataset,
    source: From,
    some: Mapping[int, Returned],
    mates: Mapping[int, set[int]],
    pair: bool,
    person: User | None,
    received: Received,
) -> None:
    checker = checker_of(dataset)
    ready: dict[int, tuple[int, Graded]] = {}
    refused: dict[int, Text] = {}
    for pk, number, content in _contents(dataset, some, pair):
        if isinstance(content, Text):
            refused[pk] = content
        else:
            ready[pk] = number, grade(content, checker)
    refused |= dict.fromkeys(some.keys() - ready.keys() - refused.keys(), GONE)
    why = Reason(actor.pk, PREFERENCE if pair else CORRECTION, dataset.guideline_version, keep_status=True)
    prints = {graded.fingerprint for _, graded in ready.values()}
    questions = {graded.question for _, graded in ready.values()} - {""}

    def write() -> tuple[set[int], dict[int, Text]]:
        counted: Counter[tuple[str, str]] = Counter()
        with transaction.atomic():
            rows = deduplicate.locked(
                dataset.pk, {*some, *(mate for one in mates.values() for mate in one)}, prints, questions
            )
            there = RevisionSource.objects.filter(sample__in=list(some), key=source.key)
            already = set(there.values_list("sample_id", flat=True))
            left = {pk: why_not for pk, why_not in refused.items() if pk not in already}
            left |= dict(_at_work(rows, ready.keys() - already))
            for pk, (number, _) in ready.items():
                if pk in rows and pk not in already and rows[pk].revision_number != number:
                    left.setdefault(pk, CHANGED)
            going = [pk for pk in sorted(ready) if pk in rows and pk not in already and pk not in left]
            if going:
                following = [Next(rows[pk], ready[pk][1]) for pk in going]
                revise_many(dataset.pk, following, why, checker=checker, counted=counted)
                _remember(dataset, [rows[pk] for pk in going], source, pair)
                _wait([rows[pk] for pk in going], by=actor.pk, to=person.pk if person else None, counted=counted)
                _tag(dataset, {pk: (source.tag, *some[pk].tags) for pk in going}, counted)
                theirs = {mate for pk in going for mate in mates[pk]}
                Sample.objects.filter(pk__in=theirs).update(pinned=TRAIN)
                AuditEntry.objects.record(
                    actor=actor, verb="samples.return", target=dataset, project=dataset.project, source=source.key,
                    samples=len(going), mates=len(theirs), pair=pair,
                )  # fmt: skip
                DatasetCount.objects.add(dataset, counted)
        return {*going, *already}, left

    taken, left = past_deadlocks(write)
    received.taken |= taken
    received.refused |= left


def _contents(
    dataset: Dataset, some: Mapping[int, Returned], pair: bool
) -> Iterator[tuple[int, int, samples.Sample | Text]]:
    """(sample, number of the revision it shows, what it is to say next or why it cannot)."""
    rows = Revision.objects.current().filter(sample__in=list(some), sample__dataset=dataset).order_by()
    frozen = Revision.objects.in_bulk([one.revision for one in some.values()])
    for revision in rows:
        one, asked = some[revision.sample_id], frozen.get(some[revision.sample_id].revision)
        if asked is None or asked.sample_id != revision.sample_id:
            yield revision.sample_id, revision.number, GONE
            continue
        now = samples.from_json(revision.payload)
        before = now if asked.pk == revision.pk else samples.from_json(asked.payload)
        yield revision.sample_id, revision.number, following(now, before, one, pair=pair)


def _at_work(rows: Mapping[int, Sample], pks: Collection[int]) -> Iterator[tuple[int, Text]]:
    """Why some of these, which are locked, are not to be touched now."""
    now = timezone.now()
    checks = set(Gold.objects.filter(sample__in=list(pks), active=True).values_list("sample_id", flat=True))
    seats = Seat.objects.filter(sample__in=list(pks), until__gt=now, shown_at__isnull=False)
    sat = set(seats.order_by().values_list("sample_id", flat=True))
    sources = RevisionSource.objects.filter(sample__in=list(pks)).order_by()
    brought = set(sources.values_list("sample_id", "revision__number"))
    for pk in pks:
        row = rows.get(pk)
        if row is None:
            yield pk, GONE
        elif row.status in BUSY:
            yield pk, BUSY[row.status]
        elif pk in checks:
            yield pk, CHECK
        elif pk in sat or (row.leased_until and row.leased_until > now and row.shown_at):
            yield pk, OPENED
        elif row.status not in DECIDED and (pk, row.revision_number) in brought:
            yield pk, WAITS


def _remember(dataset: Dataset, rows: Sequence[Sample], source: From, pair: bool) -> None:
    newest = Revision.objects.current().filter(sample__in=[row.pk for row in rows]).order_by()
    says = to_line(source.says, 300)
    RevisionSource.objects.bulk_create(
        RevisionSource(
            dataset=dataset, sample_id=sample, revision_id=pk, key=source.key, says=says, path=source.path, pair=pair
        )
        for sample, pk in newest.values_list("sample_id", "pk")
    )


def _wait(rows: Sequence[Sample], *, by: Any, to: Any, counted: Counter[tuple[str, str]]) -> None:
    """Have the samples wait for a first verdict, as training data. Annotations were of what they said before."""
    pending = Status.PENDING.value
    for row in rows:
        counted.update({("status", row.status): -1, ("status", pending): 1} if row.status != pending else {})
    bulk.update(Sample, COLUMNS, ((row.pk, pending, TRAIN, to, None, None, None, by) for row in rows))
    apart = Annotation.objects.standing().filter(sample__in=[row.pk for row in rows], kind=Kind.OVERLAP)
    apart.update(withdrawn_at=timezone.now())


def _tag(dataset: Dataset, tags: Mapping[int, Sequence[str]], counted: Counter[tuple[str, str]]) -> None:
    """Put these tags on, as far as a sample may have so many."""
    has: dict[int, set[str]] = {pk: set() for pk in tags}
    for pk, name in SampleTag.objects.filter(sample__in=list(tags)).order_by().values_list("sample_id", "name"):
        has[pk].add(name)
    new = [
        (pk, name) for pk, names in tags.items()
        for name in [name for name in dict.fromkeys(names) if name not in has[pk]][: max(0, MOST_TAGS - len(has[pk]))]
    ]  # fmt: skip
    SampleTag.objects.bulk_create(SampleTag(dataset=dataset, sample_id=pk, name=name) for pk, name in new)
    counted.update(("tag", name) for _, name in new)


def _blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), 500):
        yield items[at : at + 500]
