"""A form as a browser would send it: what HTML parsing and form submission make of the fields of a page.

Line breaks are normalised on the way in and sent as CRLF, a NUL becomes U+FFFD, the line break after <textarea> is
dropped, one-line fields lose theirs, an unticked box sends nothing.
"""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import QueryDict

VOID = {"input", "img", "br", "hr", "meta", "link"}


def form_of(html: str, *, scripts: bool = False) -> QueryDict:
    """The fields in `html`; with `scripts` without those that the desk's modules take away when they begin."""
    parser = _Fields(scripts)
    parser.feed(html.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd"))
    parser.close()
    form = QueryDict(mutable=True)
    for name, value in parser.found:
        form.appendlist(name, value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n"))
    return form


class _Fields(HTMLParser):
    def __init__(self, scripts: bool) -> None:
        super().__init__()
        self.scripts = scripts
        self.found: list[tuple[str, str]] = []
        self.skipping = 0  # how deep inside something that is not there for this browser
        self.area: tuple[str, list[str]] | None = None
        self.select: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value if value is not None else "" for name, value in attrs}
        gone = tag == "template" or (self.scripts and ("data-blank" in given or "data-scriptless" in given))
        if self.skipping or gone:
            self.skipping += tag not in VOID
            return
        name = given.get("name", "")
        if tag == "textarea":
            self.area = (name, [])
        elif tag == "select":
            self.select = (name, [])
        elif tag == "option" and self.select:
            self.select[1].append((given.get("value", ""), "selected" in given))
        elif tag == "input" and name:
            self._input(name, given)

    def _input(self, name: str, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self.found.append((name, value or "on"))
        elif kind == "hidden":
            self.found.append((name, value))
        elif kind != "file":
            self.found.append((name, value.replace("\n", "").replace("\r", "")))

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            self.skipping -= 1
        elif tag == "textarea" and self.area:
            name, texts = self.area
            text = "".join(texts)
            self.found.append((name, text[1:] if text.startswith("\n") else text))
            self.area = None
        elif tag == "select" and self.select:
            name, options = self.select
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self.found.extend((name, value) for value in chosen[-1:])
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area and not self.skipping:
            self.area[1].append(data)
