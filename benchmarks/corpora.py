"""Real files through every format: `python -m benchmarks.corpora FOLDER`.

For each file of the folder, and each codec, how many rows it carries whole, how many reduced, how many it refuses; for
the file's own codec, how many lines come out of a round trip with their bytes as they were (of an array: the same
values in the same order of keys). Exits 1 when a file cannot be read or a row of it changes on the way.
"""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from datasets_app.core import line_style, samples
from datasets_app.core.codecs import CODECS, Codec, CodecError
from datasets_app.core.codecs.base import canonical
from datasets_app.core.containers import CONTAINERS, Entry, Reading, detect_stream
from datasets_app.core.containers.writing import writer
from datasets_app.core.jsonl import Json
from datasets_app.core.opening import AUTO, codec_of
from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput


def main() -> int:
    bad = 0
    for path in sorted(Path(sys.argv[1]).iterdir()):
        if path.suffix in CODECS or path.suffix.lower() in {end for c in CONTAINERS.values() for end in c.extensions}:
            bad += told(path)
    return 1 if bad else 0


def told(path: Path) -> int:
    """Print what became of a file; how many of its rows changed on the way."""
    with path.open("rb") as stream:
        container = detect_stream(stream, path.name)
        try:
            entries = list(CONTAINERS[container].read(stream, Reading()))
        except InvalidInput as error:
            print(f"\n{path.name}: {error}")
            return 1
    rows = [entry for entry in entries if entry.record is not None]
    codec = CODECS[codec_of(container, AUTO, (entry.record for entry in rows[:100] if entry.record))]
    decoded = [(entry, sample) for entry in rows if (sample := decode(codec, entry)) is not None]
    equal = sum(same(codec, entry, sample) for entry, sample in decoded)
    kind = "byte for byte" if container == "jsonl" else "value for value"
    print(f"\n{path.name}: {container}, {codec.name}; {len(entries)} rows, {len(decoded)} samples, {equal} {kind}")
    print(f"  {'codec':24}{'whole':>8}{'reduced':>9}{'refused':>9}{'changed':>9}  why")
    changed = len(decoded) - equal if codec.exact else 0
    for target in CODECS.values():
        counts, why = carried([sample for _, sample in decoded], codec, target)
        changed += counts["changed"]
        first = ", ".join(f"{name} {count}" for name, count in why.most_common(4))
        figures = (f"{counts[name]:>8}" if name == "whole" else f"{counts[name]:>9}" for name in
                   ("whole", "reduced", "refused", "changed"))  # fmt: skip
        print(f"  {target.name:24}{''.join(figures)}  {first}")
    return changed


def decode(codec: Codec, entry: Entry) -> Sample | None:
    """The sample of a record, by way of its storage form."""
    try:
        return samples.from_json(samples.to_json(codec.decode(entry.record or {})))
    except CodecError:
        return None


def same(codec: Codec, entry: Entry, sample: Sample) -> bool:
    """Whether the row is written as it was read."""
    try:
        record = codec.encode(sample)
    except CodecError:
        return False
    if entry.raw is None or b"\n" in entry.raw or not entry.raw.startswith(b"{"):
        return json.dumps(record) == json.dumps(entry.record)
    style = line_style.style_of(entry.raw, entry.record or {}, codec.name)
    return line_style.dump(record, style).rstrip(b"\r\n") == entry.raw


def carried(found: list[Sample], source: Codec, target: Codec) -> tuple[Counter[str], Counter[str]]:
    """(whole, reduced, refused and changed samples; what was lost, or the rule that refused)."""
    counts: Counter[str] = Counter()
    why: Counter[str] = Counter()
    file = io.BytesIO()
    out = writer(target.name, file)
    written: list[dict[str, Json]] = []
    for sample in found:
        moved = sample if source is target else canonical(sample)
        lost = target.losses(moved)
        why.update(lost)
        try:
            rows = target.rows(target.reduce(moved) if lost else moved)
        except CodecError as error:
            counts["refused"] += 1
            why[error.code] += 1
            continue
        counts["reduced" if lost else "whole"] += 1
        for row in rows:
            out.write(row)
            written.append(row)
        if not lost and len(rows) == 1:
            counts["changed"] += meant(target.decode(rows[0])) != meant(moved)
    out.close()
    file.seek(0)
    read = CONTAINERS[detect_stream(file)].read(file, Reading())
    counts["changed"] += sum(entry.record != row for entry, row in zip_longest(read, written, fillvalue=Entry(0)))
    return counts, why


def meant(sample: Sample) -> str:
    """What a sample says, whatever its source wrote it like."""
    return samples.to_json(canonical(sample))


if __name__ == "__main__":
    sys.exit(main())
