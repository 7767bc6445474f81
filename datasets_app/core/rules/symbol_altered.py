"""A code of the input that the answer writes differently."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import symbols
from datasets_app.core.contracts.model import Contract, Symbols
from datasets_app.core.contracts.patterns import TooSlow
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.rules.required_text import LOOKED_AT
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"symbols": {"tight": ["-", "/"], "verbatim": True}}
USUAL = ("-", "/")


class SymbolAltered(Rule):
    name = "symbol-altered"
    version = 2
    title = Text("Code is not copied as it is")
    help = Text("A code of the input that the answer repeats must stand unchanged: same letters, case, symbols.")
    good = (
        (chat("AW30-02 怎么用？", "AW30-02 用于修补。"), _CONTRACT),
        (chat("AW30-02 怎么用？", "用于修补。"), _CONTRACT),
        (chat("鼠标/移动设备", "鼠标移动得快。"), _CONTRACT),
    )
    bad = (
        (chat("AW30-02 怎么用？", "AW30–02 用于修补。"), _CONTRACT),
        (chat("AW30-02？", "aw30-02 用于修补。"), _CONTRACT),
    )

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.symbols is not None and bool(contract.symbols.verbatim)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        rules = context.contract.symbols
        if answer is None or rules is None:
            return
        if len(answer.text) > symbols.LONGEST:
            return
        spans, slow = protected(answer.source, rules)
        for text in slow:
            yield self.found(text, answer.path)
        if not spans:
            return
        loose: set[tuple[int, int]] | None = None
        plain = answer.text.casefold()
        for span in spans:
            if symbols.only_as_written(span, answer.text, plain):
                continue
            for match in symbols.skeleton(span).finditer(answer.text):
                copy = match.group()
                if copy == span or copy in answer.source:
                    continue
                if loose is None:
                    loose = {(fix.start, fix.end) for fix in symbols.loose(answer.text, rules.tight, answer.source)}
                if any(match.start() <= start and end <= match.end() for start, end in loose) and (
                    symbols.tidy(copy, rules.tight, span) == span
                ):
                    continue  # nothing but spaces, which is another rule's finding
                yield self.found(
                    Text("“{copy}” is “{span}” in the input: copy it unchanged.", copy=copy, span=span),
                    answer.path, match.start(), match.end(), Fix(match.start(), match.end(), span),
                )  # fmt: skip


def protected(source: str, rules: Symbols) -> tuple[list[str], list[Text]]:
    """The spans of an input that must be copied as they are, each once; and what to say of slow patterns."""
    slow: list[Text] = []
    if not isinstance(rules.verbatim, tuple):
        return symbols.spans(source, rules.tight or USUAL), slow
    spans: dict[str, None] = {}
    for pattern in rules.verbatim:
        try:
            spans |= dict.fromkeys(match.group() for match in pattern.finditer(source, 0, LOOKED_AT))
        except TooSlow as stopped:
            slow.append(stopped.text)
    return [span for span in spans if span.strip()][: symbols.MOST_CODES], slow


RULE = SymbolAltered()
