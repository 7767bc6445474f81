"""What every set rule and every measure is, and what they may ask about the samples they look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from datasets_app.core.contracts.model import Contract
from datasets_app.core.findings import Severity
from datasets_app.core.jsonl import Json
from datasets_app.core.profiles import Profile
from datasets_app.core.samples import Sample
from datasets_app.core.sets.members import Member, member
from ftstudio.errors import Text

if TYPE_CHECKING:  # arrays are loaded by who computes, not by who reads a title
    from datasets_app.core.sets.columns import Columns

SHOWN = 20  # samples that a report names one by one; all of them are counted

Example = tuple[Member, ...] | tuple[tuple[Member, ...], Mapping[str, Json]]  # members, or under a contract file


@dataclass(frozen=True, slots=True)
class Setting:
    """Under what a set is looked at. `place` says where a sample stands, for sentences that name another one.

    `graver` are severities that stand in for the rules' own: a leak between two files is an error, while one between
    the sides of a dataset is mended by the next snapshot and must not keep its samples out of it.
    """

    contract: Contract
    profile: Profile
    place: Callable[[int], Text]
    graver: Mapping[str, Severity] = field(default_factory=dict)
    spread_by: tuple[str, ...] = ()  # dotted paths into a sample's other keys, as metadata.domain


@dataclass(frozen=True, slots=True)
class Said:
    """What a set rule says of the member with this index."""

    index: int
    message: Text
    path: str = ""


class Gatherer:
    """What one rule or measure keeps while the samples pass by. Its memory must not grow with their texts.

    What costs time is best done in `note`, which may run in another process than the one that keeps: then a file is
    read by several. Measures, which only a scan asks for, override `add` instead.
    """

    def note(self, member: Member) -> Any:
        """What there is to keep of a sample, small and picklable. Changes nothing that `take` looks at."""
        return None

    def take(self, index: int, noted: Any) -> None:
        """Keep what was noted of the next sample. `index` counts from 0 through all that were looked at."""

    def take_all(self, first: int, notes: Iterable[Any]) -> None:
        """Keep what was noted of the next samples, the first of which has that index."""
        for index, noted in enumerate(notes, start=first):
            self.take(index, noted)

    def add(self, index: int, member: Member) -> None:
        """Take note of the next sample."""
        self.take(index, self.note(member))

    def said(self, columns: Columns) -> Iterator[Said]:
        """What there is to say of single samples, in the order of their indexes."""
        return iter(())

    def report(self, columns: Columns) -> Json:
        """What was measured, as plain JSON; None where there was nothing to measure."""
        return None


class SetRule(ABC):
    """One rule about sets. A module of `rules` holds one as `RULE`.

    `title`, `help` and `severity` are those of any rule; `good` and `bad` are sets that it is silent about and sets
    that it speaks of. It speaks of each later member and names the first.
    """

    name: str
    severity: ClassVar[Severity] = "warning"
    title: ClassVar[Text]
    help: ClassVar[Text]
    good: ClassVar[tuple[Example, ...]] = ()
    bad: ClassVar[tuple[Example, ...]] = ()

    def applies(self, contract: Contract, profile: Profile) -> bool:
        """Whether the rule has anything to say under this contract and profile."""
        return True

    @abstractmethod
    def begin(self, setting: Setting) -> Gatherer:
        """A gatherer for one look."""


class Measure(ABC):
    """One figure or table about a set. A module of `measures` holds one as `MEASURE`; `name` is its key in a report."""

    name: str

    @abstractmethod
    def begin(self, setting: Setting) -> Gatherer:
        """A gatherer for one look."""


def together(*samples: Sample, sides: tuple[str, ...] = ()) -> tuple[Member, ...]:
    """An example set."""
    return tuple(member(at, one, side=sides[at - 1] if sides else "") for at, one in enumerate(samples, start=1))
