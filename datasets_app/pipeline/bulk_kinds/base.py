"""What every kind of bulk change is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.models.sample import SampleQuerySet
from datasets_app.pipeline.selecting import Filters
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

Counted = Counter[tuple[str, str]]  # as DatasetCount.add takes them
Rows = Mapping[int, Sample]

CHANGED = Text("Somebody has changed it in the meantime.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to one sample, or `refused`: why it would not. `counts` are added up over the whole change.

    `note` is said beside the sample where the edits alone do not tell.
    """

    edits: Sequence[Edit] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    note: Text | None = None
    refused: Text | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written.

    `do` is called inside the transaction, with the samples' rows as they are now, locked, and with the counters to add
    to; perhaps twice. It sets each entry's `state` (and `revision`, `note`), which are saved for it. What it makes of
    contents is said beforehand, for others that say the same are locked as well: `deduplicate.locked`.
    """

    do: Callable[[Rows, Counted], None]
    fingerprints: Collection[str] = ()
    questions: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a person says of a kind, from which forms are made: `name` is its key in `what`.

    `choices` are (value, words); none: it is typed, in at most `longest` characters. `many`: several may be chosen.
    """

    name: str
    label: Text
    help: Text | None = None
    choices: Sequence[tuple[str, Text]] = ()
    many: bool = False
    longest: int = 0
    required: bool = True


class Kind(ABC):
    """One kind of bulk change. A module of this package holds one as `KIND`; `name` is stored and sent to the API."""

    name: str
    label: ClassVar[Text]
    help: ClassVar[Text]
    order: ClassVar[int] = 100  # of the forms; the lowest first
    of_trash: ClassVar[bool] = False  # it is about what is in the trash, or goes there; others never see that

    @abstractmethod
    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as they are stored. Raises InvalidInput naming the one that cannot be used."""

    @abstractmethod
    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        """What a person is asked for; `found` says of how many samples of the dataset each rule speaks."""

    def asks(self, dataset: Dataset, found: Mapping[str, int]) -> Sequence[Parameter]:
        """The same, for a kind whose choices are the dataset's own."""
        return self.parameters(found)

    def offered(self, dataset: Dataset) -> bool:
        """Whether it makes sense for this dataset; a kind that is not offered refuses in `parse`."""
        return True

    @abstractmethod
    def says(self, what: Mapping[str, Any]) -> Text:
        """What it does, as the heading of its page."""

    def within(self, filters: Filters) -> Filters:
        """The part of the list that it is about, made of the one that was asked for."""
        return filters

    def concerned(self, change: BulkChange, rows: SampleQuerySet) -> SampleQuerySet:
        """Those of the filter's samples that are worth a look; all of them unless a kind knows better."""
        return rows

    @abstractmethod
    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        """What would be done to these samples; those with nothing to do are left out."""

    @abstractmethod
    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        """Think, and return what is to be written."""

    @abstractmethod
    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        """The same for taking it back: entries become undone, or kept where somebody changed the sample since."""


def skip(entry: BulkChangeEntry, state: EntryState = EntryState.SKIPPED, why: Text = CHANGED) -> None:
    """Leave the sample as it is and say why."""
    entry.state, entry.note = state, to_row(why)
