"""Turning the core's translatable sentences into the reader's language, and keeping them in rows until then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext

from ftstudio.errors import Listed, Text


def say(text: str) -> str:
    """The sentence in the active language: a `Text` is translated, then filled; other text is as it is."""
    if isinstance(text, Listed):
        return listed(text.items)
    if not isinstance(text, Text):
        return text
    template = gettext(text.template)
    if not text.params:
        return template
    return template.format(
        **{name: say(value) if isinstance(value, str) else value for name, value in text.params.items()}
    )


def listed(items: Iterable[str]) -> str:
    """The names one after another, as the active language joins them: “a, b”, “甲、乙”."""
    return pgettext("between the items of a list", ", ").join(say(item) for item in items)


def clauses(parts: Iterable[str]) -> str:
    """Parts of one sentence: “36 rows, 24 rows”, “36 行，24 行”."""
    return pgettext("between the parts of a sentence", ", ").join(parts)


def sentences(first: str, second: str) -> str:
    """One sentence after another; Chinese puts no space between them. An empty one is left out."""
    if not first or not second:
        return first or second
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": first, "second": second}


def money(amount: Any) -> str:
    """An amount with two places. What is less than half a cent and still something is “< 0.01”: 0.00 costs nothing."""
    if amount in (None, ""):
        return "–"
    exact = Decimal(str(amount))
    if 0 < exact < Decimal("0.005"):
        return "< 0.01"
    cents = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)  # number_format itself cuts off
    return str(number_format(cents, 2, use_l10n=True, force_grouping=True))


def to_row(text: str) -> dict[str, Any]:
    """A sentence as it is kept in an OrderedJSONField: {"template", "params"}; a `Text` among the params nests."""
    if isinstance(text, Text):
        return {"template": text.template, "params": {name: _to_param(value) for name, value in text.params.items()}}
    return {"template": "{text}", "params": {"text": str(text)}}


def from_row(row: Mapping[str, Any]) -> Text:
    """The inverse of `to_row`."""
    template, params = row["template"], row.get("params", {})
    return Text(template, **{name: _from_param(value) for name, value in params.items()})


def to_line(text: str, longest: int) -> str:
    """A sentence as it is kept in a CharField of `longest` characters: `to_row` as JSON, what it quotes cut to fit.

    Text without a template, or with one that alone is too long, is kept as it reads in English.
    """
    if not isinstance(text, Text):
        return text[:longest]
    row = to_row(text)
    params = row["params"]
    while (over := len(line := json.dumps(row, ensure_ascii=False)) - longest) > 0:
        quotes = [name for name, value in params.items() if isinstance(value, str) and value]
        if not quotes:
            return text[:longest]
        name = max(quotes, key=lambda name: len(params[name]))
        kept = params[name][: max(0, len(params[name]) - over - 1)]
        params[name] = f"{kept}…" if kept else ""
    return line


def from_line(line: str) -> str:
    """The inverse of `to_line`: a `Text` again, or the text as it is."""
    return from_row(json.loads(line)) if line.startswith('{"template": ') else line


def _to_param(value: Any) -> Any:
    if isinstance(value, Text):
        return to_row(value)
    if isinstance(value, Listed):
        return {"listed": [_to_param(item) for item in value.items]}
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _from_param(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return Listed(_from_param(item) for item in value["listed"]) if "listed" in value else from_row(value)
