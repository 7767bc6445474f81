"""A dataset of a million samples: imported by the real road, listed and searched in every way the page offers, graded
again, frozen and exported, frozen with as many general samples mixed in; with what each step holds in memory.

    python -m benchmarks.million [ROWS] [FOLDER]
    FTSTUDIO_WORKERS=1 python -m benchmarks.million        # all of it in one worker process

With a folder the installation stays there, and a second run leaves the import out. What months of work would have
added (statuses, tags, sides, labels, clusters) is set by SQL, see benchmarks/arranging.py; everything else goes
through the web and the workers. Bars: list p95 < 60 ms on any page under any filter, search p95 < 300 ms, snapshot
< 30 s, each process < 300 MB.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.arranging import CODE
from benchmarks.data import CONTRACT, write
from benchmarks.freeze_rows import made
from benchmarks.list_pages import LOGIN
from benchmarks.mix_rows import GENERAL
from benchmarks.stack import Door, Stack, query, spread, timed

FILTERS: tuple[dict[str, str], ...] = (
    {},
    *({"status": status} for status in ("pending", "accepted", "rejected", "skipped", "flagged")),
    *({"split": side} for side in ("train", "validation", "test")),
    *({"worst": worst} for worst in ("error", "warning", "clean")),
    *({"rule": rule} for rule in ("terminal-punctuation", "symbol-spacing", "echo")),
    *({"tag": tag} for tag in ("常用", "少用", "罕用")),
    *({"label": label} for label in ("常见", "有时", "罕见")),
    {"cluster": "5000"},
    {"status": "flagged", "split": "train"},
    {"status": "pending", "worst": "error"},
    {"status": "pending", "split": "test", "worst": "clean"},
    {"split": "test", "rule": "terminal-punctuation"},
    {"status": "accepted", "rule": "symbol-spacing", "tag": "常用"},
    {"label": "有时", "worst": "error"},
    {"tag": "少用", "label": "常见"},
)
WORDS = ("防水", "可以", "涂", "瓷砖胶", "不存在", "AW30-02", "primer", "zz", "卫生间要用AW12-02做防水涂料")
BESIDE: tuple[dict[str, str], ...] = (
    {"q": "可以", "status": "flagged"},
    {"q": "防水", "status": "accepted"},
    {"q": "瓷砖胶", "rule": "terminal-punctuation"},
    {"q": "primer", "tag": "少用"},
    {"q": "可以", "split": "test", "worst": "error"},
)
RULES = {**CONTRACT, "text": {**CONTRACT["text"], "characters": {"max": 150}}}  # type: ignore[dict-item]


def main(rows: int, folder: str) -> None:
    with Stack(folder=folder, FTSTUDIO_UPLOAD_MAX_BYTES=str(8 << 30)) as stack:
        dataset = stack.found_dataset() or imported(stack, rows)
        scanned(stack, dataset)
        listed(stack, dataset, rows)
        checked(stack, dataset, rows)
        scanned(stack, dataset)
        frozen(stack, dataset, rows)
        mixed(stack, dataset, rows)
        print(f"memory  web peak {stack.peak_mb('web'):.0f} MB")


def imported(stack: Stack, rows: int) -> str:
    file = Path(stack.folder.name) / "rows.jsonl"
    size = write(file, rows)
    dataset = stack.dataset(CONTRACT)
    upload, seconds = stack.imported(dataset, file)
    assert upload["rows_accepted"] == rows, upload
    file.unlink()
    print(f"import  {rows} rows, {size >> 20} MB: {rows / seconds:,.0f} rows/s, {held(stack)}")
    stack.python(CODE.format(dataset=dataset))
    return dataset


def scanned(stack: Stack, dataset: str) -> None:
    """Wait until the scan is over that an import or a check has asked for: what follows has the machine to itself."""
    started = time.perf_counter()
    while any(
        scan["state"] in ("waiting", "running")
        for scan in stack.door.call("GET", f"/api/v1/datasets/{dataset}/scans/")[1]["results"]
    ):
        time.sleep(0.5)
    print(f"scan    waited for {time.perf_counter() - started:.0f} s, {held(stack)}")


def held(stack: Stack) -> str:
    """The highest memory of a worker since this was last asked."""
    peak = stack.peak_mb("worker")
    stack.new_peaks("worker")
    return f"worker peak {peak:.0f} MB"


def listed(stack: Stack, dataset: str, rows: int) -> None:
    """The samples part of the dataset page, as htmx asks for it: first page, the middle, the last one."""
    session = stack.python(LOGIN).strip()
    door = Door(stack.port)

    def page(fields: dict[str, str]) -> int:
        headers = {"Cookie": f"sessionid={session}", "HX-Request": "true", "HX-Target": "samples"}
        answer = door.ask("GET", f"/datasets/{dataset}/?{query(**fields)}", headers=headers)
        answer.read()
        return answer.status

    def times(asked: dict[str, str]) -> Iterator[float]:
        for cursor in ("", f">{rows // 2}", f"<{rows + 1}"):
            yield from timed(7, lambda _: page({**asked, **({"cursor": cursor} if cursor else {})}))[1:]  # noqa: B023

    timed(10, lambda _: page({}))
    for kind, choices in (("list  ", FILTERS), ("search", (*({"q": word} for word in WORDS), *BESIDE))):
        everything: list[float] = []
        for asked in choices:
            mine = list(times(asked))
            everything += mine
            print(f"{kind}  {query(**asked) or 'everything':<60.60} {spread(mine)}")
        print(f"{kind}  ALL {spread(everything)}")


def checked(stack: Stack, dataset: str, rows: int) -> None:
    now = stack.door.call("GET", f"/api/v1/datasets/{dataset}/")[1]["contract"]
    started = time.perf_counter()
    other = CONTRACT if now == RULES else RULES  # an earlier run has left the one or the other
    status, body = stack.door.call("PATCH", f"/api/v1/datasets/{dataset}/", {"contract": other})
    assert status == 200, body
    while stack.door.call("GET", f"/api/v1/datasets/{dataset}/")[1]["checking"]:
        time.sleep(0.2)
    print(f"check   {rows / (time.perf_counter() - started):,.0f} rows/s, {held(stack)}")


def frozen(stack: Stack, dataset: str, rows: int) -> None:
    started = time.perf_counter()
    snapshot = stack.door.call("POST", f"/api/v1/datasets/{dataset}/snapshots/", {})[1]
    snapshot = stack.wait(f"/api/v1/snapshots/{snapshot['id']}/")
    print(f"freeze  {time.perf_counter() - started:.1f} s, {held(stack)}")
    started = time.perf_counter()
    asked = {"codec": "openai-chat", "split": "all", "waive": {"reason": "benchmark"}}
    status, export = stack.door.call("POST", f"/api/v1/snapshots/{snapshot['id']}/exports/", asked)
    assert status == 202, export
    stack.wait(f"/api/v1/exports/{export['id']}/")
    print(f"export  {rows / (time.perf_counter() - started):,.0f} rows/s, {held(stack)}")


def mixed(stack: Stack, dataset: str, rows: int) -> None:
    """A snapshot of half own samples and half general ones, which are written straight into the tables."""
    general = stack.dataset({}, f"general {time.time():.0f}")
    stack.python(GENERAL.format(dataset=general, count=rows))
    held(stack)
    started = time.perf_counter()
    wanted = {"mix": {"dataset": general, "percent": 50}}
    snapshot = made(stack, f"/api/v1/datasets/{dataset}/snapshots/", "/api/v1/snapshots/", wanted)
    n = stack.door.call("GET", f"/api/v1/snapshots/{snapshot}/")[1]["counts"]["mixed"]
    print(f"mix     {n} general samples: {time.perf_counter() - started:.1f} s, {held(stack)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
