"""Checks on what people type that several services share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ftstudio.errors import InvalidInput, Text


def refusal_of(field: str, text: str) -> InvalidInput:
    """A refusal of the field whose name is only known at run time."""
    fields: dict[str, Any] = {field: text}
    return InvalidInput(**fields)


def one_line(value: str, *, field: str, longest: int = 100) -> str:
    """The trimmed value. Raises InvalidInput for `field` when it is empty, too long or more than one line."""
    value = value.strip()
    if not value:
        raise refusal_of(field, Text("This may not be empty."))
    if len(value) > longest:
        raise refusal_of(field, Text("At most {longest} characters, please.", longest=longest))
    if not value.isprintable():
        raise refusal_of(field, Text("Only visible characters in one line, please."))
    return value


def address(value: str, *, field: str = "email") -> str:
    """The trimmed e-mail address. Raises InvalidInput when it is none."""
    value = value.strip()
    try:
        validate_email(value)
    except ValidationError as error:
        raise refusal_of(field, Text("This is not an e-mail address.")) from error
    return value


def days_within(days: int, *, longest: int) -> int:
    """`days` when it lies between 1 and `longest`; otherwise InvalidInput."""
    if not 1 <= days <= longest:
        raise InvalidInput(days=Text("Between 1 and {longest} days, please.", longest=longest))
    return days


def first_messages(error: ValidationError, *, known: Iterable[str], other: str) -> InvalidInput:
    """Django's validation error as a refusal: the first message of each known field, the rest under `other`."""
    names = set(known)
    messages = error.message_dict if hasattr(error, "error_dict") else {other: error.messages}
    fields: dict[str, Any] = {(name if name in names else other): texts[0] for name, texts in messages.items()}
    return InvalidInput(**fields)
