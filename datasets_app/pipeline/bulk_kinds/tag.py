"""Put a tag on samples, or take it off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Sample, SampleTag
from datasets_app.models.bulk_change import EntryState
from ftstudio.errors import InvalidInput, Text

from .base import Counted, Kind, Parameter, Plan, Rows, Write, skip

ADD, REMOVE = "add", "remove"
LONGEST = 40
MOST = 20  # tags of one sample

_FULL = Text("It has {n} tags already.", n=MOST)


class Tag(Kind):
    """`what` is {"tag": name, "do": "add" or "remove"}."""

    name = "tag"
    label = Text("Tag")
    help = Text("Put a tag on all samples of this part of the list, or take it off.")
    order = 40

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        name = " ".join(str(what.get("tag") or "").replace("\x00", "").split())
        if not name or len(name) > LONGEST:
            raise InvalidInput(what=Text("Give the tag a name of at most {n} characters.", n=LONGEST))
        do = what.get("do") or ADD
        if do not in (ADD, REMOVE):
            raise InvalidInput(
                what=Text("A tag can be put on ({add}) or taken off ({remove}).", add=ADD, remove=REMOVE)
            )
        return {"tag": name, "do": do}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return (
            Parameter("do", Text("What to do"), choices=((ADD, Text("Put it on")), (REMOVE, Text("Take it off")))),
            Parameter("tag", Text("Tag"), longest=LONGEST),
        )

    def says(self, what: Mapping[str, Any]) -> Text:
        if what["do"] == ADD:
            return Text("Put on the tag “{tag}”", tag=what["tag"])
        return Text("Take off the tag “{tag}”", tag=what["tag"])

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        name, adding = change.what["tag"], change.what["do"] == ADD
        tags = _tags([row.pk for row in rows])
        for row in rows:
            has = tags.get(row.pk, ())
            if adding and name not in has:
                edit = Edit("/tags", "", name)
                yield row, Plan((edit,), {name: 1}) if len(has) < MOST else Plan(refused=_FULL)
            elif not adding and name in has:
                yield row, Plan((Edit("/tags", name, ""),), {name: 1})

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        return _writing(change, entries, adding=change.what["do"] == ADD, became=EntryState.APPLIED)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        return _writing(change, entries, adding=change.what["do"] != ADD, became=EntryState.UNDONE)


def _writing(change: BulkChange, entries: Sequence[BulkChangeEntry], *, adding: bool, became: EntryState) -> Write:
    name = change.what["tag"]
    else_ = EntryState.SKIPPED if became == EntryState.APPLIED else EntryState.KEPT

    def write(rows: Rows, counted: Counted) -> None:
        tags = _tags(list(rows))
        changed = []
        for entry in entries:
            has = tags.get(entry.sample_id, ())
            if entry.sample_id not in rows or (name in has) == adding or (adding and len(has) >= MOST):
                skip(entry, else_)
            else:
                changed.append(entry.sample_id)
                entry.state = became
        if adding:
            SampleTag.objects.bulk_create(
                SampleTag(dataset_id=change.dataset_id, sample_id=pk, name=name) for pk in changed
            )
        else:
            SampleTag.objects.filter(sample__in=changed, name=name).delete()
        counted["tag", name] += len(changed) if adding else -len(changed)

    return Write(write)


def _tags(pks: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for pk, name in SampleTag.objects.filter(sample__in=pks).order_by().values_list("sample_id", "name"):
        found.setdefault(pk, set()).add(name)
    return found


KIND = Tag()
