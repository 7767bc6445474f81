"""How a state looks: its word, the tone of its badge and its icon. One table for all nouns."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is one of "", ok, error, warning, hint, live; `icon` a name of `icons.ICONS` or ""."""

    word: str | Promise
    tone: str = ""
    icon: str = ""


STATES: dict[str, Look] = {
    # work in the background: uploads, exports, snapshots, jobs
    "draft": Look(_("draft"), "", "pencil"),
    "held": Look(_("to be looked at"), "warning", "info"),
    "waiting": Look(_("waiting"), "", "clock"),
    "queued": Look(_("queued"), "", "clock"),
    "validating": Look(_("validating"), "live", "clock"),
    "uploading": Look(_("uploading"), "live", "upload"),
    "submitting": Look(_("submitting"), "live", "upload"),
    "submitted": Look(_("submitted"), "live", "clock"),
    "building": Look(_("building"), "live", "clock"),
    "running": Look(_("running"), "live", "play"),
    "pausing": Look(_("pausing"), "live", "pause"),
    "paused": Look(_("paused"), "warning", "pause"),
    "resuming": Look(_("resuming"), "live", "play"),
    "cancelling": Look(_("cancelling"), "warning", "stop"),
    "cancelled": Look(_("cancelled"), "", "stop"),
    "ready": Look(_("ready"), "ok", "check"),
    "done": Look(_("done"), "ok", "check"),
    "succeeded": Look(_("succeeded"), "ok", "check"),
    "failed": Look(_("failed"), "error", "cross"),
    # bulk changes
    "preparing": Look(_("preparing"), "live", "clock"),
    "applying": Look(_("applying"), "live", "play"),
    "undoing": Look(_("undoing"), "live", "undo"),
    "undone": Look(_("undone"), "", "undo"),
    "discarded": Look(_("discarded"), "", "cross"),
    "planned": Look(_("planned"), "hint", ""),
    "left": Look(_("left out"), "", "skip"),
    "refused": Look(_("not possible"), "warning", "flag"),
    "applied": Look(_("applied"), "ok", "check"),
    "kept": Look(_("kept"), "warning", "lock"),
    # samples and decisions
    "new": Look(_("new"), "", ""),
    "pending": Look(_("pending"), "", "list"),
    "edited": Look(_("edited"), "live", "pencil"),
    "accepted": Look(_("accepted"), "ok", "check"),
    "accept": Look(_("accepted"), "ok", "check"),
    "rejected": Look(_("rejected"), "error", "cross"),
    "reject": Look(_("rejected"), "error", "cross"),
    "skipped": Look(_("skipped"), "", "skip"),
    "skip": Look(_("skipped"), "", "skip"),
    "flagged": Look(_("flagged"), "warning", "flag"),
    "flag": Look(_("flagged"), "warning", "flag"),
    "in_review": Look(_("in review"), "live", "person"),
    "sent_back": Look(_("sent back"), "warning", "left"),
    "send_back": Look(_("sent back"), "warning", "left"),
    "disputed": Look(_("disputed"), "warning", "branch"),
    "trashed": Look(_("in the trash"), "", "trash"),
    # splits
    "train": Look(_("train"), "", ""),
    "validation": Look(_("validation"), "hint", ""),
    "test": Look(_("test"), "warning", ""),
    "all": Look(_("all splits")),
    # tokens, invitations
    "active": Look(_("active"), "ok", "check"),
    "expired": Look(_("expired"), "", "clock"),
    "revoked": Look(_("revoked"), "error", "cross"),
}


def look_of(state: str) -> Look:
    """The look of a state; an unknown one shows its own word, plainly."""
    return STATES.get(state) or Look(state.replace("_", " "))
