"""How the text of a workbook's cell stands in its XML: ECMA-376 part 1, 22.9.2.19 (ST_Xstring)."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What XML cannot hold or would change, and the line that what is no escape would become one by.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def escaped(text: str) -> str:
    """The text as XML can hold it, a bell as _x0007_. Half a character (a lone surrogate) stays what it is."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """The inverse."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
