"""What a field is compared with: how a value is read, which operators make sense, how a form asks for it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from ftstudio.errors import Listed, Text

LARGEST = 2_147_483_647
OPERATORS: dict[str, Text] = {
    "is": Text("is"),
    "not": Text("is not"),
    "any": Text("is any of"),
    "contains": Text("contains"),
    "lacks": Text("does not contain"),
    "min": Text("is at least"),
    "max": Text("is at most"),
    "after": Text("is after"),
    "before": Text("is before"),
}
_AGO = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Unreadable(ValueError):
    """A value that is not one; `text` says what would be."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class Kind(ABC):
    """What one sort of value is. `name` is what the API calls it and which control a form shows."""

    name: ClassVar[str]
    operators: tuple[str, ...] = ("is", "not", "any")

    @abstractmethod
    def read(self, text: str) -> str:
        """The value in its one canonical form. Raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a closed set; with `words` for people."""

    name: ClassVar[str] = "choice"
    words: dict[str, Text] = field(hash=False)

    def read(self, text: str) -> str:
        if text not in self.words:
            raise Unreadable(Text("“{value}” is not one of {known}.", value=text[:60], known=Listed(self.words)))
        return text


@dataclass(frozen=True, slots=True)
class Word(Kind):
    """A name that a person or a contract gave, of at most `longest` characters."""

    name: ClassVar[str] = "word"
    longest: int

    def read(self, text: str) -> str:
        return _text(text, self.longest)


@dataclass(frozen=True, slots=True)
class Phrase(Kind):
    """Words to be found in the texts, regardless of case."""

    name: ClassVar[str] = "phrase"
    operators: tuple[str, ...] = ("contains", "lacks")
    longest: int = 200

    def read(self, text: str) -> str:
        return _text(text, self.longest)


def _text(text: str, longest: int) -> str:
    text = text.strip()
    if not text or "\x00" in text:
        raise Unreadable(Text("Say what to look for."))
    if len(text) > longest:
        raise Unreadable(Text("At most {n} characters can be looked for.", n=longest))
    return text


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A whole number from 0."""

    name: ClassVar[str] = "number"
    operators: tuple[str, ...] = ("min", "max", "is", "any")

    def read(self, text: str) -> str:
        if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= LARGEST):
            raise Unreadable(Text("“{value}” is no whole number from 0 to {most}.", value=text[:60], most=LARGEST))
        return str(int(text))


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """Yes or no."""

    name: ClassVar[str] = "flag"
    operators: tuple[str, ...] = ("is",)

    def read(self, text: str) -> str:
        if text not in ("yes", "no"):
            raise Unreadable(Text("“{value}” is neither yes nor no.", value=text[:60]))
        return text


@dataclass(frozen=True, slots=True)
class Person(Kind):
    """A person by number, `me` for whoever asks, or `nobody`."""

    name: ClassVar[str] = "person"

    def read(self, text: str) -> str:
        if text in ("me", "nobody"):
            return text
        if not (text.isascii() and text.isdecimal() and len(text) < 11 and 0 < int(text) <= LARGEST):
            raise Unreadable(Text("A person is a number, “me” or “nobody”, not “{value}”.", value=text[:60]))
        return str(int(text))


@dataclass(frozen=True, slots=True)
class Moment(Kind):
    """A day (2026-11-01), a moment with its time zone, or so long ago: 12h, 7d, 2w."""

    name: ClassVar[str] = "moment"
    operators: tuple[str, ...] = ("after", "before")

    def read(self, text: str) -> str:
        if _AGO.fullmatch(text):
            return text
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return date.fromisoformat(text).isoformat()
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC).isoformat() if found.tzinfo else found.replace(tzinfo=UTC).isoformat()
        except (ValueError, OverflowError):
            wanted = Text("“{value}” is no day such as 2026-11-01 and no time ago such as 7d or 12h.", value=text[:60])
            raise Unreadable(wanted) from None


@dataclass(frozen=True, slots=True)
class Identity(Kind):
    """The id of something else, a UUID."""

    name: ClassVar[str] = "identity"

    def read(self, text: str) -> str:
        try:
            return str(UUID(text))
        except ValueError:
            raise Unreadable(Text("“{value}” is no id.", value=text[:60])) from None


def moment(value: str, now: datetime) -> datetime:
    """The moment that a canonical value of `Moment` stands for at `now`; a day begins in `now`'s time zone."""
    if ago := _AGO.fullmatch(value):
        try:
            return now - int(ago[1]) * _UNITS[ago[2]]
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    if len(value) == 10:
        return datetime.combine(date.fromisoformat(value), datetime.min.time(), now.tzinfo)
    return datetime.fromisoformat(value)


def is_ago(value: str) -> bool:
    """Whether a canonical value of `Moment` means another moment tomorrow."""
    return bool(_AGO.fullmatch(value))
