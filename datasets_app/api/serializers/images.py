"""Pictures as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from datasets_app.models import Image


class ImageOutput(serializers.ModelSerializer[Image]):
    """`address` is what a content part of a sample holds: `{"type": "image_url", "image_url": {"url": address}}`."""

    address = serializers.CharField(read_only=True)

    class Meta:
        model = Image
        fields = ("project", "sha256", "address", "media_type", "width", "height", "bytes", "created_at")


class ImageInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)
