"""The rows of a snapshot through a codec, in the dataset's order, in flat memory, the same bytes always.

Exports, jobs and loss reports are this one function: what a report counts is what an export would do.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, NamedTuple

from django.db.models import Max, OuterRef, QuerySet, Subquery

from datasets_app.core import codecs, composing, profiles, samples
from datasets_app.core.codecs import Codec, CodecError, Setting
from datasets_app.core.codecs.base import canonical
from datasets_app.core.composing import WHOLE, Chosen, Options
from datasets_app.core.jsonl import Json
from datasets_app.core.picture_limits import PictureLimits
from datasets_app.core.samples import Message, Sample
from datasets_app.core.siblings import same_rows
from datasets_app.models import Sample as Stored
from datasets_app.models import Snapshot, SnapshotEntry
from ftstudio.web.texts import to_row

from .attached import Attached
from .kinds import kinds_of
from .plain import fetched
from .sinks import sink_for

CHUNK = 2000
LISTED = 1000  # refused and reduced rows that a manifest names one by one; it counts all of them
PROMPTS = 20
EXAMPLES = 20  # rows that are named for each lost field
ALL = "all"
PLAIN = Options()
_PAIR = ("rejected",)  # the one declared loss: a format for answers takes a pair's right answer


@dataclass(slots=True)
class Written:
    """What went into a file. `refused` samples could not be carried and are not in it; `reduced` ones are, with a loss.

    `samples` counts the samples seen, `rows` the rows written. `prompted` rows had no system turn and got the
    snapshot's system prompt. `system_prompts` counts the rows under each system prompt ("" for none); once there are
    more than `PROMPTS`, the rest are counted under None. `as_imported` rows are the bytes they came in as; `rewritten`
    says why the others are not. `lost` counts samples by field that the format cannot carry, `examples` names some by
    position; `reasons` counts refusals by code. `attached` are the pictures beside the rows, name → stored file;
    `embedded` counts those in the rows as data URIs, and `pictures` knows what the target says about all of them.
    """

    samples: int = 0
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    refused: int = 0
    reduced: int = 0
    prompted: int = 0
    as_imported: int = 0
    contrasts: int = 0
    system_prompts: Counter[str | None] = field(default_factory=Counter)
    rewritten: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)
    refused_rows: list[dict[str, Any]] = field(default_factory=list)  # {"position", "fields", "reason"}
    reduced_rows: list[dict[str, Any]] = field(default_factory=list)  # {"position", "fields"}
    chosen: Chosen = field(default_factory=Chosen)
    attached: dict[str, Any] = field(default_factory=dict)
    embedded: int = 0
    pictures: PictureLimits | None = None

    def refuse(self, position: int, error: CodecError) -> None:
        self.refused += 1
        self.reasons[error.code] += 1
        if len(self.refused_rows) < LISTED:
            self.refused_rows.append({"position": position, "fields": list(error.fields), "reason": to_row(error.text)})

    def reduce(self, position: int, losses: tuple[str, ...]) -> None:
        self.reduced += 1
        if len(self.reduced_rows) < LISTED:
            self.reduced_rows.append({"position": position, "fields": list(losses)})

    def note(self, position: int, losses: tuple[str, ...]) -> None:
        for name in losses:
            self.lost[name] += 1
            named = self.examples.setdefault(name, [])
            if len(named) < EXAMPLES:
                named.append(position)


class _Entry(NamedTuple):
    position: int
    split: str
    payload: str
    style: str
    origin: str
    codec: str | None  # that it came in
    mixed: bool


def write_lines(
    snapshot: Snapshot,
    codec: str,
    split: str,
    out: BinaryIO,
    *,
    options: Options = PLAIN,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write one split of a snapshot (`all`: every one) to `out`; `progress(rows)` is called after each chunk.

    A codec that cannot hold a rejected answer writes the corrected one alone and reports the row as reduced, and so
    it is with fields that `options` lets go; a row with anything else that the codec cannot hold is refused. A sample
    without a system turn gets the snapshot's system prompt, so that a model is trained on what it will be told; one
    that was mixed in from another dataset is left as it is. A row that came in this format, or in one in which it is
    the same row, and that nobody changed, goes out as the bytes it came as; all else is put into rows of the one kind
    that the file is to have (`Codec.for_file`).
    """
    writing = _Writing(snapshot, codec, split, out, options)
    for entry in _entries(snapshot, split):
        writing.add(entry)
        if progress and writing.written.samples % CHUNK == 0:
            progress(writing.written.rows)
    return writing.finish()


class _Writing:
    """One file being written."""

    def __init__(self, snapshot: Snapshot, codec: str, split: str, out: BinaryIO, options: Options) -> None:
        self.codec: Codec = codecs.CODECS[codec]
        self.of_file = self.codec
        if self.codec.mixes:
            self.of_file = self.codec.for_file(kinds_of(_side(snapshot, split), codec))
        self.prompt = Message("system", snapshot.system_prompt) if snapshot.system_prompt else None
        self.options = options
        self.allowed = {*_PAIR, *options.allow_loss}
        self.setting = setting_of(snapshot)
        self.attached = Attached(snapshot.dataset.project_id, self.codec.pictures)
        graded_by = profiles.get(snapshot.profile)
        self.pictures = PictureLimits(profiles.get(options.profile) if options.profile else graded_by, graded_by)
        self.written = Written(
            chosen=_chosen(snapshot, split, options), attached=self.attached.files, pictures=self.pictures
        )
        self.digest = hashlib.sha256()
        self.sink = sink_for(codec, out, self.digest)

    def add(self, entry: _Entry) -> None:
        written, codec = self.written, self.codec
        if entry.position in written.chosen.left_out:
            return
        written.samples += 1
        sample = graded = samples.from_json(entry.payload)
        why = "" if entry.codec == codec.name else "other-format"
        if not why and entry.origin != "import":
            why = "edited"
        elif why and entry.origin == "import" and same_rows(sample, entry.codec, codec, entry.style, self.setting):
            why = ""
        elif why:
            sample = canonical(sample)
        codec = self.of_file if why else codec
        prompted, pictured = False, '"image_url"' in entry.payload
        if self.prompt is not None and not entry.mixed and sample.system is None:
            prompted = True
            sample, why = replace(sample, messages=(self.prompt, *sample.messages)), why or "system-prompt"
        try:
            if pictured and '"image:' in entry.payload:
                sample, why = self.attached.resolved(sample), why or "picture"
            kept, losses, records = self._carried(codec, entry.position, sample)
            extra = self._contrast(sample) if entry.position in written.chosen.contrast else ()
        except CodecError as error:
            written.refuse(entry.position, error)
            return
        if losses:
            why = why or "reduced"
            written.reduce(entry.position, losses)
        if pictured:
            self.pictures.look(entry.position, graded, kept, self.attached.sizes)
        why = self._write(records, entry.style, why)
        if why:
            written.rewritten[why] += len(records)
        else:
            written.as_imported += len(records)
        written.rows += len(records)
        if extra:
            self._write(extra, "", "contrast")
            written.rows += len(extra)
            written.contrasts += len(extra)
            written.rewritten["contrast"] += len(extra)
        written.prompted += prompted
        prompt = sample.system.text if sample.system else ""
        known = prompt in written.system_prompts or len(written.system_prompts) < PROMPTS
        written.system_prompts[prompt if known else None] += len(records) + len(extra)

    def _carried(
        self, codec: Codec, position: int, sample: Sample
    ) -> tuple[Sample, tuple[str, ...], tuple[dict[str, Json], ...]]:
        """(what the format takes of the sample, what is lost, the records). Raises `CodecError` when it takes none.

        Nearly every sample is carried whole, and a format that refuses one names its losses: they are asked for then.
        """
        if codec.pairs or not sample.rejected:
            try:
                return sample, (), codec.rows(sample, self.setting)
            except CodecError:
                if not codec.losses(sample):
                    raise
        losses = codec.losses(sample)
        self.written.note(position, losses)
        kept = codec.reduce(sample) if losses and self.allowed.issuperset(losses) else sample
        return kept, losses, codec.rows(kept, self.setting)

    def _contrast(self, sample: Sample) -> tuple[dict[str, Json], ...]:
        """The pair as a chat that corrects the wrong answer, in this file's format."""
        chat = codecs.CODECS["contrast"].encode(sample, self.setting)
        return self.codec.rows(canonical(codecs.CODECS["openai-chat"].decode(chat)), self.setting)

    def _write(self, records: tuple[dict[str, Json], ...], style: str, why: str) -> str:
        """Write the records; returns why they are not the bytes they came as, "" when they are."""
        for record in records:
            why = self.sink.write(record, "" if why else style) or why
        return why

    def finish(self) -> Written:
        self.written.bytes = self.sink.close()
        self.written.embedded = self.attached.embedded
        self.written.sha256 = self.digest.hexdigest()
        return self.written


def setting_of(snapshot: Snapshot) -> Setting:
    """What was frozen with the snapshot that the formats ask for."""
    schema = (snapshot.contract.get("json") or {}).get("schema")
    return Setting(schema=schema, contrast=snapshot.contrast_template)


def _chosen(snapshot: Snapshot, split: str, options: Options) -> Chosen:
    """What is drawn of the training rows; nothing else is ever changed by a share."""
    drawn = options.contrast or options.negatives is not None or options.portion < WHOLE
    if split not in (ALL, "train") or not drawn:
        return Chosen()
    entries = snapshot.entries.filter(split="train").order_by("position")
    rows = list(entries.values_list("position", "pair", "negative").iterator(chunk_size=CHUNK))
    positions, pairs, negatives = zip(*rows, strict=True) if rows else ((), (), ())
    return composing.choose(positions, pairs, negatives, options, seed=snapshot.seed)


def _side(snapshot: Snapshot, split: str) -> QuerySet[SnapshotEntry]:
    return snapshot.entries.all() if split == ALL else snapshot.entries.filter(split=split)


def _entries(snapshot: Snapshot, split: str) -> Iterator[_Entry]:
    """The split's entries in order; by keyset, so that nothing long is held open.

    Each look has an end as well: where PostgreSQL does not know yet how many there are, it would else find and sort all
    that follow, chunk after chunk. An end that is too near is moved away, one that is too far is moved nearer. And the
    samples are looked up one by one: to join two thousand of them, it would read all of a table that is not very large.
    """
    came = Subquery(Stored.objects.filter(pk=OuterRef("sample_id")).order_by().values("upload__codec")[:1])
    entries = _side(snapshot, split).annotate(came=came).order_by("position")
    columns = ("position", "split", "revision__payload", "revision__style", "revision__origin", "came", "mixed")
    last, width = 0, CHUNK
    end = _side(snapshot, split).aggregate(end=Max("position"))["end"] or 0
    while last < end:
        here = entries.filter(position__gt=last, position__lte=last + width)
        rows = fetched(here.values_list(*columns)[:CHUNK])
        yield from map(_Entry._make, rows)
        if len(rows) == CHUNK:
            last, width = rows[-1][0], max(CHUNK, width // 2)
        else:
            last, width = last + width, width * 2 if len(rows) * 2 < CHUNK else width
