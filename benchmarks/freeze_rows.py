"""Seconds of a snapshot, of its export, of a scan and of a comparison at a million, and the worker's memory.

    python -m benchmarks.freeze_rows [ROWS]

Bars: a snapshot of a million in less than 30 s, export at 20,000 rows/s or more, less than 300 MB in each process.

Samples and revisions are written straight into the tables: what an import costs, `import_rows` says. A twentieth
of them breaks a rule; a second snapshot is frozen after a thousand more have come, and compared with the first. One
worker freezes, exports and scans in turn; then each is done by one that did nothing before.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.stack import Stack, query, spread, timed

FILL = """
import django; django.setup()
from hashlib import blake2b, sha256
from django.utils import timezone
from datasets_app.models import Dataset, FindingRow, Revision, Sample
from datasets_app.pipeline import bulk
dataset = Dataset.objects.get(pk="{dataset}")
first, count, now = dataset.next_position, {count}, timezone.now()
SAMPLE = ("dataset_id", "position", "status", "split", "tokens", "worst", "findings_total", "has_rejected",
          "fingerprint", "question", "label", "cluster", "pinned", "title", "snippet", "revision_number", "changed_at")
REVISION = ("sample_id", "number", "payload", "content_hash", "origin", "reason", "at", "guideline_version",
            "rule_set_version", "style")
FINDING = ("dataset_id", "sample_id", "revision_id", "current", "rule", "severity", "path", "message",
           "rule_set_version", "waived")
text = "请检查基层是否干燥平整，含水率达标后再涂刷两遍底涂，每遍间隔两小时，注意边角处理。" * 4
def payload(n):
    return ('{{"messages":[{{"role":"user","content":"第%d号工地可以施工吗？"}},'
            '{{"role":"assistant","content":"%s"}}],"extras":{{"doc":"site-%d"}}}}' % (n, text, n % 997))
def sample(n):
    asked = blake2b(b"%d" % n, digest_size=16).hexdigest()
    wrong = n % 20 == 0
    return (dataset.pk, n, "accepted", "", 160, 3 if wrong else 0, 1 if wrong else 0, False, asked, asked,
            "", 0, "", "第%d号工地" % n, "", 1, now)
def revision(pk, n):
    content = payload(n)
    return (pk, 1, content, sha256(content.encode()).hexdigest(), "import", "", now, 1, "x", "")
for start in range(first, first + count, 20000):
    numbers = range(start, min(start + 20000, first + count))
    bulk.insert(Sample, SAMPLE, map(sample, numbers))
    pks = dict(Sample.objects.filter(dataset=dataset, position__gte=start).values_list("position", "pk"))
    bulk.insert(Revision, REVISION, (revision(pks[n], n) for n in numbers))
    at = dict(Revision.objects.filter(sample__dataset=dataset, sample__position__gte=start).order_by()
              .values_list("sample_id", "pk"))
    bulk.insert(FindingRow, FINDING, ((dataset.pk, pks[n], at[pks[n]], True, "echo", "error", "",
                                      {{"template": "x", "params": {{}}}}, "x", False)
                                     for n in numbers if n % 20 == 0))
Dataset.objects.filter(pk=dataset.pk).update(samples_total=first + count - 1, next_position=first + count)
"""


def main(rows: int) -> None:
    with Stack() as stack:
        dataset = stack.dataset({})
        stack.python(FILL.format(dataset=dataset, count=rows))
        stack.fresh_worker()
        with stage(stack, rows, "freeze  first"):
            first = frozen(stack, dataset)
        stack.python(FILL.format(dataset=dataset, count=1000))
        with stage(stack, rows, "freeze  again, sides kept"):
            second = frozen(stack, dataset)
        with stage(stack, rows, "export  in the same worker"):
            exported(stack, second)
        with stage(stack, rows, "scan    in the same worker"):
            scanned(stack, dataset)
        stack.fresh_worker()
        with stage(stack, rows, "export  in a worker that did nothing else"):
            exported(stack, second)
        stack.fresh_worker()
        with stage(stack, rows, "scan    in a worker that did nothing else"):
            scanned(stack, dataset)
        compared(stack, first, second)


@contextmanager
def stage(stack: Stack, rows: int, what: str) -> Iterator[None]:
    """Time by the clock, processor time of the workers and the highest memory of one of them so far."""
    before, started = {program: stack.cpu_seconds(program) for program in ("worker", "database")}, time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    spent = {program: stack.cpu_seconds(program) - before[program] for program in before}
    busy = sum(spent.values())
    database = f" ({spent['database']:.1f} of it in the database)" if spent["database"] else ""
    print(
        f"{what}: {seconds:.1f} s = {rows / seconds:,.0f} rows/s; {busy:.1f} s of processor time{database} = "
        f"{rows / busy:,.0f} rows/s; worker peak {stack.peak_mb('worker'):.0f} MB; load {os.getloadavg()[0]:.0f}",
        flush=True,
    )


def frozen(stack: Stack, dataset: str) -> str:
    return str(made(stack, f"/api/v1/datasets/{dataset}/snapshots/", "/api/v1/snapshots/"))


def exported(stack: Stack, snapshot: str) -> None:
    wanted = {"codec": "openai-chat", "split": "all", "waive": {"reason": "benchmark"}}
    made(stack, f"/api/v1/snapshots/{snapshot}/exports/", "/api/v1/exports/", wanted)


def scanned(stack: Stack, dataset: str) -> None:
    made(stack, f"/api/v1/datasets/{dataset}/scans/", "/api/v1/scans/")


def made(stack: Stack, path: str, one: str, wanted: dict[str, Any] | None = None) -> Any:
    status, body = stack.door.call("POST", path, wanted or {})
    assert status == 202, body
    return stack.wait(f"{one}{body['id']}/")["id"]


def compared(stack: Stack, first: str, second: str) -> None:
    """The comparison's first look, which counts, and then its pages."""
    path = f"/api/v1/snapshots/{second}/diff/?{query(against=first, kind='added')}"
    started = time.perf_counter()
    status, found = stack.door.call("GET", path)
    assert status == 200, found
    print(f"compare {found['counts']} in {time.perf_counter() - started:.1f} s")

    def look(number: int) -> int:
        status, _ = stack.door.call("GET", path)
        return int(status)

    print(f"        then a page: {spread(timed(20, look))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
