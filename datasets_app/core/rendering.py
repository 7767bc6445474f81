"""A text as its readers will see it: JSON laid out, Markdown set, everything else left as it is.

The HTML is safe to show whatever the text holds: Markdown's own HTML is switched off, no picture is fetched (its words
and its address stand in its place), links go to http, https and mail alone, and a strict list of elements has the last
word (nh3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, Literal

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from datasets_app.core import json_text

Kind = Literal["json", "markdown", "plain"]

LONGEST = 200_000  # characters; a longer text is shown as it is

_TAGS = {
    "a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td",
    "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_CLASSES = {"span": {"k", "s", "n", "picture"}, "p": {"h1", "h2", "h3", "h4", "h5", "h6"}}
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


@dataclass(frozen=True, slots=True)
class Rendered:
    """`html` is the text as it reads, safe to show; `kind` says what it was taken for."""

    kind: Kind
    html: str


def rendered(text: str) -> Rendered:
    """The text as its readers will see it. A JSON object or list is JSON, what uses no Markdown is plain."""
    if len(text) > LONGEST:
        return Rendered("plain", _plain(text))
    laid_out = pretty(text)
    if laid_out is not None:
        return Rendered("json", _cleaned(f"<pre><code>{_coloured(laid_out)}</code></pre>"))
    tokens = _markdown().parse(text)
    if _says_nothing(tokens):
        return Rendered("plain", _plain(text))
    for token in tokens:
        if token.type == "heading_open":
            token.attrSet("class", token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"  # a heading of the text is none of the page: its outline is not the text's to break
    return Rendered("markdown", _cleaned(_markdown().renderer.render(tokens, _markdown().options, {})))


def pretty(text: str) -> str | None:
    """A JSON object or list with one value a line, its numbers and the order of its keys as they stand; else None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    tidy = json_text.tidy(text)
    if tidy is None:
        return None
    lines: list[str] = [""]
    depth = 0
    before = ""
    for part in _JSON_PART.findall(tidy):
        if part in ("]", "}"):
            depth -= 1
            if before not in ("[", "{"):
                lines.append("  " * depth)
        elif before in ("[", "{", ","):
            lines.append("  " * depth)
        lines[-1] += ": " if part == ":" else part
        depth += part in ("[", "{")
        before = part
    return "\n".join(lines)


def _coloured(text: str) -> str:
    """The laid-out JSON with its keys, strings and other values in spans."""
    found = []
    at = 0
    for match in _JSON_PART.finditer(text):
        part = match.group()
        found.append(text[at : match.start()])
        at = match.end()
        if part in "[]{}:,":
            found.append(part)
        elif part[0] == '"':
            found.append(f'<span class="{"k" if text[at : at + 2] == ": " else "s"}">{escape(part)}</span>')
        else:
            found.append(f'<span class="n">{escape(part)}</span>')
    return "".join(found)


def _plain(text: str) -> str:
    return escape(text, quote=False)


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """Markdown as chat pages read it: tables and strike-through, a line break is one."""
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _picture)
    return markdown


def _picture(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    return f'<span class="picture">{escape(words)} {escape(str(token.attrGet("src") or ""))}</span>'


def _says_nothing(tokens: Sequence[Token]) -> bool:
    """Whether the text is paragraphs of words, so that there is nothing to see that the raw text does not show."""
    inline = [child for token in tokens for child in token.children or ()]
    blocks = {token.type for token in tokens}
    return blocks <= {"paragraph_open", "inline", "paragraph_close"} and all(
        child.type in ("text", "softbreak", "hardbreak") for child in inline
    )
