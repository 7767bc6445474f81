"""A number, date or name in the answer that the source does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from datasets_app.core import numerals
from datasets_app.core.contracts.model import GROUNDED, Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

LONGEST = 100_000  # characters
MOST = 20  # findings per text
_CONTRACT = {"text": {"grounded": ["numbers", "names"]}}
# A title, or Latin words with a capital or a digit inside: names, brands, codes.
_NAME = re.compile(r"《[^《》\n]{1,60}》|(?<![\w-])(?=[\w.-]*[A-Z])[A-Za-z][\w.-]*[A-Za-z0-9](?![\w-])", re.ASCII)
# In a JSON answer, what a key calls a name: Chinese has no capitals by which one were told in running text.
_NAMED = re.compile(
    r'"[^"\\\n]{0,30}(?:姓名|名字|人名|公司|单位|机构|学校|院校|医院|(?i:name|company|employer|school|university|hospital))"'
    r'[ \t\r\n]{0,9}:[ \t\r\n]{0,99}"(?=[^"\n]{0,60}[\u4e00-\u9fff])([^"\\\n]{1,60})"'
)
_START = re.compile(r"(?:^|[.!?。！？\n\"“:：]\s*)\Z")


class UngroundedValue(Rule):
    name = "ungrounded-value"
    version = 3
    severity = "warning"
    title = Text("Value is not in the source")
    help = Text(
        "What the answer takes from its source must be there: numbers and dates in whatever spelling (二〇一〇年 is "
        "2010, 1,000 is 1000), names and titles as they are written. The source is everything before the answer."
    )
    good = (
        (chat("公司成立于二〇一〇年，有员工 1,200 人。", "成立年份：2010；员工：1200。"), _CONTRACT),
        (chat("Li joined Acme in May 2021.", "1. Acme\n2. 2021-05"), _CONTRACT),
        (chat("何时？", "一定在三五天内。"), _CONTRACT),
        (chat("张三毕业于北京大学。", '{"姓名": "张三", "公司类型": "国企", "school": "北京大学"}'), _CONTRACT),
        chat("何时成立？", "2010 年。"),
    )
    bad = (
        (chat("公司成立于 2010 年。", "成立于 2021 年。"), _CONTRACT),
        (chat("员工一百二十人。", "共一百三十人。"), _CONTRACT),
        (chat("他写过《活着》。", "他写过《兄弟》。"), _CONTRACT),
        (chat("张三毕业于北京大学。", '{"姓名": "李四", "毕业院校": "北京大学"}'), _CONTRACT),
    )

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.grounded for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        places = [place for place in context.places(sample) if place.rules.grounded]
        if not places:
            return
        source = "\n".join(message.text for message in sample.messages[:-1])[:LONGEST]
        grounds = Grounds(source)
        for place in places:
            stated = grounds.stated(place.text, place.rules.grounded)
            lost = sorted((start, end, value) for start, end, value, known in stated if not known)
            for start, end, value in lost[:MOST]:
                yield self.found_at(
                    place,
                    Text("“{value}” is not in the source: correct it or take it out.", value=value[:40]),
                    start,
                    end,
                )


class Grounds:
    """What a source says, to hold the values of an answer against it. `kinds` are those of a contract's `grounded`."""

    def __init__(self, source: str) -> None:
        self._source = source[:LONGEST]
        self._numbers: set[str] | None = None
        self._plain = ""

    def stated(self, text: str, kinds: Collection[str] = GROUNDED) -> Iterator[tuple[int, int, str, bool]]:
        """The numbers and names that a text states: (start, end, value, whether the source has it)."""
        if "numbers" in kinds:
            if self._numbers is None:
                self._numbers = numerals.known(self._source)
            for number in numerals.stated(text[:LONGEST]):
                known = not self._numbers.isdisjoint(number.values)
                yield number.start, number.end, text[number.start : number.end], known
        if "names" in kinds:
            self._plain = self._plain or self._source.casefold()
            for match in _NAME.finditer(text, 0, LONGEST):
                name = match.group()
                capital = name[1:].islower() and name[0].isupper() and _START.search(text, 0, match.start())
                if not capital:  # a capital at a sentence's start says nothing
                    yield match.start(), match.end(), name, name.casefold().strip("《》") in self._plain
            for match in _NAMED.finditer(text, 0, LONGEST):
                yield match.start(1), match.end(1), match[1], match[1].casefold().strip() in self._plain


RULE = UngroundedValue()
