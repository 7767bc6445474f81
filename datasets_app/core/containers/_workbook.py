"""The library's workbook, opened without looking at its sheets: it would read one through to find out how large it is,
and a sheet that is damaged somewhere could not be opened at all. Imports the library, which is large."""

from __future__ import annotations

from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from datasets_app.core.containers._parts import Parts


class _Sheet(ReadOnlyWorksheet):  # type: ignore[misc,unused-ignore]
    def _get_size(self) -> None:
        """What a file says of its size may be wrong, and would cut rows off."""


class _Reader(ExcelReader):  # type: ignore[misc,unused-ignore]
    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                self.wb._sheets.append(_Sheet(self.wb, sheet.name, relation.target, self.shared_strings))


def sheets_of(stream: Any) -> dict[str, Any]:
    """The sheets by their names, in their order; raises whatever the library meets."""
    reader = _Reader(stream, read_only=True, data_only=True, keep_links=False)
    reader.archive = Parts(stream)
    reader.read()
    return {sheet.title: sheet for sheet in reader.wb.worksheets}
