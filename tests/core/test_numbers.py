"""A column of numbers is what was added to it, wherever it lies."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.sets import numbers
from datasets_app.core.sets.numbers import Numbers

values = st.integers(0, 2**64 - 1)
steps = st.lists(st.one_of(values, st.lists(values, max_size=9)), max_size=12)


@pytest.mark.parametrize("piece", [1, 4, 1 << 16])
@given(steps, st.integers(0, 40), st.integers(0, 40))
def test_a_column_is_what_was_added_to_it(piece: int, added: list[int | list[int]], begin: int, end: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "PIECE", piece)
        column, plain = Numbers("Q"), []
        for more in added:
            if isinstance(more, int):
                column.append(more)
                plain.append(more)
            elif len(more) % 2:
                column.take(np.array(more, dtype=np.uint64))
                plain += more
            else:
                column.extend(Numbers("Q", more))
                plain += more
            assert column.some(begin, end).tolist() == plain[begin:end]  # reading does not disturb what comes after
        assert (len(column), bool(column)) == (len(plain), bool(plain))
        assert column.whole().tolist() == list(column) == plain
        assert [piece.tolist() for piece in column.pieces()] == [
            plain[at : at + piece] for at in range(0, len(plain), piece)
        ]
        assert list(copy.copy(column)) == plain  # as it is sent to another process


def test_a_column_may_lie_in_a_file_and_nothing_is_left_of_it_afterwards(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numbers, "PIECE", 2)
    column = Numbers("I", range(5))
    file = column._file
    assert not file.closed
    del column
    assert file.closed
