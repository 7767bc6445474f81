"""The texts of a workbook, which its cells name by number; those that cannot be read are known to be lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from datasets_app.core.cell_text import unescaped
from datasets_app.core.containers._watched import NotXml, Watched
from datasets_app.core.containers._zipped import BROKEN

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LOST: Any = object()  # in place of a cell's value
UNCOMPUTED: Any = object()  # in place of the value of a formula that no program has computed yet


class Texts(list[Any]):
    """By number: the text, or LOST. `damaged` is set when what was read may not be what was written. `said` is how many
    texts the list claims to hold where those are not so many: then some may stand under another number."""

    damaged = False
    said = 0

    def __getitem__(self, number: Any) -> Any:
        return super().__getitem__(number) if 0 <= number < len(self) else LOST


def texts_of(part: Watched) -> Texts:
    """Every text of the list. Behind a fault their numbers are certain only if the list says how many it holds."""
    found = Texts()
    faults: list[int] = []
    said = 0
    whole = False
    try:
        while True:
            try:
                for element in _elements(part):
                    if element.tag == MAIN + "si":
                        found.append(text_of(element))
                        element.clear()
                    elif element.tag == MAIN + "sst":
                        said = int(count) if (count := element.get("uniqueCount", "")).isdecimal() else 0
                whole = not faults
                break
            except NotXml:
                faults.append(len(found))
                found += [LOST] * part.inside
                if not part.resume():
                    break
    except EOFError:
        pass  # cut off: what was read is whole
    except (*BROKEN, ParseError):
        found.damaged = True
    missing = said - len(found)
    if faults and missing > 0 and len(faults) == 1:
        found[faults[0] : faults[0]] = [LOST] * missing
    elif faults and missing:
        del found[faults[0] :]
    elif whole and said and missing:
        found.said = said
    return found


def _elements(part: Watched) -> Iterator[Element]:
    """Each element as it ends, and the first one as it begins, for what it says of itself."""
    for at, (event, element) in enumerate(iterparse(part, ("start", "end"))):  # noqa: S314  what it holds is counted
        if event == "end" or not at:
            yield element


def text_of(element: Element) -> str:
    """The text of an entry or of a cell: its plain part and its runs, without what tells how to pronounce it."""
    parts = [*element.findall(MAIN + "t"), *element.findall(f"{MAIN}r/{MAIN}t")]
    return unescaped("".join(part.text or "" for part in parts))
