"""The shared bits of every page, as template tags: `{% load ui %}`. /templates/_ui/ holds their markup."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, HiddenInput, RadioSelect
from django.http import HttpRequest
from django.template import Context
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ftstudio import heart
from ftstudio.errors import Text
from ftstudio.web import navigation, texts
from ftstudio.web.icons import ICONS, LOGO, SIGNS
from ftstudio.web.pagination import Page
from ftstudio.web.states import look_of

register = template.Library()

TONE_SIGN = {"error": "error", "warning": "warning", "hint": "hint", "ok": "ok", "success": "ok", "info": "hint"}


# --- Signs ---------------------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """`{% icon "check" %}`, `{% icon "tray" "big" %}`. Always beside a word; hidden from screen readers."""
    classes = f"icon {extra}".strip()
    return format_html(
        '<svg class="{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', classes, mark_safe(ICONS[name])
    )


@register.simple_tag
def logo() -> SafeString:
    """The brand's sign."""
    return mark_safe(LOGO)


@register.simple_tag
def sev(severity: str, silent: bool = False) -> SafeString:
    """`{% sev "error" %}`: ■ error, ▲ warning, ● hint, ✓ ok, with its word for screen readers unless `silent`."""
    words = {"error": _("error"), "warning": _("warning"), "hint": _("hint"), "ok": _("passed")}
    tone = TONE_SIGN[severity]
    word = "" if silent else format_html('<span class="sr">{}</span>', words[tone])
    return format_html(
        '<span class="sev {}"><svg viewBox="0 0 12 12" aria-hidden="true">{}</svg>{}</span>',
        tone,
        mark_safe(SIGNS[tone]),
        word,
    )


@register.simple_tag
def badge(state: Any, word: str = "", tone: str = "") -> SafeString:
    """`{% badge job.state %}`: the state's word, tone and icon from `web/states.py`; `word` and `tone` override."""
    look = look_of(str(state))
    drawing = icon(look.icon) if look.icon else ""
    classes = f"badge {tone or look.tone}".strip()
    return format_html('<span class="{}">{}{}</span>', classes, drawing, word or look.word)


@register.simple_tag
def face(person: Any) -> SafeString:
    """`{% face user %}`: a person's initials in a circle, with the whole name for screen readers."""
    name = str(person)
    return format_html('<span class="face" role="img" aria-label="{}">{}</span>', name, initials(name))


# --- Figures -------------------------------------------------------------------------------------------------------
@register.simple_tag
def bar(fraction: float, tone: str = "accent", label: str = "", extra: str = "") -> SafeString:
    """`{% bar 0.43 "accent" label %}`: a filled share of a track; `label` says it in words (no label: decoration)."""
    width = f"{100 * min(max(float(fraction), 0.0), 1.0):.2f}%"
    meaning = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{}" {}><rect x="0" y="0" width="100%" height="100%" class="f-track"/>'
        '<rect x="0" y="0" width="{}" height="100%" class="f-{}"/></svg>',
        f"bar {extra}".strip(),
        meaning,
        width,
        tone,
    )


@register.inclusion_tag("_ui/range.html")
def range_bar(value: float, low: float, high: float, base: bool = False) -> dict[str, Any]:
    """`{% range_bar 0.883 0.814 0.929 %}`: a rate with its interval, all in 0–1; `base=True` draws the grey arm."""
    low, value, high = (min(max(float(x), 0.0), 1.0) for x in (low, value, high))
    label = _("%(value)s, between %(low)s and %(high)s") % {
        "value": percent(value),
        "low": percent(low),
        "high": percent(high),
    }
    return {
        "label": label,
        "base": base,
        "at": f"{100 * value:.2f}%",
        "start": f"{100 * low:.2f}%",
        "width": f"{100 * (high - low):.2f}%",
    }


# --- Blocks --------------------------------------------------------------------------------------------------------
@register.simple_block_tag
def notice(content: str, tone: str = "", id: str = "") -> SafeString:
    """`{% notice "warning" %}<p>…</p><a class="btn slim" …>{% endnotice %}`: one sentence, one action."""
    sign = sev(tone) if tone in TONE_SIGN else ""
    name = format_html(' id="{}"', id) if id else ""
    return format_html(
        '<div class="{}"{} role="{}">{}{}</div>',
        f"notice {TONE_SIGN.get(tone, '')}".strip(),
        name,
        "alert" if tone == "error" else "status",
        sign,
        mark_safe(content),
    )


@register.simple_block_tag
def empty(content: str, drawing: str, title: str, text: str = "") -> SafeString:
    """`{% empty "tray" title text %}<a class="btn" …>{% endempty %}`: what would be here, and the way to fill it."""
    sentence = format_html('<p class="sub">{}</p>', text) if text else ""
    return format_html(
        '<div class="empty">{}<h2>{}</h2>{}<div class="row">{}</div></div>',
        icon(drawing, "big"),
        title,
        sentence,
        mark_safe(content),
    )


@register.inclusion_tag("_ui/pager.html", takes_context=True)
def pager(context: Context, page: Page, target: str = "", note: str = "", param: str = "cursor") -> dict[str, Any]:
    """`{% pager page %}`: earlier and later, keeping the other query parameters. With `target="samples"` the links also
    swap the part of that id. `note` is the sentence on the left; `param` names the cursor when a page has two lists."""
    request: HttpRequest = context["request"]

    def link(cursor: str) -> str:
        query = request.GET.copy()
        query[param] = cursor
        return f"?{query.urlencode()}"

    return {
        "earlier": link(page.earlier) if page.earlier else "",
        "later": link(page.later) if page.later else "",
        "newest_first": page.newest_first,
        "target": target,
        "note": note,
    }


@register.inclusion_tag("_ui/field.html")
def field(bound: BoundField, label: str = "", placeholder: str = "") -> dict[str, Any]:
    """`{% field form.name %}`: label, control, help and errors, tied together for screen readers. `label` overrides."""
    widget = bound.field.widget
    kind = "line"
    if isinstance(widget, HiddenInput):
        kind = "hidden"
    elif isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        kind = "set"
    elif isinstance(widget, CheckboxInput):
        kind = "choice"
    if label or widget.attrs.get("placeholder") == bound.label:
        widget.attrs.pop("placeholder", None)  # it only repeats the label, or the one that `label` replaces
    attrs: dict[str, str | bool] = {"placeholder": placeholder} if placeholder else {}
    return {"field": bound, "kind": kind, "label": label or bound.label, "control": bound.as_widget(attrs=attrs)}


@register.inclusion_tag("_ui/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """`{% fields form %}`: what is wrong with the whole form, then every field."""
    return {"form": form}


@register.inclusion_tag("_ui/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """`{% form_errors form %}`: what is wrong with the whole form, as a notice."""
    return {"errors": form.non_field_errors()}


# --- The frame -----------------------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def main_nav(context: Context) -> list[tuple[str, Any, bool]]:
    """`{% main_nav as entries %}`: `(address, label, is_current)`."""
    return navigation.main_nav(context.get("request"))


@register.simple_tag
def url_or_none(view: str, *args: Any) -> str | None:
    """`{% url_or_none "pages:member-list" as url %}`: None while nobody has wired the view."""
    return navigation.url_or_none(view, *args)


@register.simple_tag(takes_context=True)
def here(context: Context) -> str:
    """`{% here as next_path %}`: where a person comes back to after a switch; the page before, if this is a POST."""
    request: HttpRequest | None = context.get("request")
    if request is None:
        return "/"
    return request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")


@register.inclusion_tag("_ui/pulse.html")
def pulse() -> dict[str, Any]:
    """`{% pulse %}`: how many workers are alive; asks again every 15 seconds."""
    return {"workers": heart.workers()}


@register.inclusion_tag("_ui/no_worker.html")
def worker_wanted() -> dict[str, Any]:
    """`{% worker_wanted %}` stands where somebody watches work that is not done: says so while nobody can do it."""
    return {"workers": heart.workers()}


@register.inclusion_tag("_ui/idle.html")
def worker_banner() -> dict[str, Any]:
    """`{% worker_banner %}` where work is begun: says when no worker runs. It asks again every 15 seconds."""
    return {"workers": heart.workers()}


# --- Filters -------------------------------------------------------------------------------------------------------
@register.filter
def say(text: Any) -> str:
    """`{{ finding.message|say }}`: a Text, or what `texts.to_row` or `to_line` made of it, in the reader's language."""
    if isinstance(text, dict) and "template" in text:
        text = texts.from_row(text)
    return texts.say(text if isinstance(text, Text) else texts.from_line(text))


@register.filter
def listed(items: Any) -> str:
    """`{{ names|listed }}`: one after another, as the reader's language joins them: “a, b”, “甲、乙”."""
    return texts.listed(item if isinstance(item, str) else str(item) for item in items)  # a Text is translated


@register.filter
def kilo(number: Any) -> str:
    """`{{ 1846|kilo }}` → 1,846; from a hundred thousand on 123 k, from a million on 1.2 M. None → an en dash."""
    if number is None:
        return "–"
    size = abs(number)
    if size >= 999_500:
        return f"{number_format(number / 1e6, 1, use_l10n=False)} M"
    if size >= 100_000:
        return f"{number / 1e3:.0f} k"
    return f"{number:,}"


@register.filter
def money(amount: Any) -> str:
    """`{{ job.cost|money }}`: two places as the reader writes them. What is less than half a cent and still something
    is “< 0.01”, for 0.00 means that it costs nothing."""
    return texts.money(amount)


@register.filter
def at(table: Any, name: Any) -> Any:
    """`{{ counts|at:group }}`: the entry of a mapping under a name that is itself a variable; None where it is not."""
    return table.get(name)


@register.filter
def total(table: Any) -> Any:
    """`{{ counts|total }}`: the sum of a mapping's values."""
    return sum(table.values())


@register.filter
def pretty(value: Any) -> str:
    """`{{ event.raw|pretty }}`: a JSON value on several lines, to be read."""
    return json.dumps(value, ensure_ascii=False, indent=2)


_NOTHING = 1e-9  # what an interval's end that should be 0 or 1 may be beside it


@register.filter
def percent(fraction: Any, digits: int = 1) -> str:
    """`{{ 0.3876|percent }}` → 38.8 %. None → an en dash. What rounds to 0 or 100 and is neither is “< 0.1 %” or
    “> 99.9 %”: 26 of 100,000 are not none."""
    if fraction is None:
        return "–"
    least = 10.0**-digits
    if fraction > _NOTHING and 100 * fraction < least / 2:
        return f"< {least:.{digits}f} %"
    if 1 - fraction > _NOTHING and 100 * (1 - fraction) < least / 2:
        return f"> {100 - least:.{digits}f} %"
    return f"{100 * fraction:.{digits}f} %"


@register.filter
def initials(name: Any) -> str:
    """Lin Yue → LY; alice → AL; 林悦 → 悦, because two of them do not fit the circle."""
    words = str(name).split()
    if not words:
        return "?"
    if not words[0].isascii() and len(words) == 1:
        return words[0][-1].upper()
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()
