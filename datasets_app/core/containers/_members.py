"""Which file of an archive holds the rows: the one that a person names, else the one that can only be meant."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath

from ftstudio.errors import InvalidInput, Listed, Text

WHICH = "which-member"  # the code of the refusal where several could be meant
MOST_NAMED = 500
LONGEST_NAME = 400  # characters of a path in the archive; a file with a longer one cannot be chosen
_TEXT = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_TABLES = (".xlsx", ".xlsm", ".parquet")  # read where there is no text: they may be what the rows were made of
_USUAL = "data.jsonl"
_JUNK = frozenset(("__MACOSX",))
_ABOUT = frozenset(("dataset_info.json", "dataset_infos.json", "metadata.json", "state.json"))  # beside the rows
_MOST_SHOWN = 5
_NAME_IN_UTF_8 = 1 << 11  # by APPNOTE 4.4.4
_NO_ROWS = Text(
    "There is no .jsonl, .json, .csv, .xlsx or .parquet file in the archive: unpack it and upload what it holds by "
    "itself."
)


def names_in(archive: zipfile.ZipFile) -> tuple[str, ...]:
    """The paths of the files that could hold the rows, in the archive's order, the first `MOST_NAMED`."""
    text, tables = _candidates(archive)
    names = dict.fromkeys(shown_name(member) for member in [*text, *tables])
    return tuple(name for name in names if len(name) <= LONGEST_NAME)[:MOST_NAMED]


def chosen(archive: zipfile.ZipFile, name: str = "") -> zipfile.ZipInfo:
    """The file of rows: the one named, else data.jsonl, else the only one of text, else the only table.

    Raises `InvalidInput` with the choices: with the code `WHICH` where nobody said, on `member` for a name that none
    of them has.
    """
    text, tables = _candidates(archive)
    if name:
        called = [member for member in [*text, *tables] if name in (member.filename, shown_name(member))]
        if not called:
            said = Text("There is no “{name}” in the archive: use one of {names}", name=name[:LONGEST_NAME],
                        names=_listed([*text, *tables]))  # fmt: skip
            raise InvalidInput(member=said)
    else:
        usual = [member for member in text if PurePosixPath(member.filename).name == _USUAL]
        called = usual if len(usual) == 1 else text or tables
    if len(called) == 1:
        return called[0]
    if not called:
        raise InvalidInput(file=_NO_ROWS)
    said = Text("Several files of the archive could hold the rows: say which of {names} is meant.",
                names=_listed(called))  # fmt: skip
    raise InvalidInput(code=WHICH, file=said)


def shown_name(member: zipfile.ZipInfo) -> str:
    """The path as it was meant: a Mac writes UTF-8 and a Chinese Windows GBK, and neither says so."""
    if not member.flag_bits & _NAME_IN_UTF_8 and not member.filename.isascii():
        for encoding in ("utf-8", "gb18030"):
            try:
                return member.filename.encode("cp437").decode(encoding)
            except UnicodeError:
                continue
    return member.filename


def _candidates(archive: zipfile.ZipFile) -> tuple[list[zipfile.ZipInfo], list[zipfile.ZipInfo]]:
    """What could hold the rows: files of text, and tables that are none."""
    found: dict[tuple[str, ...], list[zipfile.ZipInfo]] = {_TEXT: [], _TABLES: []}
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.name.startswith(("._", "~$")) or not _JUNK.isdisjoint(path.parts):
            continue
        for endings, members in found.items():
            if path.suffix.lower() in endings and not member.is_dir():
                members.append(member)  # two of one name, as some tools pack them, are two
    text = found[_TEXT]
    rows = [member for member in text if PurePosixPath(member.filename).name not in _ABOUT]
    return rows or ([] if found[_TABLES] else text), found[_TABLES]


def _listed(members: list[zipfile.ZipInfo]) -> Listed:
    shown = [shown_name(member)[:LONGEST_NAME] for member in members[:_MOST_SHOWN]]
    return Listed([*shown, *(["…"] if len(members) > _MOST_SHOWN else [])])
