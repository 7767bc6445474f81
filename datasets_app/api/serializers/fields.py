"""The fields that several shapes of the API share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ftstudio.web.texts import from_row, say

JSON_OBJECT = {"type": "object", "additionalProperties": True}
MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"type": "string"},
        "content": {"oneOf": [{"type": "string"}, {"type": "array", "items": JSON_OBJECT}, {"type": "null"}]},
    },
    "additionalProperties": True,
}


@extend_schema_field(JSON_OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object."""

    default_error_messages = {"not_an_object": "Send an object."}

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


class SaidField(ObjectField):
    """An object with kept sentences under the keys that are named, at whatever depth: said in the reader's language."""

    def __init__(self, *keys: str, **how: Any) -> None:
        super().__init__(**how)
        self._keys = keys

    def to_representation(self, value: Any) -> Any:
        return {key: _said(one) if key in self._keys else one for key, one in value.items()}


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return say(from_row(value)) if "template" in value else {key: _said(one) for key, one in value.items()}
    return [_said(one) for one in value] if isinstance(value, list) else value


@extend_schema_field({"type": "array", "items": MESSAGE})
class MessagesField(serializers.JSONField):
    """Turns in the storage form of a sample; the service reads them value by value."""


@extend_schema_field({"type": "array", "items": JSON_OBJECT})
class ObjectsField(serializers.JSONField):
    """A list of JSON objects."""


class TextField(serializers.CharField):
    """Text as it was written: white space at its ends may be the point."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **how})


@extend_schema_field(
    {
        "type": ["object", "null"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    }
)
class ErrorField(serializers.Field[Any, Any, Any, Any]):
    """Why something failed, in the reader's language."""

    def to_representation(self, value: Any) -> dict[str, str]:
        return {"code": value["code"], "message": say(from_row(value))}
