"""Values of metrics as a person reads them: in the metric's unit, with as many places as mean something."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from ftstudio.web.texts import say
from jobs_app.core.scorers import SCORERS, Scorer

MINUS = "−"


def scorer_of(metric: str) -> Scorer | None:
    """The metric, None for one that has been taken out since."""
    return SCORERS.get(metric, None)


def label_of(metric: str) -> str:
    scorer = scorer_of(metric)
    return say(scorer.label) if scorer else metric


def is_rate(metric: str) -> bool:
    """Whether its values are from 0 to 1 and shown as percent."""
    scorer = scorer_of(metric)
    return scorer is not None and scorer.unit == "%" and scorer.kind != "amount"


def said(metric: str, value: float | None, currency: str = "") -> str:
    """88.3 %, 0.934, 412, 2.2 s, 0.0064 CNY; an en dash for None."""
    if value is None:
        return "–"
    unit = _unit(metric)
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "s":
        return _("%(n)s s") % {"n": _number(value, 2 if abs(value) < 1 else 1)}
    if unit == "currency":
        return f"{_money(value)} {currency}".strip()
    if unit == "tokens" or value == int(value):
        return _number(value, 0 if value == int(value) else 1)
    return f"{value:.3f}"


def bare(metric: str, value: float) -> str:
    """Without its unit, where the value with it stands beside: the ends of an interval."""
    if _unit(metric) == "%":
        return f"{100 * value:.1f}"
    return said(metric, value).removesuffix(" s")


def change(metric: str, difference: float | None, currency: str = "") -> str:
    """With its sign; a difference of rates is in points: +49.2."""
    if difference is None:
        return "–"
    sign = "+" if difference > 0 else MINUS if difference < 0 else "±"
    if _unit(metric) == "%":
        return f"{sign}{100 * abs(difference):.1f}"
    return f"{sign}{said(metric, abs(difference), currency)}"


def unit_of(metric: str) -> str:
    """The word that a bare number needs: tokens. Seconds, shares and money carry theirs."""
    return _("tokens") if _unit(metric) == "tokens" else ""


def _unit(metric: str) -> str:
    scorer = scorer_of(metric)
    return scorer.unit if scorer else ""


def _number(value: float, places: int) -> str:
    return str(number_format(value, places, use_l10n=True, force_grouping=True))


def _money(value: float) -> str:
    """Two places that are not 0: prices of single answers are small."""
    if value == 0:
        return "0"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}" if abs(value) >= 1e-4 else f"{value:.1e}"
