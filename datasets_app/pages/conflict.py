"""The answer to a save that came too late: base, theirs and mine, and a form that saves on top of theirs."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from datasets_app.models import Revision, Sample
from ftstudio.errors import Conflict
from ftstudio.web.requests import PersonRequest

from .edits import ANSWER
from .merging import Place, places_of
from .queue import query_of, queue_of
from .shown_turns import tools_text


def conflict_context(sample: Sample, request: PersonRequest, error: Conflict) -> dict[str, Any]:
    """What the conflict page shows. `error` is the `stale` of `services.samples.save`."""
    base, mine, theirs = (error.details[name] for name in ("base", "mine", "theirs"))
    number = int(error.details["revision"])
    revision = Revision.objects.select_related("author").get(sample=sample, number=number)
    places = places_of(base, mine, theirs)
    return {
        "sample": sample,
        "dataset": sample.dataset,
        "revision": revision,
        "base_revision": request.POST.get("base_revision", ""),
        "client_id": uuid4().hex,
        "drafted": int(request.POST["draft"]) if request.POST.get("draft", "").isdecimal() else 0,
        "queue_query": query_of(queue_of(request)),
        "places": places or [],
        "apart": None if places is not None else _apart(base, mine, theirs),
        "open": sum(place.open for place in places or []),
        "merged_alone": sum(piece.kind in ("mine", "theirs") for place in places or [] for piece in place.pieces),
        "rows": _rows(base, mine, theirs, places) if places is not None else _mine(mine),
        "tools_text": tools_text(mine.get("tools", [])) if mine.get("tools") != base.get("tools") else None,
    }


def _rows(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], places: list[Place]
) -> list[dict[str, Any]]:
    """Their turns in order; those with a choice carry a text field, the others stay as they are.

    What I changed of a turn beside its text is mine, and goes along as a whole turn.
    """
    chosen = {place.index: place for place in places}
    last = len(theirs["messages"]) - 1
    sides = zip(base["messages"], mine["messages"], theirs["messages"], strict=True)
    return [
        {
            "key": ANSWER if at == last and turn["role"] == "assistant" else f"k{at}",
            "index": at,
            "place": chosen.get(at),
            "whole": _beside(was, own, turn),
        }
        for at, (was, own, turn) in enumerate(sides)
    ]


def _beside(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Their turn with what I changed of it beside its text, as JSON; "" where that is nothing."""
    names = {name for name in (*base, *mine) if mine.get(name) != base.get(name)}
    if isinstance(mine["content"], str) and isinstance(theirs["content"], str):
        names.discard("content")
    turn = {**theirs, **{name: mine[name] for name in names if name in mine}}
    for name in names - mine.keys():
        turn.pop(name, None)
    return json.dumps(turn, ensure_ascii=False) if turn != theirs else ""


def _mine(mine: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the turns themselves differ: mine as new turns, to be changed by hand. `text` is None where it is none."""
    return [
        {
            "key": f"n{at:08d}",
            "index": None,
            "role": turn["role"],
            "text": turn["content"] if isinstance(turn["content"], str) else None,
            "whole": json.dumps(turn, ensure_ascii=False),
        }
        for at, turn in enumerate(mine["messages"])
    ]


def _apart(*versions: dict[str, Any]) -> list[str]:
    return [
        "\n\n".join(
            f"{turn['role']}: {turn['content'] if isinstance(turn['content'], str) else '…'}"
            for turn in data["messages"]
        )
        for data in versions
    ]
