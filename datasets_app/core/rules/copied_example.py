"""The answer is an example of the prompt, and not an answer to the question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

GRAM = 4  # characters
COPIED = 0.6  # share of an example's grams that the answer may not have
_SHORTEST = 6  # characters; shorter answers, labels above all, are alike by nature
_LONGEST = 400  # characters of one example
_MOST = 50  # examples
_ANSWER = re.compile(
    r"(?:^|[\n；;，,。\s])\W{0,4}(?:示例)?(?:输出|回答|答案|答|结果|例句|output|answer|response|assistant|a)\s?\d{0,2}\W{0,2}\s{0,2}"
    r"(?:[:：]|[-=]>|→)\s{0,3}(?P<answer>[^\n]{6,400})",
    re.IGNORECASE,
)
_CONTRACT = {"text": {"no_copied_example": True}}
_PROMPT = "用一句话写词语。\n示例：\n输入：雨伞\n输出：晴天被遗忘在角落，雨天才想起它的好。"


class CopiedExample(Rule):
    name = "copied-example"
    title = Text("Answer copies an example")
    help = Text(
        "The answer must not repeat an example answer of the system prompt. Examples are what stands there behind "
        "“输出：”, “Answer:” and the like; a copy shares most of their four-character pieces."
    )
    good = (
        (chat("镜子", "它从不说谎，人们却只信自己想看的。", system=_PROMPT), _CONTRACT),
        chat("镜子", "晴天被遗忘在角落，雨天才想起它的好。", system=_PROMPT),
    )
    bad = ((chat("镜子", "晴天被遗忘在角落，雨天想起它的好。", system=_PROMPT), _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.no_copied_example for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        system = sample.system
        examples = _examples(system.text) if system else ()
        if not examples:
            return
        for place in context.places(sample):
            if not place.rules.no_copied_example:
                continue
            for example, grams in examples:
                shared = sum(gram in place.text for gram in grams)
                if shared < COPIED * len(grams) or example in place.answer.source:
                    continue
                same = SequenceMatcher(None, place.text[:2000], example, autojunk=False).find_longest_match()
                yield self.found_at(
                    place, Text("The answer copies the example “{example}” of the prompt.", example=_short(example)),
                    same.a, same.a + same.size,
                )  # fmt: skip
                break


@lru_cache(maxsize=256)
def _examples(prompt: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The example answers of a prompt, each with its pieces."""
    found = (match["answer"].strip(" \t\"'“”「」`") for match in _ANSWER.finditer(prompt))
    kept = dict.fromkeys(answer for answer in found if _SHORTEST <= len(answer) <= _LONGEST)
    return tuple((answer, _grams(answer)) for answer in list(kept)[:_MOST])


def _grams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))


def _short(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"


RULE = CopiedExample()
