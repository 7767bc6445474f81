"""Rows a second from the upload's answer to the last searchable row: parse, rules, rows, trigram index.

    python -m benchmarks.import_rows [ROWS]

Bars, 100,000 samples of about 600 bytes: 4,000 rows/s with one worker process, 6,500 with two; memory of each below
300 MB whatever the size. Processor time is printed, too: on a machine with other work it says more than the clock.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.data import CONTRACT, write
from benchmarks.stack import Stack


def main(rows: int) -> None:
    for crew in ("1", "2"):
        measure(rows, crew)


def measure(rows: int, crew: str) -> None:
    with Stack(FTSTUDIO_WORKERS=crew) as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        size = write(file, rows)
        before = {program: stack.cpu_seconds(program) for program in ("worker", "database")}
        upload, seconds = stack.imported(stack.dataset(CONTRACT, f"bench {crew}"), file)
        spent = {program: stack.cpu_seconds(program) - before[program] for program in before}
        assert upload["rows_accepted"] == rows, upload
        print(f"import  {crew} worker(s), {rows} rows of {size // rows} bytes: {rows / seconds:,.0f} rows/s")
        taken = ", ".join(f"{spent[program] / rows * 1e6:.0f} in the {program}" for program in spent if spent[program])
        print(f"        µs of processor time a row: {taken}; load {os.getloadavg()[0]:.0f}")
        print(f"        worker peak {stack.peak_mb('worker'):.0f} MB, web peak {stack.peak_mb('web'):.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
