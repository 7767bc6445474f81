"""The output contract: what a right answer looks like. DESIGN §5 “Contract file” is the format."""

from __future__ import annotations

from datasets_app.core.contracts.described import describe, requirements
from datasets_app.core.contracts.model import EMPTY, Contract, JsonRules, Labels, Range, Symbols, TextRules
from datasets_app.core.contracts.reading import parse
from datasets_app.core.contracts.writing import to_data

__all__ = [
    "EMPTY", "Contract", "JsonRules", "Labels", "Range", "Symbols", "TextRules",
    "describe", "parse", "requirements", "to_data",
]  # fmt: skip
