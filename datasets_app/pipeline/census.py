"""Everything a snapshot must know of its samples, read once, in columns: about a hundred bytes a sample.

A million samples are a million rows of the database and none of Python's objects: what is decided about all of them
(groups, sides, counts) is decided on the columns.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from django.db.models import F, FilteredRelation, Q

from datasets_app.core import grouping, samples
from datasets_app.core.composing import NEGATIVE
from datasets_app.core.splitting import NOWHERE, SIDES, Column
from datasets_app.models import FindingRow, SampleTag, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status

from .plain import fetched
from .selecting import selected

CHUNK = 5000
TAGS = "\n"  # between the tags of a stratum's name
FEW = 5000  # positions that are looked up one by one rather than by their range
RANGE = 50_000  # positions of a snapshot before that are read at once
_STATUS = {status: at for at, status in enumerate(Status.values)}
_SIDE: dict[str, int] = {side: at for at, side in enumerate(SIDES)} | {"": NOWHERE}
_ROW = (
    "pk", "position", "frozen__pk", "frozen__content_hash", "frozen__author_id", "frozen__origin", "status",
    "worst", "tokens", "has_rejected", "fingerprint", "question", "label", "cluster", "pinned", "upload",
)  # fmt: skip


@dataclass(slots=True)
class Census:
    """One entry a sample in each column, in the order of positions.

    `question` and each of `keys` are 64 bits of a hash; `keys` has a column for everything else the snapshot groups by;
    `stratum` and `label` are numbers in `strata` and `labels`; `kept` is the side in the snapshot before, `pinned` the
    one that the sample was imported for. `found` says which sample (by its place in the columns) has a finding of
    which rule (by its number in `rules`).
    """

    sample: array[int] = field(default_factory=partial(array, "q"))
    position: array[int] = field(default_factory=partial(array, "I"))
    revision: array[int] = field(default_factory=partial(array, "q"))
    status: array[int] = field(default_factory=partial(array, "b"))
    worst: array[int] = field(default_factory=partial(array, "b"))
    tokens: array[int] = field(default_factory=partial(array, "I"))
    pair: array[int] = field(default_factory=partial(array, "b"))
    negative: array[int] = field(default_factory=partial(array, "b"))
    keys: list[array[int]] = field(default_factory=list)
    question: array[int] = field(default_factory=partial(array, "Q"))
    cluster: array[int] = field(default_factory=partial(array, "I"))
    stratum: array[int] = field(default_factory=partial(array, "I"))
    label: array[int] = field(default_factory=partial(array, "I"))
    pinned: array[int] = field(default_factory=partial(array, "b"))
    kept: array[int] = field(default_factory=partial(array, "b"))
    found: array[int] = field(default_factory=partial(array, "I"))
    found_rule: array[int] = field(default_factory=partial(array, "H"))
    strata: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    rules: dict[tuple[str, str], int] = field(default_factory=dict)  # (rule, severity) → its number
    uploads: Counter[Any] = field(default_factory=Counter)  # keys as the database stores them
    origins: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)  # group key in the content → samples that have it
    authors: set[int] = field(default_factory=set)  # of revisions that people wrote; imports are nobody's words

    def __len__(self) -> int:
        return len(self.position)

    @property
    def grouped(self) -> Column:
        """What names a sample's group: its first key where the snapshot asks for one, else its question."""
        return np.asarray(self.keys[0]) if self.keys else self.of("question")

    @property
    def ties(self) -> list[Column]:
        """Everything that keeps samples together."""
        return [*map(np.asarray, self.keys), self.of("question")]

    def of(self, name: str) -> Column:
        """The column as a numpy array, without copying it."""
        return np.asarray(getattr(self, name))


def take(snapshot: Snapshot, earlier: Sequence[Snapshot], contents: BinaryIO, step: Callable[[], None]) -> Census:
    """Read what the snapshot was asked for. `earlier`, the newest first, give the sides that are kept; `step()` is
    called often."""
    grouped_by = grouping.keys_of(snapshot.group_by)
    census = Census(keys=[array("Q") for _ in grouped_by])
    rows = (
        selected(snapshot.dataset, snapshot.filter)
        .annotate(frozen=FilteredRelation("revisions", condition=Q(revisions__number=F("revision_number"))))
        .order_by("position")
    )
    payload = any(map(grouping.reads_payload, grouped_by))
    columns = (*_ROW, "frozen__payload") if payload else _ROW
    last = 0
    while found := fetched(rows.filter(position__gt=last, position__lte=snapshot.upto).values_list(*columns)[:CHUNK]):
        _add(census, snapshot, contents, found)
        last = found[-1][1]
        step()
    census.kept.frombytes(_kept(census.of("position"), earlier, step).tobytes())
    return census


def _add(census: Census, snapshot: Snapshot, contents: BinaryIO, rows: list[Any]) -> None:
    first = len(census)
    (pks, positions, revisions, hashes, authors, origins, status, worst, tokens, pairs, prints, questions,
     labels, clusters, pinned, uploads, *payloads) = zip(*rows, strict=True)  # fmt: skip
    census.sample.extend(pks)
    census.position.extend(positions)
    census.revision.extend(revisions)
    contents.write(bytes.fromhex("".join(hashes)))
    census.status.extend(map(_STATUS.__getitem__, status))
    census.worst.extend(worst)
    census.tokens.extend(tokens)
    census.pair.extend(pairs)
    census.cluster.extend(clusters)
    census.pinned.extend(map(_SIDE.__getitem__, pinned))
    census.origins.update(origins)
    census.uploads.update(uploads)
    census.authors.update(author for author, origin in zip(authors, origins, strict=True) if origin != "import")
    asked = [_bits(question) if question else grouping.number(f"sample {pk}") for pk, question in
             zip(pks, questions, strict=True)]  # fmt: skip
    census.question.extend(asked)
    said = [samples.from_json(payload) for payload in payloads[0]] if payloads else []
    for column, name in zip(census.keys, grouping.keys_of(snapshot.group_by), strict=True):
        column.extend(_keys(census, name, positions, prints, clusters, said))
    census.label.extend([census.labels.setdefault(label, len(census.labels)) for label in labels])
    tags = _tags(snapshot, pks)
    census.negative.extend([NEGATIVE in tags.get(pk, ()) for pk in pks] if tags else bytes(len(pks)))
    if snapshot.stratify_by == "tag":
        alike: Any = [TAGS.join(sorted(tags.get(pk, ()))) for pk in pks]
    else:
        alike = labels if snapshot.stratify_by == "label" else [""] * len(pks)
    census.stratum.extend([census.strata.setdefault(name, len(census.strata)) for name in alike])
    wrong = {pk: first + at for at, (pk, rank) in enumerate(zip(pks, worst, strict=True)) if rank}
    for pk, rule, severity in _said_of(wrong):
        census.found.append(wrong[pk])
        census.found_rule.append(census.rules.setdefault((rule, severity), len(census.rules)))


def _said_of(wrong: Mapping[int, int]) -> Iterator[tuple[int, str, str]]:
    """(sample, rule, severity), each once, of the samples that are wrong somehow."""
    if not wrong:
        return
    least, greatest = min(wrong), max(wrong)
    # Samples that were imported together have neighbouring keys: a range is much cheaper than a list of thousands.
    near = greatest - least < 4 * CHUNK
    here = {"sample_id__gte": least, "sample_id__lte": greatest} if near else {"sample_id__in": list(wrong)}
    current = FindingRow.objects.current().filter(waived=False, **here).order_by()
    for said in dict.fromkeys(fetched(current.values_list("sample_id", "rule", "severity"))):
        if said[0] in wrong:
            yield said


def _keys(
    census: Census,
    group_by: str,
    positions: tuple[int, ...],
    prints: tuple[str, ...],
    clusters: Any,
    contents: list[samples.Sample],
) -> list[int]:
    if group_by == grouping.DUPLICATES:
        return [_bits(print_) for print_ in prints]
    if group_by == grouping.NEAR_DUPLICATES:
        return [cluster or position for cluster, position in zip(clusters, positions, strict=True)]
    keys = [grouping.content_key(content, group_by) for content in contents]
    census.named[group_by] += len(keys) - keys.count(None)
    return [
        grouping.number(f"={key}" if key is not None else f"#{at}") for key, at in zip(keys, positions, strict=True)
    ]


def _bits(digits: str) -> int:
    return int(digits[:16], 16)


def _tags(snapshot: Snapshot, pks: tuple[int, ...]) -> Mapping[int, set[str]]:
    """The tags that the freezing looks at, by sample: all where they are strata, else the one that marks negatives."""
    rows = SampleTag.objects.filter(dataset=snapshot.dataset_id, sample__gte=min(pks), sample__lte=max(pks))
    if snapshot.stratify_by != "tag":
        rows = rows.filter(name=NEGATIVE)
    found: dict[int, set[str]] = {}
    for pk, name in rows.order_by().values_list("sample_id", "name"):
        found.setdefault(pk, set()).add(name)
    return found


def _kept(positions: Column, earlier: Sequence[Snapshot], step: Callable[[], None]) -> Column:
    """The side of each position in the newest of the snapshots that holds it, as int8."""
    kept = np.full(len(positions), NOWHERE, dtype=np.int8)
    for one in earlier:
        missing = positions[kept == NOWHERE]
        missing = missing[missing <= one.upto]
        if not len(missing):
            break  # what is left is later than all that are older still
        for side, there in _sides_in(one, missing):
            at = np.minimum(np.searchsorted(positions, there), len(positions) - 1)
            kept[at[(positions[at] == there) & (kept[at] == NOWHERE)]] = side
            step()
    return kept


def _sides_in(earlier: Snapshot, missing: Column) -> Iterator[tuple[int, Column]]:
    """(side, positions that the snapshot has there), of these positions at least; none is later than its `upto`.

    What was mixed in stands behind `upto`, so nothing but an index has to be read: side by side, not row by row.
    """
    entries = SnapshotEntry.objects.filter(snapshot=earlier).order_by().values_list("position")
    if len(missing) <= FEW:
        ranges: list[dict[str, Any]] = [{"position__in": missing.tolist()}]
    else:
        starts = range(int(missing[0]), int(missing[-1]) + 1, RANGE)
        upto = int(missing[-1])
        ranges = [{"position__gte": start, "position__lte": min(start + RANGE - 1, upto)} for start in starts]
    for here in ranges:
        for side, name in enumerate(SIDES):
            found = fetched(entries.filter(split=name, **here))
            yield side, np.fromiter((position for (position,) in found), dtype=np.uint32, count=len(found))
