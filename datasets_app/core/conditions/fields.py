"""What may be asked of a sample: the closed registry. One row each; `pipeline/conditions.py` says how it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from datasets_app.core.rules import RULE_IDS
from datasets_app.core.splitting import SIDES
from ftstudio.errors import Text

from .kinds import Choice, Flag, Identity, Kind, Moment, Number, Person, Phrase, Word

STATUSES = {
    "pending": Text("pending"), "accepted": Text("accepted"), "rejected": Text("rejected"), "skipped": Text("skipped"),
    "flagged": Text("flagged"), "in_review": Text("in review"), "sent_back": Text("sent back"),
    "disputed": Text("disputed"), "trashed": Text("in the trash"),
}  # fmt: skip
VERDICTS = {
    "accept": Text("accept"), "reject": Text("reject"), "skip": Text("skip"), "flag": Text("flag"),
    "send_back": Text("send back"),
}  # fmt: skip
SEVERITIES = {"error": Text("error"), "warning": Text("warning"), "hint": Text("hint"), "clean": Text("nothing")}


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a sample. `secret`: only for those who may see hidden checks; for others it is never true."""

    name: str
    label: Text
    kind: Kind
    secret: bool = False


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("status", Text("Status"), Choice(STATUSES)),
        Field("text", Text("Text"), Phrase()),
        Field("rule", Text("Rule that is broken"), Choice({rule: Text(rule) for rule in RULE_IDS})),
        Field("worst", Text("Worst finding"), Choice(SEVERITIES)),
        Field("findings", Text("Number of findings"), Number()),
        Field("tag", Text("Tag"), Word(40)),
        Field("label", Text("Label"), Word(60)),
        Field("split", Text("Split"), Choice({side: Text(side) for side in SIDES})),
        Field("tokens", Text("Tokens"), Number()),
        Field("number", Text("Number of the sample"), Number()),
        Field("rejected", Text("Has a rejected answer"), Flag()),
        Field("revisions", Text("Number of revisions"), Number()),
        Field("changed", Text("Changed"), Moment()),
        Field("changed-by", Text("Changed by"), Person()),
        Field("assigned", Text("Assigned to"), Person()),
        Field("decision", Text("Last decision"), Choice(VERDICTS)),
        Field("decided", Text("Decided"), Moment()),
        Field("decided-by", Text("Decided by"), Person()),
        Field("guideline", Text("Guideline version of the last decision"), Number()),
        Field("annotated-by", Text("Annotated by"), Person()),
        Field("comments", Text("Open comments"), Number()),
        Field("duplicates", Text("Has near duplicates"), Flag()),
        Field("cluster", Text("Near duplicates of sample"), Number()),
        Field("upload", Text("Upload"), Identity()),
        Field("gold", Text("Is a hidden check"), Flag(), secret=True),
    )
}
