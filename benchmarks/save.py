"""A save with revision, findings and conflict check: alone, and with eight people at once for twenty seconds.

    python -m benchmarks.save [ROWS]

Bars at 100,000 samples: p50 < 12 ms, p95 < 30 ms; 8 writers ≥ 150 saves/s with no error.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.data import CONTRACT, sample, write
from benchmarks.stack import Door, Stack, spread, timed, together

SECONDS, PEOPLE, EACH = 20, 8, 2000
HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}


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

        def written(number: int) -> tuple[str, str]:
            """Address and body of one save; made before the clock starts, because people type on their own machines."""
            body = {"base_revision": 1, "messages": edited(number, 1), "client_id": f"{number}-1"}
            return f"/api/v1/samples/{first + number - 1}/", json.dumps(body)

        def send(door: Door, request: tuple[str, str]) -> int:
            answer = door.ask("PATCH", request[0], request[1], HEADERS)
            answer.read()
            return answer.status

        alone = [written(number) for number in range(1, 421)]
        timed(20, lambda n: send(stack.door, alone[n]))
        print("save    one person      ", spread(timed(400, lambda n: send(stack.door, alone[n + 20]))))

        desks = [[written(1000 + person * EACH + n) for n in range(EACH)] for person in range(PEOPLE)]
        times: list[float] = []
        faults: list[int] = []

        def work(person: int) -> None:
            door = Door(stack.port)
            end = time.perf_counter() + SECONDS
            for request in desks[person]:
                started = time.perf_counter()
                if started > end:
                    return
                status = send(door, request)
                times.append((time.perf_counter() - started) * 1000)
                if status != 200:
                    faults.append(status)
            raise SystemExit("a person ran out of samples: raise EACH")

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
