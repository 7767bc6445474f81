"""Two answers side by side, as one person sees them, and what they say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from datasets_app.core import diffs, pairs, samples
from datasets_app.core.pairs import REJECTED, Side
from datasets_app.models import Sample
from datasets_app.models.dataset import Desk
from datasets_app.models.decision import Choice, Verdict
from datasets_app.services.desks import desk_of
from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput

from .shown_turns import Seen, Turn, turns_of

UNDECIDED = (Choice.TIE.value, Choice.NEITHER.value)


@dataclass(frozen=True, slots=True)
class Pane:
    """One of the two: `side` is what a choice of it is called, `turn` its last turn, which may be edited, `before` the
    turns that lead to it where there are several. `path` is where its text stands."""

    side: Side
    label: str
    key: str
    arrow: str
    printed: str
    turn: Turn
    before: Sequence[Turn]


def seed_for(sample: Sample, user: User) -> str:
    """The seed of the order in which this person sees the answers."""
    return pairs.order_seed(dataset=sample.dataset_id, person=user.pk, sample=sample.pk)


def pair_context(
    sample: Sample,
    user: User,
    content: samples.Sample,
    turns: Sequence[Turn],
    rejected: Turn | None,
    sent: Mapping[str, str],
) -> dict[str, Any]:
    """Both answers in this person's order and what differs between them; the turns that lead to them."""
    sides = pairs.sides(content)
    answer_at = len(turns) - len(sides["chosen"])
    panes: dict[Side, tuple[Turn | None, Sequence[Turn]]] = {
        "chosen": (turns[-1], turns[answer_at:-1]),
        "rejected": (rejected, _leading(sides["rejected"][:-1])),
    }
    left, right = pairs.order(seed_for(sample, user))
    words = ((left, pgettext("of two answers", "Left"), "1", "arrowleft", "←"),
             (right, pgettext("of two answers", "Right"), "2", "arrowright", "→"))  # fmt: skip
    shown = [
        Pane(side, label, key, arrow, printed, turn, before)
        for side, label, key, arrow, printed in words
        for turn, before in [panes[side]]
        if turn is not None
    ]
    return {
        "panes": shown,
        "turns": [*turns[:answer_at], turns[-1]],
        "pair_ops": diffs.diff(shown[0].turn.text, shown[-1].turn.text),
        "choice": sent.get("choice", ""),
    }


def _leading(messages: Sequence[samples.Message]) -> list[Turn]:
    """The turns before the last one of a rejected answer, as they are shown."""
    turns, _none = turns_of(samples.Sample(tuple(messages)), Seen())
    return turns[: len(messages)]


def verdict_of(sample: Sample, user: User, content: samples.Sample, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a person's press of a button on two answers comes to: {decision, choice, order_seed, …}.

    “Equally good” and “both bad” reject the pair, as it teaches nothing; what was said stands beside it. Raises
    InvalidInput where a pair is to be accepted and nobody has said which answer is better.
    """
    said = dict(said)
    if said["decision"] in UNDECIDED:
        said |= {"choice": said["decision"], "decision": Verdict.REJECT.value}
    elif said["decision"] != Verdict.ACCEPT:
        said["choice"] = ""
    if desk_of(sample, content) != Desk.PAIR:
        return said
    if said["decision"] == Verdict.ACCEPT and not said.get("choice"):
        raise InvalidInput(choice=_("Choose the better answer first: 1 is the left one, 2 the right one."))
    return {**said, "order_seed": seed_for(sample, user) if said.get("choice") else ""}


def as_chosen(data: dict[str, Any], choice: str) -> dict[str, Any]:
    """The content that is to be judged: where the rejected answer was chosen, with both in each other's place."""
    if choice != REJECTED or not data.get("rejected"):
        return data
    return samples.to_data(pairs.swapped(samples.from_data(data)))
