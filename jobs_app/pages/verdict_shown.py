"""What a run's curves allow to be said, as its page says it: the verdict's tone, the numbers behind it, what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ftstudio.web.texts import clauses, say
from jobs_app.core import verdicts
from jobs_app.services.readings import Reading, proposals_of

SHOWN_POINTS = 8
TONES = {
    "diverged": "error",
    "overfit": "warning",
    "onset": "warning",
    "conflict": "warning",
    "underfit-epochs": "warning",
    "underfit-rate": "warning",
    "converged": "ok",
}


def tone_of(verdict: verdicts.Verdict) -> str:
    """The tone of its panel: whatever is only suspected or cannot be told stays a hint."""
    return "hint" if verdict.suspected else TONES.get(verdict.kind, "hint")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number behind a verdict, as the page shows it."""

    label: str
    value: str
    counts: str
    met: bool | None
    series: str
    points: str


def evidence_of(verdict: verdicts.Verdict) -> list[Evidence]:
    """The numbers that the verdict rests on, and the points that they rest on."""
    rows = []
    for measure in verdict.measures:
        bound = "" if measure.threshold is None else f"{measure.sign} {_figure(measure.threshold, measure.unit)}"
        rows.append(
            Evidence(
                say(measure.label),
                _figure(measure.value, measure.unit),
                bound,
                measure.met,
                _series_word(measure.series),
                _points(measure),
            )
        )
    return rows


def judged(reading: Reading) -> dict[str, Any]:
    """What the page's verdict panel and the one about the next run need."""
    verdict = reading.verdict
    if verdict is None:
        return {"verdict": None, "tone": "", "evidence": [], "proposals": [], "stop": None}
    return {
        "verdict": verdict,
        "tone": tone_of(verdict),
        "evidence": evidence_of(verdict),
        "series_word": _series_word(verdict.series),
        "proposals": proposals_of(reading),
        "stop": reading.stop,
    }


def _series_word(name: str) -> str:
    words = {
        "train_loss": _("training loss"),
        "valid_loss": _("validation loss"),
        "full_valid_loss": _("loss on the whole validation set"),
        "score": _("task metric"),
    }
    return words.get(name, name)


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{value:.1f} %"
    if unit == "nats":
        return f"{value:.3f}"
    return f"{value:g}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.2f}"


def _points(measure: verdicts.Measure) -> str:
    """“step 15: 0.500, step 25: 0.630”; of many points the last ones."""
    percent = measure.series == "score"
    shown = [
        _("step %(step)d: %(value)s") % {"step": step, "value": f"{100 * value:.1f} %" if percent else f"{value:.3f}"}
        for step, value in measure.points[-SHOWN_POINTS:]
    ]
    left = len(measure.points) - len(shown)
    if left > 0:
        shown.insert(0, ngettext("%(n)d point before", "%(n)d points before", left) % {"n": left})
    return clauses(shown)
