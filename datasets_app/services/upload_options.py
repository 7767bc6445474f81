"""What a person may say of an upload: each option checked by itself, before the file is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from typing import Any

from datasets_app.core.codecs import CODECS
from datasets_app.core.containers import CONTAINERS
from datasets_app.core.containers._members import LONGEST_NAME
from datasets_app.core.encodings import ENCODINGS
from datasets_app.core.opening import no_separator, separator
from datasets_app.core.tables import Mapping
from ftstudio.errors import InvalidInput, Listed, StudioError, Text

AUTO = "auto"
SIDES = ("train", "validation", "test")
LONGEST = 100
# What is read of a file, each with what it tells of the file: found out anew where that becomes another.
READ_BY = {
    "container": ("member", "encoding", "delimiter", "sheet"),
    "member": ("encoding", "delimiter", "sheet"),
    "encoding": ("delimiter",),
    "delimiter": (),
    "sheet": (),
}
_VERBATIM = frozenset(("sheet", "member", "delimiter"))  # a title may begin or end with a space
_PATH = re.compile(r"[^\s.]+(\.[^\s.]+)*")

Refused = Text | None


def checked(options: Dict[str, Any]) -> dict[str, Any]:
    """The options as they are kept on the upload. Raises InvalidInput naming each that cannot be, TypeError for one
    that does not exist."""
    wrong: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for name, value in options.items():
        if name not in _CHECKS:
            raise TypeError(f"an upload has no option {name!r}")
        value = value.strip() if isinstance(value, str) and name not in _VERBATIM else value
        if name == "mapping":
            value = _chosen(value)
        if name == "delimiter" and isinstance(value, str):
            value = separator(value)
        refused = _CHECKS[name](value)
        if refused is not None:
            wrong[name] = refused
        kept[name] = value
    if wrong:
        raise InvalidInput.of(wrong)
    return kept


def check_mapping(mapping: dict[str, Any], columns: Iterable[str]) -> None:
    """Raises InvalidInput `mapping` with what is wrong, and each field of it in the details."""
    if not mapping:
        return
    try:
        Mapping.parse(mapping, columns)
    except StudioError as error:
        refused = InvalidInput(mapping=error.message)
        refused.fields |= {f"mapping.{name}": text for name, text in error.fields.items() if name != "mapping"}
        raise refused from error


def _chosen(mapping: Any) -> Any:
    """The mapping without the fields that were left open; `keep` alone says nothing."""
    if not isinstance(mapping, dict):
        return mapping
    chosen = {name: column for name, column in mapping.items() if column not in ("", None)}
    return chosen if chosen.keys() - {"keep"} else {}


def _one_of(names: Iterable[str]) -> Callable[[Any], Refused]:
    def check(value: Any) -> Refused:
        known = [name for name in names if name]
        if value in names:
            return None
        return Text("“{name}” is none of them: use one of {known}.", name=str(value)[:60], known=Listed(known))

    return check


def _format(value: Any) -> Refused:
    if value == AUTO or (isinstance(value, str) and value in CODECS):
        return None
    known = Listed([AUTO, *CODECS])
    return Text("“{name}” is no format: use one of {known}.", name=str(value)[:60], known=known)


def _mapping(value: Any) -> Refused:
    if isinstance(value, dict):
        return None
    return Text("The columns must be given as an object: field and column.")


def _flag(value: Any) -> Refused:
    return None if isinstance(value, bool) else Text("This is yes or no.")


def _short(value: Any) -> Refused:
    if isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value:
        return None
    return Text("At most {n} characters, please.", n=LONGEST)


def _name(value: Any) -> Refused:
    if isinstance(value, str) and len(value) <= LONGEST_NAME and "\x00" not in value:
        return None
    return Text("At most {n} characters, please.", n=LONGEST_NAME)


def _separates(value: Any) -> Refused:
    return no_separator(value) if isinstance(value, str) else Text("This is no text.")


def _path(value: Any) -> Refused:
    if value == "" or (_short(value) is None and _PATH.fullmatch(value)):
        return None
    return Text("Write keys with dots between them, such as metadata.domain.")


_CHECKS: dict[str, Callable[[Any], Refused]] = {
    "container": _one_of(("", *CONTAINERS)),
    "encoding": _one_of(("", *ENCODINGS)),
    "member": _name,
    "delimiter": _separates,
    "sheet": _short,
    "format": _format,
    "mapping": _mapping,
    "strict": _flag,
    "side": _one_of(("", *SIDES)),
    "spread_by": _path,
    "tags_by": _path,
    "licence": _short,
}
