"""What the page of an evaluation needs, read from its address: two arms, a metric, which cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from datasets_app.core.rules import RULES
from ftstudio.accounts.policy import allows
from ftstudio.web.pagination import keyset
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.models import Arm, Evaluation
from jobs_app.services import comparing
from jobs_app.services.confusions import confusion_of
from jobs_app.services.leaf_paths import paths_of

from . import evaluation_shown as shown
from .evaluation_cases import SIZE
from .evaluation_cases import shown as shown_cases
from .evaluation_ruling import fourfold, ruling
from .evaluation_words import SIDES, Named, named
from .figures import label_of

TABS = {  # of two arms, and of one alone, where both are the same
    "won": gettext_lazy("Won"), "lost": gettext_lazy("Lost"), "both-fail": gettext_lazy("Both fail"),
    "both-pass": gettext_lazy("Both pass"), "all": gettext_lazy("All"),
}  # fmt: skip
TABS_ALONE = {"both-fail": gettext_lazy("Failed"), "both-pass": gettext_lazy("Passed"), "all": gettext_lazy("All")}


@dataclass(frozen=True, slots=True)
class Tab:
    which: str
    word: Any
    n: int


def context_of(request: PersonRequest, evaluation: Evaluation) -> dict[str, Any]:
    """Everything that the template names; while it runs only how far it is."""
    arms = named(_arms(evaluation))
    may_create = allows(request.user, evaluation.project_id, "evaluations.create")
    context: dict[str, Any] = {
        "evaluation": evaluation,
        "arms": arms,
        "side_word": SIDES.get(evaluation.side, evaluation.side),
        "decoding": _decoding(arms),
        "is_rehearsal": all(one.arm.connection.is_rehearsal for one in arms),
        "may_create": may_create,
        "answered": any(one.arm.asked for one in arms),
        "prompts": any(one.arm.system_prompt for one in arms),
        "decides": label_of(next(iter(evaluation.metrics), "")),
    }
    if not evaluation.is_final or not context["answered"]:
        return context | {"unanswered": _unanswered(evaluation, arms)}
    base, other = _pair(arms, request.GET)
    metric = _metric(evaluation, request.GET)
    judged = other or arms[0]
    found = comparing.comparison(evaluation, base.arm, other.arm, metric) if base and other else None
    told = found is not None and base is not None and other is not None
    return context | {
        "base": base,
        "other": other,
        "judged": judged,
        "pairs": len(arms) > 2,
        "metric": metric,
        "ruling": ruling(found, base, other) if told else None,  # type: ignore[arg-type]
        "paired": fourfold(found, base, other) if told else None,  # type: ignore[arg-type]
        "rates": shown.rates(arms, metric, base),
        "slices": shown.sliced(evaluation, [one for one in (base, judged) if one], metric, base),
        "arrived": shown.arrived(arms, base),
        "measures": shown.measures(evaluation, arms, other),
        "confused": confusion_of(evaluation, judged.arm),
        "paths": paths_of(evaluation, judged.arm),
        "unanswered": _unanswered(evaluation, arms),
        **_cases(evaluation, base, judged, metric, request.GET),
    }


def _arms(evaluation: Evaluation) -> Any:
    rows = evaluation.arms.select_related("version", "connection").order_by("number")
    narrow = rows.defer("contract", "examples", "changes", "version__contract")
    return narrow.defer("connection__credential", "connection__secrets")


def _unanswered(evaluation: Evaluation, arms: list[Named]) -> int:
    """How often a model was asked in vain, or not any more."""
    return sum(one.arm.errored + evaluation.total - one.arm.asked for one in arms)


def _pair(arms: list[Named], wanted: Mapping[str, str]) -> tuple[Named | None, Named | None]:
    """The two that are compared: as the address says, else number 0 and the last. (None, None) for one alone."""
    if len(arms) < 2:
        return None, None
    known = {str(one.number): one for one in arms}
    base = known.get(wanted.get("a", ""), arms[0])
    other = known.get(wanted.get("b", ""), arms[-1])
    if other is base:
        other = next(one for one in reversed(arms) if one is not base)
    return base, other


def _metric(evaluation: Evaluation, wanted: Mapping[str, str]) -> str:
    asked = wanted.get("metric", "")
    return asked if asked in evaluation.metrics else next(iter(evaluation.metrics), "")


def _decoding(arms: list[Named]) -> str:
    """What is the same of all of them, in words; blank where they differ."""
    degrees = {one.arm.temperature for one in arms}
    if degrees == {None}:
        return _("without a temperature, which the model does not take: a second run may give other answers")
    if degrees == {0}:
        return _("same cases, same order, greedy") if len(arms) > 1 else _("greedy")
    if len(degrees) == 1:
        return _("temperature %(t)s: a second run gives other answers") % {"t": degrees.pop()}
    return ""


def _cases(
    evaluation: Evaluation, base: Named | None, judged: Named, metric: str, wanted: Mapping[str, str]
) -> dict[str, Any]:
    """The tabs with their counts, and a page of cases."""
    a: Arm = base.arm if base else judged.arm
    words = TABS if base else TABS_ALONE
    tabs = [
        Tab(which, word, comparing.cases(evaluation, a, judged.arm, which, metric).count())
        for which, word in words.items()
    ]
    counts = {tab.which: tab.n for tab in tabs}
    failures = comparing.failures(evaluation, judged.arm)
    first = next((tab.which for tab in tabs if tab.n), "all")
    which = wanted.get("which", "") if wanted.get("which") in words else first
    rows = comparing.cases(evaluation, a, judged.arm, which, metric)
    rule = next((one for one in failures if "rule" in wanted and one.rule == wanted["rule"]), None)
    if rule is not None:
        which = "all"
        rows = comparing.cases(evaluation, a, judged.arm).filter(number__in=rule.cases)
    page = keyset(rows.prefetch_related(None), cursor=wanted.get("cursor", ""), size=SIZE, key="number")
    failed = sum(one.n for one in failures)
    return {
        "tabs": tabs,
        "counts": counts,
        "which": which,
        "rule": rule,
        "rule_title": _title(rule) if rule else "",
        "page": page,
        "cases": shown_cases(page.rows, [one for one in (base, judged) if one], metric),
        "shown": len(page.rows),
        "shown_of": rule.n if rule else counts[which],
        "failed": failed,
        # By the contract or by the metric: what could go back to the annotators, counted there.
        "is_imperfect": failed > 0 or any(counts.get(one) for one in ("lost", "both-fail")),
        "failures": [
            {"rule": one.rule, "title": _title(one), "n": one.n, "share": one.n / failed} for one in failures
        ],
    }  # fmt: skip


def _title(failure: comparing.Failure) -> str:
    """The rule by its title; what is no rule of ours by the sentence that was said."""
    rule = RULES.get(failure.rule, None)
    if rule is not None:
        return say(rule.title)
    return failure.rule or say(failure.message) or _("No answer came")
