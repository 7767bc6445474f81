"""What a snapshot was frozen with, as a reader says it: of the settings whose stored form is not for reading."""

from __future__ import annotations

from django.utils.translation import gettext as _

from datasets_app.core.diffs import Op, by_words
from datasets_app.core.profiles import PROFILES
from datasets_app.core.snapshot_diff import Setting
from datasets_app.models import Snapshot
from datasets_app.services import browse
from ftstudio.errors import InvalidInput
from ftstudio.web.texts import say

from .bars import SIDES, side_name
from .filter_view import chips_of


def steps(setting: Setting, before: Snapshot, after: Snapshot) -> list[Op]:
    """From what it was to what it is, in words where there are words that tell the two apart."""
    was, now = said(setting.name, before), said(setting.name, after)
    return setting.ops if was == now else by_words(was, now)


def said(name: str, snapshot: Snapshot) -> str:
    """The setting in words; "" for one that is read as it is stored."""
    value = getattr(snapshot, name)
    if name == "shares":
        return "\n".join(f"{side_name(side)} {value.get(side, 0)} %" for side, _tone in SIDES)
    if name == "mix":
        return f"{value['name']}, {value['percent']} %" if value else _("nothing")
    if name == "profile":
        return say(PROFILES[value].label) if value in PROFILES else str(value)
    if name == "stratify_by":
        return {"": _("no"), "label": _("each label"), "tag": _("each tag")}.get(value, str(value))
    if name == "filter":
        return "\n".join(chip["label"] for chip in held(snapshot)) or _("all samples")
    return ""


def held(snapshot: Snapshot) -> list[dict[str, str]]:
    """Which part of the list it holds, in words; as it was sent, where there is no such filter any more."""
    try:
        return chips_of(snapshot.dataset, browse.Filters.parse(snapshot.filter))
    except InvalidInput:
        return [{"label": f"{name}: {value}"} for name, value in snapshot.filter.items()]
