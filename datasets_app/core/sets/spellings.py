"""Short answers as labels in several spellings: what is equal but for width, case, punctuation, white space and the
traditional or simplified form of its characters."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from datasets_app.core.variants import simplified
from datasets_app.core.widths import nfkc

_APART = re.compile(r"[\W_]+")
_TELLING = re.compile(
    r"[\d+#%°<>=≤≥≠±↑↓⁄\u2212]|(?<=[^\W\d_])-\Z"
)  # beside or between these, a mark may be what counts
# What parts numbers, a sign, and what makes C# and A+ of C and A; but no dash of a list, no stop, no quotation mark.
_KEPT = re.compile(r"((?<=\d)[\W_]+(?=\d)|[+#%°<>=≤≥≠±↑↓⁄]|[-\u2212](?=\d|\Z))|[\W_]")
LONGEST = 40  # characters of an answer that can be a label
MOST = 20_000  # different labels that are kept apart; beyond, those seen once are forgotten


def plain(text: str) -> str:
    """What all spellings of a label have in common; "" for a text without letters and digits."""
    text = simplified(nfkc(text).casefold())
    if not _TELLING.search(text):
        return _APART.sub("", text)
    return _KEPT.sub(r"\1", text) if _APART.sub("", text) else ""


def may_be_label(text: str) -> bool:
    """Whether it is short enough, and of one line."""
    return len(text) <= LONGEST and "\n" not in text.strip()


class Spellings:
    """How often each label was written in which way. Free text costs little: what comes but once is forgotten."""

    def __init__(self) -> None:
        self.seen: dict[str, Counter[str]] = defaultdict(Counter)
        self.repeated = 0  # labels that came more than once
        self._pruned = MOST

    def add(self, text: str) -> bool:
        """Count an answer. False: it is too long for a label, or has nothing in it."""
        if not may_be_label(text) or not (label := plain(text)):
            return False
        counts = self.seen[label]
        counts[text] += 1
        self.repeated += counts.total() == 2
        if len(self.seen) > self._pruned:
            for gone in [name for name, counts in self.seen.items() if counts.total() == 1]:
                del self.seen[gone]
            self._pruned = max(MOST, 2 * len(self.seen))
        return True

    def common(self, label: str) -> tuple[str, int]:
        """The most frequent spelling of a label, of equally frequent ones the lowest, and how often it came."""
        counts = self.seen[label]
        return min(counts.items(), key=lambda item: (-item[1], item[0]))
