"""Rows graded per second: by one process as far as an import does it before it stores anything (read, decode, check),
and then as `manage.py grade` does it, with the rules about the set, near duplicates and tokens, on all cores.

A contract with all text rules, the same with exact tokens (o200k), the same with values looked up in the source, and a
JSON contract. Bars: 12,000, 6,000 and 20,000 rows/s. The first part is measured in seconds of the processor, so that a
busy machine does not blur them; the second one by the clock, and beside it what one core did by itself.

    python -m benchmarks.grade_rows [--rows 100000] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import pstats
import random
import resource
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import data
from datasets_app.core import contracts, grading, jsonl
from datasets_app.core.codecs import CODECS
from datasets_app.core.engine import Checker
from ftstudio.forks import cores, in_order

TEXT = {
    "text": {
        "ends_with": ["。", "."], "sentences": {"max": 3}, "characters": {"max": 400}, "no_echo": True,
        "no_repeated_punctuation": True, "scripts": ["Han", "Latin"], "forbid": ["(?i)as an ai"],
        "no_copied_example": True,
    },
    "symbols": {"tight": ["-", "/"], "verbatim": True},
}  # fmt: skip
JSON = {
    "json": {
        "schema": {
            "type": "object",
            "required": ["product", "site", "steps"],
            "additionalProperties": False,
            "properties": {
                "product": {"type": "string", "pattern": "^[A-Z]+[0-9]+-[0-9A-Z]+$"},
                "site": {"type": "string"},
                "steps": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["what", "minutes"]}},
            },
        }
    }
}


GROUNDED = {**TEXT, "text": {**TEXT["text"], "grounded": ["numbers"]}}


def json_lines(count: int) -> Iterable[bytes]:
    """Extraction samples: a report in, its facts as JSON out; one in twenty breaks the schema."""
    for number in range(1, count + 1):
        chance = random.Random(number)
        steps = [{"what": chance.choice(data.VERBS), "minutes": chance.randint(1, 60)} for _ in range(4)]
        answer = {"product": chance.choice(data.CODES), "site": chance.choice(data.PLACES), "steps": steps}
        if chance.random() < 0.05:
            del answer["site"]
        told = "，".join(f"{step['what']}{step['minutes']}分钟" for step in steps)
        messages = [
            {"role": "system", "content": "把工地记录写成 JSON：product、site、steps。"},
            {"role": "user", "content": f"第{number}号记录：{answer.get('site', '')}，{answer['product']}，{told}。"},
            {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False)},
        ]
        yield json.dumps({"messages": messages}, ensure_ascii=False).encode()


def grade(lines: Iterable[bytes], checker: Checker, *, count: bool) -> int:
    """Findings of all lines."""
    codec = CODECS["openai-chat"]
    found = 0
    for line in lines:
        sample = codec.decode(jsonl.parse(line))
        found += len(checker.check(sample))
        checker.label(sample)
        if count:
            checker.tokens(sample)
    return found


def measure(name: str, bar: int, lines: list[bytes], work: Callable[[], int], *, profile: bool) -> None:
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(work)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        return
    started = time.process_time()
    found = work()
    seconds = time.process_time() - started
    size = sum(map(len, lines)) // len(lines)
    wanted = f"bar {bar:,}" if bar else "no bar"
    print(f"{name}: {len(lines) / seconds:,.0f} rows/s ({wanted}), {size} bytes a row, {found:,} findings")


def command(
    name: str, bar: int, lines: list[bytes], contract: dict[str, Any], base_model: str, *, rows_only: bool
) -> None:
    """What `manage.py grade` does after it has started."""
    data = b"\n".join(lines)
    spent, started = used(), time.perf_counter()
    report = grading.grade(
        io.BytesIO(data), contract=contracts.parse(contract), base_model=base_model, rows_only=rows_only,
        spread=in_order, threads=cores(),
    )  # fmt: skip
    seconds, spent = time.perf_counter() - started, used() - spent
    assert report.accepted == len(lines)
    print(
        f"manage.py grade{' --rows-only' * rows_only}, {name}: {len(lines) / seconds:,.0f} rows/s (bar {bar:,}),"
        f" {len(lines) / spent:,.0f} for each second of a processor, {len(report.findings):,} findings"
    )


def used() -> float:
    """Seconds of processors, those of processes that have ended included."""
    return sum(
        one.ru_utime + one.ru_stime for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    asked = parser.parse_args()
    text = [line.strip() for line in data.lines(asked.rows)]
    extraction = list(json_lines(asked.rows))
    plain, exact = Checker(contracts.parse(TEXT)), Checker(contracts.parse(TEXT), base_model="gpt-4o")
    grounded = Checker(contracts.parse(GROUNDED))
    by_schema = Checker(contracts.parse(JSON))
    exact.encoder.count("loaded")
    runs = (
        ("text rules", 12_000, text, lambda: grade(text, plain, count=False)),
        ("text rules and exact tokens", 6_000, text, lambda: grade(text, exact, count=True)),
        ("text rules and grounding", 0, text, lambda: grade(text, grounded, count=False)),
        ("json contract", 20_000, extraction, lambda: grade(extraction, by_schema, count=False)),
    )
    for name, bar, lines, work in runs:
        measure(name, bar, lines, work, profile=asked.profile)
    if not asked.profile:
        for name, bar, lines, contract, model in (
            ("text rules", 12_000, text, TEXT, ""),
            ("text rules and exact tokens", 6_000, text, TEXT, "gpt-4o"),
            ("json contract", 20_000, extraction, JSON, ""),
        ):
            for rows_only in (False, True):
                command(name, bar, lines, contract, model, rows_only=rows_only)


if __name__ == "__main__":
    main()
