"""What only the data side's templates need: the language of sample texts, marked texts, diffs, the bar of splits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from datasets_app.core import abilities
from datasets_app.core.codecs import CODECS
from datasets_app.core.diffs import Op
from datasets_app.core.profiles import PROFILES
from datasets_app.core.rendering import rendered
from datasets_app.core.roles import role_label
from datasets_app.core.scripts import script_of
from ftstudio.web.texts import listed, say

register = template.Library()

_LANGUAGES = {"Han": "zh-Hans", "Hiragana": "ja", "Katakana": "ja", "Hangul": "ko", "Latin": "", "Cyrillic": "ru"}
SPACES = {" ": "␣", "\u3000": "□", "\t": "⇥", "\u00a0": "⍽"}


def language_of(text: str) -> str:
    """The language a text is set in, from its letters: kana make it Japanese, else Han makes it Chinese; "" unknown."""
    scripts = set(map(script_of, set(text[:400])))
    for script in ("Hiragana", "Katakana", "Hangul", "Han", "Cyrillic"):
        if script in scripts:
            return _LANGUAGES[script]
    return ""


@register.filter
def role_word(role: str) -> str:
    """`{{ turn.role|role_word }}`: what the role is called in the reader's language; other words are as they are."""
    return say(role_label(role))


@register.simple_tag
def room(width: int, height: int) -> SafeString:
    """`<img {% room image.width image.height %}>`: the room that a picture's thumbnail takes, 320 pixels wide and 192
    (12rem) high at most, never enlarged. Kept free, what stands below does not jump when the picture comes."""
    if not width or not height:
        return mark_safe("")
    scale = min(1.0, 320 / width, 192 / height)
    return format_html('width="{}" height="{}"', max(1, round(width * scale)), max(1, round(height * scale)))


@register.filter
def reads(text: str) -> SafeString:
    """`{{ dataset.guideline|reads }}`: Markdown as it reads; what `core.rendering` makes is safe to show."""
    return mark_safe(rendered(text).html)


@register.filter
def profile_label(name: str) -> str:
    """`{{ snapshot.profile|profile_label }}`: the rule profile's label; one that is gone keeps its name."""
    return say(PROFILES[name].label) if name in PROFILES else name


@register.filter
def codec_lacks(name: str) -> str:
    """`{{ name|codec_lacks }}`: what the format cannot carry, in words; "" when it carries all."""
    return listed(abilities.lacking(name))


@register.filter
def codec_label(name: str) -> str:
    """`{{ upload.codec|codec_label }}`: the format's label; “auto” while nobody knows."""
    if name == "auto":
        return _("not recognised yet")
    return say(CODECS[name].label) if name in CODECS else name


@register.filter
def origin_word(origin: str) -> str:
    """`{{ revision.origin|origin_word }}`: how a revision came to be."""
    words = {
        "import": _("imported"),
        "edit": _("edited by hand"),
        "fix": _("fixed"),
        "clean": _("cleaned"),
        "restore": _("restored"),
        "agreed": _("agreed"),
        "judged": _("judged"),
        "evaluation": _("from an evaluation"),
        "preference": _("two answers of an evaluation"),
    }
    return words.get(origin, origin)


@register.filter
def field_word(field: str) -> str:
    """`{{ change.field|field_word }}`: a field of a turn; the name of a tool that is called stands as it is."""
    words = {
        "reasoning": _("reasoning"),
        "name": _("name"),
        "weight": _("weight"),
        "role": _("role"),
        "tools": _("Tools"),
        "images": _("pictures"),
        "other": _("other keys"),
    }
    return words.get(field, field)


@register.simple_tag
def lang_of(*texts: Any) -> SafeString:
    """`<p{% lang_of text %}>`: the lang attribute, so that Han characters get the face of their language."""
    language = language_of("".join(str(text) for text in texts))
    return format_html(' lang="{}"', language) if language else mark_safe("")


@register.simple_tag
def marked(text: str, spans: Iterable[Any]) -> SafeString:
    """The text with a mark under each span (`start`, `end`, `severity`; code points); overlaps keep the first."""
    pieces: list[SafeString] = []
    at = 0
    for span in sorted((s for s in spans if s.start is not None), key=lambda s: (s.start, -s.end)):
        if span.start < at or span.end <= span.start:
            continue
        pieces.append(
            format_html(
                '{}<mark class="{}">{}</mark>', text[at : span.start], span.severity, text[span.start : span.end]
            )
        )
        at = span.end
    return mark_safe("".join([*pieces, format_html("{}", text[at:])]))


@register.simple_tag
def diffed(ops: Iterable[Op]) -> SafeString:
    """A diff as ins and del; a touched space is drawn, because here it matters most."""
    return format_html_join("", "{}", ((_op(op),) for op in ops))


def _op(op: Op) -> SafeString:
    if op.kind == "equal":
        return format_html("{}", op.text)
    tag = "ins" if op.kind == "insert" else "del"
    if op.text.strip() == "" and all(char in SPACES for char in op.text):
        drawn = "".join(SPACES[char] for char in op.text)
        return format_html('<{} class="sp">{}</{}>', mark_safe(tag), drawn, mark_safe(tag))
    drawn = "".join(SPACES.get(char, char) if char != " " else char for char in op.text).replace("\n", "↵\n")
    return format_html("<{}>{}</{}>", mark_safe(tag), drawn, mark_safe(tag))


@register.simple_tag
def split_bar(parts: Iterable[Any]) -> SafeString:
    """Shares side by side in one bar; each part has `label`, `n`, `share` and `tone`."""
    parts = list(parts)
    rects = []
    at = 0.0
    for part in parts:
        width = 100 * part.share
        rects.append(
            format_html(
                '<rect x="{}%" y="0" width="{}%" height="100%" class="f-{}"/>', f"{at:.2f}", f"{width:.2f}", part.tone
            )
        )
        at += width
    label = listed(f"{part.n} {part.label}" for part in parts)
    return format_html('<svg class="bar tall" role="img" aria-label="{}">{}</svg>', label, mark_safe("".join(rects)))


@register.simple_tag
def press(field: Any, step: str, *argument: str) -> str:
    """`value="{% press field "add" %}"`: what a button of the form of an answer sends (pages/answer_forms.py)."""
    return json.dumps([step, field.path, *argument], ensure_ascii=False)
