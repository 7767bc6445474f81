"""A held file as its page shows it: what it was taken for, what it would become, and what one may say of it."""

from __future__ import annotations

from typing import Any

from datasets_app.core import contracts
from datasets_app.core.images import pictures
from datasets_app.core.rules import RULES
from datasets_app.core.statistics import wilson
from datasets_app.models import Upload
from datasets_app.pipeline.grading import Graded
from datasets_app.services import datasets, uploads
from datasets_app.services.uploads import Look
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.web.texts import say

from .review_form import MANY, ReviewForm
from .shown_turns import Seen, turns_of

SAMPLES = 6  # shown as they will be
REFUSALS = 20
RULE_LINES = 6
EXCERPT = 240
SPREAD = 30  # values that are shown of how the samples are spread


def review_form(upload: Upload, data: Any = None) -> tuple[ReviewForm, Look]:
    """The form, filled from the upload or from what was sent, and the look that it was made after."""
    seen = uploads.look(upload)
    return ReviewForm(data, upload=upload, seen=seen), seen


def review_context(upload: Upload, user: User, form: ReviewForm, seen: Look) -> dict[str, Any]:
    """Everything on the page of a held file."""
    usable = len(seen.graded)
    clean = usable - seen.with_findings
    may_start = allows(user, upload.dataset.project_id, "uploads.start")
    for field in form.fields.values():
        field.disabled = field.disabled or not may_start  # who may not import it reads what was said of it
    return {
        "upload": upload,
        "dataset": upload.dataset,
        "form": form,
        "seen": seen,
        "table": _table(seen),
        "problem": say(seen.problem) if seen.problem else "",
        "usable": usable,
        "clean": clean,
        "clean_share": clean / usable if usable else None,
        "lines": [_rule_line(upload, seen, *found) for found in seen.rules[:RULE_LINES]],
        "samples": [_shown(line, graded) for line, graded in seen.graded[:SAMPLES]],
        "refused": [
            {"line": row.line, "code": row.code, "reason": say(row.text), "raw": shortened(row.raw)}
            for row in seen.refused[:REFUSALS]
        ],
        "may_start": may_start,
    }


def shortened(raw: str) -> str:
    """The row as it stands, with a sign where it goes on."""
    return raw if len(raw) <= EXCERPT else f"{raw[:EXCERPT]}…"


def _table(seen: Look) -> dict[str, Any]:
    """The first rows as they stand. Of a table with many columns those that are part of a sample, and the first of the
    others; `more` counts the rest."""
    mapped = set(seen.mapping.fields.values()) if seen.mapping else set()
    shown = [at for at, column in enumerate(seen.columns) if at < MANY or column in mapped]
    return {
        "columns": [seen.columns[at] for at in shown],
        "rows": [[row[at] for at in shown] for row in seen.rows],
        "more": len(seen.columns) - len(shown),
    }


def _rule_line(upload: Upload, seen: Look, rule: str, severity: str, n: int) -> dict[str, Any]:
    """One broken rule: how many of the usable rows break it, with the interval for the whole file."""
    usable = len(seen.graded)
    low, high = wilson(n, usable)
    contract = datasets.checker_of(upload.dataset).contract
    return {
        "rule": rule,
        "title": say(RULES[rule].title) if rule in RULES else rule,
        "severity": severity,
        "n": n,
        "share": n / usable,
        "low": f"{100 * low:.1f}",
        "high": f"{100 * high:.1f}",
        "own": any(part.rule == rule for part in contracts.requirements(contract)),
    }


def _shown(line: int, graded: Graded) -> dict[str, Any]:
    """A sample as the desk would show it, to be read."""
    turns, rejected = turns_of(graded.sample, Seen(graded.findings))
    return {
        "line": line,
        "turns": [turn for turn in turns if turn.text or turn.calls or not turn.is_answer],
        "rejected": rejected,
        "findings": graded.findings,
        "pictures": [picture.address[:80] for picture in pictures(graded.sample)],
    }


def spread_of(upload: Upload) -> list[dict[str, Any]]:
    """The values at `spread_by` with their accepted samples, the most frequent first."""
    total = sum(upload.spread.values()) or 1
    ordered = sorted(upload.spread.items(), key=lambda item: (-item[1], item[0]))
    return [{"value": value, "n": n, "share": n / total} for value, n in ordered[:SPREAD]]
