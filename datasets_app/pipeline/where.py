"""A condition as it is asked for: in the address of a page, in a saved view, in a task that works through it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition
from ftstudio.errors import InvalidInput, Text

_read = lru_cache(maxsize=512)(conditions.read)


class Where(str):
    """A condition's canonical text, "" for none. `me` is the number of the person who asks; None: a worker, for whom
    the condition was settled by somebody who might ask it."""

    me: int | None

    def __new__(cls, text: str = "", me: int | None = None) -> Where:
        self = super().__new__(cls, text)
        self.me = me
        return self

    def __getnewargs__(self) -> tuple[str, int | None]:  # type: ignore[override]
        return str(self), self.me

    @classmethod
    def parse(cls, given: Any, me: int | None = None) -> Where:
        """Of a text, a JSON text or a JSON object. Raises InvalidInput `where` naming the place that is wrong."""
        if isinstance(given, str):
            text = given.replace("\x00", "").strip()
            if not text.startswith("{"):
                return cls(conditions.write(_read(text)) if text else "", me)
            try:
                given = json.loads(text)
                json.dumps(given, ensure_ascii=False).encode()  # no half of a character, which an escape may name
            except (ValueError, RecursionError):
                raise InvalidInput(where=Text("This is no JSON.")) from None
        if not given:
            return cls("", me)
        try:
            return cls(conditions.write(conditions.from_data(given)), me)
        except RecursionError:
            raise InvalidInput(where=Text("This is no JSON.")) from None

    @property
    def condition(self) -> Condition | None:
        return _read(str(self)) if self else None

    def settled(self, me: int, now: datetime) -> Where:
        """The same for a worker, and tomorrow."""
        condition = self.condition
        return Where(conditions.write(conditions.settled(condition, me=me, now=now))) if condition else Where()

    def mentions(self, field: str, value: str = "") -> bool:
        """Whether it asks for the field at all, or for that value of it."""
        condition = self.condition
        found = [term for term in conditions.tests(condition) if term.field == field] if condition else []
        return any(value in term.values for term in found) if value else bool(found)
