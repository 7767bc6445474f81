"""A snapshot that mixes as many general samples in as it has of its own: seconds, and the worker's memory.

    python -m benchmarks.mix_rows [ROWS]

Bar: less than 300 MB in each process at a million. Own and general samples are written straight into the tables; a
tenth of the own ones is validation, with which every general one is compared.
"""

from __future__ import annotations

import sys

from benchmarks.freeze_rows import FILL, made, stage
from benchmarks.stack import Stack

# Other questions, and answers that are nothing like ours.
GENERAL = FILL.replace('b"%d" % n', 'b"general %d" % n').replace(
    "(n, text, n % 997)", '(n, sha256(b"%d" % n).hexdigest() * 3, n % 997)'
)


def main(rows: int) -> None:
    with Stack() as stack:
        own, general = stack.dataset({}), stack.dataset({}, "general")
        stack.python(FILL.format(dataset=own, count=rows))
        stack.python(GENERAL.format(dataset=general, count=rows))
        for percent in (5, 47):
            stack.fresh_worker()
            with stage(stack, rows, f"freeze  {percent} % mixed in"):
                wanted = {"mix": {"dataset": general, "percent": percent}}
                snapshot = made(stack, f"/api/v1/datasets/{own}/snapshots/", "/api/v1/snapshots/", wanted)
            counts = stack.door.call("GET", f"/api/v1/snapshots/{snapshot}/")[1]["counts"]
            print(f"        {counts['mixed']} of {counts['mixed_wanted']} mixed in, {counts['mixed_near']} too near")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
