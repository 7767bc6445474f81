"""Many samples changed at once: planned, applied and undone, while one person saves elsewhere in the dataset.

    python -m benchmarks.bulk_change [ROWS]

Every sample has spaces around a hyphen, so that every one of them is fixed. Prints samples per second of each step,
the worker's processor time a sample and its peak memory, and how long the person's saves took meanwhile.
Bar: 1,000 samples/s applied.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.data import CONTRACT, sample
from benchmarks.stack import Door, Stack, spread

PAUSE = 0.2  # seconds between two saves of the person
SAVED = 2000  # samples at the end of the file that have nothing to fix: those the person works on
FINAL = ("ready", "done", "undone", "failed")


def lines(rows: int) -> Iterator[bytes]:
    """As `benchmarks.data`, but every answer holds a code with spaces around its hyphen."""
    for number in range(1, rows + SAVED + 1):
        record: dict[str, Any] = sample(number)
        answer = str(record["messages"][-1]["content"]).replace(" - ", "-").rstrip("。.")
        code = "AW12 - 02" if number <= rows else "AW12-02"
        record["messages"][-1]["content"] = f"{answer}，第{number}处用{code}。"
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


class Person(threading.Thread):
    """Saves one sample after the other until told to stop, as somebody does beside a bulk change."""

    def __init__(self, port: int, first: int, record: dict[str, Any]) -> None:
        super().__init__()
        self.door, self.next, self.messages = Door(port), first, record["messages"]
        self.times: list[float] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(PAUSE):
            self.messages[-1]["content"] = f"第{self.next}处换一种做法。"
            body = {"base_revision": 1, "messages": self.messages}
            started = time.perf_counter()
            status, answer = self.door.call("PATCH", f"/api/v1/samples/{self.next}/", body)
            self.times.append((time.perf_counter() - started) * 1000)
            assert status == 200, answer
            self.next += 1

    def told_to_stop(self) -> str:
        self.stopped.set()
        self.join()
        return spread(self.times)


def step(stack: Stack, name: str, change: str, rows: int, person: Person) -> None:
    """Wait until the change has come to the end of what it is at, and print how fast."""
    started, spent = time.perf_counter(), stack.cpu_seconds("worker")
    person.start()
    while (body := stack.door.call("GET", f"/api/v1/bulk-changes/{change}/")[1])["state"] not in FINAL:
        time.sleep(0.1)
    seconds, spent = time.perf_counter() - started, stack.cpu_seconds("worker") - spent
    print(
        f"{name:<6} {rows:>7,} samples  {rows / seconds:7,.0f}/s  {spent / rows * 1e6:5.0f} µs of processor each  "
        f"worker peak {stack.peak_mb('worker'):3.0f} MB\n       saves meanwhile  {person.told_to_stop()}"
    )
    assert (body["planned"], body["skipped"], body["error"]) == (rows, 0, None), body


def main(rows: int) -> None:
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        with file.open("wb") as out:
            out.writelines(lines(rows))
        dataset = stack.dataset(CONTRACT)
        stack.imported(dataset, file)
        stack.fresh_worker()
        listed = stack.door.call("GET", f"/api/v1/datasets/{dataset}/samples/?page_size=1")[1]["results"]
        behind = int(listed[0]["id"]) + rows  # the first that has nothing to fix

        def person(at: int) -> Person:
            return Person(stack.port, behind + at * SAVED // 4, sample(1))

        alone = person(0)
        alone.start()
        time.sleep(10)
        print(f"alone  saves            {alone.told_to_stop()}")
        body = {"kind": "fix", "what": {"rules": ["symbol-spacing"]}, "filter": {}}
        status, change = stack.door.call("POST", f"/api/v1/datasets/{dataset}/bulk-changes/", body)
        assert status == 202, change
        step(stack, "plan", change["id"], rows, person(1))
        for at, verb in ((2, "apply"), (3, "undo")):
            status, answer = stack.door.call("POST", f"/api/v1/bulk-changes/{change['id']}/{verb}/", {})
            assert status == 202, answer
            step(stack, verb, change["id"], rows, person(at))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
