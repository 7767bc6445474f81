"""Everything a snapshot must know of its samples, read once, in columns: some fifty bytes a sample, in files.

A million samples are a million rows of the database and none of Python's objects: what is decided about all of them
(groups, sides, counts) is decided on the columns, each of which is in memory only while it is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from django.db.models import F, FilteredRelation, IntegerField, Q
from django.db.models.functions import Cast

from datasets_app.core import grouping, samples
from datasets_app.core.composing import NEGATIVE
from datasets_app.core.sets.numbers import Numbers
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
    "worst", "tokens", "pair", "question", "label", "cluster", "pinned", "upload",
)  # fmt: skip
_DIGITS = 32  # of a question or a fingerprint, at most


@dataclass(slots=True)
class Census:
    """One entry a sample in each column, in the order of positions.

    `question` and each of `keys` are 64 bits of a hash; `keys` has a column for everything else the snapshot groups by;
    `stratum` and `label` are numbers in `strata` and `labels`; `kept` is the side in the snapshot before, `pinned` the
    one that the sample was imported for. `found` says which sample (by its place in the columns) has a finding of
    which rule (by its number in `rules`).
    """

    sample: Numbers = field(default_factory=partial(Numbers, "q"))
    position: Numbers = field(default_factory=partial(Numbers, "I"))
    revision: Numbers = field(default_factory=partial(Numbers, "q"))
    status: Numbers = field(default_factory=partial(Numbers, "b"))
    worst: Numbers = field(default_factory=partial(Numbers, "b"))
    tokens: Numbers = field(default_factory=partial(Numbers, "I"))
    pair: Numbers = field(default_factory=partial(Numbers, "b"))
    negative: Numbers = field(default_factory=partial(Numbers, "b"))
    keys: list[Numbers] = field(default_factory=list)
    question: Numbers = field(default_factory=partial(Numbers, "Q"))
    cluster: Numbers = field(default_factory=partial(Numbers, "I"))
    stratum: Numbers = field(default_factory=partial(Numbers, "I"))
    label: Numbers = field(default_factory=partial(Numbers, "I"))
    pinned: Numbers = field(default_factory=partial(Numbers, "b"))
    kept: Numbers = field(default_factory=partial(Numbers, "b"))
    found: Numbers = field(default_factory=partial(Numbers, "I"))
    found_rule: Numbers = field(default_factory=partial(Numbers, "H"))
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
        return (self.keys[0] if self.keys else self.question).whole()

    @property
    def ties(self) -> list[Column]:
        """Everything that keeps samples together."""
        return [column.whole() for column in (*self.keys, self.question)]

    def of(self, name: str) -> Column:
        """The column as a numpy array, read for who asks."""
        column: Numbers = getattr(self, name)
        return column.whole()


def take(snapshot: Snapshot, earlier: Sequence[Snapshot], contents: BinaryIO, step: Callable[[], None]) -> Census:
    """Read what the snapshot was asked for. `earlier`, the newest first, give the sides that are kept; `step()` is
    called often."""
    grouped_by = grouping.keys_of(snapshot.group_by)
    census = Census(keys=[Numbers("Q") for _ in grouped_by])
    rows = (
        selected(snapshot.dataset, snapshot.filter)
        .annotate(frozen=FilteredRelation("revisions", condition=Q(revisions__number=F("revision_number"))))
        # A number: of a bool the driver on SQLite would make an object of Django's, a million times.
        .annotate(pair=Cast("has_rejected", IntegerField()))
        .order_by("position")
    )
    prints = grouping.DUPLICATES in grouped_by
    payload = any(map(grouping.reads_payload, grouped_by))
    columns = (*_ROW, *["fingerprint"] * prints, *["frozen__payload"] * payload)
    tagged = SampleTag.objects.filter(dataset=snapshot.dataset_id)
    if snapshot.stratify_by != "tag":
        tagged = tagged.filter(name=NEGATIVE)
    looked_at = tagged if tagged.exists() else None
    last = 0
    while found := fetched(rows.filter(position__gt=last, position__lte=snapshot.upto).values_list(*columns)[:CHUNK]):
        _add(census, snapshot, contents, found, looked_at)
        last = found[-1][1]
        step()
    census.kept.take(_kept(census.of("position"), earlier, step))
    return census


def _add(census: Census, snapshot: Snapshot, contents: BinaryIO, rows: list[Any], tagged: Any) -> None:
    """`tagged` are the tags to look at, None where there are none in the dataset."""
    first = len(census)
    (pks, positions, revisions, hashes, authors, origins, status, worst, tokens, pairs, questions,
     labels, clusters, pinned, uploads, *more) = zip(*rows, strict=True)  # fmt: skip
    grouped_by = grouping.keys_of(snapshot.group_by)
    prints = more.pop(0) if grouping.DUPLICATES in grouped_by else ()
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
    census.authors.update(author for author, origin in set(zip(authors, origins, strict=True)) if origin != "import")
    census.question.take(_asked(pks, questions))
    said = [samples.from_json(payload) for payload in more[0]] if more else []
    for column, name in zip(census.keys, grouped_by, strict=True):
        column.take(_keys(census, name, positions, prints, clusters, said))
    census.label.extend(_numbered(census.labels, labels))
    tags = {} if tagged is None else _tags(tagged, pks)
    census.negative.extend([NEGATIVE in tags.get(pk, ()) for pk in pks] if tags else bytes(len(pks)))
    if snapshot.stratify_by == "tag":
        alike: Sequence[str] = [TAGS.join(sorted(tags.get(pk, ()))) for pk in pks]
    else:
        alike = labels if snapshot.stratify_by == "label" else [""] * len(pks)
    census.stratum.extend(_numbered(census.strata, alike))
    places = np.flatnonzero(census.worst.some(first, len(census))).tolist()
    wrong = {pks[at]: first + at for at in places}
    found = _said_of(wrong)
    census.found.extend([wrong[pk] for pk, _, _ in found])
    census.found_rule.extend(_numbered(census.rules, [(rule, severity) for _, rule, severity in found]))


def _numbered(known: dict[Any, int], names: Sequence[Any]) -> Iterator[int]:
    """The number of each name; those that are new get the next ones."""
    for name in dict.fromkeys(names):
        known.setdefault(name, len(known))
    return map(known.__getitem__, names)


def _asked(pks: Sequence[int], questions: Sequence[str]) -> Column:
    """64 bits of each question; a sample without one asks what nobody else asks."""
    if all(questions):
        return _bits(questions)
    lacking = [at for at, question in enumerate(questions) if not question]
    asked = _bits([question or "0" * _DIGITS for question in questions])
    asked[lacking] = [grouping.number(f"sample {pks[at]}") for at in lacking]
    return asked


def _said_of(wrong: Mapping[int, int]) -> list[tuple[int, str, str]]:
    """(sample, rule, severity), each once, of the samples that are wrong somehow."""
    if not wrong:
        return []
    least, greatest = min(wrong), max(wrong)
    # Samples that were imported together have neighbouring keys: a range is much cheaper than a list of thousands.
    near = greatest - least < 4 * CHUNK
    here = {"sample_id__gte": least, "sample_id__lte": greatest} if near else {"sample_id__in": list(wrong)}
    current = FindingRow.objects.current().filter(waived=False, **here).order_by()
    said = dict.fromkeys(fetched(current.values_list("sample_id", "rule", "severity")))
    return [(pk, rule, severity) for pk, rule, severity in said if pk in wrong]


def _keys(
    census: Census,
    group_by: str,
    positions: Sequence[int],
    prints: Sequence[str],
    clusters: Sequence[int],
    contents: Sequence[samples.Sample],
) -> Column:
    if group_by == grouping.DUPLICATES:
        return _bits(prints)
    if group_by == grouping.NEAR_DUPLICATES:
        own = np.asarray(clusters, dtype=np.uint64)
        return np.where(own, own, np.asarray(positions, dtype=np.uint64))
    keys = [grouping.content_key(content, group_by) for content in contents]
    census.named[group_by] += len(keys) - keys.count(None)
    numbers = (
        grouping.number(f"={key}" if key is not None else f"#{at}") for key, at in zip(keys, positions, strict=True)
    )
    return np.fromiter(numbers, dtype=np.uint64, count=len(keys))


def _bits(digits: Sequence[str]) -> Column:
    """The first 64 bits of each of these hex digits, as uint64."""
    whole = "".join(digits)
    if len(whole) == _DIGITS * len(digits):  # all of them are as long as they may be
        return np.frombuffer(bytes.fromhex(whole), dtype=">u8")[:: _DIGITS // 16].astype(np.uint64)
    return np.fromiter((int(one[:16], 16) for one in digits), dtype=np.uint64, count=len(digits))


def _tags(tagged: Any, pks: Sequence[int]) -> Mapping[int, set[str]]:
    """The tags that the freezing looks at, by sample: all where they are strata, else the one that marks negatives."""
    rows = tagged.filter(sample__gte=min(pks), sample__lte=max(pks))
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
    """(side, positions that the snapshot has there), of these positions at least; none is later than its `upto`."""
    entries = SnapshotEntry.objects.filter(snapshot=earlier).order_by()
    if len(missing) <= FEW:
        yield from by_side(entries.filter(position__in=missing.tolist()))
        return
    upto = int(missing[-1])
    for start in range(int(missing[0]), upto + 1, RANGE):
        yield from by_side(entries.filter(position__gte=start, position__lte=min(start + RANGE - 1, upto)))


def by_side(entries: Any) -> Iterator[tuple[int, Column]]:
    """(side, positions of these entries there), side by side: so nothing but an index has to be read."""
    for side, name in enumerate(SIDES):
        found = fetched(entries.filter(split=name).values_list("position"))
        yield side, np.fromiter((position for (position,) in found), dtype=np.uint32, count=len(found))
