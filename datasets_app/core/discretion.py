"""What findings may say: a sentence that quotes a text never says the key or the telephone number in it.

The rules about sensitive values mask them anyway. Others quote what they speak about (“… is none of the labels”), and
what they say is listed, sent by the API, written into reports and kept with the revision. So are the lines by which
lists show a sample; who opens it sees it all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from datasets_app.core import sensitive
from datasets_app.core.findings import Finding
from datasets_app.core.samples import Sample
from ftstudio.errors import Listed, Text

_RULES = ("secret", "personal-data")
_TELLING = 6  # characters: a piece this long of a value says too much of it
_CUT = "…"  # what stands at the end of a quotation that is shortened


def discreet(findings: list[Finding], sample: Sample) -> list[Finding]:
    """The findings with every sensitive value of the sample masked in what they say, where a rule has found one."""
    if not _is_told(findings):
        return findings
    values = _values(sample)
    return [_hiding(finding, values) for finding in findings]


def shown(text: str, sample: Sample, findings: Sequence[Finding]) -> str:
    """A line of the sample as lists show it; `findings` are all that the rules say of the sample."""
    return str(_hidden(text, _values(sample))) if _is_told(findings) else text


def _is_told(findings: Sequence[Finding]) -> bool:
    return any(finding.rule in _RULES for finding in findings)


def _values(sample: Sample) -> list[tuple[str, str]]:
    """(value, mask) of every sensitive value in the sample, the longest first."""
    found: dict[str, str] = {}
    for text in _texts(sample):
        for spots in (sensitive.secrets(text), sensitive.personal(text)):
            for spot in spots:
                value = text[spot.start : spot.end]
                found[value] = found[" ".join(value.split())] = spot.masked  # a list shows a text in one line
    return sorted(found.items(), key=lambda value: (-len(value[0]), value[0]))


def _texts(sample: Sample) -> Iterator[str]:
    for message in (*sample.messages, *sample.rejected):
        yield message.text
        if message.reasoning:
            yield message.reasoning
        for call in message.tool_calls:
            yield call.arguments


def _hiding(finding: Finding, values: list[tuple[str, str]]) -> Finding:
    said = _hidden(finding.message, values)
    return finding if said == finding.message else replace(finding, message=said)


def _hidden(said: Any, values: list[tuple[str, str]]) -> Any:
    if isinstance(said, Text):
        return Text(said.template, **{name: _hidden(param, values) for name, param in said.params.items()})
    if isinstance(said, Listed):
        return Listed(_hidden(item, values) for item in said.items)
    if isinstance(said, str):
        for value, masked in values:
            said = _without(said, value, masked)
    return said


def _without(said: str, value: str, masked: str) -> str:
    if value in said:
        return said.replace(value, masked)
    bare = said.removesuffix(_CUT)
    if len(bare) >= _TELLING and (bare in value or _signs(bare) == _signs(value)):
        return masked  # a piece of it, or a copy with other marks in between
    for length in range(min(len(value), len(bare)), _TELLING - 1, -1):
        if bare.endswith(value[:length]):
            return bare[:-length] + masked
    return said


def _signs(text: str) -> str:
    return "".join(filter(str.isalnum, text))
