"""Spaces around a symbol that must stand tight."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import symbols
from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"symbols": {"tight": ["-", "/"]}}


class SymbolSpacing(Rule):
    name = "symbol-spacing"
    version = 3
    title = Text("Spaces around a symbol")
    help = Text(
        "Codes such as Sikalastic-609 are searched for as they are written, so no spaces may stand around their "
        "symbols. Lists, arithmetic, code, URLs and tables are left alone, and so is "
        "the dash of a sentence, as in “3. Sage - a quiet place”."
    )
    good = (
        (chat("清单", "清单:\n- 第一项"), _CONTRACT),
        (chat("算", "5 - 3 = 2"), _CONTRACT),
        (chat("用什么？", "用 AW30-02 修补。"), _CONTRACT),
        (chat("哪家店？", "3. Sage - 一家安静的小店"), _CONTRACT),
        (chat("何时开门？", "周一 - 周五"), _CONTRACT),
    )
    bad = ((chat("用什么？", "用 AW30 - 02 修补。"), _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.symbols is not None and bool(contract.symbols.tight)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        rules = context.contract.symbols
        if answer is None or rules is None:
            return
        for fix in symbols.loose(answer.text, rules.tight, answer.source):
            yield self.found(
                Text("No spaces around “{symbol}”.", symbol=fix.replacement), answer.path, fix.start, fix.end, fix
            )


RULE = SymbolSpacing()
