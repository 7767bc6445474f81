"""Too many or too few sentences."""

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

_CONTRACT = {"text": {"sentences": {"max": 1}}}
_CLOSING = "[”’」』）)\\]】》\"']*"
# A full stop ends a sentence only before a space, and neither after a number (“1. ”) nor after an initial.
# Written with the deciding character first, because the engine leaps from one such character to the next.
_ENDS = "。！？!?｡.\n"
_END = re.compile(
    rf"[{_ENDS}](?:"
    rf"(?<=[。！？!?｡])[。！？!?｡]*{_CLOSING}"
    r"|(?<=\n)\n*"
    rf"|(?<=\.)(?<![\d\W]\.)(?<!\b[A-Za-z]\.)(?=\s|$){_CLOSING})"
)
_WORD = re.compile(r"\w")


class SentenceCount(Rule):
    name = "sentence-count"
    title = Text("Number of sentences")
    help = Text("The answer must have as many sentences as the contract says. A new line begins a new sentence.")
    good = ((chat("雨伞", "晴天被遗忘，雨天才想起。"), _CONTRACT), (chat("Pi?", "It is 3.14 by and large."), _CONTRACT))
    bad = ((chat("雨伞", "晴天被遗忘。雨天才想起。"), _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.sentences for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            bounds = place.rules.sentences
            if bounds is None:
                continue
            if bounds.min is None and _most(place.text) <= (bounds.max or 0):
                continue
            found = sentences(place.text)
            if bounds.holds(len(found)):
                continue
            if bounds.max is not None and len(found) > bounds.max:
                extra = found[bounds.max][0], found[-1][1]
                yield self.found_at(
                    place, Text("Sentences: {count}, at most {max} wanted.", count=len(found), max=bounds.max), *extra
                )
            else:
                yield self.found_at(
                    place, Text("Sentences: {count}, at least {min} wanted.", count=len(found), min=bounds.min)
                )


def _most(text: str) -> int:
    """More sentences than this the text cannot have."""
    return 1 + sum(map(text.count, _ENDS))


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence of the text begins and ends (offsets); stretches without a word do not count."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _WORD.search(text, start, match.end()):
            found.append((start, match.end()))
            start = match.end()
    if _WORD.search(text, start):
        found.append((start, len(text)))
    return found


RULE = SentenceCount()
