"""Which answers of an evaluation are worth learning from: those that came and are wrong, and those two differ in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datasets_app.core.samples import Message, ToolCall

from .turns import answer_of

CAME = ("passed", "fenced", "failed")  # verdicts of an answer; "errored" and "" have none to learn from
LONGEST_TAG = 40


def is_wrong(verdict: str, decided: bool | None) -> bool:
    """Whether an answer came and is wrong: by the contract as it stands, or by the metric that decides.

    `decided` is what the deciding metric says of it (`Scorer.is_right`); None: it says no yes or no of this one.
    """
    return verdict in CAME and (verdict != "passed" or decided is False)


def is_right(verdict: str, decided: bool | None) -> bool:
    return verdict == "passed" and decided is not False


def error_tags(findings: Iterable[Mapping[str, Any]], deciding: str) -> tuple[str, ...]:
    """What was wrong, in the words of the rules; the deciding metric where no rule says anything."""
    rules = dict.fromkeys(str(finding["rule"])[:LONGEST_TAG] for finding in findings if finding.get("rule"))
    return tuple(rules) or ((deciding[:LONGEST_TAG],) if deciding else ())


def as_turn(answer: str, calls: Iterable[Mapping[str, Any]], reference: Message | None) -> Message | None:
    """A model's answer as the dataset would have it: with calls where the sample's own answer has some, else as text.

    None where nothing came that could be shown.
    """
    made = answer_of(answer or None, calls)
    if reference is not None and reference.tool_calls and made.tool_calls:
        bare = tuple(ToolCall(call.name, call.arguments) for call in made.tool_calls)  # ids are of that one call
        return Message("assistant", None, tool_calls=bare)
    return Message("assistant", answer) if answer.strip() else None
