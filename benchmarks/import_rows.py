"""Rows a second from the upload's answer to the last searchable row: parse, rules, rows, trigram index.

    python -m benchmarks.import_rows [ROWS]

Bar: 100,000 samples of about 600 bytes at 3,000 rows/s or more, worker memory below 250 MB whatever the size.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.data import CONTRACT, write
from benchmarks.stack import Stack


def main(rows: int) -> None:
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        size = write(file, rows)
        before = stack.cpu_seconds("worker")
        upload, seconds = stack.imported(stack.dataset(CONTRACT), file)
        spent = stack.cpu_seconds("worker") - before
        assert upload["rows_accepted"] == rows, upload
        print(f"import  {rows} rows of {size // rows} bytes in {seconds:.1f} s = {rows / seconds:,.0f} rows/s")
        print(f"        {spent / rows * 1e6:.0f} µs of processor time a row in the workers")
        print(f"        worker peak {stack.peak_mb('worker'):.0f} MB, web peak {stack.peak_mb('web'):.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
