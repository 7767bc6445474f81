"""A save with revision, findings and conflict check: alone, and with eight people at once for twenty seconds.

    python -m benchmarks.save [ROWS]

Bars at 100,000 samples: p50 < 12 ms, p95 < 30 ms; 8 writers ≥ 150 saves/s with no error.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.data import CONTRACT, sample, write
from benchmarks.stack import Door, Stack, spread, timed, together

SECONDS, PEOPLE = 20, 8


def edited(number: int, round_: int) -> list[object]:
    messages = [dict(message) for message in sample(number)["messages"]]  # type: ignore[attr-defined]
    messages[-1]["content"] = str(messages[-1]["content"])[:-1] + f"，第{round_}次修改。"
    return messages


def main(rows: int) -> None:
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        write(file, rows)
        dataset = stack.dataset(CONTRACT)
        stack.imported(dataset, file)
        first = stack.door.call("GET", f"/api/v1/datasets/{dataset}/samples/?page_size=1")[1]["results"][0]["id"]

        def save(door: Door, number: int, round_: int) -> int:
            body = {"base_revision": round_, "messages": edited(number, round_), "client_id": f"{number}-{round_}"}
            return door.call("PATCH", f"/api/v1/samples/{first + number - 1}/", body)[0]

        timed(20, lambda n: save(stack.door, n + 1, 1))
        print("save    one person      ", spread(timed(400, lambda n: save(stack.door, n + 101, 1))))

        times: list[float] = []
        faults: list[int] = []

        def work(person: int) -> None:
            door, number = Door(stack.port), 1000 + person * 5000
            end = time.perf_counter() + SECONDS
            while time.perf_counter() < end:
                number += 1
                started = time.perf_counter()
                status = save(door, number, 1)
                times.append((time.perf_counter() - started) * 1000)
                if status != 200:
                    faults.append(status)

        together(PEOPLE, work)
        print(
            f"save    {PEOPLE} people for {SECONDS} s  {len(times) / SECONDS:.0f} saves/s, {len(faults)} errors ",
            spread(times),
        )
        counted = stack.python(
            "import django; django.setup()\n"
            "from datasets_app.models import Revision\n"
            "print(Revision.objects.filter(number=2).count())"
        )
        assert int(counted) == len(times) + 420 - len(faults), (counted, len(times))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
