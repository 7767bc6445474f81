"""Finding every translatable sentence in our own sources. Needs babel, which only developers have installed."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

from ftstudio.messages import Key

# name → which arguments are the text, its plural and its context; None: the first is the text.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "Text": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdif]|\{\w*\}")
PACKAGES = ("ftstudio", "datasets_app", "jobs_app")


def found_in(root: Path) -> dict[Key, list[str]]:
    """Every message of the packages and templates under `root`, by file and place, with the files it is in.

    What holds nothing but placeholders (“{says}”) is no message: it only passes on what is said elsewhere.
    """
    messages: dict[Key, list[str]] = {}
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        for key in keys(path.read_text(encoding="utf-8"), template=path.suffix != ".py", origin=name):
            if not key.context and not PLACEHOLDER.sub("", key.text).strip():
                continue
            files = messages.setdefault(key, [])
            if name not in files:
                files.append(name)
    return messages


def keys(source: str, *, template: bool, origin: str = "") -> Iterator[Key]:
    """The messages of one file's text, in order of appearance."""
    text = source
    if template:
        # What Django makes of a template reads like Python except for its margins.
        text = "\n".join(line.lstrip() for line in templatize(source, origin=origin).splitlines())
    for _line, _function, found, _comments, context in _extract(text):
        if isinstance(found, tuple):
            single, plural = found[-2:] if context is None or len(found) > 1 else (found[0], "")
            yield Key(single, plural or "", context or "")
        else:
            yield Key(found, "", context or "")


def _extract(text: str) -> Iterator[tuple[int, str, str | tuple[str, ...], list[str], str | None]]:
    # babel remarks on an empty text on stderr; to us that is simply no message.
    with contextlib.redirect_stderr(io.StringIO()):
        items = list(extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS))  # type: ignore[arg-type]
    for item in items:
        if any(item[1] if isinstance(item[1], tuple) else (item[1],)):
            yield (item[0], "", item[1], item[2], item[3])  # type: ignore[misc]


def _sources(root: Path) -> list[Path]:
    python = (path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return sorted([*python, *(path for path in (root / "templates").rglob("*") if path.is_file())])
