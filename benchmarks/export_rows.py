"""Rows a second of an export, from the request's answer to the finished file, and the worker's memory.

    python -m benchmarks.export_rows [ROWS]

Bar: 100,000 samples at 20,000 rows/s or more with less than 200 MB. The worker's processor time is printed too: on a
machine with other work it says more than the clock.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.data import CONTRACT, write
from benchmarks.stack import Stack


def main(rows: int) -> None:
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        write(file, rows)
        dataset = stack.dataset(CONTRACT)
        stack.imported(dataset, file)
        started = time.perf_counter()
        snapshot = stack.door.call("POST", f"/api/v1/datasets/{dataset}/snapshots/", {})[1]
        snapshot = stack.wait(f"/api/v1/snapshots/{snapshot['id']}/")
        print(f"freeze  {rows} rows in {time.perf_counter() - started:.1f} s")
        print(f"        worker peak {stack.peak_mb('worker'):.0f} MB after import and freeze")
        stack.fresh_worker()
        for attempt in ("first", "again"):
            busy, started = stack.cpu_seconds("worker"), time.perf_counter()
            status, export = stack.door.call(
                "POST",
                f"/api/v1/snapshots/{snapshot['id']}/exports/",
                {"codec": "openai-chat", "split": "all", "waive": {"reason": "benchmark"}},
            )
            assert status == 202, export
            export = stack.wait(f"/api/v1/exports/{export['id']}/")
            seconds = time.perf_counter() - started
            busy = stack.cpu_seconds("worker") - busy
            print(
                f"export  {attempt}: {rows} rows in {seconds:.1f} s = {rows / seconds:,.0f} rows/s, {busy:.1f} s of cpu"
            )
        print(f"        worker peak {stack.peak_mb('worker'):.0f} MB in a worker that did nothing but both exports")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
