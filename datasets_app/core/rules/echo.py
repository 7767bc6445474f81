"""The answer repeats the input."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"text": {"no_echo": True}}


class Echo(Rule):
    name = "echo"
    title = Text("Answer repeats the input word")
    help = Text(
        "The last user turn, without the spaces around it, must not occur in the answer as it is written. A Latin "
        "word counts only as a whole: “art” is not repeated by “start”."
    )
    good = (
        (chat("雨伞", "晴天被遗忘，雨天才想起它的好。"), _CONTRACT),
        (chat("art", "A start is all it takes."), _CONTRACT),
        chat("雨伞", "雨伞总在晴天被遗忘。"),
    )
    bad = ((chat("雨伞", "雨伞总在晴天被遗忘。"), _CONTRACT), (chat(" art ", "What art can do."), _CONTRACT))

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.no_echo for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            if place.rules.no_echo:
                word = place.answer.source.strip()
                start = find_whole(word, place.text) if word else -1
                if start >= 0:
                    yield self.found_at(
                        place,
                        Text(
                            "The answer repeats the input “{word}”.", word=word if len(word) <= 40 else word[:39] + "…"
                        ),
                        start,
                        start + len(word),
                    )


def find_whole(word: str, text: str) -> int:
    """Where `word` occurs in `text` and is no part of a longer Latin word; -1 when it does not."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (
            (start > 0 and _latin(word[0]) and _latin(text[start - 1]))
            or (end < len(text) and _latin(word[-1]) and _latin(text[end]))
        ):
            return start
        start = text.find(word, start + 1)
    return -1


def _latin(char: str) -> bool:
    """Letters and digits below the scripts that are written without spaces."""
    return char.isalnum() and char < "\u0530"


RULE = Echo()
