"""What must hold whatever happened: counted anew from the rows themselves, after races, repeats and killed workers.

`broken()` says in sentences what does not hold, so that a test reads `assert broken() == []`. It looks at everything
in the database, and needs nobody to be at work just then.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count, F, Max, Min

from datasets_app.core import samples, workflow
from datasets_app.core.findings import RANK
from datasets_app.core.sets import SCANNED
from datasets_app.models import (
    Annotation,
    BulkChange,
    BulkChangeEntry,
    Dataset,
    DatasetCount,
    Decision,
    Export,
    FindingRow,
    RejectedLine,
    Revision,
    Sample,
    SampleTag,
    SampleText,
    Seat,
    Snapshot,
    SnapshotEntry,
    Upload,
    Waiver,
)
from datasets_app.models.annotation import Kind
from datasets_app.models.bulk_change import BulkState, EntryState
from datasets_app.models.dataset import Mode
from datasets_app.models.decision import Stage
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState
from datasets_app.models.upload import UploadState
from datasets_app.pipeline import agreeing, deduplicate, trashing
from datasets_app.pipeline.grading import checker_of, grade, worst_key

MOST_SHOWN = 20  # sentences of one kind


def broken() -> list[str]:
    """Every invariant that does not hold, as a sentence; [] when all is well."""
    found: list[str] = []
    for dataset in Dataset.objects.order_by("pk"):
        for check in OF_DATASETS:
            found += _few(f"{dataset}: {said}" for said in check(dataset))
    for check_all in OF_ALL:
        found += _few(check_all())
    return found


def _few(sentences: Iterator[str]) -> list[str]:
    found = list(sentences)
    more = len(found) - MOST_SHOWN
    return found if more <= 0 else [*found[:MOST_SHOWN], f"… and {more} more"]


def positions(dataset: Dataset) -> Iterator[str]:
    """Each handed out once, below the next one; as many samples outside the trash as the dataset says."""
    rows = Sample.objects.filter(dataset=dataset).order_by()
    said = rows.aggregate(n=Count("pk"), places=Count("position", distinct=True), last=Max("position"))
    if (n := rows.exclude(status=Status.TRASHED).count()) != dataset.samples_total:
        yield f"has {n} samples and says {dataset.samples_total}"
    if said["n"] != said["places"]:
        yield f"{said['n']} samples stand at {said['places']} positions"
    if (said["last"] or 0) >= dataset.next_position:
        yield f"hands out position {dataset.next_position} although {said['last']} is taken"
    places = set(rows.values_list("position", flat=True)) | {0}
    for position, cluster in rows.exclude(cluster=0).values_list("position", "cluster"):
        if cluster not in places:
            yield f"sample {position} is in the cluster of sample {cluster}, which there is not"


def counters(dataset: Dataset) -> Iterator[str]:
    """Every kept counter is what counting gives, of the trash only its status. `revised` counts events, not samples,
    and is left out."""
    rows = Sample.objects.filter(dataset=dataset).exclude(status=Status.TRASHED).order_by()
    stands = FindingRow.objects.filter(sample__in=rows, current=True, waived=False).order_by()
    true: Counter[tuple[str, str]] = Counter()
    true.update(("rule", rule) for rule, _ in stands.values_list("rule", "sample").distinct())
    true.update(("tag", name) for name in SampleTag.objects.filter(sample__in=rows).values_list("name", flat=True))
    for status, split, worst, label in rows.values_list("status", "split", "worst", "label"):
        true.update((("status", status), ("worst", worst_key(worst))))
        true.update((kind, key) for kind, key in (("split", split), ("label", label)) if key)
    if n := Sample.objects.filter(dataset=dataset, status=Status.TRASHED).count():
        true["status", Status.TRASHED.value] = n
    kept = DatasetCount.objects.filter(dataset=dataset).exclude(kind="revised").values_list("kind", "key", "n")
    said = {(kind, key): n for kind, key, n in kept}
    for name in sorted(true.keys() | said.keys()):
        if true[name] != said.get(name, 0):
            yield f"counts {said.get(name, 0)} of {name[0]} “{name[1]}”, and there are {true[name]}"


def revisions(dataset: Dataset) -> Iterator[str]:
    """Numbered from 1 without a gap; a sample shows the last one; its search text stands in the same dataset."""
    rows = Sample.objects.filter(dataset=dataset).order_by()
    counted = rows.annotate(n=Count("revisions"), first=Min("revisions__number"), last=Max("revisions__number"))
    for position, number, n, first, last in counted.values_list("position", "revision_number", "n", "first", "last"):
        if (n, first, last) != (number, 1, number):
            yield f"sample {position} shows revision {number} of {n}, numbered {first} to {last}"
    for position in rows.exclude(search__dataset=dataset).values_list("position", flat=True):
        yield f"sample {position} cannot be found by its text"
    if (n := SampleText.objects.filter(dataset=dataset).count()) != rows.count():
        yield f"has {n} search texts for {rows.count()} samples"


def findings(dataset: Dataset) -> Iterator[str]:
    """Current ones are of the revision that is shown, waived exactly where there is a waiver, said once, and added
    up on the sample."""
    current = FindingRow.objects.filter(dataset=dataset, current=True).order_by()
    for position in (
        current.exclude(revision__number=F("sample__revision_number")).values_list("sample__position", flat=True)
    ):  # fmt: skip
        yield f"sample {position} has a current finding of an older revision"
    passed = set(Waiver.objects.filter(dataset=dataset).values_list("sample", "rule"))
    stands: dict[int, list[int]] = defaultdict(list)
    said: Counter[tuple[Any, ...]] = Counter()
    values = ("sample", "rule", "severity", "waived", "path", "start", "end", "message")
    for sample, rule, severity, waived, *where, message in current.values_list(*values):
        said[sample, rule, *where, json.dumps(message, sort_keys=True)] += 1
        if waived != ((sample, rule) in passed):
            yield f"the finding {rule} of sample #{sample} is {'' if waived else 'not '}waived, and should not be so"
        if not waived:
            stands[sample].append(RANK[severity])
    for key, n in said.items():
        if n > 1:
            yield f"sample #{key[0]} has the finding {key[1]} {n} times"
    rows = Sample.objects.filter(dataset=dataset).order_by().values_list("pk", "position", "worst", "findings_total")
    for pk, position, *kept in rows:
        if kept != [max(stands[pk], default=0), len(stands[pk])]:
            yield f"sample {position} keeps worst and number {kept}, and has the ranks {stands[pk]}"


def grades(dataset: Dataset) -> Iterator[str]:
    """What is kept of each sample is what its present content and the present rules give, unless a check goes on."""
    checker = checker_of(dataset)
    settled = not dataset.checking_version and dataset.rule_set_version in ("", checker.version)
    said: dict[int, set[str]] = defaultdict(set)
    rules = FindingRow.objects.filter(dataset=dataset, current=True).exclude(rule__in=SCANNED).order_by()
    for sample, rule in rules.values_list("sample", "rule"):
        said[sample].add(rule)
    first: dict[str, int] = {}
    rows = Revision.objects.filter(sample__dataset=dataset, number=F("sample__revision_number"))
    rows = rows.exclude(sample__status=Status.TRASHED)
    for revision in rows.select_related("sample__search").order_by("sample__position").iterator(500):
        sample = revision.sample
        graded = grade(samples.from_json(revision.payload), checker)
        names = ["fingerprint", "question", "title", "snippet"] + ["label", "tokens"] * settled
        wrong = [name for name in names if getattr(sample, name) != getattr(graded, name)]
        wrong += ["text"] * (sample.search.text != graded.search)
        wrong += ["has_rejected"] * (sample.has_rejected != bool(graded.sample.rejected))
        wrong += ["payload"] * (revision.content_hash != graded.content_hash or revision.payload != graded.payload)
        expected = {finding.rule for finding in graded.findings}
        repeats = first.setdefault(graded.fingerprint, sample.position) != sample.position
        if repeats and deduplicate.severity(checker) != "off":
            expected.add("duplicate")
        if settled and said[sample.pk] != expected:
            wrong.append(f"findings: {sorted(said[sample.pk] ^ expected)}")
        if wrong:
            yield f"sample {sample.position} is not what its content gives: {', '.join(wrong)}"


def trash(dataset: Dataset) -> Iterator[str]:
    """What is in the trash says and asks nothing, has no finding, and knows where it came from; nothing else does."""
    rows = Sample.objects.filter(dataset=dataset).order_by()
    silent = {"question": "", "label": "", "split": "", "cluster": 0, "worst": 0, "leased_by": None}
    names = ("pk", "position", "fingerprint", "trashed_from", *silent)
    for pk, position, fingerprint, before, *said in rows.filter(status=Status.TRASHED).values_list(*names):
        if fingerprint != trashing.fingerprint_of(pk) or not before or said != list(silent.values()):
            yield f"sample {position} is in the trash and still says something: {fingerprint}, {before}, {said}"
    for position in rows.exclude(status=Status.TRASHED).exclude(trashed_from="").values_list("position", flat=True):
        yield f"sample {position} is not in the trash and would be restored"


def annotations(dataset: Dataset) -> Iterator[str]:
    """No more than were asked for, each person and each seat once, and none on a sample that would have to be settled;
    what is disputed has something to dispute about."""
    checker = checker_of(dataset)
    standing = Annotation.objects.standing().filter(dataset=dataset, kind=Kind.OVERLAP).select_related("sample")
    by_sample: dict[int, list[Annotation]] = defaultdict(list)
    for one in standing.order_by("id"):
        by_sample[one.sample_id].append(one)
    for rows in by_sample.values():
        sample = rows[0].sample
        if len({one.by_id for one in rows}) != len(rows) or len({one.seat for one in rows}) != len(rows):
            yield f"sample {sample.position} was annotated twice by one person or from one seat"
        if dataset.mode == Mode.OVERLAP and sample.status == Status.PENDING and len(rows) >= dataset.overlap:
            yield f"sample {sample.position} waits although {len(rows)} of {dataset.overlap} have annotated it"
        if any(one.verdict not in workflow.VERDICTS for one in rows):
            yield f"sample {sample.position} has an annotation with a verdict that only reviewers give"
    for sample in Sample.objects.filter(dataset=dataset, status=Status.DISPUTED):
        rows = by_sample[sample.pk]
        reopened = Decision.objects.filter(sample=sample, stage=Stage.AGREEMENT, undone_at__isnull=False).exists()
        faulty = sample.worst == RANK["error"]
        if len(rows) < 2 or (agreeing.agree(rows, checker.contract) and not reopened and not faulty):
            yield f"sample {sample.position} is disputed although its {len(rows)} annotations do not differ"


def decisions(dataset: Dataset) -> Iterator[str]:
    """What was decided last is what the sample is, unless it was edited or trashed since, or came back from the trash
    with an error; a sample between people has a decision that says so; nobody reviewed themselves."""
    newest: dict[int, Decision] = {}
    proposers: dict[int, int] = {}
    rows = Decision.objects.filter(sample__dataset=dataset, undone_at=None).order_by("id")
    for one in rows.select_related("revision").defer("revision__payload"):
        newest[one.sample_id] = one
        if one.stage == Stage.FIRST and one.decision in ("accept", "reject"):
            proposers[one.sample_id] = one.by_id
        elif (one.stage, one.status_before) == (Stage.REVIEW, Status.IN_REVIEW) and (
            proposers.get(one.sample_id) == one.by_id
        ):
            yield f"sample #{one.sample_id} was reviewed by who proposed it"
        if one.stage == Stage.ADJUDICATION and not hasattr(one, "adjudication"):
            yield f"sample #{one.sample_id} was judged without a judgement"
    samples_here = Sample.objects.filter(dataset=dataset).exclude(status=Status.TRASHED)
    names = ("pk", "position", "status", "revision_number", "worst")
    for pk, position, status, number, worst in samples_here.values_list(*names):
        said = newest.get(pk)
        if said is None:
            if status in (Status.IN_REVIEW, Status.SENT_BACK):
                yield f"sample {position} is {status} and nobody said so"
        elif (
            said.status_after and status not in (said.status_after, Status.DISPUTED) and said.revision.number == number
        ) and not (status == Status.PENDING and said.status_after == Status.ACCEPTED and worst == RANK["error"]):
            yield f"sample {position} is {status}; what was said last made it {said.status_after}"
    mine = Seat.objects.filter(dataset=dataset, sample__annotations__by=F("by"), sample__annotations__withdrawn_at=None)
    for position in mine.values_list("sample__position", flat=True):
        yield f"sample {position} has a seat of somebody who has submitted"


def uploads() -> Iterator[str]:
    """Of an ended import every line is a sample or a refusal, once; nothing of its chunks is left."""
    for upload in Upload.objects.exclude(state=UploadState.HELD).order_by("created_at"):
        taken = Counter(Sample.objects.filter(upload=upload).order_by().values_list("line", flat=True))
        refused = set(RejectedLine.objects.filter(upload=upload).values_list("line", flat=True))
        numbers = (upload.rows_total, upload.rows_accepted, upload.rows_rejected)
        true = (taken.total() + len(refused), taken.total(), len(refused))
        if numbers != true:
            yield f"{upload} says {numbers} rows, accepted and rejected, and there are {true}"
        if twice := [line for line, n in taken.items() if n > 1] + sorted(refused & taken.keys()):
            yield f"{upload} has lines that were taken twice: {twice[:5]}"
        if upload.state == UploadState.DONE and (n := upload.chunks.count()):
            yield f"{upload} has ended and has {n} chunks left"


def bulk_changes() -> Iterator[str]:
    """What a change says it did is what its entries say, and each applied entry is one revision with its content."""
    for change in BulkChange.objects.exclude(state=BulkState.DISCARDED):
        entries = BulkChangeEntry.objects.filter(change=change).order_by()
        states = Counter(entries.values_list("state", flat=True))
        done = states[EntryState.APPLIED] + states[EntryState.UNDONE] + states[EntryState.KEPT]
        if (change.applied, change.undone) != (done, states[EntryState.UNDONE]):
            yield f"{change} says {change.applied} applied, {change.undone} undone; its entries: {dict(states)}"
        for position, sample, number in (
            entries.filter(revision__isnull=False).values_list("position", "sample", "revision")
        ):  # fmt: skip
            if not Revision.objects.filter(sample=sample, number=number).exists():
                yield f"{change}: entry {position} was applied as revision {number}, which there is not"


def snapshots() -> Iterator[str]:
    """A finished one holds every sample once, its own and those mixed in, on the sides that it counts."""
    for snapshot in Snapshot.objects.filter(state=SnapshotState.READY):
        entries = SnapshotEntry.objects.filter(snapshot=snapshot).order_by()
        sides = Counter(entries.values_list("split", flat=True))
        if sides != Counter({side: n for side, n in snapshot.sizes.items() if n}):
            yield f"{snapshot} says {snapshot.sizes} and holds {dict(sides)}"
        if entries.values("sample").distinct().count() != sides.total():
            yield f"{snapshot} holds a sample twice"
        if n := entries.exclude(revision__sample=F("sample")).count():
            yield f"{snapshot} has {n} entries whose revision is another sample's"


def exports() -> Iterator[str]:
    """A written file is there, with the bytes that were promised."""
    for export in Export.objects.filter(state=UploadState.DONE):
        file: Any = export.file
        with file.open("rb") as stream:
            data = stream.read()
        if (len(data), hashlib.sha256(data).hexdigest()) != (export.size, export.sha256):
            yield f"{export} is not the file that was promised"


OF_DATASETS: tuple[Callable[[Dataset], Iterator[str]], ...] = (
    positions,
    counters,
    revisions,
    findings,
    grades,
    trash,
    annotations,
    decisions,
)
OF_ALL: tuple[Callable[[], Iterator[str]], ...] = (uploads, bulk_changes, snapshots, exports)
