"""Which encoding a text file is in: UTF-8, UTF-16 or GB18030 (with GBK and GB2312 in it), told by trial, line by line.

Encodings that any bytes pass for, such as Latin-1, are never guessed: a file that fits none is read as UTF-8, and
what is not UTF-8 in it is refused line by line.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "gb18030")  # what a person may choose from
MARK = "\udcff"  # stands in decoded text where bytes were no text; UTF-8 cannot hold it, so no good text has it

_BLOCK = 1 << 16
_BETWEEN = re.compile(rb'[\n",\t;]')  # no part of a character in either encoding
_WIDE = bytes(range(128, 256))
_NO_CHANCE = 12  # bytes beyond ASCII: so much GB18030 is not UTF-8 by chance


def encoding_of(head: bytes) -> str:
    """One of `ENCODINGS` for a file that begins with `head`, which may end in the middle of a character."""
    if head.startswith(codecs.BOM_UTF8):
        text = head.removeprefix(codecs.BOM_UTF8)  # before what is no UTF-8 at all a program put it without looking
        return "utf-8-sig" if _decodes(text, "utf-8") else _voted(text).replace("utf-8", "utf-8-sig")
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if b"\0" in head and (wide := _without_mark(head)):
        return wide
    return "utf-8" if _decodes(head, "utf-8") else _voted(head)


def encoding_of_stream(stream: BinaryIO) -> str:
    """The same for an open file, in which the first character beyond ASCII may come late; left at its start."""
    head = stream.read(_BLOCK)
    found = encoding_of(head)
    while found == "utf-8" and head.isascii() and (head := stream.read(_BLOCK)):
        found = encoding_of(head) if not head.isascii() else found
    stream.seek(0)
    return found


def encoding_of_records(stream: BinaryIO) -> str:
    """The same for a file of JSON: where one line is UTF-8, a line here and there is broken, not all of them written
    otherwise."""
    found = encoding_of_stream(stream)
    if found == "gb18030":
        lines = stream.read(_BLOCK).split(b"\n")[:-1]
        stream.seek(0)
        if any(_whole(line) for line in lines if len(line) - len(line.translate(None, _WIDE)) >= _NO_CHANCE):
            return "utf-8"
    return found


def as_utf_8(head: bytes) -> bytes:
    """The beginning of JSON in UTF-16 as UTF-8, any other as it is: an archive in which such a file stands as it is
    must still be seen to be one."""
    if b"\0" not in head or not (encoding := encoding_of(head)).startswith("utf-16"):
        return head
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    return text.encode("utf-8", "ignore") if text.lstrip().startswith(("{", "[")) else head


def _whole(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _voted(head: bytes) -> str:
    """UTF-8 or GB18030 by most of the texts that are not ASCII: a broken byte in one must not speak for all of them."""
    lines = [line for line in _BETWEEN.split(head) if not line.isascii()]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()  # it may end within a character
    others = [line for line in lines if not _decodes(line, "utf-8")]
    chinese = [line for line in others if _decodes(line, "gb18030")]
    if 2 * len(others) <= len(lines) or 2 * len(chinese) <= len(others):
        return "utf-8"
    return "gb18030" if _mostly_common(b"\n".join(chinese)) else "utf-8"


def _without_mark(head: bytes) -> str:
    """UTF-16 without a byte order mark: every second byte of its ASCII part is zero. "" when it is not that."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 8 * others and zeros * 20 > len(head) and _decodes(head, encoding):
            return encoding
    return ""


def _mostly_common(head: bytes) -> bool:
    """Whether at least half of what is not ASCII are signs or frequent characters (GB 2312, rows 1–9 and level 1).

    Western text in Latin-1 decodes as GB18030 too, but into rare characters.
    """
    text = codecs.getincrementaldecoder("gb18030")("ignore").decode(head)
    wide = [char.encode("gb18030") for char in set(text) if char > "\x7f"]
    return 2 * sum(0xA1 <= raw[0] <= 0xA9 or 0xB0 <= raw[0] <= 0xD7 for raw in wide) >= len(wide)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error("ftstudio-mark", _mark)
