"""Seconds, recall, precision and memory of the search for near duplicates; then of a whole scan in the worker.

    python -m benchmarks.near_duplicates [ROWS]

Short samples (25 to 160 characters, Chinese and English), of which one in 25 is an edited copy of another one: one to
three characters in 40 changed, added or taken away. What counts as planted are the copies that are alike in at least
70 % of their groups of three characters, measured exactly. Recall is the share of them that lands in one cluster with
its original, precision the share of all pairs in clusters that are alike so much, on a sample of 20,000 pairs.

Bars for 100,000: < 45 s, recall >= 0.95, < 600 MB.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from itertools import combinations, islice
from pathlib import Path

from benchmarks.data import NOUNS, PLACES, VERBS, WORDS
from benchmarks.stack import Stack

EVERY = 25
ALIKE = 0.7


def texts(count: int, seed: int = 7) -> tuple[list[str], list[tuple[int, int]]]:
    """The texts, and (original, copy) of those that were planted."""
    chance = random.Random(seed)
    made: list[str] = []
    planted: list[tuple[int, int]] = []
    for number in range(count):
        if number % EVERY == EVERY - 1:
            original = chance.randrange(number)
            planted.append((original, number))
            made.append(edited(made[original], chance))
        else:
            made.append(fresh(chance))
    return made, planted


def fresh(chance: random.Random) -> str:
    if chance.random() < 0.25:
        rare = ("".join(chance.choices("abcdefghijklmnopqrstuvw", k=chance.randint(2, 9))) for _ in range(22))
        return " ".join(chance.choice((word, chance.choice(WORDS))) for word in islice(rare, chance.randint(5, 22)))
    parts = []
    while sum(map(len, parts)) < chance.randint(25, 120):
        rare = "".join(chr(chance.randint(0x4E00, 0x6E00)) for _ in range(chance.randint(1, 4)))
        parts.append(chance.choice((chance.choice(PLACES), chance.choice(VERBS), chance.choice(NOUNS), rare)))
    return "".join(parts)


def edited(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) * chance.randint(1, 3) // 40)):
        at = chance.randrange(len(letters))
        letters[at] = chance.choice(("", letters[at] + "新", "改"))
    return "".join(letters)


def grams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)} or {text}


def alike(one: str, other: str) -> bool:
    a, b = grams(one), grams(other)
    return len(a & b) >= ALIKE * len(a | b)


def search(rows: int) -> None:
    """In a process of its own, so that its memory is that of the search."""
    from datasets_app.core.examples import chat
    from datasets_app.core.sets.grams import bare, folded
    from datasets_app.core.sets.near import NearIndex

    made, planted = texts(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    with NearIndex() as index:
        for at in range(0, rows, 2000):
            index.add(bare([folded(chat(text, "好")) for text in made[at : at + 2000]]))
        sketched = time.perf_counter() - started
        found = index.clusters().tolist()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    compared = bare([folded(chat(text, "好")) for text in made])
    true = [(a, b) for a, b in planted if alike(compared[a], compared[b])]
    hits = sum(found[a] >= 0 and found[a] == found[b] for a, b in true)
    groups: dict[int, list[int]] = {}
    for at, first in enumerate(found):
        if first >= 0:
            groups.setdefault(first, []).append(at)
    pairs = [pair for group in groups.values() for pair in combinations(group[:50], 2)]
    looked = random.Random(1).sample(pairs, min(len(pairs), 20_000))
    right = sum(alike(compared[a], compared[b]) for a, b in looked)
    print(
        f"near    {rows} samples in {seconds:.1f} s ({sketched:.1f} s of it sketches), "
        f"recall {hits / len(true):.3f} of {len(true)} planted, precision {right / len(looked):.3f}, "
        f"{len(groups)} clusters, peak {peak:.0f} MB ({peak - before:.0f} MB above the texts)"
    )


def scan(rows: int) -> None:
    """The whole scan of an imported dataset, by the worker: every set rule, every measure, findings written."""
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        with file.open("w", encoding="utf-8") as stream:
            for text in texts(rows)[0]:
                turns = [{"role": "user", "content": text}, {"role": "assistant", "content": "好"}]
                stream.write(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")
        dataset = stack.dataset({})
        stack.imported(dataset, file)
        for attempt in ("first", "again"):
            wait_for_all(stack, dataset)
            stack.fresh_worker()
            started = time.perf_counter()
            status, asked = stack.door.call("POST", f"/api/v1/datasets/{dataset}/scans/", {})
            assert status == 202, asked
            done = stack.wait(f"/api/v1/scans/{asked['id']}/")
            seconds = time.perf_counter() - started
            said = done["report"]["near-duplicate"]
            print(
                f"scan    {attempt}: {rows} samples in {seconds:.1f} s = {rows / seconds:,.0f} rows/s, "
                f"{said['samples']} in {said['clusters']} clusters, worker peak {stack.peak_mb('worker'):.0f} MB"
            )


def wait_for_all(stack: object, dataset: str) -> None:
    """The import asks for a scan of its own: let it end."""
    while any(
        one["state"] in ("waiting", "running")
        for one in stack.door.call("GET", f"/api/v1/datasets/{dataset}/scans/")[1]["results"]
    ):  # type: ignore[attr-defined]
        time.sleep(0.5)  # fmt: skip


if __name__ == "__main__":
    wanted = [word for word in sys.argv[1:] if word != "--search"]
    size = int(wanted[0]) if wanted else 100_000
    if "--search" in sys.argv:
        search(size)
    else:
        subprocess.run([sys.executable, "-m", "benchmarks.near_duplicates", str(size), "--search"], check=True)
        scan(size)
