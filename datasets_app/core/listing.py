"""The columns that the list of samples can show. One row each; `pages/list_cells.py` draws them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftstudio.errors import InvalidInput, Listed, Text


@dataclass(frozen=True, slots=True)
class Column:
    """`order` is the name of the order by this column, "" where there is none; `look` the CSS class of its cells."""

    name: str
    label: Text
    look: str = "fit"
    order: str = ""


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("number", Text("No."), "fit dim", "number"),
        Column("text", Text("Input and answer"), "clip snip"),
        Column("finding", Text("Worst finding")),
        Column("findings", Text("Findings"), "num", "findings"),
        Column("status", Text("Status")),
        Column("split", Text("Split"), "fit sub"),
        Column("label", Text("Label"), "fit"),
        Column("tags", Text("Error tags"), "fit"),
        Column("tokens", Text("Tokens"), "num", "tokens"),
        Column("changed", Text("Changed"), "num dim", "changed"),
        Column("changed-by", Text("Changed by"), "fit sub"),
        Column("assigned", Text("Assigned to"), "fit sub"),
        Column("decided-by", Text("Decided by"), "fit sub"),
        Column("comments", Text("Comments"), "num"),
        Column("cluster", Text("Near duplicates of"), "num"),
        Column("upload", Text("Upload"), "fit sub"),
    )
}
USUAL = ("number", "text", "finding", "status", "split", "tokens", "changed")
ALWAYS = ("number", "text")  # without them a row could not be told from others, nor opened


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The columns to show, in the table's order: these with what is always there; the usual ones for none.

    Raises InvalidInput for a name that is not one.
    """
    wanted = [name for name in names if name]
    for name in wanted:
        if name not in COLUMNS:
            known = Listed(COLUMNS)
            raise InvalidInput(columns=Text("“{name}” is no column: use {known}.", name=name[:60], known=known))
    return tuple(name for name in COLUMNS if name in (*wanted, *ALWAYS)) if wanted else USUAL
