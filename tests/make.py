"""Things that tests need, made by plain functions through the real services where that is cheap."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from datasets_app.core import samples as core
from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, Export, FindingRow, Revision, Sample, SampleTag, Snapshot, Upload
from datasets_app.pipeline import freeze as freezing
from datasets_app.pipeline import ingest as ingesting
from datasets_app.pipeline import write_export as exporting
from datasets_app.services import datasets, exports, snapshots, uploads
from ftstudio.accounts.models import Project, User

Record = dict[str, Any]


def chat(question: str, answer: str, system: str | None = None, **others: Any) -> Record:
    """A record in the openai-chat format; `others` are its other keys."""
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    if system is not None:
        turns.insert(0, {"role": "system", "content": system})
    return {"messages": turns, **others}


def chats(count: int) -> list[Record]:
    """That many different, harmless records."""
    return [chat(f"第{n}天下雨吗？", f"第{n}天不会下雨。") for n in range(1, count + 1)]


def jsonl(records: Iterable[Record]) -> bytes:
    """The records as a file that our own export would write the same."""
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def dataset(
    actor: User, project: Project, name: str = "Rain or shine", contract: Mapping[str, Any] | None = None, **how: Any
) -> Dataset:
    return datasets.create(actor=actor, project=project, name=name, contract=contract, **how)


def upload(actor: User, into: Dataset, data: bytes, name: str = "rows.jsonl", **how: Any) -> Upload:
    """A file that has arrived and waits for its import."""
    return uploads.receive(actor=actor, dataset=into, file=io.BytesIO(data), name=name, **how)


def imported(actor: User, into: Dataset, data: bytes | Iterable[Record], **how: Any) -> Upload:
    """A file whose import has ended, by the real pipeline."""
    arrived = upload(actor, into, data if isinstance(data, bytes) else jsonl(data), **how)
    ingesting.ingest(arrived.pk)
    arrived.refresh_from_db()
    return arrived


def sample(actor: User, into: Dataset, question: str = "会下雨吗？", answer: str = "会下雨。", **others: Any) -> Sample:
    """One imported sample."""
    imported(actor, into, [chat(question, answer, **others)], again=True)
    return Sample.objects.select_related("dataset__project").filter(dataset=into).latest("position")


def turns_of(one: Sample) -> list[dict[str, Any]]:
    """The messages that the sample shows now, in the storage form, to be changed and saved."""
    return content_of(one)["messages"]


def content_of(one: Sample) -> dict[str, Any]:
    """What the sample's newest revision holds, in the storage form."""
    newest = Revision.objects.filter(sample=one).order_by("-number").first()
    return core.to_data(core.from_json(newest.payload))


def corrected(one: Sample, answer: str) -> list[dict[str, Any]]:
    """The sample's messages with another answer."""
    turns = turns_of(one)
    return [*turns[:-1], {**turns[-1], "content": answer}]


def snapshot(actor: User, of: Dataset, **how: Any) -> Snapshot:
    """A snapshot that has been built."""
    frozen = snapshots.freeze(actor=actor, dataset=of, **how)
    freezing.freeze(frozen.pk)
    frozen.refresh_from_db()
    return frozen


def export(actor: User, of: Snapshot, codec: str = "openai-chat", **how: Any) -> Export:
    """An export that has been written."""
    written = exports.create(actor=actor, snapshot=of, codec=codec, **how)
    exporting.write_export(written.pk)
    written.refresh_from_db()
    return written


def counted(of: Dataset) -> dict[str, dict[str, int]]:
    """The counters as they should be, counted from the rows themselves: what `datasets.counts` must equal."""
    rows = Sample.objects.filter(dataset=of)
    names = {rank: severity or "clean" for severity, rank in RANK.items()}
    stands = FindingRow.objects.current().filter(sample__in=rows, waived=False)
    pairs = set(stands.order_by().values_list("sample", "rule"))
    found = {
        "status": Counter(rows.values_list("status", flat=True)),
        "rule": Counter(rule for _, rule in pairs),
        "split": Counter(split for split in rows.values_list("split", flat=True) if split),
        "tag": Counter(SampleTag.objects.filter(sample__in=rows).values_list("name", flat=True)),
        "worst": Counter(names[rank] for rank in rows.values_list("worst", flat=True)),
    }
    return {kind: dict(sorted(counter.items())) for kind, counter in found.items()}
