"""One timeline of a job: what the provider reported, how the job moved, and what people did. Read only.

Three tables, one order (time, newest first), keyset pages: each table is asked for one page beyond the cursor, and the
newest of them make the page. No payload is read for the list; `raw_of` reads one when somebody opens it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.dateparse import parse_datetime

from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import FOREIGN_CURSOR
from jobs_app.core.redaction import redacted, redacted_text
from jobs_app.models import Job, JobEvent, JobMove

SIZE = 100
SOURCES = ("event", "move", "act")
LEVELS = ("info", "warning", "error")
# A move says the same with its note and its state: these acts would only stand there twice.
ACTS_THAT_MOVE = ("jobs.launch", "jobs.cancel", "jobs.pause", "jobs.resume")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `row` is the JobEvent, JobMove or AuditEntry that `source` names."""

    at: datetime
    source: str
    row: Any

    @property
    def key(self) -> tuple[datetime, int, int]:
        return (self.at, SOURCES.index(self.source), self.row.pk)

    @property
    def cursor(self) -> str:
        return f"{self.at.isoformat()}~{SOURCES.index(self.source)}~{self.row.pk}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the timeline is asked for; "" is all. `level` leaves events below it out, and then moves and acts, too,
    unless `source` asks for them. `q` is looked for in what events say and moves note."""

    source: str = ""
    level: str = ""
    q: str = ""

    @classmethod
    def of(cls, query: Any) -> Wanted:
        """From a request's query; a word that is not known asks for all."""
        source, level = query.get("source", ""), query.get("level", "")
        return cls(
            source if source in SOURCES else "",
            level if level in LEVELS else "",
            str(query.get("q", "")).replace("\x00", "").strip()[:100],
        )


def page(job: Job, wanted: Wanted, cursor: str = "") -> tuple[list[Entry], str]:
    """A hundred lines, newest first, and the cursor of the next page ("": that was the end)."""
    beyond = _position(cursor)
    found: list[Entry] = []
    for source, rows in _sources(job, wanted):
        rows = rows if beyond is None else rows.filter(_before(source, beyond))
        found += [Entry(row.at, source, row) for row in rows.order_by("-at", "-pk")[: SIZE + 1]]
    found.sort(key=lambda entry: entry.key, reverse=True)
    shown = found[:SIZE]
    return shown, shown[-1].cursor if len(found) > SIZE else ""


def counts(job: Job) -> dict[str, int]:
    """How many events of each level; one query."""
    found = dict(job.events.order_by().values_list("level").annotate(n=Count("pk")))
    return {level: found.get(level, 0) for level in LEVELS}


def raw_of(event: JobEvent) -> Any:
    """What the provider sent as this event, without what could open anything."""
    return redacted(event.raw if event.raw is not None else event.data)


def last_answer(job: Job) -> Any:
    """The provider's last answer about the job, without what could open anything."""
    return redacted(job.raw)


def line_of(entry: Entry, *, raw: bool = False) -> dict[str, Any]:
    """An entry as JSON, for the API and the download."""
    row = entry.row
    line: dict[str, Any] = {"at": entry.at.isoformat(), "source": entry.source}
    if entry.source == "event":
        line |= {
            "id": row.pk,
            "provider_id": row.provider_id,
            "level": row.level,
            "message": redacted_text(row.says),
        }
        return line | ({"raw": raw_of(row)} if raw else {})
    if entry.source == "move":
        return line | {"before": row.before, "after": row.after, "by": _name(row.actor), "note": row.note}
    return line | {"verb": row.verb, "by": _name(row.actor), "detail": redacted(row.detail)}


def everything(job: Job) -> Iterator[dict[str, Any]]:
    """All of it, oldest first, with the raw payloads; streamed, the events in pieces."""
    moves: list[Entry] = []
    for source, rows in _sources(job, Wanted()):
        if source != "event":
            moves += [Entry(row.at, source, row) for row in rows]
    moves.sort(key=lambda entry: entry.key)
    for event in job.events.order_by("at", "pk").iterator(500):
        while moves and moves[0].at <= event.at:
            yield line_of(moves.pop(0))
        yield line_of(Entry(event.at, "event", event), raw=True)
    yield from map(line_of, moves)


def _sources(job: Job, wanted: Wanted) -> Iterator[tuple[str, QuerySet[Any]]]:
    events = JobEvent.objects.filter(job=job).defer("raw", "data")
    moves = JobMove.objects.filter(job=job).select_related("actor")
    acts = AuditEntry.objects.filter(project_id=job.project_id, target_type="job", target_id=str(job.pk))
    acts = acts.exclude(verb__in=ACTS_THAT_MOVE).select_related("actor")
    if wanted.level:
        events = events.filter(level__in=LEVELS[LEVELS.index(wanted.level) :])
    if wanted.q:
        events = events.filter(message__icontains=wanted.q)
        moves = moves.filter(note__icontains=wanted.q)
        acts = acts.filter(verb__icontains=wanted.q)
    if wanted.source in ("", "event"):
        yield "event", events
    if wanted.source == "move" or not (wanted.source or wanted.level):
        yield "move", moves
    if wanted.source == "act" or not (wanted.source or wanted.level):
        yield "act", acts


def _position(cursor: str) -> tuple[datetime, int, int] | None:
    if not cursor:
        return None
    at, _, rest = cursor.partition("~")
    source, _, pk = rest.partition("~")
    try:
        moment = parse_datetime(at)
        # What no database could compare overflows here.
        moment = moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None or source not in ("0", "1", "2") or not (pk.isascii() and pk.isdecimal()):
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    if len(pk) > 18:
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    return moment, int(source), int(pk)


def _before(source: str, position: tuple[datetime, int, int]) -> Q:
    """What comes after the position in a list of the newest first."""
    at, place, pk = position
    mine = SOURCES.index(source)
    if mine < place:
        return Q(at__lte=at)
    return Q(at__lt=at) | Q(at=at, pk__lt=pk) if mine == place else Q(at__lt=at)


def _name(person: Any) -> str | None:
    return str(person) if person is not None else None
