"""In which row of a table its headings stand: mostly the first, but above it there may be a title, a date, a note."""

from __future__ import annotations

from collections.abc import Sequence

from datasets_app.core.headings import guess, is_known

TRIED = 10  # rows in which the headings are looked for
_MOST_TITLES = 4  # rows of one cell above headings that we do not know by name


def heading_row(rows: Sequence[Sequence[str]]) -> int:
    """Which of a table's first rows (blank ones left out) holds its headings, from 0.

    A later one than the first only where no sample can be lost for it: in each row above there is no name of a column
    and fewer cells, and either its own names make a sample, or there is one cell above and several in all rows below.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    for at, row in enumerate(rows[:TRIED]):
        if guess(cell.strip() for cell in row if cell.strip()) is not None:
            return at if all(cells < filled[at] for cells in filled[:at]) else 0
        if any(is_known(cell) for cell in row):
            return 0
    titles = next((at for at, cells in enumerate(filled) if cells > 1), 0)
    below = filled[titles + 1 :]
    return titles if titles <= _MOST_TITLES and below and min(below) > 1 else 0
