"""What the job's page tells about a run beside its curves: its stations, what it came to, a thumbnail for tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ftstudio.web.states import look_of
from ftstudio.web.texts import clauses, from_line, money, say
from jobs_app.core import lifecycle, metrics, verdicts
from jobs_app.models import Job, JobMove
from jobs_app.providers import PROVIDERS

from .curves import line_in_words
from .draft_forms import word_of
from .verdict_shown import tone_of

Line = Sequence[tuple[int, float]]

ROAD = (lifecycle.QUEUED, lifecycle.UPLOADING, lifecycle.VALIDATING, lifecycle.RUNNING, lifecycle.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Station:
    """One state on the timeline; `kind` is done, now, failed or "" for what is still to come."""

    word: str
    at: datetime | None
    note: str
    kind: str


def stations(job: Job, moves: Sequence[JobMove]) -> list[Station]:
    """Where the job has been, where it is, and where it is likely to go."""
    been = [Station(_word(lifecycle.DRAFT), job.created_at, "", "now" if job.is_draft else "done")]
    for index, move in enumerate(moves):
        later = moves[index + 1].at if index + 1 < len(moves) else None
        kind = "done"
        if index == len(moves) - 1:
            kind = {"failed": "failed", "cancelled": "failed", "succeeded": "done"}.get(move.after, "now")
        been.append(Station(_word(move.after), move.at, _note(move, later), kind))
    if job.is_final:
        return been
    ahead = ROAD[ROAD.index(job.state) + 1 :] if job.state in ROAD else ()
    if job.is_draft:
        ahead = ROAD
    return [*been, *(Station(_word(state), None, "", "") for state in ahead)]


def verdict_word(job: Job, train: Line, valid: Line) -> dict[str, str] | None:
    """The verdict as the table of jobs shows it: `word` and `tone`. None while it is too early."""
    if job.state != lifecycle.SUCCEEDED or not train:
        return None
    verdict = verdicts.judge(
        train=train, valid=valid, validation_rows=job.rows_validation, epochs=job.estimate.get("epochs")
    )
    return {"word": say(verdict.word), "tone": tone_of(verdict)}


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of “estimate and actual”; empty where it is not known."""

    label: str
    estimate: str
    actual: str
    off: str


def comparison(job: Job) -> list[Compared]:
    """What was expected at launch beside what came."""
    expected = job.estimate
    began = job.started_at or job.launched_at  # the wait in the queue is no training, and estimates leave it out
    seconds = (job.finished_at - began).total_seconds() if job.finished_at and began else None
    currency = job.currency or str(expected.get("currency") or "")
    return [
        _compared(
            _("Cost"),
            _number(expected.get("cost")),
            _number(job.cost),
            lambda amount: f"{money(amount)} {currency}".strip(),
        ),
        _compared(pgettext("how long", "Time"), _number(expected.get("seconds")), seconds, duration),
        _compared(_("Tokens"), _number(expected.get("tokens")), _number(job.trained_tokens), lambda n: f"{n:,.0f}"),
    ]


def duration(seconds: float) -> str:
    """49 m 38 s; 1 h 06 m."""
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(int(whole.total_seconds()), 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        return _("%(h)d h %(m)02d m") % {"h": hours, "m": minutes}
    if minutes:
        return _("%(m)d m %(s)02d s") % {"m": minutes, "s": secs}
    return _("%(s)d s") % {"s": secs}


def spark(train: Line, valid: Line) -> SafeString:
    """A thumbnail of the curves: grey training, blue validation, one scale. Empty without figures."""
    lines = [metrics.downsample([p for p in line if math.isfinite(p[1])], 12) for line in (train, valid)]
    values = [value for line in lines for _step, value in line]
    if len(values) < 2:
        return SafeString("")
    low, high = min(values), max(values)
    last = max(step for line in lines for step, _value in line) or 1

    def path(line: Line) -> str:
        spots = (f"{88 * step / last:.1f} {20 - 18 * (value - low) / ((high - low) or 1):.1f}" for step, value in line)
        return "M" + "L".join(spots)

    drawn = "".join(
        f'<path{kind} d="{path(line)}"/>' for line, kind in zip(lines, ("", ' class="v"'), strict=True) if len(line) > 1
    )
    label = line_in_words(train, valid).replace('"', "")
    return mark_safe(f'<svg class="spark" viewBox="0 0 88 22" role="img" aria-label="{label}">{drawn}</svg>')


def _word(state: str) -> str:
    return str(look_of(state).word)


def _note(move: JobMove, later: datetime | None) -> str:
    parts = [str(move.actor)] if move.actor_id else []
    if later is not None:
        parts.append(duration((later - move.at).total_seconds()))
    if move.note == "no model named":
        parts.append(_("the provider named no model"))
    elif move.note:
        parts.append(say(from_line(move.note)))
    return clauses(parts)


def _compared(label: str, estimate: float | None, actual: float | None, show: Any) -> Compared:
    off = ""
    if estimate is not None and actual is not None and actual:
        share = 100 * (actual - estimate) / estimate if estimate else None
        off = "" if share is None else _("exact") if abs(share) < 0.05 else f"{share:+.1f} %"
    expected, came = ("" if value is None else show(value) for value in (estimate, actual))
    return Compared(label, expected, came, off)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def rows_text(job: Job) -> str:
    """24 training rows, 12 validation rows."""
    train = ngettext("%(n)d training row", "%(n)d training rows", job.rows_train) % {"n": job.rows_train}
    aside = ngettext("%(n)d validation row", "%(n)d validation rows", job.rows_validation)
    return clauses([train, aside % {"n": job.rows_validation}])


def recipe_of(job: Job) -> list[tuple[str, str]]:
    """The training settings of a job, each with its label; one that the provider no longer has keeps its own name."""
    provider = PROVIDERS.get(job.connection.kind)
    labels = {parameter.name: say(parameter.label) for parameter in provider.parameters} if provider else {}
    words = {"auto": _("the provider decides"), "supervised": _("supervised fine-tuning")}
    return [
        (_("Method") if name == "method" else labels.get(name, name), words.get(str(value)) or str(word_of(str(value))))
        for name, value in job.recipe.items()
    ]
