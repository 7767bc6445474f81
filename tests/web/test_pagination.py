"""Earlier and later: walking a list to its end and back shows every row once, whatever the size."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import keyset


class Rows:
    """As much of a queryset as `keyset` asks for, over plain numbers, so that the property runs without a database."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers

    def filter(self, **condition: int) -> Rows:
        ((name, value),) = condition.items()
        keep = {"id__lt": lambda n: n < value, "id__gt": lambda n: n > value}[name]
        return Rows([n for n in self.numbers if keep(n)])

    def order_by(self, key: str) -> Rows:
        return Rows(sorted(self.numbers, reverse=key.startswith("-")))

    def __getitem__(self, part: slice) -> list[Any]:
        return [SimpleNamespace(id=n) for n in self.numbers[part]]


@given(st.sets(st.integers(0, 10**6), max_size=60), st.integers(1, 20), st.booleans())
def test_there_and_back_again(numbers: set[int], size: int, newest_first: bool) -> None:
    def page(cursor: str) -> Any:
        return keyset(Rows(list(numbers)), cursor=cursor, size=size, key="id", newest_first=newest_first)  # type: ignore[arg-type]

    there = [page("")]
    assert there[0].earlier == ""
    while there[-1].later:
        there.append(page(there[-1].later))
    seen = [row.id for one in there for row in one.rows]
    assert seen == sorted(numbers, reverse=newest_first)
    back = [there[-1]]
    while back[-1].earlier:
        back.append(page(back[-1].earlier))
    assert [[row.id for row in one.rows] for one in reversed(back)] == [[row.id for row in one.rows] for one in there]


@given(st.from_regex(r"[<>][0-9]{1,18}", fullmatch=True))
def test_every_cursor_of_our_shape_is_read(cursor: str) -> None:
    page = keyset(Rows([1, 2, 3]), cursor=cursor, size=2, key="id")  # type: ignore[arg-type]
    assert len(page.rows) <= 2


@given(st.text(min_size=1, max_size=30).filter(lambda text: text[0] not in "<>"))
def test_every_other_text_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        keyset(Rows([1, 2, 3]), cursor=cursor, size=2, key="id")  # type: ignore[arg-type]


@pytest.mark.parametrize("cursor", ["x", ">", "<-1", ">1 OR 1=1", ">" + "9" * 40, ">²", ">١"])
def test_what_we_did_not_write_is_no_cursor(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        keyset(Rows([1]), cursor=cursor, size=2, key="id")  # type: ignore[arg-type]
