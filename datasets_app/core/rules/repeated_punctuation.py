"""A punctuation mark twice, or two that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"text": {"no_repeated_punctuation": True}}
# “……”, “——”, “...” and “？！” are whole marks of their own; “::”, “??” and the like inside code are not ours.
_RUN = re.compile(
    r"[。，、；：,;]{2,}|[。，、；：]+[！？]+[。，、；：！？]*|！{2,}|？{2,}|[！？]+[。，、；：]+|!{2,}|\?{2,}|(?<!\.)\.\.(?!\.)"
)
_TWO = re.compile(r"[。，、；：！？,;!?.]{2}")  # a cheap look before the careful one
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


class RepeatedPunctuation(Rule):
    name = "repeated-punctuation"
    title = Text("Doubled punctuation")
    help = Text(
        "No mark stands twice (“。。”) and no pause stands beside a full stop (“，。”). Ellipses and “？！” are fine."
    )
    good = ((chat("雨伞", "等等……真的？！好吧。"), _CONTRACT), (chat("Run?", "Use `a ?? b`."), _CONTRACT))
    bad = ((chat("雨伞", "晴天被遗忘。。"), _CONTRACT), (chat("雨伞", "晴天被遗忘，。"), _CONTRACT))

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.no_repeated_punctuation for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            if not place.rules.no_repeated_punctuation or _TWO.search(place.text) is None:
                continue
            code = [match.span() for match in _CODE.finditer(place.text)]
            for match in _RUN.finditer(place.text):
                if any(start <= match.start() < end for start, end in code):
                    continue
                yield self.found_at(
                    place, Text("Doubled punctuation “{marks}”.", marks=match.group()),
                    match.start(), match.end(), strongest(match.group()),
                )  # fmt: skip


def strongest(marks: str) -> str:
    """The one mark that a run of them stands for: what ends a sentence wins, then the last one."""
    ends = [mark for mark in marks if mark in "。！？!?."]
    if len(set(ends)) > 1 and set(ends) & set("！？!?"):
        ends = [mark for mark in ends if mark in "！？!?"]
    return ends[-1] if ends else marks[-1]


RULE = RepeatedPunctuation()
