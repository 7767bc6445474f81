"""Drawing by lot: many are looked at together, and it is as if they were drawn one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import drawing
from datasets_app.core.drawing import FITS, NEAR, OUT, draw

what = st.sampled_from((OUT, FITS, NEAR))


def one_by_one(lot: list[int], wanted: int, becomes: dict[int, int]) -> tuple[list[int], int]:
    taken: list[int] = []
    near = 0
    for one in lot:
        if len(taken) == wanted:
            break
        if becomes[one] == FITS:
            taken.append(one)
        near += becomes[one] == NEAR
    return sorted(taken), near


@pytest.mark.parametrize("ahead", [1, 3, 5000])
@given(st.dictionaries(st.integers(1, 2**32 - 1), what, max_size=60), st.integers(0, 60), st.randoms())
def test_it_is_as_if_they_were_drawn_one_by_one(ahead: int, becomes: dict[int, int], wanted: int, chance: Any):
    lot = list(becomes)
    chance.shuffle(lot)
    seen: list[int] = []

    def look(some: Any) -> Any:
        assert (np.diff(some.astype(np.int64)) > 0).all()
        seen.extend(some.tolist())
        return np.array([becomes[one] for one in some.tolist()], dtype=np.int8)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "AHEAD", ahead)
        taken, near = draw(np.array(lot, dtype=np.uint32), wanted, look)
    assert (taken.tolist(), near) == one_by_one(lot, wanted, becomes)
    assert len(seen) == len(set(seen)), "nobody is looked at twice"


def test_where_hardly_one_fits_few_looks_are_enough():
    """Of those that are missing at the end each would be a look of its own, and each takes as long as hundreds."""
    looks = []

    def look(some: Any) -> Any:
        looks.append(len(some))
        return np.where(some % 50 == 0, FITS, NEAR)

    lot = np.arange(1, 100_001, dtype=np.uint32)
    taken, near = draw(lot, 1000, look)
    assert taken.tolist() == list(range(50, 50_001, 50))
    assert near == 49_000
    assert len(looks) < 20
