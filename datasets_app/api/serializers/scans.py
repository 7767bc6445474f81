"""Scans as the API gives them."""

from __future__ import annotations

from rest_framework import serializers

from datasets_app.models import Scan
from datasets_app.models.scan import ScanState
from datasets_app.services import scans

from .fields import ErrorField, ObjectField

_FIELDS = (
    "id", "dataset", "state", "stage", "samples_total", "samples_seen", "rule_set_version", "error", "created_at",
    "finished_at",
)  # fmt: skip


class ScanOutput(serializers.ModelSerializer[Scan]):
    """`state` is waiting, running, done or failed; `stage` reading, comparing or writing while it runs."""

    error = ErrorField()

    class Meta:
        model = Scan
        fields = _FIELDS


class ScanDetailOutput(ScanOutput):
    """`report` by measure (absent where there was nothing to measure); `stale`: samples or rules changed since."""

    report = ObjectField()
    stale = serializers.SerializerMethodField()

    class Meta(ScanOutput.Meta):
        fields = (*_FIELDS, "report", "stale")  # type: ignore[assignment]

    def get_stale(self, scan: Scan) -> bool:
        return scan.state == ScanState.DONE and scans.is_stale(scan, scan.dataset)
