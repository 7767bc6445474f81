"""Half-width punctuation among the full-width one of a Chinese text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# A set comes first: the search for it is fast.
_HALF = re.compile(rf"[,;:?!](?<=[{_HAN}][,;:?!])(?=[{_HAN}“‘（《]| ?\Z| [{_HAN}])")
_FULL = re.compile("[，。；：？！、]")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_WIDE = str.maketrans(",;:?!", "，；：？！")


class WidthMixed(Rule):
    name = "width-mixed"
    severity = "hint"
    title = Text("Punctuation of two widths")
    help = Text(
        "A Chinese text has full-width marks (，：？). Half-width ones among them are learned as a second spelling."
    )
    good = (
        chat("雨伞", "晴天被遗忘，雨天才想起。"),
        chat("几点？", "早上8:30，地点：A,B 两处。"),
        chat("雨伞", "晴天被遗忘,雨天才想起"),
    )
    bad = (chat("雨伞", "晴天被遗忘,雨天才想起。"), chat("雨伞", "他问:晴天，谁记得伞?"))

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        if answer is None or answer.text.isascii():
            return
        text = answer.text
        if not ("," in text or ":" in text or "?" in text or "!" in text or ";" in text):
            return
        if not ("，" in text or "。" in text or "、" in text or "：" in text or _FULL.search(text)):
            return
        found = list(_HALF.finditer(text))
        if not found:
            return
        code = [match.span() for match in _CODE.finditer(text)]
        for match in found:
            at = match.start()
            if any(start <= at < end for start, end in code):
                continue
            end = at + 2 if text[at + 1 : at + 2] == " " else at + 1  # the space is part of the half-width spelling
            wide = match.group().translate(_WIDE)
            yield self.found(
                Text("“{mark}” is half-width in a text with full-width marks: write “{wide}”.", mark=match.group(),
                     wide=wide),
                answer.path, at, end, Fix(at, end, wide),
            )  # fmt: skip


RULE = WidthMixed()
