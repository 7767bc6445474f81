"""What the editor's form says about a sample's content, as the storage form that the services take.

Each turn has a key in the repeated field `turn`, in order; `KEY-from` is the turn's index in the base revision (absent
for a new turn), `KEY-remove` takes it away, `KEY-place` puts it elsewhere where no script moves it, `KEY-whole` is a
turn as JSON in the place of the base's. What a turn's other fields say is `turn_edits`'. `r-text` is the rejected
answer, `tools` the declared tools as JSON text. What was not sent stays as it is in the base, and a form that is sent
back untouched changes nothing.
"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

from django.conf import settings
from django.http import QueryDict

from datasets_app.core import samples
from datasets_app.core.jsonl import parse_value
from datasets_app.core.strict_json import LineError
from datasets_app.services import contents
from ftstudio.errors import InvalidInput, Text

from .shown_turns import ANSWER, REJECTED, index_of, tools_text
from .turn_edits import Turns, edited_turn, new_turn, write_text
from .typed import as_typed, same_text


class Edit(NamedTuple):
    """The content after the edit; None for a part that the form did not show.

    `keys` says for each of `messages` under which key the form has it; `sent` is the form. `broken` refuses what
    cannot be stored, where something else than the turns cannot be read: a save must raise it.
    """

    messages: Turns | None
    rejected: Turns | None
    tools: list[Any] | None
    keys: list[str]
    sent: QueryDict
    broken: InvalidInput | None = None

    def over(self, base: samples.Sample) -> dict[str, Any]:
        """The storage form of `base` with what was edited."""
        parts = {"messages": self.messages, "rejected": self.rejected, "tools": self.tools}
        return {**samples.to_data(base), **{name: part for name, part in parts.items() if part is not None}}


def edited(post: QueryDict, base: samples.Sample) -> Edit:
    """What the form makes of the revision it was opened on."""
    data = samples.to_data(base)
    kept: list[tuple[str, dict[str, Any]]] = []
    keys = post.getlist("turn")
    turn: dict[str, Any] | None
    for key in _in_place(post, keys):
        if post.get(f"{key}-remove"):
            continue
        index = index_of(post, key, len(base.messages))
        if whole := _whole(post, key):
            turn = edited_turn(post, key, whole)
        elif index is None:
            turn = new_turn(post, key, "assistant" if key == ANSWER else "user")
        else:
            turn = edited_turn(post, key, data["messages"][index])
        if turn is not None:
            kept.append((key, turn))
    rejected = None
    if f"{REJECTED}-text" in post:
        rejected = copy.deepcopy(data.get("rejected", []))
        if rejected:
            write_text(rejected[-1], str(post[f"{REJECTED}-text"]))
    tools, broken = None, None
    try:
        tools = _tools(post, data.get("tools", []))
    except InvalidInput as error:
        broken = error
    return Edit(
        [turn for _key, turn in kept] if keys else None, rejected, tools, [key for key, _turn in kept], post, broken
    )


def _whole(post: QueryDict, key: str) -> dict[str, Any] | None:
    """The turn that stands for the one of the base: the conflict page carries those that differ in more than text."""
    sent = post.get(f"{key}-whole")
    if not sent:
        return None
    try:
        turn = parse_value(sent.encode(), max_depth=settings.JSON_MAX_DEPTH)
    except LineError:
        return None
    read = contents.changed(samples.Sample(()), messages=[turn])
    whole: dict[str, Any] = samples.to_data(read)["messages"][0]
    return whole


def _in_place(post: QueryDict, keys: list[str]) -> list[str]:
    """The keys in the order of their places: the one they have where nothing is said. The answer is last."""
    placed = [(_place(post, key, at), key) for at, key in enumerate(keys, start=1)]
    return [key for _at, key in sorted(placed, key=lambda pair: pair[0])]


def _place(post: QueryDict, key: str, at: int) -> float:
    if key == ANSWER:
        return math.inf
    try:
        place = float(post.get(f"{key}-place", ""))
    except ValueError:
        return at
    return place if math.isfinite(place) else at


def _tools(post: QueryDict, before: list[Any]) -> list[Any] | None:
    sent = post.get("tools")
    if sent is None or same_text(sent, tools_text(before)):
        return None
    if not sent.strip():
        return []
    try:
        tools = parse_value(as_typed(sent).encode(), max_depth=settings.JSON_MAX_DEPTH)
    except LineError as error:
        raise InvalidInput(tools=Text("The declared tools: {why}", why=error.text)) from None
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise InvalidInput(tools=Text("The declared tools are a JSON list of objects, each describing one tool."))
    return tools
