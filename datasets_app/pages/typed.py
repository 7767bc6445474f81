"""What a browser makes of a text on its way through a form field, and whether it came back as it was shown.

A form sends every line break as CRLF, whatever was typed; the HTML parser reads a lone CR as a line break and a NUL as
U+FFFD; a one-line field loses its line breaks altogether. So a stored text is compared as the field showed it: what
was not touched stays byte for byte as it is.
"""

from __future__ import annotations


def as_typed(text: str) -> str:
    """The text that was typed into a text area."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def same_text(sent: str, stored: str) -> bool:
    """Whether a text area came back as it was shown: a browser cannot say which kind of line break it was."""
    return as_typed(sent) == as_typed(stored).replace("\x00", "\ufffd")


def same_line(sent: str, stored: str) -> bool:
    """Whether a field of one line came back as it was shown."""
    return _line(sent) == _line(stored).replace("\x00", "\ufffd")


def _line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")
