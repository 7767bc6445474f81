"""HTML that samples were scraped with, made into something worth training on: plain text, or a reduced DOM.

`text` keeps what a reader sees, one block a line. `dom` keeps the elements that carry structure (headings, lists,
tables, paragraphs) and nothing else: no scripts, styles, comments, attributes or wrappers. The parsing is nh3's
(html5ever), so broken markup is read as a browser reads it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from datasets_app.core.encoders.base import Encoder
from ftstudio.errors import InvalidInput, Listed, Text

MODES: Mapping[str, Text] = {
    "text": Text("Plain text"),
    "dom": Text("Reduced HTML: structure without attributes, styles and scripts"),
}


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KEPT = _names(
    "h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd table caption thead tbody tfoot tr th td blockquote pre code em strong sub "
    "sup br hr"
)
# Wrappers carry no structure of their own, but words on both sides of one must not run together.
_WRAPPERS = _names(
    "html body title div section article header footer main nav aside figure figcaption details summary form fieldset "
    "address center label option button"
)
_GONE = _names(
    "script style noscript noframes noembed template iframe frame object embed applet svg math canvas audio video "
    "select textarea"
)
_KNOWN = _KEPT | _WRAPPERS | _GONE | _names("a b i u s span font img small big meta link head input")
_TAG = re.compile(
    rf"<!doctype\s+html|</?(?:{'|'.join(sorted(_KNOWN))})(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_WRAPPER = re.compile(rf"</?(?:{'|'.join(sorted(_WRAPPERS))})>")
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_BLOCKS = "h[1-6]|p|[uod]l|li|d[td]|table|caption|thead|tbody|tfoot|tr|blockquote|hr"
_AROUND = re.compile(rf"\s*(</?(?:{_BLOCKS}|t[hd]|br)>)\s*")
_OPENING = re.compile(rf"(?<=[^\n])(<(?:{_BLOCKS})>)")
_CLOSING = re.compile(rf"(</(?:{_BLOCKS})>|<hr>)(?=[^\n])")
_ENDING = re.compile(rf"</?(?:{_BLOCKS}|br)>")  # what ends a line of plain text
_CELLS = re.compile(r"</t[hd]><t[hd]>")
_ANY = re.compile(r"</?[a-z][a-z0-9]*>")
# Elements that must be closed; of the others a page may hold any number in a row.
_OPEN = _KNOWN - _names("p li dt dd tr td th br hr img meta link input option")
_NESTING = re.compile(rf"<(/?)(?:{'|'.join(sorted(_OPEN))})(?:\s[^<>]*)?>", re.IGNORECASE)
DEEPEST = 300  # elements within each other; a page has some dozens, and html5ever takes quadratic time on more
REREAD = 5  # times; one is the most that was needed in 60,000 random pages
_BLANK = re.compile(r"[ \t\r\f\v\u00a0\u3000]+")
_LINES = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text with its tokens before and after, by one encoder."""

    text: str
    before: int
    after: int


def looks_like_html(text: str) -> bool:
    """Whether the text holds HTML elements; markup that is quoted as code does not count, nor does `List<String>`."""
    if "<" not in text or _TAG.search(text) is None:
        return False
    return "`" not in text or _TAG.search(_FENCE.sub("", text)) is not None


def clean(text: str, mode: str) -> str:
    """The text in this mode (a key of `MODES`); a text without HTML stays as it is. Raises `InvalidInput`."""
    if mode not in MODES:
        raise InvalidInput(mode=Text("“{name}” is no way of cleaning: use {names}", name=mode, names=Listed(MODES)))
    if not looks_like_html(text):
        return text
    reduced = _reduced(text)
    return reduced if mode == "dom" else _as_text(reduced)


def measured(text: str, mode: str, encoder: Encoder) -> Cleaned:
    """The cleaned text, and what cleaning saves."""
    cleaned = clean(text, mode)
    return Cleaned(cleaned, encoder.count(text), encoder.count(cleaned))


def _reduced(text: str) -> str:
    """The DOM that reading it again leaves as it is: what a browser puts elsewhere, as a list item that stands inside a
    table, may find its place only when it is read a second time."""
    reduced = _read(text)
    for _ in range(REREAD):
        again = _read(reduced)
        if again == reduced:
            break
        reduced = again
    return reduced


def _read(text: str) -> str:
    import nh3  # slow to load, and most samples hold no HTML

    safe = nh3.clean(
        _shallow(text),
        tags=set(_KEPT | _WRAPPERS),
        clean_content_tags=set(_GONE),
        attributes={},
        strip_comments=True,
        link_rel=None,
    )
    parts = _PRE.split(_WRAPPER.sub("\n", safe))
    parts[::2] = [_collapsed(part) for part in parts[::2]]
    parts[1::2] = [re.sub(r"<pre>\n+", "<pre>", part) for part in parts[1::2]]  # a reader drops the first one anyway
    return "\n".join(part for part in parts if part)


def _shallow(text: str) -> str:
    """The text without the tags of elements that are nested too deep; their words stay."""
    if text.count("<") <= DEEPEST:
        return text
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        within = depth <= DEEPEST if tag[1] else depth < DEEPEST
        depth = max(0, depth - 1) if tag[1] else depth + 1
        return tag[0] if within else " "

    return _NESTING.sub(kept, text)


def _collapsed(part: str) -> str:
    """White space as a browser shows it, each block on a line of its own."""
    part = _LINES.sub("\n", _BLANK.sub(" ", part)).strip()
    part = _AROUND.sub(r"\1", part) if "<" in part else part
    return _CLOSING.sub(r"\1\n", _OPENING.sub(r"\n\1", part)).strip()


def _as_text(reduced: str) -> str:
    parts = _PRE.split(reduced)
    parts[::2] = [
        _LINES.sub("\n", _ANY.sub("", _ENDING.sub("\n", _CELLS.sub(" | ", part.replace("<li>", "\n- ")))))
        for part in parts[::2]
    ]
    parts[1::2] = [_ANY.sub("", part) for part in parts[1::2]]
    return html.unescape("\n".join(stripped for part in parts if (stripped := part.strip("\n")))).strip()
