"""A comparison in words: the verdict, the sentence behind it, the difference, and how far so many cases carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ftstudio.web.texts import sentences
from jobs_app.core.comparison import Comparison

from .evaluation_words import SIZES, VERDICTS, Named
from .figures import change, is_rate, label_of, said, scorer_of, unit_of


@dataclass(frozen=True, slots=True)
class Ruling:
    """What stands on the verdict's card. `size` is (word, tone)."""

    metric: str
    word: Any
    tone: str
    why: str
    delta: str
    unit: str
    interval: str
    size: tuple[Any, str]
    gap: str


@dataclass(frozen=True, slots=True)
class Fourfold:
    """The same cases, twice: the four counts (None where the metric is no yes or no), and lines (term, text)."""

    both: int | None
    lost: int | None
    won: int | None
    neither: int | None
    lines: list[tuple[str, str]]


def ruling(found: Comparison, base: Named, other: Named) -> Ruling:
    word, tone = VERDICTS[found.word]
    currency = other.arm.currency
    return Ruling(
        metric=label_of(found.metric),
        word=word,
        tone=tone,
        why=_why(found, base, other),
        delta="" if found.difference is None else change(found.metric, found.difference, currency),
        unit=_("points") if is_rate(found.metric) else unit_of(found.metric),
        interval=_interval(found, currency),
        size=SIZES[found.size],
        gap=_gap(found, currency),
    )


def fourfold(found: Comparison, base: Named, other: Named) -> Fourfold:
    better = found.better == "higher"
    lost, won = (found.only_a, found.only_b) if better else (found.only_b, found.only_a)
    both, neither = (found.both, found.neither) if better else (found.neither, found.both)
    return Fourfold(both, lost, won, neither, _lines(found, base, other))


def _why(found: Comparison, base: Named, other: Named) -> str:
    text = ""
    for sentence in (_values(found, base, other), _meaning(found), _counted(found), _corrected(found)):
        text = sentences(text, sentence)
    return text


def _values(found: Comparison, base: Named, other: Named) -> str:
    """The two values, and of yes-or-no metrics who wins where they differ."""
    names = {"other": other.name, "base": base.name}
    if found.both is None or found.only_a is None or found.only_b is None:
        if found.a.value is None or found.b.value is None:
            return _("There is no case in which both have a value.")
        values = {"b": said(found.metric, found.b.value, other.arm.currency),
                  "a": said(found.metric, found.a.value, base.arm.currency)}  # fmt: skip
        if found.better == "lower":
            return _("%(other)s has %(b)s, %(base)s %(a)s; less is better.") % {**names, **values}
        return _("%(other)s has %(b)s, %(base)s %(a)s; more is better.") % {**names, **values}
    counts = {"b": found.both + found.only_b, "a": found.both + found.only_a, "n": found.applicable}
    first = _("%(other)s: yes in %(b)d of %(n)d cases; %(base)s: in %(a)d.")
    if found.metric == COMPLIANCE:
        first = _("%(other)s keeps to the contract in %(b)d of %(n)d cases, %(base)s in %(a)d.")
    differ = found.only_a + found.only_b
    if not differ:
        return sentences(first % {**names, **counts}, _("They agree on every case."))
    won = found.only_b if found.better == "higher" else found.only_a
    second = ngettext(
        "Of the %(n)d case where they differ, %(other)s wins %(won)d.",
        "Of the %(n)d cases where they differ, %(other)s wins %(won)d.", differ,
    ) % {**names, "n": differ, "won": won}  # fmt: skip
    return sentences(first % {**names, **counts}, second)


def _meaning(found: Comparison) -> str:
    if not found.applicable:
        return ""
    if found.word == "no-clear-difference":
        return _("A difference like this may be chance.")
    if found.word == "too-few":
        return _("Fewer than 30 independent cases cannot tell a difference from chance: measure on more.")
    return ""


def _counted(found: Comparison) -> str:
    """Cases that belong together, and cases to which the metric does not apply."""
    text = ""
    if found.units < found.applicable:
        text = _("The %(n)d cases count as %(units)d independent ones, because some belong together.") % {
            "n": found.applicable, "units": found.units,
        }  # fmt: skip
    if found.applicable < found.n and found.applicable:
        more = _("It applies to %(some)d of %(n)d cases.") % {"some": found.applicable, "n": found.n}
        text = sentences(text, more)
    return text


def _corrected(found: Comparison) -> str:
    if found.p is None:
        return ""
    if found.comparisons == 1:
        return _("One comparison was made, so no correction was needed.")
    return _("%(n)d comparisons were made, and p is corrected for that (Holm).") % {"n": found.comparisons}


def _interval(found: Comparison, currency: str) -> str:
    if found.low is None or found.high is None:
        return ""
    ends = [change(found.metric, end, currency) for end in (found.low, found.high)]
    return _("%(low)s to %(high)s") % {"low": ends[0], "high": ends[1]}


def _gap(found: Comparison, currency: str) -> str:
    if found.detectable is None:
        return _("no gap would show") if found.word != "better" and found.word != "worse" else ""
    if is_rate(found.metric):
        return _("a gap of %(n).0f points would show") % {"n": 100 * found.detectable}
    return _("a gap of %(n)s would show") % {"n": said(found.metric, found.detectable, currency)}


def _lines(found: Comparison, base: Named, other: Named) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if found.difference is not None:
        points = _("%(n)s points") if is_rate(found.metric) else "%(n)s"
        lines.append((_("Difference"), points % {"n": change(found.metric, found.difference, other.arm.currency)}))
    if found.low is not None:
        drawn = _("%(interval)s, paired bootstrap, %(draws)s draws, seed %(seed)d")
        lines.append(
            (_("Interval"), drawn % {"interval": _interval(found, other.arm.currency), "draws": f"{found.draws:,}",
                                     "seed": found.seed})
        )  # fmt: skip
    if found.mcnemar is not None:
        against = _("%(p)s, %(a)d against %(b)d")
        lines.append(
            (_("McNemar, exact"), against % {"p": p_said(found.mcnemar), "a": found.only_a, "b": found.only_b})
        )
    elif found.p is not None:
        lines.append((_("Bootstrap"), p_said(found.p)))
    if found.adjusted is not None and found.comparisons > 1:
        held = _("%(p)s, one of %(n)d comparisons")
        lines.append((_("After Holm"), held % {"p": p_said(found.adjusted), "n": found.comparisons}))
    if found.applicable < found.n:
        gone = found.n - found.applicable
        left = ngettext("%(n)d case, left out", "%(n)d cases, left out", gone)
        lines.append((_("Does not apply"), left % {"n": gone}))
    lines.append((_("Errored calls"), _missing(found, base, other)))
    return lines


def p_said(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}" if p < 0.01 else f"p = {p:.2f}"


def _missing(found: Comparison, base: Named, other: Named) -> str:
    if not found.a_missing and not found.b_missing:
        return _("none")
    scorer = scorer_of(found.metric)
    counts = _("%(b)d %(other)s, %(a)d %(base)s, counted as failures")
    if scorer is not None and not scorer.counts_missing:
        counts = _("%(b)d %(other)s, %(a)d %(base)s, left out")
    return counts % {"b": found.b_missing, "other": other.name, "a": found.a_missing, "base": base.name}


COMPLIANCE = "compliance"
