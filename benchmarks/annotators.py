"""Fifty annotators at one dataset: what they wait for, and whether anything of theirs is lost, doubled or shared.

    python -m benchmarks.annotators [--people 50] [--seconds 60] [--rows 5000] [--overlap 1] [--think 1 3] [--folder …]
    python tests/services.py python -m benchmarks.annotators         # on PostgreSQL and Redis

Through the real web as `manage.py up` runs it. Between two actions a person thinks for 1 to 3 seconds; `--think 0 0` is
nobody's day, but shows where the end is. Bars: no fault, nothing lost or doubled, no sample before two people; p95 of
save and of next < 150 ms on PostgreSQL and Redis.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from benchmarks.crowd import COMPARE, JOIN, VERBS, Crowd, Log
from benchmarks.data import CONTRACT, write
from benchmarks.stack import Stack, spread


def main(asked: argparse.Namespace) -> int:
    where = "PostgreSQL and Redis" if os.environ.get("DATABASE_URL") else "the embedded default"
    with Stack(folder=asked.folder) as stack:
        dataset = stack.found_dataset()
        if not dataset:
            file = Path(stack.folder.name) / "rows.jsonl"
            write(file, asked.rows)
            dataset = stack.dataset(CONTRACT)
            stack.imported(dataset, file)
        stack.python(JOIN.format(project=stack.project, people=asked.people))
        if asked.overlap > 1:
            status, said = stack.door.call(
                "PATCH", f"/api/v1/datasets/{dataset}/", {"mode": "overlap", "overlap": asked.overlap}
            )
            assert status == 200, said
        crowd = Crowd(
            port=stack.port,
            dataset=dataset,
            people=asked.people,
            think=tuple(asked.think),
            overlap=asked.overlap,
            seed=int(time.time()),
        )
        before, end = stack.cpu_seconds("web"), time.monotonic() + asked.seconds
        started = time.monotonic()
        log = Log()
        crowd.work(lambda: time.monotonic() > end, log)
        took = time.monotonic() - started
        print(f"{asked.people} annotators for {asked.seconds} s on {where}, overlap {asked.overlap}, "
              f"thinking {asked.think[0]:g} to {asked.think[1]:g} s; load {os.getloadavg()[0]:.1f}")  # fmt: skip
        for verb in VERBS:
            if times := log.times[verb]:
                print(f"  {verb:7}", spread(times))
        calls = sum(map(len, log.times.values()))
        processor = (stack.cpu_seconds("web") - before) / max(1, calls) * 1000
        print(f"  {calls / took:.1f} requests/s, {len(log.given) / took:.1f} verdicts/s, "
              f"{processor:.1f} ms of the web's processor time a request")  # fmt: skip
        return report(stack, log, asked.overlap)


def report(stack: Stack, log: Log, overlap: int) -> int:
    """What the database says to what was acknowledged. How many things are wrong."""
    file = Path(stack.folder.name) / "acknowledged.json"
    file.write_text(log.as_json(overlap))
    said = json.loads(stack.python(COMPARE.format(path=str(file))))
    wrong = [*log.faults(), *log.wrong, *log.shared(overlap), *said["wrong"]]
    print(f"  {len(log.given)} verdicts and {len(log.saved)} saves acknowledged, {said['there']} verdicts in the "
          f"database, {log.repeats.total()} requests repeated, {len(wrong)} things wrong")  # fmt: skip
    for one in wrong[:20]:
        print("  !", one)
    return len(wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--overlap", type=int, default=1)
    parser.add_argument("--think", type=float, nargs=2, default=(1.0, 3.0))
    parser.add_argument("--folder", default="")
    raise SystemExit(1 if main(parser.parse_args()) else 0)
