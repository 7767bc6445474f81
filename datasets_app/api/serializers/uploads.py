"""Uploads as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from datasets_app.models import Upload

from .fields import ErrorField


class UploadOutput(serializers.ModelSerializer[Upload]):
    """An imported file. `offset` of `size` bytes have been read so far."""

    error = ErrorField()

    class Meta:
        model = Upload
        fields = (
            "id", "dataset", "name", "size", "sha256", "format", "codec", "state", "offset", "rows_total",
            "rows_accepted", "rows_rejected", "rows_duplicate", "error", "created_at", "started_at", "finished_at",
        )  # fmt: skip


class UploadInput(serializers.Serializer[Any]):
    """`again`: take the file in although this dataset has had it before."""

    file = serializers.FileField(allow_empty_file=True)
    format = serializers.CharField(max_length=40, required=False, default="auto")
    again = serializers.BooleanField(required=False, default=False)
