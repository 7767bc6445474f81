"""Reading a request's JSON: what no database, file or provider could hold is refused at the door, once for all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from ftstudio.errors import InvalidInput, Text


class StorableJSON(JSONParser):
    """JSON that can be written again: UTF-8, whole characters, finite numbers, nested no deeper than a line of data.

    Raises ParseError (400) for what is no JSON, InvalidInput (422) for JSON that nobody could store.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            value = json.loads(stream.read().decode("utf-8-sig"), parse_constant=_refuse_constant)
        except RecursionError:
            raise _too_deep() from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        refuse_unstorable(value)
        return value


def refuse_unstorable(value: Any) -> None:
    """Raise InvalidInput for half characters, endless numbers and endless nesting anywhere in `value`."""
    level = [value]
    for _depth in range(settings.JSON_MAX_DEPTH + 1):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.keys()
                inner += one.values()
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, str) and not one.isascii():
                _refuse_half_characters(one)
            elif isinstance(one, float) and not math.isfinite(one):
                raise InvalidInput(Text("A number in what you sent is too large to be kept."))
        if not inner:
            return
        level = inner
    raise _too_deep()


def _refuse_half_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(Text("What you sent holds half a character (a lone surrogate).")) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _too_deep() -> InvalidInput:
    return InvalidInput(Text("What you sent is nested deeper than {limit} levels.", limit=settings.JSON_MAX_DEPTH))
