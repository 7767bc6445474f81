"""Fixes written by the server: what the fix buttons do where no script runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.core.findings import Fix
from datasets_app.core.fixing import apart, apply_all
from datasets_app.models import Sample
from datasets_app.services import samples
from ftstudio.errors import InvalidInput

ALL = "all"


def fixed(sample: Sample, data: Mapping[str, Any], wanted: str) -> list[dict[str, Any]]:
    """The turns of `data` with one finding's fix written into them, or with all of them that can be made at once.

    Raises InvalidInput when the fix no longer fits.
    """
    turns: list[dict[str, Any]] = data["messages"]
    chosen: dict[str, list[Fix]] = defaultdict(list)
    for finding in samples.preview(dataset=sample.dataset, data=data).findings:
        fix = finding.fix
        if fix and wanted in (ALL, f"{finding.rule}:{finding.path}:{fix.start}:{fix.end}"):
            chosen[finding.path].append(fix)
    if not chosen:
        raise InvalidInput(fix=_("This fix no longer fits the text."))
    for path, fixes in chosen.items():
        _write(turns, path.split("/"), apart(fixes))
    return turns


def _write(turns: list[dict[str, Any]], at: list[str], fixes: list[Fix]) -> None:
    if at[1] != "messages":
        return
    turn = turns[int(at[2])]
    if at[3] == "content" and isinstance(turn["content"], str):
        turn["content"] = apply_all(turn["content"], fixes)
    elif at[3] == "tool_calls":
        call = turn["tool_calls"][int(at[4])]
        call["arguments"] = apply_all(call["arguments"], fixes)
