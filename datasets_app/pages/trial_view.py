"""What trying a contract has shown, in the shape of its part of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.core.codecs import CODECS
from datasets_app.core.rules import RULES
from datasets_app.core.trials import RuleChange
from datasets_app.models import Sample
from datasets_app.services.trials import OfPasted, OfSamples, Trial
from ftstudio.web.texts import say

TYPED = ("answer", "question", "seed")  # what is typed into the part itself
AROUND = 12  # characters beside what a finding marks


@dataclass(frozen=True, slots=True)
class Line:
    """One rule and how its word changes. `severity` is how grave it will be, or was where it is silent now."""

    rule: str
    title: str
    severity: str
    was: str  # another severity that it had before, else ""
    change: RuleChange
    newly: list[Sample]
    no_longer: list[Sample]


@dataclass(frozen=True, slots=True)
class Said:
    severity: str
    rule: str
    message: str
    new: bool
    mark: tuple[str, str, str] | None  # what stands before, in and behind the marked text


def untried() -> dict[str, Any]:
    """The part before anything was tried."""
    return {"typed": dict.fromkeys(TYPED, ""), "refused": [], **trial_context(None)}


def trial_context(trial: Trial | None) -> dict[str, Any]:
    """What the part `trial` shows; empty before anything was tried."""
    if trial is None:
        return {"trial": None, "pasted": None, "seen": None}
    context: dict[str, Any] = {"trial": trial, "pasted": None, "seen": None}
    if trial.pasted:
        context["pasted"] = _pasted(trial.pasted)
    if trial.samples:
        seen = trial.samples
        lines = [_line(change, seen) for change in seen.tally.changes]
        context["seen"] = seen
        context["next_seed"] = seen.seed + 1
        context["changed"] = [line for line in lines if _changes(line)]
        context["unchanged"] = [line for line in lines if not _changes(line)]
    return context


def _pasted(said: OfPasted) -> dict[str, Any]:
    name = said.pasted.format
    return {
        "read_as": say(CODECS[name].label) if name else "",
        "compared": said.pasted.compared,
        "passes": said.after.passes,
        "passed_before": said.before.passes if said.before else None,
        "findings": [
            Said(
                finding.severity, finding.rule, say(finding.message), finding.rule in said.new,
                _mark(said, finding.path, finding.start, finding.end),
            )
            for finding in said.after.findings[:20]
        ],
        "more": max(0, len(said.after.findings) - 20),
        "gone": [_title(rule) for rule in said.gone],
        "requirements": [(say(text), met) for text, met in said.requirements],
        "tokens": said.tokens,
        "exact": said.exact,
    }  # fmt: skip


def _mark(said: OfPasted, path: str, start: int | None, end: int | None) -> tuple[str, str, str] | None:
    """The marked characters of a turn's text with a little of what stands around them."""
    parts = path.split("/")
    if start is None or end is None or len(parts) < 4 or parts[1] != "messages" or parts[3] != "content":
        return None
    turns = said.pasted.sample.messages
    text = turns[int(parts[2])].text if len(parts) == 4 and int(parts[2]) < len(turns) else ""
    if not text or end <= start:
        return None
    before, marked, behind = text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND]
    return ("…" if start > AROUND else "") + before, marked[:60], behind + ("…" if end + AROUND < len(text) else "")


def _line(change: RuleChange, seen: OfSamples) -> Line:
    severity = change.severity_after or change.severity_before
    was = change.severity_before if change.severity_before not in ("", severity) else ""
    newly, no_longer = (
        [seen.named[key] for key in keys if key in seen.named] for keys in (change.newly, change.no_longer)
    )
    return Line(change.rule, _title(change.rule), severity, was, change, newly, no_longer)


def _changes(line: Line) -> bool:
    return bool(line.change.new or line.change.gone or line.was)


def _title(rule: str) -> str:
    return say(RULES[rule].title) if rule in RULES else _("rule %(rule)s") % {"rule": rule}
