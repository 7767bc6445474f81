"""How the controls of forms become HTML: as Django's templates say it, byte for byte, but the commonest without them.

Django draws a template for each option of a select and another for the attributes of each; the page of a dataset spent
a tenth of its time on that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Widget = Mapping[str, Any]


class Renderer(DjangoTemplates):
    """Django's own renderer with shortcuts; `FORM_RENDERER` names it."""

    def render(self, template_name: str, context: Any, request: Any = None) -> str:
        draw = SHORTCUTS.get(template_name)
        return draw(context["widget"]) if draw else super().render(template_name, context, request)


def _select(widget: Widget) -> SafeString:
    groups = []
    for name, options, _index in widget["optgroups"]:
        drawn = mark_safe("".join([_option(option) for option in options]))
        groups.append(format_html('\n  <optgroup label="{}">{}\n  </optgroup>', name, drawn) if name else drawn)
    inner = mark_safe("".join(groups))
    return format_html('<select name="{}"{}>{}\n</select>', widget["name"], _attributes(widget), inner)


def _option(option: Widget) -> SafeString:
    value, label = str(option["value"]), option["label"]
    return format_html('\n  <option value="{}"{}>{}</option>\n', value, _attributes(option), label)


def _input(widget: Widget) -> SafeString:
    value = "" if widget["value"] is None else format_html(' value="{}"', str(widget["value"]))
    return format_html('<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], value, _attributes(widget))


def _attributes(widget: Widget) -> SafeString:
    """Those that are False are left out, those that are True stand by name alone."""
    shown = [(name, value) for name, value in widget["attrs"].items() if value is not False]
    drawn = [
        format_html(" {}", name) if value is True else format_html(' {}="{}"', name, str(value))
        for name, value in shown
    ]  # fmt: skip
    return mark_safe("".join(drawn))


_INPUTS = ("text", "number", "email", "url", "password", "search", "tel", "color", "hidden", "file")
SHORTCUTS: Mapping[str, Callable[[Widget], SafeString]] = {
    "django/forms/widgets/select.html": _select,
    **{f"django/forms/widgets/{kind}.html": _input for kind in _INPUTS},
}
