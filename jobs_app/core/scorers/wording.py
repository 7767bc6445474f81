"""How an answer is written: against the sample's own, and by what it copies from the input."""

from __future__ import annotations

from datasets_app.core.contracts.model import Contract
from datasets_app.core.rules.echo import find_whole
from datasets_app.core.rules.symbol_altered import protected
from datasets_app.core.sameness import same_value
from ftstudio.errors import Text
from jobs_app.core.fields import compared, plain
from jobs_app.core.pooling import Ratio, Statistic

from .base import Answered, Example, Scorer

_ANY = {"json": {"schema": {"type": "object"}}}
_CODES = {"symbols": {"tight": ["-", "/"], "verbatim": True}}
_TEXT = {"text": {"no_echo": True}}
SHORTEST = 2  # signs of an input that can be repeated


class ExactMatch(Scorer):
    name = "exact-match"
    label = Text("Same as the reference")
    help = Text("Character for character; JSON by value, whatever the order of its keys and the white space between.")
    good = (Example("会下雨", "会下雨"), Example('{"b": 1, "a": 2}', '{"a": 2.0, "b": 1}', _ANY))
    bad = (Example("会下雨。", "会下雨"), Example('{"a": "1"}', '{"a": 1}', _ANY))

    def score(self, answered: Answered) -> float | None:
        if answered.reference is None:
            return None
        if answered.contract.json is not None:
            if not answered.comparable:
                return None
            return float(answered.came and same_value(answered.value, answered.reference_value))
        return float(answered.came and answered.text == answered.reference_text) if _wanted(answered) else None


def _wanted(answered: Answered) -> bool:
    """Whether the reference says anything: of one that only calls tools, two silences would be the same."""
    return bool(answered.reference_text.strip())


class NormalisedMatch(Scorer):
    name = "normalised-match"
    label = Text("Same but for width and spaces")
    help = Text(
        "As above once both are in Unicode's NFKC, which makes full and half width equal, and without needless white "
        "space; of JSON every leaf."
    )
    good = (Example("ＡＢ　１", "AB 1"), Example("北京 市", "北京市"), Example('{"a": "Ａ "}', '{"a": "A"}', _ANY))
    bad = (Example("ab 1", "AB 1"), Example('{"a": "A", "b": 1}', '{"a": "A"}', _ANY))

    def score(self, answered: Answered) -> float | None:
        if answered.reference is None:
            return None
        if answered.contract.json is not None:
            if not answered.comparable:
                return None
            found = compared(answered.value, answered.reference_value)
            return float(answered.came and found.right == found.given == found.wanted)
        if not _wanted(answered):
            return None
        return float(answered.came and plain(answered.text) == plain(answered.reference_text))


class SymbolAlignment(Scorer):
    name = "symbol-alignment"
    label = Text("Codes copied as they are")
    help = Text(
        "Of the protected spans of the input that the reference repeats (without a reference: of all of them), the "
        "share that the answers repeat character for character. All spans are counted together."
    )
    kind = "share"
    terms = ("kept", "wanted")
    good = (Example("AW30-02 用于修补。", "AW30-02 修补。", _CODES, "AW30-02 和 B/C？"),)
    bad = (
        Example("AW30–02 用于修补。", None, _CODES, "AW30-02？"),
        Example("用于修补。", "AW30-02 修补。", _CODES, "AW30-02？"),
    )

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0), (0, 1))

    def applies(self, contract: Contract) -> bool:
        return contract.symbols is not None

    def score(self, answered: Answered) -> float | None:
        parts = self.parts(answered)
        return parts[0] / parts[1] if parts and parts[1] else None

    def parts(self, answered: Answered) -> tuple[float, float] | None:
        rules = answered.contract.symbols
        if rules is None:
            return None
        spans, _ = protected(answered.source, rules)
        if answered.reference is not None:
            spans = [span for span in spans if find_whole(span, answered.reference_text) >= 0]
        return sum(find_whole(span, answered.text) >= 0 for span in spans), len(spans)


class EchoRate(Scorer):
    name = "echoed-input"
    label = Text("Repeats the input")
    help = Text("The last question stands in the answer as it is written, as the rule “echo” looks for it.")
    better = "lower"
    good = (Example("晴天被遗忘，雨天才想起它的好。", contract=_TEXT, question="雨伞"),)
    bad = (Example("雨伞总在晴天被遗忘。", contract=_TEXT, question="雨伞"),)

    def applies(self, contract: Contract) -> bool:
        return bool(contract.text) and contract.json is None

    def score(self, answered: Answered) -> float | None:
        word = answered.source.strip()
        if len(word) < SHORTEST or not answered.came:
            return None
        return float(find_whole(word, answered.text) >= 0)


class LengthOff(Scorer):
    name = "length-off"
    label = Text("Length off the reference")
    help = Text(
        "By what share of the reference's characters an answer is longer or shorter; half of them are below this."
    )
    kind = "amount"
    better = "lower"
    good = (Example("一二三", "三二一"),)
    bad = (Example("一二三四", "一二"),)

    def applies(self, contract: Contract) -> bool:
        return contract.json is None and contract.labels is None

    def score(self, answered: Answered) -> float | None:
        wanted = len(answered.reference_text.strip())
        if not wanted or not answered.came:
            return None
        return abs(len(answered.text.strip()) - wanted) / wanted


SCORER = (ExactMatch(), NormalisedMatch(), SymbolAlignment(), EchoRate(), LengthOff())
