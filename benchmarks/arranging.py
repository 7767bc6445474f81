"""What months of work would have left in a dataset: statuses, tags, sides, labels and clusters, set by SQL.

Run inside an installation: `stack.python(arranging.CODE.format(…))`. The shares are fixed, so every filter has many
samples, some, few or none; counters are kept as the product keeps them.
"""

from __future__ import annotations

CODE = """
import django; django.setup()
from collections import Counter
from django.db import connection, transaction
from datasets_app.models import Dataset, DatasetCount, Sample, SampleTag
dataset = Dataset.objects.get(pk="{dataset}")
rows = Sample.objects.filter(dataset=dataset)
# One sample in … is it; the first that fits counts.
STATUS = {{"flagged": 20011, "skipped": 997, "rejected": 101, "accepted": 7}}
SPLIT = {{"test": 100, "validation": 10, "train": 1}}
LABELS = {{"罕见": 50021, "有时": 101, "常见": 2}}
TAGS = {{"常用": 3, "少用": 1009, "罕用": 100003}}

def chosen(position, shares, other=""):
    return next((name for name, every in shares.items() if position % every == 0), other)

with transaction.atomic(), connection.cursor() as cursor:
    changes, tags = Counter(), []
    values = []
    for pk, position in rows.order_by("position").values_list("pk", "position").iterator(5000):
        status, split, label = chosen(position, STATUS, "pending"), chosen(position, SPLIT), chosen(position, LABELS)
        cluster = position // 500 * 500 if position % 500 < 3 and position >= 500 else 0
        values.append((status, split, label, cluster, pk))
        if status != "pending":
            changes["status", status] += 1
            changes["status", "pending"] -= 1
        changes["split", split] += 1
        if label:
            changes["label", label] += 1
        for name, every in TAGS.items():
            if position % every == 0:
                tags.append(SampleTag(dataset=dataset, sample_id=pk, name=name))
                changes["tag", name] += 1
    sql = 'UPDATE datasets_app_sample SET status = %s, split = %s, label = %s, cluster = %s WHERE id = %s'
    cursor.executemany(sql, values)
    SampleTag.objects.bulk_create(tags, batch_size=5000)
    DatasetCount.objects.add(dataset, changes)
print("arranged")
"""
