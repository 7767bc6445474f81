"""Seconds from `manage.py up` on an empty folder to the first page, and again on the same folder.

    python -m benchmarks.cold_start

Bar: < 3 s.
"""

from __future__ import annotations

import statistics

from benchmarks.stack import Stack


def main(runs: int = 5) -> None:
    times = []
    for _ in range(runs):
        with Stack() as stack:
            times.append(stack.seconds_to_first_page)
    print(
        f"start   empty folder to first page: median {statistics.median(times):.2f} s, "
        f"worst {max(times):.2f} s, n {runs}"
    )


if __name__ == "__main__":
    main()
