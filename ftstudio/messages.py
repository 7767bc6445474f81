"""The catalogues of translations: made current from the sources, judged, and compiled. No gettext program is needed."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
# %(name)s, %s, %d as gettext and blocktranslate write them.
PERCENT = re.compile(r"%(?:\(\w+\))?[sdif]")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes a message one message: English text, its plural (or ""), and its context (or "")."""

    text: str
    plural: str = ""
    context: str = ""


def catalogues(locale: Path = LOCALE) -> list[Path]:
    """Every django.po. English is the language of the sources and has none."""
    return sorted(locale.glob("*/LC_MESSAGES/django.po"))


def compile_stale(locale: Path = LOCALE) -> list[Path]:
    """Compile each catalogue that is newer than its .mo. Returns the files written.

    Written aside and renamed, so that several processes may do it at once.
    """
    written = []
    for source in catalogues(locale):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.replace(target)
        written.append(target)
    return written


def read(path: Path) -> polib.POFile:
    """The catalogue, or an empty one for that language when there is none yet."""
    if path.exists():
        return polib.pofile(str(path), wrapwidth=100)
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Language": path.parent.parent.name,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return catalogue


def updated(catalogue: polib.POFile, found: Mapping[Key, Iterable[str]]) -> polib.POFile:
    """The catalogue with exactly the messages of `found` (message → files), in that order.

    Known translations are kept, new messages are empty, those no longer used are dropped. Nothing is guessed.
    """
    known = {_key(entry): entry for entry in catalogue if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=100)
    fresh.metadata, fresh.header = dict(catalogue.metadata), catalogue.header
    for key, files in found.items():
        before = known.get(key)
        entry = polib.POEntry(
            msgid=key.text,
            msgctxt=key.context or None,
            occurrences=[(file, "") for file in files],
            flags=["python-format"] if PERCENT.search(key.text + key.plural) else [],
            tcomment=before.tcomment if before else "",
        )
        if key.plural:
            entry.msgid_plural = key.plural
            entry.msgstr_plural = dict(before.msgstr_plural) if before else {0: ""}
        else:
            entry.msgstr = before.msgstr if before else ""
        if before and before.fuzzy:
            entry.flags.append("fuzzy")
        fresh.append(entry)
    return fresh


def complaints(catalogue: polib.POFile, found: Iterable[Key] | None = None) -> Iterator[str]:
    """What is wrong with a catalogue, a sentence each; with `found`, also against the sources."""
    if found is not None:
        wanted, have = set(found), {_key(entry) for entry in catalogue if not entry.obsolete}
        yield from (f"missing: {key.text!r}" for key in sorted(wanted - have))
        yield from (f"no longer used: {key.text!r}" for key in sorted(have - wanted))
    for entry in catalogue:
        if entry.obsolete:
            yield f"no longer used: {entry.msgid!r}"
            continue
        translations = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if entry.fuzzy:
            yield f"fuzzy: {entry.msgid!r}"
        if not translations or not all(translations):
            yield f"untranslated: {entry.msgid!r}"
            continue
        # The plural carries the number; the singular of a pair may say "one".
        source = placeholders(entry.msgid_plural or entry.msgid)
        for translation in translations:
            if lost := source - placeholders(translation):
                yield f"lost {', '.join(sorted(lost))}: {entry.msgid!r}"
            if added := placeholders(translation) - source - placeholders(entry.msgid):
                yield f"made up {', '.join(sorted(added))}: {entry.msgid!r}"


def placeholders(text: str) -> frozenset[str]:
    """The parts that are filled in: `%(name)s` and `{name}` (of which only the name counts)."""
    return frozenset(PERCENT.findall(text)) | frozenset(_braces(text))


def _braces(text: str) -> Iterator[str]:
    try:
        for _, name, _, _ in string.Formatter().parse(text):
            if name is not None:
                yield f"{{{name}}}"
    except ValueError:  # a lone brace: then it is no template of ours
        return


def _key(entry: polib.POEntry) -> Key:
    return Key(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")
