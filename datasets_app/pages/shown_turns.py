"""A sample's turns as the desk shows them: each with its text, its fields, and what is to be seen beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from datasets_app.core import samples
from datasets_app.core.findings import Finding
from datasets_app.core.images import address_of
from datasets_app.core.roles import role_label
from ftstudio.web.texts import say

from .shown_pictures import ShownPicture
from .turn_edits import is_filled, new_call_id, weight_text
from .typed import as_typed, same_text

ANSWER = "a"
REJECTED = "r"
ROLES = ("system", "developer", "user", "assistant", "tool")
WEIGHTS = ("", "1", "0")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `key` is its key among the turn's calls, `name_of_field` the field of its arguments."""

    key: str
    name: str
    arguments: str
    name_of_field: str
    path: str
    id: str = ""
    tools: Sequence[str] = ()
    removed: bool = False
    name_was: str | None = None
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a content that is a list: one of `text` (may be edited), `picture` and `json` (shown as it is).

    A picture that is to be saved has an `address`: one that was added, or that takes the place of another.
    """

    name_of_field: str
    text: str | None = None
    picture: ShownPicture | None = None
    json: str = ""
    address: str = ""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the page shows it. `index` is its place in the revision, None for a turn still to be written.

    `key` is what the fields of the form are called by, `path` where the text will stand in the content, `was` the text
    in the revision where another one is shown.
    """

    key: str
    index: int | None
    role: str
    label: str
    text: str
    path: str
    tokens: int = 0
    editable: bool = True
    is_answer: bool = False
    roles: Sequence[str] = ROLES
    calls: Sequence[Call] = ()
    spans: Sequence[Finding] = ()
    thought_spans: Sequence[Finding] = ()
    pictures: Sequence[ShownPicture] = ()
    parts: Sequence[Part] = ()
    added: Sequence[Part] = ()
    name: str = ""
    weight: str = ""
    weights: Sequence[str] = WEIGHTS
    reasoning: str = ""
    answers: str = ""  # the id of the call that a tool's turn answers
    tools: Sequence[str] = ()  # that the sample declares
    removed: bool = False
    was: str | None = None

    @property
    def thought(self) -> str:
        """Where the reasoning before the turn will stand in the content."""
        return f"{self.path.removesuffix('/content')}/reasoning"

    @property
    def is_detailed(self) -> bool:
        """Whether it holds more to read than its text, so that this is shown without being asked for."""
        return bool(self.reasoning or self.answers or self.calls)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be seen beside the turns: findings, tokens by turn, pictures by the path of their content.

    `show` draws a picture by its address.
    """

    findings: Sequence[Finding] = ()
    tokens: Sequence[int] = ()
    pictures: Mapping[str, Sequence[ShownPicture]] = field(default_factory=dict)
    show: Callable[[str], ShownPicture] = ShownPicture


NOTHING: QueryDict = QueryDict()


def turns_of(content: samples.Sample, seen: Seen, sent: QueryDict = NOTHING) -> tuple[list[Turn], Turn | None]:
    """`(turns with the answer last, the rejected answer)`. A sample without an answer gets an empty one to fill in.

    `sent` is a form that was opened on `content` and is not saved: its fields stand over those of the content, its
    turns in its order. Findings and tokens are those of what it would make.
    """
    tools = tool_names(content.tools)
    last = len(content.messages) - 1 if content.answer else None
    rows: list[tuple[str, int | None]]
    if keys := sent.getlist("turn"):
        rows = [(key, index_of(sent, key, len(content.messages))) for key in keys]
    else:
        rows = [(ANSWER if at == last else f"k{at}", at) for at in range(len(content.messages))]
    turns: list[Turn] = []
    at = 0
    for key, index in rows:
        turn = _turn(content, key, index, at, seen, sent, tools)
        if turn is not None:
            turns.append(turn)
            at += not turn.removed
    if not any(turn.is_answer for turn in turns):
        turns.append(blank(ANSWER, "assistant", tools, at=at))
    return turns, _rejected(content, seen, sent)


def index_of(sent: QueryDict, key: str, turns: int) -> int | None:
    """Which turn of the base a turn of the form is; None for a new one."""
    index = sent.get(f"{key}-from", "")
    return int(index) if index.isdecimal() and len(index) < 10 and int(index) < turns else None


def blank(key: str, role: str, tools: Sequence[str] = (), at: int = 0, text: str = "") -> Turn:
    """A turn still to be written."""
    label = _("Answer") if key == ANSWER else say(role_label(role))
    return Turn(key, None, role, label, text, f"/messages/{at}/content", is_answer=key == ANSWER, tools=tools)


def blank_call(key: str, call_key: str, tools: Sequence[str] = ()) -> Call:
    """A tool call still to be written, in the turn `key`."""
    return Call(call_key, "", "", f"{key}-call-{call_key}", "", new_call_id(call_key), tools)


def tool_names(tools: Sequence[Any]) -> tuple[str, ...]:
    """What the declared tools are called, in either of the two spellings there are, in their order."""
    inner = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    names = [one["name"] for one in inner if isinstance(one, dict) and isinstance(one.get("name"), str)]
    return tuple(dict.fromkeys(names))


def tools_text(tools: Sequence[Any]) -> str:
    """The declared tools as JSON for people; "" for none."""
    return json.dumps(list(tools), ensure_ascii=False, indent=2) if tools else ""


def _turn(
    content: samples.Sample, key: str, index: int | None, at: int, seen: Seen, sent: QueryDict, tools: Sequence[str]
) -> Turn | None:
    """The turn with what was sent over it; None for one that was added and taken away again."""
    removed = bool(sent.get(f"{key}-remove"))
    if index is None:
        if removed or not (key == ANSWER or is_filled(sent, key)):
            return None
        message = samples.Message("assistant" if key == ANSWER else "user", "")
    else:
        message = content.messages[index]
    path = f"/messages/{at}"
    text = _over(sent, f"{key}-text", message.text)
    role = sent.get(f"{key}-role") or message.role
    weight = sent.get(f"{key}-weight", weight_text(message.weight))
    pictures = seen.pictures.get(f"/messages/{index}/content", ())
    return Turn(
        key=key,
        index=index,
        role=role,
        label=say(role_label(role)),
        text=text,
        path=f"{path}/content",
        tokens=seen.tokens[at] if at < len(seen.tokens) and not removed else 0,
        editable=message.content is None or isinstance(message.content, str),
        is_answer=key == ANSWER,
        roles=tuple(dict.fromkeys((*ROLES, role))),
        calls=_calls(message, key, path, sent, tools),
        spans=[finding for finding in seen.findings if finding.path == f"{path}/content" and not removed],
        thought_spans=[finding for finding in seen.findings if finding.path == f"{path}/reasoning" and not removed],
        pictures=pictures,
        parts=_parts(message, key, list(pictures), seen, sent),
        added=[
            Part(f"{key}-picture", picture=seen.show(address), address=address)
            for address in sent.getlist(f"{key}-picture")
            if address
        ],
        name=sent.get(f"{key}-name", message.name or ""),
        weight=weight,
        weights=tuple(dict.fromkeys((*WEIGHTS, weight))),
        reasoning=_over(sent, f"{key}-reasoning", message.reasoning or ""),
        answers=sent.get(f"{key}-answers", message.tool_call_id or ""),
        tools=tools,
        removed=removed,
        was=message.text if not same_text(text, message.text) else None,
    )


def _over(sent: QueryDict, field: str, stored: str) -> str:
    """What stands in a text area: what was typed there, else what is stored."""
    typed = sent.get(field)
    return stored if typed is None or same_text(typed, stored) else as_typed(typed)


def _calls(message: samples.Message, key: str, path: str, sent: QueryDict, tools: Sequence[str]) -> list[Call]:
    shown = []
    at = 0
    for call_key in sent.getlist(f"{key}-calls") or [str(nth) for nth in range(len(message.tool_calls))]:
        field = f"{key}-call-{call_key}"
        known = call_key.isdecimal() and len(call_key) < 10 and int(call_key) < len(message.tool_calls)
        before = message.tool_calls[int(call_key)] if known else samples.ToolCall("", "", new_call_id(call_key))
        name = sent.get(f"{field}-name", before.name)
        arguments = _over(sent, field, before.arguments)
        removed = bool(sent.get(f"{field}-remove"))
        choice = tuple(dict.fromkeys((*tools, *(one for one in (before.name, name) if one))))
        shown.append(
            Call(
                call_key, name, arguments, field, f"{path}/tool_calls/{at}/arguments", before.id or "", choice, removed,
                before.name, before.arguments,
            )
        )  # fmt: skip
        at += not removed
    return shown


def _parts(message: samples.Message, key: str, pictures: list[ShownPicture], seen: Seen, sent: QueryDict) -> list[Part]:
    if not isinstance(message.content, list):
        return []
    found = []
    for at, part in enumerate(message.content):
        field = f"{key}-part-{at}"
        removed = bool(sent.get(f"{field}-remove"))
        if isinstance(part.get("text"), str):
            found.append(Part(field, text=_over(sent, f"{field}-text", part["text"]), removed=removed))
        elif address_of(part) is not None and pictures:
            picture, address = pictures.pop(0), sent.get(f"{field}-address", "")
            found.append(
                Part(field, picture=seen.show(address) if address else picture, address=address, removed=removed)
            )
        else:
            found.append(Part(field, json=json.dumps(part, ensure_ascii=False)[:2000], removed=removed))
    return found


def _rejected(content: samples.Sample, seen: Seen, sent: QueryDict) -> Turn | None:
    if not content.rejected:
        return None
    at = len(content.rejected) - 1
    wrong = content.rejected[at]
    path = f"/rejected/{at}/content"
    return Turn(
        REJECTED, at, wrong.role, _("Model"), _over(sent, f"{REJECTED}-text", wrong.text), path,
        editable=isinstance(wrong.content, str), roles=(), pictures=seen.pictures.get(path, ()),
    )  # fmt: skip
