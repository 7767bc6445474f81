"""Take the spaces from around tight symbols: “Sikalastic - 609” becomes “Sikalastic-609”."""

from __future__ import annotations

from datasets_app.core import symbols
from datasets_app.core.contracts.model import Contract
from ftstudio.errors import Text

USUAL = ("-", "/")


class SymbolSpacing:
    """The contract's tight symbols, or hyphen and slash; code, URLs, tables and arithmetic are left alone."""

    name = "symbol-spacing"
    label = Text("No spaces around symbols")

    def apply(self, text: str, *, contract: Contract, source: str = "") -> str:
        tight = contract.symbols.tight if contract.symbols and contract.symbols.tight else USUAL
        return symbols.tidy(text, tight, source)


NORMALISER = SymbolSpacing()
