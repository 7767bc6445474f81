"""A dataset as years of work leave it: rows written straight into the tables, skewed as real ones are.

Common and rare statuses, tags, labels, rules, people and files; short samples of which nearly all are wrong; accepted
ones that are nearly all right; people who work from the front. So filters that let many through each leave few or
none together, which is what makes a list slow. Counters are kept as the product keeps them.

The same rows for the same number, on every machine. Runs inside Django.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from benchmarks.data import sample as texts

BLOCK = 10_000
BEGUN = datetime(2025, 1, 6, 8, tzinfo=UTC)
FILES = (("old.jsonl", 60), ("spring.jsonl", 85), ("pairs.jsonl", 95), ("summer.jsonl", 99.9), ("few.jsonl", 100))
LABELS = ("常见", "有时", "罕见")
TAGS = ("常用", "少用", "罕用")
VERDICTS = {"accepted": "accept", "rejected": "reject", "skipped": "skip", "flagged": "flag", "sent_back": "send_back"}
RULES = {  # rule → (severity, rank)
    "terminal-punctuation": ("error", 3), "symbol-spacing": ("warning", 2), "too-long": ("warning", 2),
    "echo": ("error", 3), "sentence-count": ("hint", 1), "secret": ("error", 3),
}  # fmt: skip


class Drawn(NamedTuple):
    """What one sample is, but for its content."""

    file: int
    tokens: int
    rules: tuple[str, ...]
    waived: frozenset[str]
    status: str
    split: str
    label: str
    tags: tuple[str, ...]
    cluster: int
    pair: bool
    by: int  # 0: nobody; else the number of a person, from 1
    assigned: int
    comments: int
    revision: int
    decided: int  # as `by`

    @property
    def worst(self) -> int:
        return max((RULES[rule][1] for rule in self.rules if rule not in self.waived), default=0)


def draw(n: int, rows: int, people: int) -> Drawn:
    """Sample `n` of `rows`, with so many people at work."""
    chance = random.Random(f"skewed:{n}")
    share = 100 * (n - 1) / rows
    file = next(at for at, (_name, end) in enumerate(FILES) if share < end)
    tokens = max(4, round(chance.lognormvariate(4.6, 0.7)))
    rules = []
    if chance.random() < (0.999 if tokens < 40 else 0.08):
        rules.append("terminal-punctuation")
    if tokens > 300 and chance.random() < 0.98:
        rules.append("too-long")
    for rule, part in (("symbol-spacing", 0.05), ("echo", 0.004), ("sentence-count", 0.06)):
        if chance.random() < part:
            rules.append(rule)
    if n % (rows // 12 + 1) == 7:
        rules.append("secret")
    waived = frozenset(("symbol-spacing",) if file == 1 else ())
    status, decided = _status(n, share, bool(rules), chance), 0
    if status not in ("pending", "trashed"):
        decided = 1 + min(people - 1, int(share / 55 * people)) if chance.random() < 0.97 else people
    side = chance.random()
    split = "" if share > 90 else "train" if side < 0.8 else "validation" if side < 0.9 else "test"
    label = ("常见" if file < 2 else "有时") if chance.random() < 0.6 else ""
    label = "罕见" if n % (rows // 20 + 1) == 3 else label
    tags = [
        name
        for name, on in zip(TAGS, (share < 30, chance.random() < 0.001, n % (rows // 10 + 1) == 5), strict=True)
        if on
    ]
    cluster = n // 500 * 500 if n >= 500 and n % 500 < 15 else 0
    assigned = 1 + n // 1000 % people if 50 < share < 70 and status == "pending" else 0
    return Drawn(
        file, tokens, tuple(rules), waived, status, split, label, tuple(tags), cluster, file == 2, decided, assigned,
        2 if n % (rows // 100 + 1) == 1 else 0, 2 if decided and chance.random() < 0.2 else 1, decided,
    )  # fmt: skip


def _status(n: int, share: float, wrong: bool, chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.002:
        return "trashed"
    if n % 50_021 == 11:
        return "flagged"
    if n % 20_011 == 12:
        return "disputed"
    if share > 55:
        return "in_review" if kind > 0.9995 else "pending"
    if wrong:
        return "rejected" if kind < 0.1 else "sent_back" if kind > 0.9999 else "accepted" if kind < 0.101 else "pending"
    return "skipped" if kind < 0.003 else "in_review" if kind > 0.99 else "accepted" if kind > 0.1 else "pending"


def fill(rows: int) -> Any:
    """The dataset “skewed”, filled with so many samples; the one that is there, if it has been filled already."""
    from django.db import transaction

    from datasets_app.models import Dataset, DatasetCount, Upload
    from ftstudio.accounts.models import Membership, Project, User

    if known := Dataset.objects.filter(name="skewed", samples_total__gt=0).first():
        return known
    names = ("bench", "ann", "ben", "cho", "dan")
    users = [
        User.objects.create_user(name, f"{name}@example.org", f"{name} {name} {name}", name=name) for name in names
    ]
    project = Project.objects.create(name="Skewed", created_by=users[0])
    for user in users:
        Membership.objects.create(user=user, project=project, role="owner" if user is users[0] else "annotator")
    dataset = Dataset.objects.create(project=project, name="skewed", created_by=users[0], rule_set_version="x")
    uploads = [
        Upload.objects.create(
            dataset=dataset, name=name, size=1, sha256="0", state="done", codec="openai-chat", created_by=users[0]
        )
        for name, _end in FILES
    ]
    counted: Counter[tuple[str, str]] = Counter()
    for first in range(1, rows + 1, BLOCK):
        with transaction.atomic():
            _block(dataset, range(first, min(first + BLOCK, rows + 1)), rows, users, uploads, counted)
    DatasetCount.objects.add(dataset, counted)
    gone = counted["status", "trashed"]
    Dataset.objects.filter(pk=dataset.pk).update(samples_total=rows - gone, next_position=rows + 1)
    dataset.refresh_from_db()
    return dataset


SAMPLE = (
    "id", "dataset_id", "position", "upload_id", "line", "status", "split", "tokens", "worst", "findings_total",
    "has_rejected", "fingerprint", "question", "label", "cluster", "pinned", "title", "snippet", "revision_number",
    "changed_at", "changed_by_id", "assigned_to_id", "trashed_from", "comments_open",
)  # fmt: skip
REVISION = (
    "id", "sample_id", "number", "payload", "content_hash", "origin", "reason", "at", "guideline_version",
    "rule_set_version", "style",
)  # fmt: skip
FINDING = (
    "dataset_id", "sample_id", "revision_id", "current", "rule", "severity", "path", "message", "rule_set_version",
    "waived",
)  # fmt: skip
DECISION = (
    "sample_id", "revision_id", "decision", "status_before", "status_after", "stage", "choice", "order_seed",
    "guideline_version", "reason", "by_id", "at",
)  # fmt: skip


def _block(
    dataset: Any, numbers: range, rows: int, users: list[Any], uploads: list[Any], counted: Counter[tuple[str, str]]
) -> None:
    from datasets_app.models import Decision, FindingRow, Revision, Sample, SampleTag, SampleText
    from datasets_app.pipeline import bulk
    from datasets_app.pipeline.grading import END

    drawn = {n: draw(n, rows, len(users)) for n in numbers}
    told = {n: [turn["content"] for turn in _turns(n)] for n in numbers}
    # Keys of an installation in which other datasets were filled before.
    key = (Sample.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1 - numbers[0]
    bulk.insert(Sample, SAMPLE, (_sample(dataset, key + n, n, drawn[n], told[n], users, uploads) for n in numbers))
    bulk.insert(
        Revision, REVISION,
        ((key + n, key + n, 1, '{"messages":[]}', f"{n:064d}", "import", "", BEGUN, 1, "x", "") for n in numbers),
    )  # fmt: skip
    message = {"template": "x", "params": {}}
    here = {n: one for n, one in drawn.items() if one.status != "trashed"}
    bulk.insert(
        FindingRow, FINDING,
        ((dataset.pk, key + n, key + n, True, rule, RULES[rule][0], "", message, "x", rule in one.waived)
         for n, one in here.items() for rule in one.rules),
    )  # fmt: skip
    bulk.insert(
        SampleTag, ("dataset_id", "sample_id", "name"),
        ((dataset.pk, key + n, name) for n, one in drawn.items() for name in one.tags),
    )  # fmt: skip
    decided = {n: one for n, one in drawn.items() if one.decided}
    bulk.insert(
        Decision, DECISION,
        ((key + n, key + n, VERDICTS.get(one.status, "accept"), "pending", one.status, "first", "", "",
          1 + n * 3 // rows, "", users[one.decided - 1].pk, _changed(n, one)) for n, one in decided.items()),
    )  # fmt: skip
    bulk.insert(
        SampleText,
        ("sample_id", "dataset_id", "text"),
        ((key + n, dataset.pk, "".join(turn + END for turn in told[n])) for n in numbers),
    )
    _count(drawn, counted)


def _count(drawn: dict[int, Drawn], counted: Counter[tuple[str, str]]) -> None:
    severities = {rank: severity for severity, rank in RULES.values()}
    for one in drawn.values():
        counted["status", one.status] += 1
        for name in one.tags:
            counted["tag", name] += one.status != "trashed"
        if one.status == "trashed":
            continue
        counted["worst", severities.get(one.worst, "clean")] += 1
        for kind, name in (("split", one.split), ("label", one.label)):
            counted[kind, name] += bool(name)
        for rule in one.rules:
            counted["rule", rule] += rule not in one.waived


def _turns(n: int) -> Any:
    return texts(n)["messages"]


def _changed(n: int, one: Drawn) -> datetime:
    """An import gives thousands the same moment; work comes later, from the front on."""
    return BEGUN + timedelta(days=60 + n / 5000, seconds=n % 3600) if one.by else BEGUN + timedelta(days=n // BLOCK)


def _sample(
    dataset: Any, key: int, n: int, one: Drawn, told: list[str], users: list[Any], uploads: list[Any]
) -> tuple[Any, ...]:
    gone = one.status == "trashed"
    return (
        key, dataset.pk, n, uploads[one.file].pk, n, one.status, "" if gone else one.split, one.tokens,
        0 if gone else one.worst, 0 if gone else sum(rule not in one.waived for rule in one.rules), one.pair,
        f"trash:{key}" if gone else blake2b(b"%d" % n, digest_size=16).hexdigest(),
        "" if gone else blake2b(b"q%d" % n, digest_size=16).hexdigest(), "" if gone else one.label,
        0 if gone else one.cluster, "", told[1][:80], told[2][:120], one.revision, _changed(n, one),
        users[one.by - 1].pk if one.by else None, users[one.assigned - 1].pk if one.assigned else None,
        "pending" if gone else "", one.comments,
    )  # fmt: skip
