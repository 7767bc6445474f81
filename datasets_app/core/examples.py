"""Conversations in one line, for the examples that rules explain themselves with, and for tests."""

from __future__ import annotations

from datasets_app.core.samples import Message, Sample


def chat(*turns: str, system: str | None = None) -> Sample:
    """An example conversation: user and assistant by turns."""
    messages = [Message("system", system)] if system is not None else []
    messages += [Message("assistant" if at % 2 else "user", turn) for at, turn in enumerate(turns)]
    return Sample(tuple(messages))


def turns(*pairs: tuple[str, str | None]) -> Sample:
    """An example conversation of (role, content) pairs."""
    return Sample(tuple(Message(role, content) for role, content in pairs))
