"""Texts are found regardless of case in every alphabet that has cases."""

from __future__ import annotations

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import letters

TEXTS = st.text(alphabet="мМоОсСßẞéÉΣσςsSſkK\u212aµμΜİiIı.[]^-\\ 中Ⅷⅷ", max_size=6)


@given(text=TEXTS, asked=TEXTS)
def test_a_pattern_finds_what_is_the_same_but_for_case(text: str, asked: str) -> None:
    pattern = letters.pattern(asked)
    within = letters.folded(asked) in letters.folded(text)
    if pattern is not None:
        assert bool(re.search(pattern, text)) == within
    else:  # nothing beyond ASCII has a case in it: the database's own comparison does
        assert all(char.isascii() or letters.folded(char) == char for char in asked)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("москва", "Москва"),
        ("МОСКВА", "Москва"),
        ("straße", "STRAẞE"),
        ("été", "ÉtÉ"),
        ("όσος", "ΌΣΟΣ"),
        ("第Ⅷ章", "第ⅷ章"),
    ],
)
def test_mixed_cases_are_found(asked: str, text: str) -> None:
    assert re.search(letters.pattern(asked) or "", f"… {text} …")


def test_two_letters_are_not_one() -> None:
    assert not re.search(letters.pattern("straße") or "", "STRASSE")
    assert letters.pattern("abc 天气") is None


def test_letters_are_folded_as_the_index_of_sqlite_folds_them() -> None:
    """Of alphabets that got their cases when its table was already made, it knows none."""
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='trigram')")
    index.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts, 'row')")
    blocks = (
        range(0x41, 0x250),
        range(0x370, 0x376),
        range(0x386, 0x528),
        range(0x1E00, 0x2000),
        range(0x2160, 0x2180),
    )
    chars = [char for block in blocks for char in map(chr, block) if char.isalpha() or char != char.casefold()]
    index.executemany("INSERT INTO texts VALUES (?)", [(f"{at:04x}{char}{at:04x}",) for at, char in enumerate(chars)])
    terms = {term for (term,) in index.execute("SELECT term FROM terms")}
    assert {f"{at:04x}"[-1] + letters.folded(char) + f"{at:04x}"[0] for at, char in enumerate(chars)} <= terms
