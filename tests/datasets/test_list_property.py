"""Whatever is asked of a list, in whatever order and on whatever way to the rows: what is found is what plain Python
finds among all samples."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, DatasetCount, Decision, FindingRow, Revision, Sample, SampleTag, SampleText
from datasets_app.pipeline import keys as keys_of
from datasets_app.pipeline import pairs, selecting, sieve, walking
from datasets_app.services import browse, ordered_rows, planned_rows, sieved_rows
from tests import make
from tests.conftest import BY_CHANCE

NOW = timezone.now()
ROWS = 36
STATUSES, SIDES, LABELS = ("pending", "accepted", "flagged", "trashed"), ("", "train", "test"), ("", "雨", "晴")
SEVERITY = {rank: severity or "clean" for severity, rank in RANK.items()}


def one(n: int) -> dict[str, Any]:
    """Sample `n`: common and rare values, some of which go together and some never do."""
    return {
        "position": n, "status": STATUSES[n // 10], "split": SIDES[n % 3], "label": LABELS[(n * n) % 5 % 3],
        "tokens": (n * 7) % 11, "worst": (0, 3, 0, 2, 1)[n % 5], "findings_total": (0, 2, 0, 1, 1)[n % 5],
        "cluster": 4 if n % 4 == 0 else 0, "has_rejected": n > 30, "revision_number": 1 + (n % 8 == 0),
        "comments_open": int(n in (6, 17)), "changed_at": NOW - timedelta(hours=n % 4),
    }  # fmt: skip


RULES = {
    n: ("echo", "secret") if one(n)["worst"] == 3 else ("too-long",) if one(n)["worst"] else () for n in range(ROWS)
}
BY_ALICE = (3, 21, 22, 23, 34)
TAGS = {n: (("常",) if n % 2 else ()) + (("罕",) if n == 12 else ()) for n in range(ROWS)}
# The last verdict on every tenth is another than the first, and what is taken back never counts.
VERDICTS = {n: (("accept",) if n % 5 == 0 else ()) + (("flag",) if n % 10 == 0 else ()) for n in range(ROWS)}
TEXTS = {n: ("天上下雨" if n % 4 else "晴天 PRIMER") for n in range(ROWS)}


@pytest.fixture
def mixed(alice: Any, project: Any) -> Dataset:
    dataset = make.dataset(alice, project)
    rows = [one(n) for n in range(1, ROWS)]
    stored = rows if keys_of.in_order() else rows[::-1]  # as chunks are that are imported at the same time
    Sample.objects.bulk_create(Sample(dataset=dataset, fingerprint=f"{row['position']:032d}", **row) for row in stored)
    keys = dict(Sample.objects.filter(dataset=dataset).values_list("position", "pk"))
    for row in rows:  # bulk_create says when it was
        Sample.objects.filter(pk=keys[row["position"]]).update(changed_at=row["changed_at"])
    Revision.objects.bulk_create(
        Revision(sample_id=pk, number=1, payload="{}", content_hash="0") for pk in keys.values()
    )
    at = dict(Revision.objects.filter(sample__dataset=dataset).values_list("sample_id", "pk"))
    FindingRow.objects.bulk_create(
        FindingRow(
            dataset=dataset, sample_id=pk, revision_id=at[pk], rule=rule, severity="error", message={}, waived=waived
        )
        for n, pk in keys.items()
        for rule, waived in (*((rule, False) for rule in RULES[n]), ("sentence-count", True))
    )
    SampleTag.objects.bulk_create(
        SampleTag(dataset=dataset, sample_id=pk, name=name) for n, pk in keys.items() for name in TAGS[n]
    )
    for n, pk in keys.items():
        Decision.objects.bulk_create(
            Decision(
                sample_id=pk, revision_id=at[pk], decision=verdict, status_before="pending", by=alice,
                undone_at=NOW if verdict == "reject" else None, guideline_version=2 if verdict == "flag" else 1,
            )
            for verdict in (*VERDICTS[n], *(("reject",) if n % 2 else ()))
        )  # fmt: skip
    Sample.objects.filter(dataset=dataset, position__in=BY_ALICE).update(changed_by=alice)
    SampleText.objects.bulk_create(
        SampleText(dataset=dataset, sample_id=pk, text=TEXTS[n] + "\n\n") for n, pk in keys.items()
    )
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        n = row["position"]
        kinds = [(kind, row[kind]) for kind in ("status", "split", "label")] + [("worst", SEVERITY[row["worst"]])]
        for key in (*kinds, *(("rule", rule) for rule in RULES[n]), *(("tag", name) for name in TAGS[n])):
            counted[key] = counted.get(key, 0) + 1
    DatasetCount.objects.add(dataset, counted)
    Dataset.objects.filter(pk=dataset.pk).update(samples_total=ROWS - 1, next_position=ROWS)
    dataset.refresh_from_db()
    return dataset


PLAIN: dict[str, dict[str, Any]] = {
    "status": {value: lambda row, value=value: row["status"] == value for value in (*STATUSES, "skipped")},
    "split": {value: lambda row, value=value: row["split"] == value for value in ("train", "test", "validation")},
    "label": {value: lambda row, value=value: row["label"] == value for value in ("雨", "晴", "雪")},
    "worst": {value: lambda row, value=value: SEVERITY[row["worst"]] == value for value in SEVERITY.values()},
    "rule": {
        value: lambda row, value=value: value in RULES[row["position"]] for value in ("echo", "too-long", "secret")
    },
    "tag": {value: lambda row, value=value: value in TAGS[row["position"]] for value in ("常", "罕", "无")},
    "q": {
        value: lambda row, value=value: value.lower() in TEXTS[row["position"]].lower()
        for value in ("下雨", "primer", "天", "上下雨", "雪")
    },
    "cluster": {"4": lambda row: row["cluster"] == 4},
    "where": {
        "tokens.min(6)": lambda row: row["tokens"] >= 6,
        "number.min(20)": lambda row: row["position"] >= 20,
        "number.any(3,12,35)": lambda row: row["position"] in (3, 12, 35),
        "rejected.is(yes)": lambda row: row["has_rejected"],
        "rejected.is(no)": lambda row: not row["has_rejected"],
        "revisions.min(2)": lambda row: row["revision_number"] >= 2,
        "revisions.max(1)": lambda row: row["revision_number"] <= 1,
        "comments.min(1)": lambda row: row["comments_open"] >= 1,
        "comments.is(0)": lambda row: row["comments_open"] == 0,
        "status.any(accepted,flagged)": lambda row: row["status"] in ("accepted", "flagged"),
        "status.not(trashed)": lambda row: row["status"] != "trashed",
        "label.any(雨,晴)": lambda row: row["label"] != "",
        "tag.any(罕,无)": lambda row: row["position"] == 12,
        "tag.not(常)": lambda row: row["position"] % 2 == 0,
        "tag.any(常,罕)": lambda row: bool(TAGS[row["position"]]),
        "rule.any(echo,too-long)": lambda row: bool(RULES[row["position"]]),
        "rule.not(echo)": lambda row: "echo" not in RULES[row["position"]],
        "worst.any(error,hint)": lambda row: row["worst"] in (3, 1),
        "worst.not(clean)": lambda row: row["worst"] != 0,
        "split.not(train)": lambda row: row["split"] != "train",
        "findings.is(1)": lambda row: row["findings_total"] == 1,
        "tokens.is(3)": lambda row: row["tokens"] == 3,
        "duplicates.is(yes)": lambda row: row["cluster"] != 0,
        "decision.is(flag)": lambda row: "flag" in VERDICTS[row["position"]],
        "decision.is(accept)": lambda row: VERDICTS[row["position"]] == ("accept",),
        "decision.not(accept)": lambda row: VERDICTS[row["position"]] != ("accept",),
        "guideline.min(2)": lambda row: "flag" in VERDICTS[row["position"]],
        "guideline.is(1)": lambda row: VERDICTS[row["position"]] == ("accept",),
        "decided.before(2020-01-01)": lambda row: False,
        "decided-by.is(me)": lambda row: bool(VERDICTS[row["position"]]),
        "decided-by.is(nobody)": lambda row: not VERDICTS[row["position"]],
        "decided-by.not(nobody)": lambda row: bool(VERDICTS[row["position"]]),
        "annotated-by.is(nobody)": lambda row: True,
        "changed-by.is(nobody)": lambda row: row["position"] not in BY_ALICE,
        "changed-by.not(nobody)": lambda row: row["position"] in BY_ALICE,
        "changed-by.any(me,nobody)": lambda row: True,
        "changed-by.is(me)": lambda row: row["position"] in BY_ALICE,
        "not(changed-by.not(me))": lambda row: row["position"] in BY_ALICE,
        "not(any(tokens.min(3),worst.any(error,warning)))": lambda row: row["tokens"] < 3 and row["worst"] in (0, 1),
        "any(status.is(flagged),tokens.min(9),decision.is(flag))": lambda row: (
            row["status"] == "flagged" or row["tokens"] >= 9 or "flag" in VERDICTS[row["position"]]
        ),
        "all(rejected.is(yes),any(tag.is(罕),number.max(33)))": lambda row: row["position"] in (31, 32, 33),
        "any(rule.is(echo),tag.is(罕))": lambda row: "echo" in RULES[row["position"]] or row["position"] == 12,
        "all(worst.is(clean),tokens.max(4))": lambda row: row["worst"] == 0 and row["tokens"] <= 4,
        "not(any(split.is(train),duplicates.is(yes)))": lambda row: row["split"] != "train" and row["cluster"] == 0,
    },
}  # fmt: skip
ORDERS = {
    "number": lambda row: row["position"],
    "tokens": lambda row: (row["tokens"], row["position"]),
    "findings": lambda row: (row["findings_total"], row["position"]),
    "changed": lambda row: (row["changed_at"], row["position"]),
}
SIEVED = {"sieved": False, "gathered": 0}
asked_for = st.lists(st.sampled_from([(name, value) for name, ways in PLAIN.items() for value in ways]), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(
    asked=asked_for.map(dict), order=st.sampled_from(list(ORDERS)), falling=st.booleans(),
    few=st.sampled_from([1, 6, 2000]), look=st.sampled_from([1, 3, 12]), counted=st.sampled_from([0, 1, 8]),
    size=st.integers(2, 9), sieved=st.booleans(), gathered=st.sampled_from([0, 2]),
)  # fmt: skip
@example(
    asked={"rule": "echo", "tag": "常", "q": "下雨"},
    order="tokens",
    falling=True,
    few=1,
    look=1,
    counted=8,
    size=2,
    **SIEVED,
)
@example(
    asked={"rule": "echo", "tag": "常"}, order="findings", falling=False, few=1, look=1, counted=8, size=2, **SIEVED
)
@example(
    asked={"q": "下雨", "status": "accepted"}, order="number", falling=True, few=1, look=1, counted=8, size=2, **SIEVED
)
@example(
    asked={"cluster": "4"}, order="tokens", falling=False, few=0, look=1, counted=8, size=2, **SIEVED
)  # more than a few
@example(
    asked={"split": "test"}, order="tokens", falling=False, few=1, look=1, counted=0, size=2, sieved=True, gathered=0
)
@example(
    asked={"status": "accepted", "rule": "echo"},
    order="number",
    falling=True,
    few=1,
    look=1,
    counted=0,
    size=2,
    sieved=True,
    gathered=0,
)
@example(
    asked={"tag": "常", "where": "decided-by.is(nobody)"},
    order="number",
    falling=False,
    few=1,
    look=1,
    counted=0,
    size=2,
    sieved=True,
    gathered=0,
)
@example(
    asked={"status": "pending", "where": "duplicates.is(yes)"}, order="findings", falling=False, few=1, look=1,
    counted=0, size=2, sieved=True, gathered=0,
)  # fmt: skip
def test_a_list_shows_what_passes_there_and_back(
    asked: dict[str, str],
    order: str,
    falling: bool,
    few: int,
    look: int,
    counted: int,
    size: int,
    sieved: bool,
    gathered: int,
    mixed: Dataset,
) -> None:
    passing = [row for row in map(one, range(1, ROWS)) if all(PLAIN[name][value](row) for name, value in asked.items())]
    if "status" not in asked:
        passing = [row for row in passing if row["status"] != "trashed"]
    expected = [row["position"] for row in sorted(passing, key=ORDERS[order], reverse=falling)]
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((selecting, "FEW"), (selecting, "READ"), (walking, "FEW"), (walking, "READ")):
            patch.setattr(module, name, few)
        patch.setattr(walking, "FIRST", size)
        for name, value in (("IN_VAIN", 2 * look), ("SELDOM", look), ("LARGER", 2)):
            patch.setattr(walking, name, value)
        patch.setattr(browse, "FEW", few)
        patch.setattr(ordered_rows, "COUNTED", counted)
        for name in ("LOOKED_AT", "GLANCED_AT", "READ"):
            patch.setattr(ordered_rows, name, look)
        patch.setattr(ordered_rows, "SIEVED", 1 if sieved else ROWS)
        patch.setattr(ordered_rows, "SOON", gathered)
        for name, value in (
            ("WALKED", look), ("STRODE", look), ("LARGEST", 2 * look), ("GATHERED", gathered), ("CHEAPER", 1),
            ("MATCHES", counted), ("IN_VAIN", 2 * look), ("ASKED", size), ("HOP", size), ("SELDOM", gathered),
            ("READABLE", 8 * gathered), ("SOONER", 1), ("WINDOW", look), ("WIDER", 2), ("WIDEST", 12),
        ):  # fmt: skip
            patch.setattr(sieved_rows, name, value)
        for name in ("CHEAP", "COUNTED"):
            patch.setattr(sieve, name, counted)
        patch.setattr(sieve, "DEAR", size)
        for name, value in (("READ", look), ("SELDOM", 2), ("LISTED", size)):
            patch.setattr(pairs, name, value)
        for name in ("LOOKED_AT", "GLANCED_AT"):
            patch.setattr(planned_rows, name, look)
        filters = browse.Filters.parse(asked, me=mixed.created_by_id)

        def page(cursor: str = "") -> Any:
            name = f"-{order}" if falling else order
            return browse.page(dataset=mixed, filters=filters, order=name, cursor=cursor, size=size)

        here = page()
        there = [row.position for row in here.rows]
        while here.later:
            here = page(here.later)
            there += [row.position for row in here.rows]
        assert there == expected
        back = [row.position for row in here.rows]
        while here.earlier:
            here = page(here.earlier)
            back = [row.position for row in here.rows] + back
        assert back == expected
