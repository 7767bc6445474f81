"""What the editor's form says about a sample's content, as the storage form that the services take.

Each turn has a key in the repeated field `turn`, in order; `KEY-from` is the turn's index in the base revision (absent
for a new turn), `KEY-text`, `KEY-role`, `KEY-call-N` what was typed. What was not sent stays as it is in the base.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from django.http import QueryDict

from datasets_app.core import samples

ANSWER = "a"
REJECTED = "r"
Turns = list[dict[str, Any]]


class Edit(NamedTuple):
    """The content after the edit; None for a part that the form did not show.

    `indices` says for each of `messages` which turn of the base it was, None for a new one.
    """

    messages: Turns | None
    rejected: Turns | None
    indices: list[int | None]


def edited(post: QueryDict, base: samples.Sample) -> Edit:
    """What the form makes of the revision it was opened on."""
    data = samples.to_data(base)
    keys = post.getlist("turn")
    turns = [
        (_index(post, key, data["messages"]), turn) for key in keys if (turn := _turn(post, key, data["messages"]))
    ]
    rejected = None
    if f"{REJECTED}-text" in post:
        rejected = copy.deepcopy(data.get("rejected", []))
        if rejected:
            _write(rejected[-1], str(post[f"{REJECTED}-text"]))
    return Edit([turn for _at, turn in turns] if keys else None, rejected, [at for at, _turn in turns])


def _index(post: QueryDict, key: str, before: Turns) -> int | None:
    index = post.get(f"{key}-from", "")
    return int(index) if index.isdecimal() and len(index) < 10 and int(index) < len(before) else None


def _turn(post: QueryDict, key: str, before: Turns) -> dict[str, Any] | None:
    """One turn of the form; None when it is taken away or was never filled in."""
    if post.get(f"{key}-remove"):
        return None
    text = post.get(f"{key}-text")
    index = _index(post, key, before)
    if index is None:
        default = "assistant" if key == ANSWER else "user"
        role = post.get(f"{key}-role") or default
        return {"role": role, "content": as_typed(text)} if text and text.strip() else None
    turn = copy.deepcopy(before[index])
    turn["role"] = post.get(f"{key}-role") or turn["role"]
    if text is not None:
        _write(turn, text)
    for nth, call in enumerate(turn.get("tool_calls", [])):
        typed = post.get(f"{key}-call-{nth}")
        if typed is not None and not same_text(typed, call["arguments"]):
            call["arguments"] = as_typed(typed)
    return turn


def _write(turn: dict[str, Any], text: str) -> None:
    """Put the text into the turn. Content parts are not text; no content at all stays none while nothing is typed."""
    content = turn["content"]
    if isinstance(content, list) or same_text(text, content or ""):
        return
    turn["content"] = as_typed(text)


def as_typed(text: str) -> str:
    """A form sends every line break as CRLF, whatever was typed."""
    return text.replace("\r\n", "\n")


def same_text(sent: str, stored: str) -> bool:
    """Whether a form field came back as it was shown: a browser cannot say which kind of line break it was."""
    return as_typed(sent) == as_typed(stored).replace("\r", "\n")
