"""What the rows of a sample are made from: import, save and re-check all grade here, so they cannot disagree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from datasets_app.core import contracts, discretion, duplicates, samples, titles
from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK, Finding
from datasets_app.models import Dataset
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

MOST_FINDINGS = 100  # kept per sample: a page of mistakes is read, a book of them is not
END = "\n\n"  # closes each indexed text, so that its last characters too begin a trigram
_WORST = {rank: severity or "clean" for severity, rank in RANK.items()}


def checker_of(dataset: Dataset) -> Checker:
    """The checker of the dataset's contract, profile and base model; made once per process for each of them."""
    return _checker(json.dumps(dataset.contract, ensure_ascii=False), dataset.profile, dataset.base_model)


@lru_cache(maxsize=64)
def _checker(contract: str, profile: str, base_model: str) -> Checker:
    return Checker(contracts.parse(json.loads(contract)), profile, base_model)


@dataclass(frozen=True, slots=True)
class Graded:
    """A sample with everything that rows keep about it. `findings` are those about the sample alone, not its set."""

    sample: samples.Sample
    payload: str
    content_hash: str
    fingerprint: str
    question: str
    label: str
    tokens: int
    title: str
    snippet: str
    search: str
    findings: tuple[Finding, ...]


def grade(sample: samples.Sample, checker: Checker) -> Graded:
    """Everything that can be known from the sample itself. Raises what `samples.to_json` raises for foreign values."""
    payload = samples.to_json(sample)
    fingerprint, question = duplicates.fingerprints(sample)
    findings = checker.check(sample)
    title, snippet = lines_of(sample, findings)
    return Graded(
        sample=sample,
        payload=payload,
        content_hash=samples.content_hash(payload),
        fingerprint=fingerprint,
        question=question,
        label=_storable(checker.label(sample))[:60],
        tokens=checker.tokens(sample),
        title=title,
        snippet=snippet,
        search=search_text(sample),
        findings=findings[:MOST_FINDINGS],
    )


def lines_of(sample: samples.Sample, findings: Sequence[Finding]) -> tuple[str, str]:
    """Title and snippet as lists show them, with what `findings`, all of them, call sensitive masked."""
    lines = titles.title(sample), titles.snippet(sample)
    title, snippet = (_storable(discretion.shown(line, sample, findings)) for line in lines)
    return title[: titles.TITLE], snippet[: titles.SNIPPET]


def search_text(sample: samples.Sample) -> str:
    """What text search reads: all turns and the rejected answer, each closed by `END`."""
    parts = [message.text for message in (*sample.messages, *sample.rejected)]
    return _storable("".join(part + END for part in parts if part))


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL; the content itself keeps it, escaped, in the payload."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}") if "\x00" in text else text


def worst_of(findings: Iterable[Finding]) -> int:
    """The rank of the gravest finding, 0 for none: what `Sample.worst` holds."""
    return max((RANK[finding.severity] for finding in findings), default=0)


def worst_key(rank: int) -> str:
    """The counter key of a rank: error, warning, hint or clean."""
    return _WORST[rank]


FINDING_COLUMNS = (
    "dataset_id", "sample_id", "revision_id", "current", "rule", "severity", "path", "start", "end", "message", "fix",
    "rule_set_version", "waived",
)  # fmt: skip


def finding_values(
    finding: Finding, *, dataset_id: Any, sample_id: int, revision_id: int, version: str, waived: bool = False
) -> tuple[Any, ...]:
    """The row of a finding, in the order of `FINDING_COLUMNS`. `waived`: a lead lets it pass (`waiving.waived`)."""
    fix = finding.fix
    return (
        dataset_id,
        sample_id,
        revision_id,
        True,
        finding.rule,
        finding.severity,
        finding.path[:300],
        finding.start,
        finding.end,
        to_row(finding.message if isinstance(finding.message, Text) else Text("{text}", text=finding.message)),
        {"start": fix.start, "end": fix.end, "replacement": fix.replacement} if fix else None,
        version,
        waived,
    )
